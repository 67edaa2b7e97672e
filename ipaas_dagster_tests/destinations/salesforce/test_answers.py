"""Every answer that a call for up to 200 records can have, and what it means for each record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.destinations.base import BatchRefused, Outcome, Throttled, Unreachable
from ipaas_dagster_tests.destinations.remote.test_client import serving
from ipaas_dagster_tests.destinations.salesforce.stage import NOWHERE, Stage

TOKEN = {"access_token": "T", "instance_url": None}


def http(status: int, body: Any = None, **headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(raw)}",
        *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def delivered(folder: Path, count: int, *answers: bytes) -> Sequence[Outcome]:
    """What becomes of that many customers when the org answers so."""
    with serving(b"", *answers) as server:
        token = http(200, {"access_token": "T", "instance_url": server.url})
        server._answers[0] = token
        stage = Stage(folder, environment={**NOWHERE, "SALESFORCE_URL": server.url})
        with stage.connected() as destination:
            return destination.deliver(stage.customers(*range(count)))


def error(code: str, message: str = "words") -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


GOOD = {"id": "001000000000001AAA", "success": True, "errors": [], "created": True}
LOCKED = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "locked", "fields": []}]}
LONG = {"success": False, "errors": [{"statusCode": "STRING_TOO_LONG", "message": "long", "fields": ["Name"]}]}


def test_each_record_of_a_call_has_its_own_answer(tmp_path: Path) -> None:
    outcomes = delivered(tmp_path, 3, http(200, [GOOD, LOCKED, LONG]))
    assert [(o.kind, o.external_id, o.field) for o in outcomes] == [
        ("delivered", "001000000000001AAA", None),
        ("retry", None, None),
        ("rejected", None, "Name"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        http(500, error("UNKNOWN_EXCEPTION")),
        http(502, b"<html>"),
        http(200, b"<html>"),
        http(200, [GOOD]),
        http(200, {"ok": True}),
        http(200, [{}, {}]),
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"",
    ],
)
def test_what_may_have_been_done_is_in_doubt(tmp_path: Path, answer: bytes) -> None:
    outcomes = delivered(tmp_path, 2, answer)
    assert [one.kind for one in outcomes] == ["in_doubt"] * 2
    assert all(one.reason for one in outcomes)


@pytest.mark.parametrize("status", [200, 201])
def test_one_record_is_told_its_id(tmp_path: Path, status: int) -> None:
    (outcome,) = delivered(tmp_path, 1, http(status, GOOD))
    assert (outcome.kind, outcome.external_id) == ("delivered", GOOD["id"])


def test_an_update_without_a_body_is_looked_up(tmp_path: Path) -> None:
    """Older versions say 204 of an update: its id is asked for, since children need it."""
    found = {"done": True, "records": [{"Id": "001000000000009AAA", "Ipaas_Hub_Id__c": "instagaze:accounts:0"}]}
    (outcome,) = delivered(tmp_path, 1, http(204), http(200, found))
    assert (outcome.kind, outcome.external_id) == ("delivered", "001000000000009AAA")
    (outcome,) = delivered(tmp_path, 1, http(204), http(500))
    assert outcome.kind == "in_doubt"


def test_several_matches_are_named(tmp_path: Path) -> None:
    (outcome,) = delivered(tmp_path, 1, http(300, ["/services/data/v62.0/sobjects/Account/001A", "/x/001B"]))
    assert outcome.kind == "rejected"
    assert "001A, 001B" in outcome.reason
    double = {"success": False, "errors": [{"statusCode": "DUPLICATE_EXTERNAL_ID", "message": "more than one"}]}
    records = [{"Id": f"001{x}", "Ipaas_Hub_Id__c": "instagaze:accounts:1"} for x in "AB"]
    outcomes = delivered(tmp_path, 2, http(200, [GOOD, double]), http(200, {"done": True, "records": records}))
    assert [one.kind for one in outcomes] == ["delivered", "rejected"]
    assert "001A, 001B" in outcomes[1].reason


@pytest.mark.parametrize(
    ("code", "kind"),
    [("STRING_TOO_LONG", "rejected"), ("JSON_PARSER_ERROR", "rejected"), ("UNABLE_TO_LOCK_ROW", "retry")],
)
def test_a_refusal_of_one_record_is_its_own(tmp_path: Path, code: str, kind: str) -> None:
    (outcome,) = delivered(tmp_path, 1, http(400, error(code)))
    assert (outcome.kind, outcome.reason) == (kind, f"{code}: words")


def test_a_malformed_call_is_refused_as_a_whole(tmp_path: Path) -> None:
    with pytest.raises(BatchRefused, match="JSON_PARSER_ERROR: words"):
        delivered(tmp_path, 2, http(400, error("JSON_PARSER_ERROR")))


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "answer",
    [
        http(404, error("NOT_FOUND", "Provided external ID field does not exist or is not accessible: X__c")),
        http(404, error("NOT_FOUND", "The requested resource does not exist")),
        http(400, error("INVALID_FIELD", "No such column 'X__c' on sobject of type Account")),
        http(400, error("INVALID_TYPE", "sObject type 'X__c' is not supported")),
    ],
)
def test_what_the_org_lacks_stops_the_system_and_kills_no_record(tmp_path: Path, count: int, answer: bytes) -> None:
    with pytest.raises(Unreachable, match="ipaas check"):
        delivered(tmp_path, count, answer)


def test_so_does_a_field_that_every_record_is_refused_for(tmp_path: Path) -> None:
    words = "Unexpected JsonMappingException: No such column 'X__c' on sobject of type Account"
    bad = {"success": False, "errors": [{"statusCode": "INVALID_FIELD", "message": words, "fields": []}]}
    with pytest.raises(Unreachable, match="X__c"):
        delivered(tmp_path, 2, http(200, [bad, bad]))


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (http(429, error("REQUEST_LIMIT_EXCEEDED"), Retry_After="7"), 7),
        (http(503, error("SERVER_UNAVAILABLE"), Retry_After="0"), 0),
        (http(503, b"<html>"), 30),
        (http(403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")), 3600),
    ],
)
def test_an_org_that_wants_a_rest_gets_it(tmp_path: Path, answer: bytes, seconds: float) -> None:
    with pytest.raises(Throttled) as asked:
        delivered(tmp_path, 2, answer)
    assert asked.value.seconds == seconds
    assert asked.value.outcomes == ()
    if seconds == 3600:
        assert "TotalRequests Limit exceeded." in str(asked.value)


def test_a_session_that_is_refused_twice_stops_the_system(tmp_path: Path) -> None:
    expired = http(401, error("INVALID_SESSION_ID", "Session expired or invalid"))
    again = http(200, {"access_token": "T", "instance_url": "http://127.0.0.1:1"})
    with pytest.raises(Unreachable):
        delivered(tmp_path, 2, expired, again, expired)
    with pytest.raises(Unreachable, match="API_DISABLED_FOR_ORG"):
        delivered(tmp_path, 2, http(403, error("API_DISABLED_FOR_ORG")))


def test_the_address_that_the_token_names_is_used(tmp_path: Path) -> None:
    with (
        serving(http(200, [GOOD, GOOD])) as instance,
        serving(http(200, {"access_token": "T", "instance_url": instance.url})) as login,
    ):
        stage = Stage(tmp_path, environment={**NOWHERE, "SALESFORCE_URL": login.url})
        with stage.connected() as destination:
            destination.deliver(stage.customers(1, 2))
    assert len(instance.came) == len(login.came) == 1
