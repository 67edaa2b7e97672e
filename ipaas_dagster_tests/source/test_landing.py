from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from ipaas_dagster.errors import LandingDamaged, NotSetUp, SettingsError
from ipaas_dagster.records import LandingNote
from ipaas_dagster.source.landing import LandingStore

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = AT + timedelta(seconds=5)


@pytest.fixture
def store(tmp_path: Path) -> LandingStore:
    return LandingStore(f"file://{tmp_path}/landings")


def landed(store: LandingStore) -> LandingNote:
    with store.writer("accounts", run_id="r") as writer:
        writer.page(AT, [b'{"id":1}', b'{"id": 2, "n":"Zo\xc3\xab"}'])
        writer.record(LATER, b"5")
        writer.tombstone("instagaze:accounts:9", LATER)
        return writer.close("full", start=AT, details={"redacted": {"a": 1}})


def files(store: LandingStore) -> list[str]:
    return sorted(f.name for f in store.folder.rglob("*") if f.is_file())


def test_a_landing_reads_back_as_it_was_written(store: LandingStore) -> None:
    note = landed(store)
    assert list(store.lines(note.landing_id)) == [
        b'{"line":1,"observed_at":1772366400123456,"record":{"id":1}}',
        b'{"line":2,"observed_at":1772366400123456,"record":{"id": 2, "n":"Zo\xc3\xab"}}',
        b'{"line":3,"observed_at":1772366405123456,"record":5}',
        b'{"line":4,"observed_at":1772366405123456,"deleted":"instagaze:accounts:9"}',
    ]
    assert (note.records, note.observed_from, note.observed_to) == (4, AT, LATER)
    assert store.read_line(note.landing_id, 2) == {
        "line": 2,
        "observed_at": 1772366400123456,
        "record": {"id": 2, "n": "Zoë"},
    }
    assert store.read_line(note.landing_id, 5) is None
    assert list(store.manifests()) == [note]
    store.verify(note)


def test_duckdb_reads_the_file(store: LandingStore) -> None:
    path = store.path(landed(store).landing_id)
    form = "format='newline_delimited', columns={line: 'BIGINT', record: 'JSON'}"
    query = f"SELECT count(*), max(line), count(record) FROM read_json(?, {form})"
    assert duckdb.connect().execute(query, [str(path)]).fetchone() == (4, 4, 3)


def test_an_unfinished_landing_leaves_nothing(store: LandingStore) -> None:
    def fail() -> None:
        with store.writer("accounts", run_id="r") as writer:
            writer.page(AT, [b"{}"])
            assert files(store)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    assert files(store) == []
    with store.writer("accounts", run_id="r"):
        pass
    assert list(store.manifests()) == []


def test_an_empty_landing_exists_only_on_purpose(store: LandingStore) -> None:
    with store.writer("gateways", run_id="r") as writer:
        with pytest.raises(ValueError, match="without a line"):
            writer.close("snapshot")
        note = writer.close("snapshot", empty_at=AT)
    assert (note.records, list(store.lines(note.landing_id))) == (0, [])
    store.verify(note)


@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_damage_is_noticed_and_says_what_to_do(store: LandingStore, damage: str) -> None:
    note = landed(store)
    path = store.path(note.landing_id)
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if damage == "cut" else bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(LandingDamaged, match="pull"):
        store.verify(note)


def test_data_without_manifest_is_no_landing(store: LandingStore) -> None:
    note = landed(store)
    store.path(note.landing_id).with_name(f"{note.landing_id}.json").unlink()
    assert store.ids() == []
    assert [store.folder / name for name in store.leftovers()] == [store.path(note.landing_id)]


def test_wrong_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="IPAAS_LANDINGS_URL"):
        LandingStore("nowhere://bucket/x")
    with pytest.raises(SettingsError, match="credentials"):
        LandingStore("s3://key:secret@bucket/x")
    (tmp_path / "file").write_text("")
    with LandingStore(str(tmp_path / "file")).writer("accounts", run_id="r") as writer, pytest.raises(NotSetUp):
        writer.page(AT, [b"{}"])
