from __future__ import annotations

import json

import pytest

from ipaas_dagster.records import UNREADABLE
from ipaas_dagster.source.lenient import DEEPEST, LARGEST, NotWhole, members, parts
from ipaas_dagster.source.parse import BrokenBody, parse_list
from ipaas_dagster.source.redaction import Report, clean_records

GOOD = '{"id": 1, "account_name": "Zürich \\u00e9"}'.encode()
DEEP = b"[" * 1000 + b"]" * 1000


def page(*records: bytes) -> bytes:
    return b'{"count": %d, "results": [%s]}' % (len(records), b", ".join(records))


@pytest.mark.parametrize(
    "bad",
    [
        b'{"id": 2, "account_name": "a\\ud800b"}',
        b'{"id": 2, "account_name": "a\xff\xfeb"}',
        b'{"id": 2, "account_name": "a\x01\nb"}',
        b'{"id": 2, "x": NaN}',
        b'{"id": 2, "x": %b}' % DEEP,
        b'{"id": 2, "x": "]}", }',
    ],
)
def test_a_bad_record_leaves_its_neighbours_the_bytes_they_were(bad: bytes) -> None:
    with pytest.raises(BrokenBody):
        parse_list(page(GOOD, bad, GOOD))
    found = parse_list(page(GOOD, bad, GOOD), lenient=True)
    assert found.records[0] == found.records[2] == GOOD
    assert json.loads(found.records[1])["id"] == 2
    assert found.count == 3
    assert any("leniently" in note for note in found.notes)


def test_a_bare_list_is_read_leniently_too() -> None:
    found = parse_list(b"[%b, {}, null, NaN]" % GOOD, lenient=True)
    assert found.records == [GOOD, b"{}", b"null", b'"NaN"']
    assert parse_list(b'{"count": 0, "results": []}', lenient=True).records == []


@pytest.mark.parametrize("body", [page(GOOD)[:-3], page(GOOD) + b"<html>", b'{"results": "none"}', b"", b'"text"'])
def test_what_is_cut_stays_broken(body: bytes) -> None:
    with pytest.raises(BrokenBody):
        parse_list(body, lenient=True)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (b'{"id": 2, "x": %b}' % (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1)), "nested deeper"),
        (b'{"id": 2, "x": "%b"}' % (b"y" * LARGEST), "larger than"),
    ],
)
def test_what_nobody_can_handle_is_left_out_with_its_id_and_the_reason(record: bytes, why: str) -> None:
    left = json.loads(parse_list(page(GOOD, record)).records[1])
    assert left["id"] == 2
    assert why in left[UNREADABLE]
    assert len(json.dumps(left)) < 200


def test_a_number_of_thousands_of_digits_becomes_text() -> None:
    record = json.loads(parse_list(page(b'{"id": 2, "x": %b}' % (b"9" * 5000))).records[0])
    assert record == {"id": 2, "x": "9" * 5000}


def test_many_brackets_are_no_depth() -> None:
    record = b'{"id": 2, "x": [%b], "y": "%b"}' % (b"[]," * 500 + b"[]", b"[" * 500)
    assert parse_list(page(record)).records == [record]


def test_what_cannot_be_searched_for_secrets_is_not_kept() -> None:
    depth = 900  # valid, and deeper than the search goes
    record = b'{"id": 7, "password": "MARK", "x": %b}' % (b"[" * depth + b"]" * depth)
    cleaned = clean_records([GOOD, record], Report())
    assert cleaned[0] == GOOD
    assert b"MARK" not in cleaned[1]
    assert json.loads(cleaned[1])["id"] == 7


def test_parts_and_members_look_into_no_string() -> None:
    assert parts(b'[1, "a,]\\"", {"b": [2, 3]}]') == [b"1", b'"a,]\\""', b'{"b": [2, 3]}']
    assert members(b' {"id" : 5, "x": {"id": 6}} ') == {b"id": b"5", b"x": b'{"id": 6}'}
    with pytest.raises(NotWhole):
        parts(b'["a')
