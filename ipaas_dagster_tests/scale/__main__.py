"""`python -m ipaas_dagster_tests.scale [measure]`"""

import sys

from ipaas_dagster_tests.scale import measure, tables

if __name__ == "__main__":
    asked = measure.main() if sys.argv[1:] == ["measure"] else tables.document()
    sys.stdout.write(f"{asked}\n")
