from ipaas_dagster.cli import main

main()
