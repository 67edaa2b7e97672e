"""Hubs of any size, made of a small one by repeating its records under other ids: loading ten million would take
longer than all that the bench measures. The versions of the repeated records are empty: a merge only adds to them.
"""

from __future__ import annotations

import sys

import duckdb

APART = 100_000_000
"""Between the ids of one repetition and the next."""
_MOVED = "regexp_replace({c}, '[0-9]+$', '') || (regexp_extract({c}, '[0-9]+$')::BIGINT + apart)"


def grow(hub: duckdb.DuckDBPyConnection, times: int) -> int:
    """`times` as many records as there are; how many customers and contacts there are then."""
    hub.execute("SET preserve_insertion_order = false; SET memory_limit = '3GB'")
    hub.execute("BEGIN")
    hub.execute(f"CREATE TEMP TABLE copies AS SELECT unnest(range(1, {times}::BIGINT)) * {APART} AS apart")
    last = hub.execute("SELECT max(seq) FROM hub.changes").fetchone()[0]
    own = ["hub_id", "source_id"]
    for table, ids in (("customers", own), ("contacts", [*own, "customer_id"])):
        replaced = ", ".join(f"{_MOVED.format(c=name)} AS {name}" for name in ids)
        hub.execute(f"""
            INSERT INTO hub.{table} BY NAME
            SELECT * EXCLUDE (apart) REPLACE ({replaced}) FROM hub.{table}, copies""")
    for table in ("versions", "changes"):
        emptied = ", '{}'::JSON AS record" if table == "versions" else ""
        hub.execute(f"""
            INSERT INTO hub.{table} BY NAME
            SELECT * EXCLUDE (apart) REPLACE ({_MOVED.format(c="hub_id")} AS hub_id,
                (seq + apart / {APART} * {last})::BIGINT AS seq{emptied})
            FROM hub.{table}, copies""")
    hub.execute("COMMIT")
    tables = ("customers", "contacts")
    return sum(hub.execute(f"SELECT count(*) FROM hub.{table}").fetchone()[0] for table in tables)


def main() -> None:
    with duckdb.connect(sys.argv[1]) as hub:
        sys.stdout.write(f"{grow(hub, int(sys.argv[2]))}\n")


if __name__ == "__main__":
    main()
