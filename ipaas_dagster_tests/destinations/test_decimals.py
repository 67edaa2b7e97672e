"""Exact amounts stay exact in every store: never a float, no place added or lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.destinations import destination_kind
from ipaas_dagster.destinations.base import Destination, Setting, Shape
from ipaas_dagster.destinations.files import current
from ipaas_dagster_tests.destinations.conformance.stand import batch, upsert

AMOUNTS = [Decimal("12.50"), Decimal("0.1"), Decimal("-92233720368547758.07"), Decimal("0.0000001"), None]
SHAPES = {"customers": Shape("customers", "amounts", "hub_id", {"hub_id": Type.TEXT, "amount": Type.DECIMAL})}


def connect(kind: str, **fields: str) -> Destination:
    setting = Setting(kind, fields, SHAPES, lambda: datetime.now(UTC), lambda call: None)
    return destination_kind(kind).connect(setting)


def write(destination: Destination) -> list[str]:
    made = [upsert(n) for n in range(len(AMOUNTS))]
    entries = [
        replace(one, object="amounts", payload={"hub_id": one.hub_id, "amount": amount})
        for one, amount in zip(made, AMOUNTS, strict=True)
    ]
    assert {outcome.kind for outcome in destination.deliver(batch(*entries))} == {"delivered"}
    return [one.hub_id for one in entries]


def amounts(found: Mapping[str, Any], ids: list[str]) -> list[Any]:
    return [found[hub_id]["amount"] for hub_id in ids]


def test_sqlite_keeps_the_digits_and_gives_decimals_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sql.db"
    destination = connect("sql", url=url)
    ids = write(destination)
    assert list(map(str, amounts(destination.read("customers", "amounts", ids), ids))) == list(map(str, AMOUNTS))
    destination.close()
    engine = create_engine(url)
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT amount FROM amounts ORDER BY hub_id")).scalars().all()
    engine.dispose()
    assert stored == ["12.50", "0.1", "-92233720368547758.07", "0.0000001", None]


def test_postgresql_has_numeric(postgresql: str) -> None:
    destination = connect("sql", url=postgresql)
    ids = write(destination)
    assert amounts(destination.read("customers", "amounts", ids), ids) == AMOUNTS
    destination.close()
    engine = create_engine(postgresql)
    with engine.connect() as connection:
        query = "SELECT data_type FROM information_schema.columns WHERE column_name = 'amount'"
        assert connection.execute(text(query)).scalar() == "numeric"
    engine.dispose()


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_files_hold_decimal_text(tmp_path: Path, format: str) -> None:
    destination = connect("files", folder=str(tmp_path), format=format)
    ids = write(destination)
    found = {line["hub_id"]: line for line in current(tmp_path, "customers", SHAPES["customers"])}
    read = [value and Decimal(value) for value in amounts(found, ids)]
    assert read == AMOUNTS
    assert found[ids[0]]["amount"] == "12.50"
