"""The floor: fetch by bare asyncio, then DuckDB's `read_json`. No contract, no versions, no crash safety.

floor.py BASE_URL PAGE CONNECTIONS DATABASE
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from raw_fetch import fetch


def load(folder: Path, database: str) -> tuple[int, int]:
    """How many accounts there are, and contacts that are not deleted."""
    with duckdb.connect(database) as connection:
        connection.execute(f"""
            CREATE OR REPLACE TABLE accounts AS SELECT unnest(results, recursive := false) AS account FROM
            read_json('{folder}/*.json', maximum_object_size=67108864, sample_size=200)""")
        connection.execute("""
            CREATE OR REPLACE TABLE contacts AS
            SELECT account.id AS account_id, unnest(account.contacts) AS contact FROM accounts""")
        live = "contacts WHERE NOT contact.is_deleted"
        return tuple(connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("accounts", live))


def main() -> None:
    base_url, limit, connections, database = sys.argv[1:]
    started, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(dir=Path(database).parent) as folder:
        asyncio.run(fetch(base_url, int(limit), int(connections), Path(folder)))
        accounts, contacts = load(Path(folder), database)
    told = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu}
    sys.stdout.write(json.dumps({**told, "accounts": accounts, "contacts": contacts}) + "\n")


if __name__ == "__main__":
    main()
