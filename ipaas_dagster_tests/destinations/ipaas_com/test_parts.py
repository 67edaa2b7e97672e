"""Forms of answers that documents print or leave open."""

from __future__ import annotations

import pytest

from ipaas_dagster.destinations.ipaas_com.faults import LONGEST, fault_of, field_in, is_monthly
from ipaas_dagster.destinations.ipaas_com.paging import Page, read_pagination
from ipaas_dagster.destinations.remote import Answer

PRINTED = """{
"total_Count":165,
"page_Size":100,
"current_Page":1,
"total_Pages":2,
"previous_Page":"No",
"next_Page":"Yes"
{"""
FIRST = Page(165, 1, 2, True)


@pytest.mark.parametrize(
    ("name", "text", "page"),
    [
        ("X-Pagination", PRINTED, FIRST),
        ("x-pagination", PRINTED.replace("\n", "")[:-1] + "}", FIRST),
        ("X-PAGINATION", '{"TotalCount":165,"CurrentPage":1,"TotalPages":2,"NextPage":"yes"}', FIRST),
        ("X-Pagination", '{"current_Page":2,"total_Pages":2}', Page(None, 2, 2, None)),
        ("X-Pagination", '{"total_Count":165,"current_Page":1,"total_Pages":2,"next_Page":"Yes', FIRST),
        ("X-Pagination", "nonsense", Page()),
        ("X-Other", PRINTED, Page()),
    ],
)
def test_pagination(name: str, text: str, page: Page) -> None:
    assert read_pagination({name: text}) == page


@pytest.mark.parametrize(
    ("status", "body", "code", "meaning"),
    [
        (400, b"BIZL-1003: The external id must be unique. See https://x", "BIZL-1003", "duplicate"),
        (409, b'{"errors":[{"errorCode":"BIZL-1005","text":"taken"}]}', "BIZL-1005", "duplicate"),
        (400, b"The External_Id provided is already in use for this system", None, "duplicate"),
        (400, b"BIZL-1001: credit limit", "BIZL-1001", "refused"),
        (400, b"name is required", None, "refused"),
        (404, b"", None, "not_found"),
        (400, b"NFND-1001: the category", "NFND-1001", "not_found"),
        (400, b"INTL-1004", "INTL-1004", "server"),
        (503, b"<html>busy</html>", None, "server"),
        (400, b"NOTE-1003 and BIZL-10", None, "refused"),
    ],
)
def test_what_an_error_means(status: int, body: bytes, code: str | None, meaning: str) -> None:
    fault = fault_of(Answer(status, {}, body))
    assert (fault.code, fault.meaning) == (code, meaning)
    assert fault.text == " ".join(body.decode().split())


def test_text_is_bounded_and_holds_no_secret() -> None:
    fault = fault_of(Answer(400, {}, b"token hunter2 " + b"x" * 5_000), ["hunter2"])
    assert "hunter2" not in fault.text
    assert len(fault.text) < LONGEST + 50
    assert "5,010 characters" in fault.text


@pytest.mark.parametrize(
    ("body", "headers", "monthly"),
    [
        (b"Monthly API limit reached", {}, True),
        (b"Monthly API limit reached", {"retry-after": "5"}, True),
        (b"Volume limit reached", {"retry-after": "5"}, False),
        (b"Volume limit reached", {"retry-after": "500"}, False),
        (b"Too many requests", {"retry-after": "59"}, False),
        (b"Too many requests", {"retry-after": "60"}, True),
        (b"", {}, False),
    ],
)
def test_which_429(body: bytes, headers: dict[str, str], monthly: bool) -> None:
    assert is_monthly(fault_of(Answer(429, headers, body)), headers) is monthly


def test_the_field_that_is_named() -> None:
    fault = fault_of(Answer(400, {}, b"The field email_address is wrong"))
    assert field_in(fault, ["email", "email_address", "name"]) == "email_address"
    assert field_in(fault, ["name"]) is None
