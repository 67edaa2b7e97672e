"""What the conformance suite cannot see: tables, types, and the record of deliveries of `sql`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.destinations.base import Setting, Unreachable
from ipaas_dagster.destinations.sql import connect
from ipaas_dagster.errors import SettingsError
from ipaas_dagster_tests.destinations.conformance.stand import SHAPES, STANDS, batch, delete, upsert


def setting(url: str, **fields: str) -> Setting:
    return Setting("sql", {"url": url, **fields}, SHAPES, lambda: datetime.now(UTC), lambda call: None)


def query(url: str, statement: str) -> Sequence[object]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return rows


def query_only(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_columns_have_fitting_types(postgresql: str) -> None:
    destination = connect(setting(postgresql))
    destination.deliver(batch(upsert(1)))
    destination.close()
    engine = create_engine(postgresql)
    found = inspect(engine)
    customers = {column["name"]: str(column["type"]) for column in found.get_columns("customers")}
    invoices = {column["name"]: str(column["type"]) for column in found.get_columns("invoices")}
    assert found.get_pk_constraint("customers")["constrained_columns"] == ["hub_id"]
    engine.dispose()
    assert (customers["name"], customers["billing_latitude"]) == ("TEXT", "DOUBLE PRECISION")
    assert (invoices["total_minor"], invoices["custom"]) == ("BIGINT", "JSONB")
    assert "external_updated_at" in customers


def test_times_are_timestamps_with_a_zone(postgresql: str) -> None:
    destination = connect(setting(postgresql))
    time = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    destination.deliver(batch(upsert(1, external_updated_at=time)))
    destination.close()
    assert query(postgresql, "SELECT external_updated_at FROM customers") == [(time,)]
    kind = "SELECT data_type FROM information_schema.columns WHERE column_name = 'external_updated_at'"
    assert query(postgresql, kind)[0] == ("timestamp with time zone",)


def test_a_delivery_is_recorded_with_its_record_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sql.db"
    destination = connect(setting(url))
    for version in range(1, 6):
        destination.deliver(batch(upsert(1, version), upsert(2, version)))
    destination.deliver(batch(delete(2, 6)))
    destination.close()
    rows = query(url, "SELECT hub_id, operation, version FROM ipaas_deliveries ORDER BY hub_id")
    assert rows == [("instagaze:accounts:1", "upsert", 5), ("instagaze:accounts:2", "delete", 6)]


def test_a_record_and_its_delivery_are_written_together(tmp_path: Path) -> None:
    """A refused record leaves neither."""
    url = f"sqlite:///{tmp_path}/sql.db"
    destination = connect(setting(url))
    bad = upsert(1, name="\ud800")
    assert destination.deliver(batch(bad))[0].kind == "rejected"
    assert destination.resolve([bad])[0].kind == "retry"
    destination.close()
    assert query(url, "SELECT * FROM ipaas_deliveries") == []


def test_existing_tables_only_gain_columns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sql.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE customers (hub_id TEXT PRIMARY KEY, name TEXT, note TEXT)"))
        connection.execute(text("INSERT INTO customers VALUES ('mine', 'kept', 'a user''s own column')"))
    engine.dispose()
    destination = connect(setting(url))
    destination.deliver(batch(upsert(1, number="N")))
    destination.close()
    assert query(url, "SELECT hub_id, name, note, number FROM customers ORDER BY hub_id") == [
        ("instagaze:accounts:1", "Customer 1", None, "N"),
        ("mine", "kept", "a user's own column", None),
    ]


def test_a_schema_of_its_own(postgresql: str) -> None:
    schema = postgresql.rsplit("test_", 1)[1][:32]
    query_only(postgresql, f'CREATE SCHEMA "{schema}"')
    destination = connect(setting(postgresql, schema=schema))
    sent = batch(upsert(1))
    destination.deliver(sent)
    assert destination.ledger_name(sent) == ("UPSERT", f"{schema}.customers")
    destination.close()
    assert query(postgresql, f'SELECT count(*) FROM "{schema}".customers') == [(1,)]


def test_more_records_than_bound_parameters(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sql.db"
    destination = connect(setting(url))
    sent = batch(*(upsert(n) for n in range(3_000)))
    assert {outcome.kind for outcome in destination.deliver(sent)} == {"delivered"}
    assert {outcome.kind for outcome in destination.resolve(sent.entries)} == {"delivered"}
    destination.close()


def test_a_table_that_refuses_is_told_for_each_record(tmp_path: Path) -> None:
    """A user's own constraint is a reason like any other."""
    url = f"sqlite:///{tmp_path}/sql.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE customers (hub_id TEXT PRIMARY KEY, name TEXT UNIQUE)"))
    engine.dispose()
    destination = connect(setting(url))
    outcomes = destination.deliver(batch(upsert(1, name="a"), upsert(2, name="b"), upsert(3, name="a")))
    destination.close()
    assert [outcome.kind for outcome in outcomes] == ["delivered", "delivered", "rejected"]
    assert outcomes[2].reason == "UNIQUE constraint failed: customers.name"


def test_a_value_too_long_for_a_users_index_is_the_records_fault(postgresql: str) -> None:
    destination = connect(setting(postgresql))
    destination.deliver(batch(upsert(1)))
    query_only(postgresql, "CREATE INDEX ON customers (name)")
    long = "".join(chr(0x4E00 + n * n % 20_000) for n in range(9_000))
    outcomes = destination.deliver(batch(upsert(2), upsert(3, name=long)))
    destination.close()
    assert [outcome.kind for outcome in outcomes] == ["delivered", "rejected"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_table_that_does_not_fit_is_no_records_fault(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """A column dropped under us: the system stops, and everything stays owed."""
    url = f"sqlite:///{tmp_path}/sql.db" if kind == "sqlite" else request.getfixturevalue("postgresql")
    destination = connect(setting(url))
    destination.deliver(batch(upsert(1)))
    query_only(url, "ALTER TABLE customers DROP COLUMN owner_name")
    with pytest.raises(Unreachable, match="owner_name"):
        destination.deliver(batch(upsert(2)))
    destination.close()


def test_reasons_show_no_values(postgresql: str) -> None:
    destination = connect(setting(postgresql))
    outcome = destination.deliver(batch(upsert(1, name="card 4111\x00")))[0]
    destination.close()
    assert outcome.kind == "rejected"
    assert "4111" not in outcome.reason


@pytest.mark.parametrize("url", ["", "not a url", "mysql://host/db", "oracle://host/db"])
def test_a_url_that_cannot_be_used_is_refused_in_words(url: str) -> None:
    with pytest.raises(SettingsError, match="sql: "):
        connect(setting(url))


def test_a_template_without_a_key_field_still_has_the_hub_id(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sql.db"
    shape = replace(SHAPES["customers"], key=None, fields={"name": Type.TEXT})
    one = replace(setting(url), shapes={"customers": shape})
    destination = connect(one)
    entry = replace(upsert(1), payload={"name": "a"})
    destination.deliver(batch(entry))
    destination.close()
    assert query(url, "SELECT hub_id, name FROM customers") == [("instagaze:accounts:1", "a")]


def test_the_stands_are_real(tmp_path: Path) -> None:
    assert STANDS["sql-sqlite"](tmp_path, str).connect().check().startswith("sqlite 3.")
