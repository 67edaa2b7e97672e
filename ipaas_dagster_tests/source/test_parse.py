from __future__ import annotations

import json

import pytest

from ipaas_dagster.source.parse import BrokenBody, parse_any, parse_list, record_id

RECORDS = [{"id": 1, "name": "Zoë"}, {"id": 2, "name": "日本"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_encodings_are_recoded_where_they_say_what_they_are(encoding: str) -> None:
    records = RECORDS[:1]
    body = json.dumps({"count": 1, "results": records}, ensure_ascii=False).encode(encoding)
    found = parse_list(body, f"application/json; charset={encoding}" if encoding == "latin-1" else "")
    assert [json.loads(r) for r in found.records] == records


def test_bytes_of_no_declared_encoding_are_broken_then_read_leniently() -> None:
    body = '[{"id":1,"name":"Zoë"}]'.encode("latin-1")
    with pytest.raises(BrokenBody, match="utf-8"):
        parse_list(body)
    found = parse_list(body, lenient=True)
    assert json.loads(found.records[0])["name"] == "Zoë"
    assert "Windows-1252" in found.notes[0]


@pytest.mark.parametrize("form", [lambda r: r, lambda r: {"count": 2, "results": r}, lambda r: {"results": r}])
@pytest.mark.parametrize("indent", [None, 2])
def test_lists_come_bare_or_in_an_envelope_on_one_line_or_many(form: object, indent: int | None) -> None:
    body = json.dumps(form(RECORDS), indent=indent).replace("\n", "\r\n").encode()  # type: ignore[operator]
    found = parse_list(body)
    assert [json.loads(r) for r in found.records] == RECORDS
    assert not any(b"\n" in r or b"\r" in r for r in found.records)


@pytest.mark.parametrize(
    ("count", "read"), [(5, 5), ("5", 5), (None, None), (-1, None), (2.5, None), ("many", None), ([], None)]
)
def test_a_count_is_a_whole_number_or_nothing(count: object, read: int | None) -> None:
    assert parse_list(json.dumps({"count": count, "results": []}).encode()).count == read


def test_a_null_list_is_empty_and_records_need_not_be_objects() -> None:
    assert parse_list(b'{"count":0,"results":null}').records == []
    with pytest.raises(BrokenBody, match="although `count` is 5"):
        parse_list(b'{"count":5,"results":null}')
    assert parse_list(b'{"count":5,"results":null}', lenient=True).records == []
    assert parse_list(b'[1,null,"x",[2]]').records == [b"1", b"null", b'"x"', b"[2]"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"5",
        b'"x"',
        b"{",
        b'{"id":1}',
        b'[{"id":1}',
        b'[{"id":NaN}]',
        b'[{"id":01}]',
        b"[1] x",
        b"[" * 5000,
    ],
)
def test_what_is_no_list_is_broken(body: bytes) -> None:
    with pytest.raises(BrokenBody):
        parse_list(body)


def test_a_single_record_stands_for_itself() -> None:
    assert parse_any(b' {"id": 7} ').records == [b'{"id": 7}']
    assert parse_any(b'{"count":1,"results":[{"id":7}]}').records == [b'{"id":7}']


@pytest.mark.parametrize(
    ("record", "found"),
    [(b'{"id":7}', "7"), (b'{"id":"a b"}', "a b"), (b"{}", None), (b'{"id":null}', None), (b"5", None)],
)
def test_ids_are_read_without_parsing_the_record(record: bytes, found: str | None) -> None:
    assert record_id(record) == found
