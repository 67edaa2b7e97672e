from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from ipaas_dagster import http


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 409, 410, 422])
def test_final_answers_are_refused_with_what_to_do(status: int) -> None:
    body = b'{"error":{"type":"card_error","charge":"ch_1","code":"declined","decline_code":"no_funds",'
    body += b'"doc_url":"https://x/d","message":"No.","param":"limit","source":{"id":1}},"other":1}'
    verdict = http.classify(status, {}, body)
    error = http.refusal(status, verdict.attributes, system="instagaze", method="GET", path="/accounts")
    assert verdict.meaning == "refused"
    assert set(error.attributes) == set(http.ERROR_ATTRIBUTES)
    assert error.attributes["source"] == {"id": 1}
    assert str(status) in str(error)
    assert "No." in str(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{", b'"x"', b'{"error":"gone"}', b"\xff"])
def test_error_bodies_of_any_kind_are_read(body: bytes) -> None:
    assert http.error_attributes(body) in ({}, {"message": "gone"})


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, "ok"),
        (204, "ok"),
        (429, "busy"),
        (503, "busy"),
        (408, "busy"),
        (500, "failing"),
        (502, "failing"),
        (599, "failing"),
    ],
)
def test_every_other_status_has_a_meaning(status: int, meaning: str) -> None:
    assert http.classify(status, {}).meaning == meaning


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3.0), ("0", 0.0), ("1.5", 1.5), ("-4", 0.0), ("Sun, 01 Mar 2026 12:00:10 GMT", 10.0),
     ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0), ("soon", None), ("", None), ("inf", None), ("nan", None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_time_by_the_servers_clock(text: str, seconds: float | None) -> None:
    headers = {"retry-after": text, "date": "Sun, 01 Mar 2026 12:00:00 GMT"}
    assert http.retry_after(headers) == seconds


def test_the_wait_is_never_shorter_than_asked_for_and_bounded_otherwise() -> None:
    rng = random.Random(1)
    assert all(7.0 <= http.delay(n, 7.0, rng) <= 8.0 for n in range(1, 50))
    waits = [http.delay(n, None, rng) for n in range(1, 500)]
    assert min(waits) >= 0
    assert max(waits) <= http.LONGEST_SECONDS
    assert max(http.delay(1, None, rng) for _ in range(100)) <= 0.4


def test_dates_are_utc_or_none() -> None:
    assert http.http_date("Sun, 01 Mar 2026 12:00:00 GMT") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert http.http_date("Sun, 01 Mar 2026 12:00:00 +0200") == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert http.http_date("yesterday") is None
    assert http.http_date(None) is None
