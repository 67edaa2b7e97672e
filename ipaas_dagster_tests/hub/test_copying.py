"""A hub copied into another store is the same hub there, or nothing is kept of the copy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ipaas_dagster.errors import NotSetUp, StoreDamaged, UsageError
from ipaas_dagster.hub import Hub
from ipaas_dagster.hub.copying import copy_hub
from ipaas_dagster.hub.deletes import Guard
from ipaas_dagster.locks import Locks
from ipaas_dagster_tests.conftest import NewDatabase
from ipaas_dagster_tests.hub.staged import Account, Landing, Person, merge_into, open_hub
from ipaas_dagster_tests.replay.history import contents


@pytest.fixture
def filled(tmp_path: Path) -> Hub:
    """Versions, a reject, a hold, sightings, quotes and line breaks, null beside empty."""
    hub = open_hub(tmp_path / "filled")
    accounts = [Account(n, f'name "{n}",\n\\N', contacts=(Person(n, ""),)) for n in range(1, 6)]
    merge_into(hub, Landing("a", 1, [*accounts, Account(9, "wrong", bad=True), Account(None, "no id")]))
    merge_into(hub, Landing("b", 2, [Account(1, "Zürich \u2028 \x01"), Account(2, "")]), Guard(0.2, 1))
    with hub.writing() as connection:
        connection.execute("UPDATE hub.customers SET billing_latitude = 0.1, billing_longitude = -1e-300")
    return hub


def test_a_hub_goes_to_a_server_and_back_and_is_the_same(
    filled: Hub, hub_database: NewDatabase, tmp_path: Path
) -> None:
    before = hashlib.sha256(filled.path.read_bytes()).hexdigest()
    there, back = open_hub(tmp_path, hub_database()), open_hub(tmp_path / "back")
    copied = copy_hub(filled.store, there.store)
    assert copy_hub(there.store, back.store) == copied
    assert hashlib.sha256(filled.path.read_bytes()).hexdigest() == before
    assert filled.head() == there.head() == back.head()
    assert contents(back.path) == contents(filled.path)
    assert {one.table: one.rows for one in copied}['hub."customers"'] == 5


@pytest.mark.parametrize("goes_on", ["a file", "a server"])
def test_what_is_merged_after_the_copy_goes_on_where_it_was(
    filled: Hub, goes_on: str, hub_database: NewDatabase, tmp_path: Path
) -> None:
    copy = open_hub(tmp_path / "copy", hub_database() if goes_on == "a server" else "")
    copy_hub(filled.store, copy.store)
    landing = Landing("c", 3, [Account(1, "new"), Account(2, ""), Account(9, "wrong", bad=True), Account(7)])
    for hub in (filled, copy):
        merged = merge_into(hub, landing)
        assert (merged.counts["customers"].inserted, merged.counts["customers"].updated, merged.new_rejects) == (
            1,
            1,
            0,
        )
    changes = [(c.seq, c.hub_id, c.version, c.record) for c in filled.changes("customers", 0, 100)]
    assert [(c.seq, c.hub_id, c.version, c.record) for c in copy.changes("customers", 0, 100)] == changes


def test_a_copy_that_is_not_equal_is_not_kept(filled: Hub, hub_database: NewDatabase, tmp_path: Path) -> None:
    there = open_hub(tmp_path, hub_database())
    with there.writing() as connection:
        connection.execute("""
            CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.hub_id LIKE '%:3' THEN NEW.name := 'spoilt'; END IF; RETURN NEW; END $$""")
        connection.execute("CREATE TRIGGER spoil BEFORE INSERT ON hub.customers FOR EACH ROW EXECUTE FUNCTION spoil()")
    with pytest.raises(StoreDamaged, match=r'hub\."customers" is not equal'):
        copy_hub(filled.store, there.store)
    assert there.current("customers", None, 10) == []


def test_only_an_empty_store_is_copied_into(filled: Hub, hub_database: NewDatabase, tmp_path: Path) -> None:
    there = open_hub(tmp_path, hub_database())
    merge_into(there, Landing("other", 1, [Account(1)]))
    with pytest.raises(UsageError, match="not empty"):
        copy_hub(filled.store, there.store)
    with pytest.raises(UsageError, match="not empty"):
        copy_hub(there.store, filled.store)
    with pytest.raises(NotSetUp, match="there is no hub"):
        copy_hub(Hub(f"duckdb:///{tmp_path}/none.duckdb", Locks(tmp_path)).store, there.store)
