"""A page of familiar names is not searched for names again, and yet no secret gets through in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipaas_dagster.source.client import Client
from ipaas_dagster.source.collections import source_collection
from ipaas_dagster.source.familiar import GIVE_UP, Familiar
from ipaas_dagster.source.redaction import Report, clean_records

PLAIN: dict[str, Any] = {"id": 1, "name": "Plain Ltd", "note": "", "address": {"city": "Oslo"}, "contacts": [{"id": 2}]}


def page(*records: Any) -> bytes:
    return json.dumps({"count": len(records), "results": records}, ensure_ascii=False).encode()


@pytest.fixture
def client() -> Client:
    """One that has read a page of plain records."""
    client = Client(None, source_collection("accounts"))  # type: ignore[arg-type]
    first = client._read_list(page(PLAIN), "application/json", False)
    assert not first.familiar
    assert client._read_list(page(PLAIN, {**PLAIN, "note": "it's 'fine'"}), "application/json", False).familiar
    return client


@pytest.mark.parametrize(
    "record",
    [
        {**PLAIN, "password": "hunter2"},
        {**PLAIN, "address": {"city": "Oslo", "api_key": "hunter2"}},
        {**PLAIN, "contacts": [{"id": 2, "token": "hunter2"}]},
        {**PLAIN, "note": '{"password": "hunter2"}'},
        {**PLAIN, "note": "see {'password': 'hunter2'}"},
        {**PLAIN, "note": json.dumps(json.dumps({"password": "hunter2"}))},
        {**PLAIN, "note": "Authorization: Bearer hunter2hunter2"},
        {**PLAIN, "note": "https://x.example/?token=hunter2"},
        {**PLAIN, "note": "https://me:hunter2@x.example/"},
        {**PLAIN, "name": {"password": "hunter2"}},
    ],
)
def test_a_secret_in_a_later_page_is_removed_as_in_the_first(client: Client, record: Any):
    read = client._read_list(page(PLAIN, record), "application/json", False)
    assert b"hunter2" not in b"".join(read.records)
    assert read.records == clean_records(
        [json.dumps(r, ensure_ascii=False).encode() for r in (PLAIN, record)], Report()
    )
    assert sum(read.redacted.values()) == 1


def test_names_written_as_escapes_are_not_familiar(client: Client):
    body = page(PLAIN).replace(b'"note": ""', b'"\\u0070assword": "hunter2"')
    assert b"hunter2" not in b"".join(client._read_list(body, "application/json", False).records)


def test_card_numbers_are_masked_in_a_familiar_page(client: Client):
    read = client._read_list(page(PLAIN, {**PLAIN, "note": "card 4111 1111 1111 1111"}), "application/json", False)
    assert b"4111 1111 1111 1111" not in read.records[1]


def test_what_is_nested_deeper_than_ever_seen_is_looked_at(client: Client):
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    body = page(PLAIN, {**PLAIN, "id": 3, "contacts": deep})
    left = json.loads(client._read_list(body, "application/json", False).records[1])
    assert left["id"] == 3
    assert "nested deeper" in next(iter(value for name, value in left.items() if name != "id"))


def test_a_source_whose_names_are_data_is_searched_as_ever():
    familiar = Familiar()
    for number in range(GIVE_UP + 5):
        familiar.learn([b'{"name %d": 1}' % number])
    assert not familiar.knows(b'[{"name %d": 1}]' % (GIVE_UP + 4))
    assert familiar.knows(b'[{"name 1": 1}]')


def test_names_that_tell_of_secrets_are_never_learnt():
    familiar = Familiar()
    familiar.learn([b'{"id": 1, "password": null}'])
    assert not familiar.knows(b'[{"id": 1, "password": null}]')
