"""Faults: what QuickBooks answers instead of doing what was asked, by its own numbers."""

from __future__ import annotations

from typing import Any

MESSAGES = {
    "500": "Unsupported Operation",
    "610": "Object Not Found",
    "620": "Transaction cannot be linked",
    "1040": "Batch size exceeds allowed limit",
    "2000": "Invalid or unsupported object name",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "String length is either shorter or longer than supported by specification",
    "2070": "Invalid Date",
    "2080": "Invalid Number Format",
    "2130": "Invalid Request Id Format",
    "2170": "Invalid Enumeration",
    "2210": "Invalid Email Address format",
    "2230": "Invalid Boolean",
    "2500": "Invalid Reference Id",
    "3100": "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
    "3200": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "5010": "Stale Object Error",
    "6000": "A business validation error has occurred while processing your request",
    "6010": "Invalid AccountType or AccountSubType",
    "6070": "Amount calculation incorrect in the request",
    "6080": "No name provided",
    "6090": "Discount Line missing required info",
    "6100": "Invalid Line TaxCode in the request",
    "6140": "Duplicate Document Number Error",
    "6210": "Duplicate Document Number Error",
    "6240": "Duplicate Name Exists Error",
    "10000": "An application error has occurred while processing your request",
}


class Problem(Exception):
    """A request that is answered with a fault."""

    def __init__(
        self, code: str, detail: str, element: str = "", *, status: int = 400, kind: str = "ValidationFault"
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail, self.element, self.status, self.kind = code, detail, element, status, kind

    def as_json(self) -> dict[str, Any]:
        error = {"Message": MESSAGES[self.code], "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Error": [error], "type": self.kind}


def missing(name: str) -> Problem:
    return Problem("2020", f"Required parameter {name} is missing in the request", name.rpartition(".")[2])


def unsupported(name: str) -> Problem:
    return Problem("2010", f"Property Name:{name} is unsupported or invalid", name)


def too_long(name: str, longest: int, length: int) -> Problem:
    supported = f"Min:0 Max:{longest:,} supported. Supplied length:{length:,}"
    return Problem("2050", f"String length specified does not match the supported length. {supported}", name)


def operation_unsupported(what: str) -> Problem:
    return Problem("500", f"Operation {what} is not supported.")


def gone() -> Problem:
    """What is answered for an id that there is not, and for a reference to something inactive."""
    fields = "accounts, customers, items, vendors or employees"
    advice = f"Something you're trying to use has been made inactive. Check the fields with {fields}."
    return Problem("610", f"Object Not Found : {advice}")


def bad_reference(entity: str, number: str, element: str) -> Problem:
    return Problem("2500", f"Invalid Reference Id : {entity}s element id {number} not found", element)


def business(detail: str) -> Problem:
    return Problem("6000", f"Business Validation Error: {detail}")


def stale() -> Problem:
    said = (
        "You and root were working on this at the same time. root finished before you did, so your work was not saved."
    )
    return Problem("5010", f"Stale Object Error : {said}")


def duplicate_name(who: str) -> Problem:
    advice = f"Another {who} is already using this name. Please use a different name."
    return Problem("6240", f"The name supplied already exists. : {advice}")


def duplicate_number(code: str, number: str, entity: str, taken_by: str) -> Problem:
    advice = "You must specify a different number. This number has already been used."
    where = f"DocNumber={number} is assigned to TxnType={entity} with TxnId={taken_by}"
    return Problem(code, f"Duplicate Document Number Error : {advice} {where}")
