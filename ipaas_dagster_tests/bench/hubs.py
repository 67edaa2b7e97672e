"""Hubs of any size, made of a small one by repeating its records under other ids: loading ten million would take
longer than all that the bench measures. The versions of the repeated records are empty: a merge only adds to them.
"""

from __future__ import annotations

import sys

from ipaas_dagster.hub.tables import CATALOG
from ipaas_dagster.project import Project
from ipaas_dagster.settings import load

APART = 100_000_000
"""Between the ids of one repetition and the next."""


def grow(project: Project, times: int) -> int:
    """`times` as many records as there are; how many customers and contacts there are then."""
    with project.hub.scratch() as connection, project.hub.attached(connection):
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("BEGIN")
        connection.execute(f"CREATE TEMP TABLE copies AS SELECT unnest(range(1, {times}::BIGINT)) * {APART} AS apart")
        last = connection.execute(f"SELECT max(seq) FROM {CATALOG}.hub.changes").fetchone()[0]
        moved = "regexp_replace({c}, '[0-9]+$', '') || (regexp_extract({c}, '[0-9]+$')::BIGINT + apart)"
        for table, ids in (
            ("customers", ["hub_id", "source_id"]),
            ("contacts", ["hub_id", "source_id", "customer_id"]),
        ):
            replaced = ", ".join(f"{moved.format(c=name)} AS {name}" for name in ids)
            connection.execute(f"""
                INSERT INTO {CATALOG}.hub.{table} BY NAME
                SELECT * EXCLUDE (apart) REPLACE ({replaced}) FROM {CATALOG}.hub.{table}, copies""")
        for table in ("versions", "changes"):
            emptied = ", '{}'::JSON AS record" if table == "versions" else ""
            connection.execute(f"""
                INSERT INTO {CATALOG}.hub.{table} BY NAME
                SELECT * EXCLUDE (apart) REPLACE ({moved.format(c="hub_id")} AS hub_id,
                    (seq + apart / {APART} * {last})::BIGINT AS seq{emptied})
                FROM {CATALOG}.hub.{table}, copies""")
        connection.execute("COMMIT")
        counts = [
            connection.execute(f"SELECT count(*) FROM {CATALOG}.hub.{table}").fetchone()[0]
            for table in ("customers", "contacts")
        ]
    return sum(counts)


def main() -> None:
    sys.stdout.write(f"{grow(Project(load()), int(sys.argv[1]))}\n")


if __name__ == "__main__":
    main()
