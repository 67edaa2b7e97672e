"""Answers of the admin API: JSON bodies, and errors with every documented attribute."""

from __future__ import annotations

import json
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer

MEANINGS = {
    400: ("invalid_request_error", "invalid_request", "The request is invalid."),
    401: ("authentication_error", "invalid_token", "The bearer token is missing or wrong."),
    402: ("card_error", "payment_required", "The request was valid but failed."),
    403: ("invalid_request_error", "forbidden", "This information is for administrators only."),
    404: ("invalid_request_error", "not_found", "There is no such resource."),
    405: ("invalid_request_error", "method_not_allowed", "This method is not allowed here."),
    406: ("invalid_request_error", "not_acceptable", "Only JSON can be answered."),
    410: ("invalid_request_error", "gone", "This record was removed."),
    422: ("invalid_request_error", "unprocessable_entity", "The record cannot be processed."),
    429: ("rate_limit_error", "too_many_requests", "Too many requests."),
    500: ("api_error", "internal_error", "Something went wrong here. Try again later."),
    503: ("api_error", "unavailable", "Offline for maintenance. Try again later."),
}


class Problem(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str | None = None, param: str | None = None) -> None:
        super().__init__(message or f"status {status}")
        self.status, self.message, self.param = status, message, param


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def error(status: int, message: str | None = None, param: str | None = None, *, wrapped: bool = False) -> Answer:
    """An error body. The document lists attributes and no wrapper around them; some servers add one."""
    kind, code, meaning = MEANINGS.get(status, ("api_error", "error", "The request failed."))
    attributes = {
        "type": kind,
        "charge": None,
        "code": code,
        "decline_code": None,
        "doc_url": f"https://docs.example.com/errors#{code}",
        "message": message or meaning,
        "param": param,
        "source": None,
    }
    return Answer(status, dump({"error": attributes} if wrapped else attributes))
