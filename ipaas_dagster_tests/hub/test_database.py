"""The hub file: alone while it is open, clear words when it cannot be, its head without opening it."""

from __future__ import annotations

import gc
from contextlib import suppress
from pathlib import Path

import pytest

from ipaas_dagster.errors import LockTimeout, SettingsError, StoreDamaged
from ipaas_dagster.hub import Hub, HubHead, transaction
from ipaas_dagster.hub.store import HubConnection
from ipaas_dagster.locks import Locks
from ipaas_dagster_tests.hub.staged import Account, Landing, merge_into, open_hub


def test_missing_hub_reads_as_empty_and_is_not_made(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    assert hub.head() == HubHead("", 0)
    assert hub.changes("customers", 0, 10) == []
    assert not hub.exists()


def test_second_opener_waits_and_then_names_the_holder(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    merge_into(hub, Landing("a", 1, [Account(1)]))
    impatient = Hub(f"duckdb:///{tmp_path}/ipaas.duckdb", Locks(tmp_path / "locks", 0.05))
    with hub.reading(), pytest.raises(LockTimeout, match="'hub' is held by process"):
        impatient.current("customers", None, 1)


def test_head_is_known_without_opening_and_never_wrongly(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    merge_into(hub, Landing("a", 1, [Account(1)]))
    with hub.reading():  # the lock is held: opening would time out
        assert Hub(f"duckdb:///{tmp_path}/ipaas.duckdb", Locks(tmp_path / "locks", 0)).head().seq == 1
    older = (tmp_path / "ipaas.duckdb").read_bytes()
    merge_into(hub, Landing("b", 2, [Account(2)]))
    assert hub.head().seq == 2
    (tmp_path / "ipaas.duckdb").write_bytes(older)
    assert hub.head().seq == 1, "a restored file has the head that it holds"


def test_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    (tmp_path / "ipaas.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreDamaged, match=r"ipaas\.duckdb cannot be read.*merged again"):
        hub.current("customers", None, 1)


def test_failed_merge_leaves_nothing_behind(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1, "x")]))
    with pytest.raises(ZeroDivisionError):
        _empty_and_fail(hub)
    assert len(hub.current("customers", None, 10)) == 1


def _empty_and_fail(hub: Hub) -> None:
    with hub.writing() as connection, transaction(connection):
        connection.execute("DELETE FROM hub.customers")
        raise ZeroDivisionError


def test_an_answer_older_than_one_that_was_unchanged_is_stale(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    for name, at, said in (("a", 1, "now"), ("b", 5, "now"), ("c", 3, "before")):
        merged = merge_into(hub, Landing(name, at, [Account(1, said)]))
    assert (merged.counts["customers"].stale, merged.counts["customers"].updated) == (1, 0)
    assert len(hub.changes("customers", 0, 10)) == 1


def test_a_reading_leaves_nothing_to_the_next_one_whatever_became_of_it(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    merge_into(hub, Landing("a", 1, [Account(1)]))
    with suppress(ZeroDivisionError):
        _make_a_table(hub, fails=True)
    _make_a_table(hub)
    merge_into(hub, Landing("b", 2, [Account(2)]))
    _make_a_table(hub)
    assert len(hub.current("customers", None, 10)) == 2


def _make_a_table(hub: Hub, *, fails: bool = False) -> None:
    with hub.reading() as connection:
        assert connection is not None
        connection.execute("CREATE TEMP TABLE own AS SELECT 1 AS one")
        if fails:
            raise ZeroDivisionError


def test_what_a_reader_spills_into_goes_with_it(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    merge_into(hub, Landing("a", 1, [Account(1)]))
    hub.current("customers", None, 10)
    hub.current("customers", None, 10)
    assert len(list(tmp_path.glob("spill-*"))) == 1, "one reader at a time needs one"
    del hub
    gc.collect()
    assert list(tmp_path.glob("spill-*")) == []


def test_ids_are_ordered_by_their_bytes(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(one) for one in ("a", "B", "é", "Z", "_")]))  # type: ignore[arg-type]
    first = hub.current("customers", None, 3)
    rest = hub.current("customers", first[-1].hub_id, 3)
    assert [record.hub_id.rpartition(":")[2] for record in (*first, *rest)] == ["B", "Z", "_", "a", "é"]


def test_unknown_store_is_a_setting_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="IPAAS_HUB_URL"):
        Hub("mysql://somewhere", Locks(tmp_path))


def test_hub_gains_the_columns_that_declarations_have_gained(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1, "x")]))
    with hub.writing() as connection:  # as if made before the column was declared
        connection.execute("ALTER TABLE hub.customers DROP COLUMN owner_email")
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("b", 2, [Account(1, "y"), Account(2, "z")]))
    records = hub.current("customers", None, 10)
    assert [(r.record["name"], r.record["owner_email"]) for r in records] == [("y", None), ("z", None)]


def test_what_was_read_is_remembered_without_opening_and_never_wrongly(tmp_path: Path) -> None:
    hub = open_hub(tmp_path)
    assert hub.remembered("alive", _alive) is None
    merge_into(hub, Landing("a", 1, [Account(1)]))
    assert hub.remembered("alive", _alive) == 1
    with hub.reading():  # the lock is held: opening would time out
        impatient = Hub(f"duckdb:///{tmp_path}/ipaas.duckdb", Locks(tmp_path / "locks", 0))
        assert impatient.remembered("alive", _alive) == 1
    older = (tmp_path / "ipaas.duckdb").read_bytes()
    merge_into(hub, Landing("b", 2, [Account(2)]))
    assert hub.remembered("alive", _alive) == 2
    (tmp_path / "ipaas.duckdb").write_bytes(older)
    assert hub.remembered("alive", _alive) == 1, "a restored file has what it holds"


def _alive(connection: HubConnection) -> int:
    row = connection.execute("SELECT count(*) FROM hub.customers WHERE deleted_at IS NULL").fetchone()
    assert row is not None
    return int(row[0])
