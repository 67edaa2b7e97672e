"""What the conformance suite cannot see: names, manifests, formats and the folding of `files`."""

from __future__ import annotations

import csv
import json
import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.files import connect, current
from ipaas_dagster.destinations.files.layout import last_number, manifest_path
from ipaas_dagster.errors import SettingsError
from ipaas_dagster_tests.destinations.conformance.stand import SHAPES, STANDS, batch, delete, upsert


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "files" / "customers"


def test_a_line_says_record_operation_and_seq(tmp_path: Path) -> None:
    destination = STANDS["files-jsonl"](tmp_path, str).connect()
    sent = batch(upsert(1, name="é"), delete(2, 3))
    destination.deliver(sent)
    file = folder_of(tmp_path) / "batches" / f"{sent.batch_id}.jsonl"
    first, second = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert (first["hub_id"], first["operation"], first["seq"]) == ("instagaze:accounts:1", "upsert", 101)
    assert first["record"]["name"] == "é"
    assert second == {"hub_id": "instagaze:accounts:2", "operation": "delete", "seq": 203, "version": 3}


def test_a_manifest_describes_its_file(tmp_path: Path) -> None:
    destination = STANDS["files-jsonl"](tmp_path, str).connect()
    destination.deliver(batch(upsert(1), upsert(2)))
    destination.deliver(batch(upsert(3)))
    folder = folder_of(tmp_path)
    for number, lines in ((1, 2), (2, 1)):
        manifest = json.loads((folder / "manifests" / f"{number:08d}.json").read_text())
        data = (folder / manifest["file"]).read_bytes()
        assert (manifest["number"], manifest["lines"], manifest["bytes"]) == (number, lines, len(data))
        assert manifest["sha256"] == sha256(data).hexdigest()


@pytest.mark.parametrize("kept", ["file", "file and manifest"])
def test_a_repeat_after_a_crash_adds_nothing(tmp_path: Path, kept: str) -> None:
    stand = STANDS["files-jsonl"](tmp_path, str)
    first, second = batch(upsert(1)), batch(upsert(2))
    stand.connect().deliver(first)
    stand.connect().deliver(second)
    folder = folder_of(tmp_path)
    if kept == "file":
        os.unlink(manifest_path(folder, 2))
    stand.connect().deliver(second)
    assert last_number(folder) == 2
    assert len(list((folder / "batches").iterdir())) == 2
    assert {record["name"] for record in current(tmp_path / "files", "customers")} == {"Customer 1", "Customer 2"}


def test_a_batch_without_manifest_does_not_count(tmp_path: Path) -> None:
    stand = STANDS["files-jsonl"](tmp_path, str)
    stand.connect().deliver(batch(upsert(1)))
    stand.connect().deliver(batch(upsert(1, 2, name="newer")))
    os.unlink(manifest_path(folder_of(tmp_path), 2))
    assert [record["name"] for record in current(tmp_path / "files", "customers")] == ["Customer 1"]


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    for name in ("files-jsonl", "files-csv", "files-parquet"):
        (tmp_path / name).mkdir()
        STANDS[name](tmp_path / name, str).connect().deliver(batch(upsert(1)))
    assert not [path for path in tmp_path.rglob("*") if "tmp" in path.name]


@given(st.integers(0, 300))
def test_the_last_manifest_is_found_without_reading_the_folder(
    tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    folder = tmp_path_factory.mktemp("many")
    (folder / "manifests").mkdir()
    for number in range(1, count + 1):
        manifest_path(folder, number).touch()
    assert last_number(folder) == count


def test_the_three_formats_fold_to_the_same_records(tmp_path: Path) -> None:
    found = []
    for name in ("jsonl", "csv", "parquet"):
        (tmp_path / name).mkdir()
        destination = STANDS[f"files-{name}"](tmp_path / name, str).connect()
        destination.deliver(batch(upsert(1), upsert(2, name="", number='a"b,c\r\nd'), upsert(3)))
        destination.deliver(batch(upsert(1, 2, billing_latitude=1.5, is_autopay=False), delete(3, 2)))
        records = current(tmp_path / name / "files", "customers", SHAPES["customers"])
        found.append(sorted(records, key=lambda record: str(record["hub_id"])))
    assert found[0] == found[1] == found[2]
    assert [record["name"] for record in found[0]] == ["Customer 1", ""]
    assert found[0][1]["owner_name"] is None


def test_csv_tells_null_from_empty_text(tmp_path: Path) -> None:
    destination = STANDS["files-csv"](tmp_path, str).connect()
    sent = batch(upsert(1, name="", number=None, owner_name='say "hi"'))
    destination.deliver(sent)
    file = folder_of(tmp_path) / "batches" / f"{sent.batch_id}.csv"
    header, line = file.read_text(encoding="utf-8").splitlines()
    assert header.startswith('"hub_id","operation","seq","version","name","number","owner_name"')
    assert line.startswith('"instagaze:accounts:1","upsert",101,1,"",,"say ""hi"""')
    row = next(csv.DictReader(file.open(encoding="utf-8", newline="")))
    assert row["owner_name"] == 'say "hi"'


def test_parquet_has_types(tmp_path: Path) -> None:
    import duckdb

    destination = STANDS["files-parquet"](tmp_path, str).connect()
    destination.deliver(batch(upsert(1, external_updated_at=None, billing_latitude=1.0, is_autopay=True)))
    file = next((folder_of(tmp_path) / "batches").iterdir())
    with duckdb.connect() as connection:
        described = connection.execute(f"DESCRIBE FROM read_parquet('{file}')").fetchall()
    types = {row[0]: row[1] for row in described}
    assert types["external_updated_at"] == "TIMESTAMP WITH TIME ZONE"
    assert (types["seq"], types["is_autopay"], types["billing_latitude"]) == ("BIGINT", "BOOLEAN", "DOUBLE")


def test_an_unknown_format_is_named_with_those_that_exist(tmp_path: Path) -> None:
    setting = Setting("files", {"folder": str(tmp_path), "format": "xml"}, SHAPES, lambda: None, print)  # type: ignore
    with pytest.raises(SettingsError, match=r"xml.*jsonl, csv, parquet"):
        connect(setting)
