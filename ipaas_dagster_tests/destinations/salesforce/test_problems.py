"""Errors in both spellings, and what a repeat would change."""

from __future__ import annotations

import json

import pytest

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.salesforce.problems import (
    Problem,
    deleted,
    from_text,
    is_setup,
    problems_of,
    refused,
)

ENTRY = Entry(1, "k", "customers", "Account", "h", "upsert", 1, 1, {}, None)


def test_both_spellings_are_read() -> None:
    top = [{"message": "The name is missing", "errorCode": "REQUIRED_FIELD_MISSING", "fields": ["Name"]}]
    inner = {"success": False, "errors": [{"statusCode": "REQUIRED_FIELD_MISSING", "message": "The name is missing"}]}
    assert problems_of(json.dumps(top).encode()) == [
        Problem("REQUIRED_FIELD_MISSING", "The name is missing", ("Name",))
    ]
    assert [str(one) for one in problems_of(json.dumps(inner).encode())] == [
        "REQUIRED_FIELD_MISSING: The name is missing"
    ]
    assert problems_of(b"<html>502</html>") == problems_of(b"") == problems_of(b"[1]") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
            Problem("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ("LastName",)),
        ),
        ("STRING_TOO_LONG:City: too long: A, B --", Problem("STRING_TOO_LONG", "City: too long", ("A", "B"))),
        ("UNABLE_TO_LOCK_ROW:unable to obtain lock --", Problem("UNABLE_TO_LOCK_ROW", "unable to obtain lock")),
        ("something else", Problem("", "something else")),
        ("", Problem("", "no words")),
    ],
)
def test_a_jobs_error_is_one_text(text: str, problem: Problem) -> None:
    assert from_text(text) == problem


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", "retry"),
        ("SERVER_UNAVAILABLE", "busy", "retry"),
        ("INVALID_FIELD", "Foreign key external ID: c:1 not found for field X in entity Account", "retry"),
        ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "retry"),
        ("REQUIRED_FIELD_MISSING", "Name", "rejected"),
        ("STRING_TOO_LONG", "City", "rejected"),
        ("DUPLICATE_EXTERNAL_ID", "more than one record found", "rejected"),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "not on Sundays", "rejected"),
        ("SOMETHING_NEW", "?", "rejected"),
    ],
)
def test_passing_trouble_is_tried_again_and_the_rest_is_not(code: str, message: str, kind: str) -> None:
    outcome = refused(ENTRY, [Problem(code, message, ("City",))])
    assert (outcome.kind, outcome.field) == (kind, "City")
    assert code in outcome.reason
    assert message in outcome.reason


def test_one_final_reason_among_passing_ones_is_final() -> None:
    both = [Problem("UNABLE_TO_LOCK_ROW", "locked"), Problem("STRING_TOO_LONG", "City", ("City",))]
    assert refused(ENTRY, both).kind == "rejected"


def test_what_is_gone_is_deleted() -> None:
    for code in ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"):
        assert deleted(ENTRY, [Problem(code, "gone")]).kind == "delivered"
    assert deleted(ENTRY, [Problem("DELETE_FAILED", "associated with opportunities")]).kind == "rejected"
    assert deleted(ENTRY, [Problem("UNABLE_TO_LOCK_ROW", "locked")]).kind == "retry"


def test_what_the_org_lacks_is_no_records_fault() -> None:
    assert is_setup(Problem("INVALID_FIELD", "No such column 'X__c' on sobject of type Account"))
    assert is_setup(Problem("NOT_FOUND", "Provided external ID field does not exist or is not accessible: X"))
    assert not is_setup(Problem("INVALID_FIELD", "Foreign key external ID: c:1 not found"))
