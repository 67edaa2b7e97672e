"""Where each part saturates: constants, arithmetic and a simulation of a day, behind docs/scale.md.

    python -m ipaas_dagster_tests.scale             prints the tables of the page
    python -m ipaas_dagster_tests.scale measure     measures this machine's constants anew

constants   every number that goes in, with where it is from: measured, a vendor's page, or assumed
model       sizes and times by arithmetic
day         a day of many portals by simulation: what sensors launch, how long changes wait
tables      both as the tables of the page
measure     the measured constants
"""
