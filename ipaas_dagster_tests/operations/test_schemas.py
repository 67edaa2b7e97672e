"""A store that any released program wrote, on either engine, is brought up to date and keeps every row.

`schemas/<version>.<engine>.sql` are the statements by which that version made its tables, the first released one first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    create_engine,
    insert,
    inspect,
    select,
    text,
)

from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import SCHEMA_VERSION, metadata, schema_version

SCHEMAS = Path(__file__).parent / "schemas"
VERSIONS = sorted({int(file.name.split(".")[0]) for file in SCHEMAS.iterdir()})


def value_of(column: Column[Any], number: int) -> Any:
    kinds = {
        Boolean: number % 2 == 0,
        Integer: number,
        Float: number / 2,
        DateTime: datetime(2026, 1, number, tzinfo=UTC if getattr(column.type, "timezone", False) else None),
        LargeBinary: b"\x00%d" % number,
        JSON: {"number": number},
    }
    return next((value for kind, value in kinds.items() if isinstance(column.type, kind)), f"{column.name} {number}")


def rows(old: MetaData, connection: Any) -> dict[str, list[Any]]:
    """What the columns of then hold."""
    return {
        name: sorted(map(repr, connection.execute(select(*table.columns)).all())) for name, table in old.tables.items()
    }


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_store_keeps_its_rows(
    version: int, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sqlite = f"sqlite:///{tmp_path}/operations.db"
    url = sqlite if engine == "sqlite" else request.getfixturevalue("postgresql")
    before, old = create_engine(url), MetaData()
    with before.begin() as connection:
        for statement in (SCHEMAS / f"{version}.{engine}.sql").read_text().splitlines():
            connection.execute(text(statement))
        old.reflect(connection)
        old.remove(old.tables["schema_version"])
        connection.execute(insert(schema_version).values(version=version))
        for table in old.sorted_tables:
            connection.execute(insert(table), [{c.name: value_of(c, n) for c in table.columns} for n in (1, 2)])
        held = rows(old, connection)
    assert set(old.tables) >= {"cursors", "landings", "outbox", "payloads", "attempts", "links", "calls", "positions"}

    store = Operations(url)
    with store.read() as connection:
        assert connection.scalar(select(schema_version.c.version)) == SCHEMA_VERSION
        assert rows(old, connection) == held
        found = inspect(connection)
        for name, now in metadata.tables.items():
            assert {c["name"] for c in found.get_columns(name)} >= set(now.columns.keys()), name
            assert {index.name for index in now.indexes} <= {index["name"] for index in found.get_indexes(name)}
    with store.write() as connection:
        for now in metadata.sorted_tables:
            if now is not schema_version:
                connection.execute(insert(now).values({c.name: _fitting(c) for c in now.columns}))
    store.dispose()
    before.dispose()


def _fitting(column: Column[Any]) -> Any:
    """A third row as today's program writes it."""
    value = value_of(column, 3)
    return datetime(2026, 1, 3, tzinfo=UTC) if "UtcTime" in repr(column.type) else value
