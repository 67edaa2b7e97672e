"""A store that an older program wrote is brought up to date, and keeps what it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from ipaas_dagster.errors import NotSetUp
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import SCHEMA_VERSION, calls, metadata, schema_version


@pytest.fixture
def first(tmp_path: Path) -> Operations:
    """As schema 1 was: without what came later, and with one call in it."""
    store = Operations(f"sqlite:///{tmp_path}/operations.db")
    with store.write() as connection:
        for table in ("batch_notes",):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DROP INDEX ix_calls_sending_id"))
        connection.execute(text("ALTER TABLE calls DROP COLUMN sending_id"))
        connection.execute(text("UPDATE schema_version SET version = 1"))
        connection.execute(
            text(
                "INSERT INTO calls (call_id, system, direction, method, path, attempt, started_at, duration_ms,"
                " bytes_out, bytes_in, outcome, run_id)"
                " VALUES ('c1', 'sql', 'write', 'UPSERT', 'customers', 1, '2026-01-01', 1, 0, 0, 'ok', 'r')"
            )
        )
    store.dispose()
    return Operations(f"sqlite:///{tmp_path}/operations.db")


def test_what_is_missing_is_added_and_rows_stay(first: Operations) -> None:
    with first.read() as connection:
        assert connection.scalar(select(schema_version.c.version)) == SCHEMA_VERSION
        row = connection.execute(select(calls)).one()
        assert (row.call_id, row.path, row.sending_id) == ("c1", "customers", None)
        found = inspect(connection)
        assert set(found.get_table_names()) == set(metadata.tables)
        for name, table in metadata.tables.items():
            assert {column["name"] for column in found.get_columns(name)} == set(table.columns.keys()), name
            assert {index.name for index in table.indexes} <= {index["name"] for index in found.get_indexes(name)}


def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    store = Operations(f"sqlite:///{tmp_path}/operations.db")
    with store.write() as connection:
        connection.execute(text("UPDATE schema_version SET version = 99"))
    store.dispose()
    with pytest.raises(NotSetUp, match="newer"), Operations(f"sqlite:///{tmp_path}/operations.db").read():
        pass
