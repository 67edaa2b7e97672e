"""Errors as the gateway writes them: errorno, description, description2, correction; on one of three levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GENERAL = "BL01001973"
NOT_UNIQUE = "BL34000061"
MALFORMED = "XL03000003"
SIGN_IN = "XL03000006"
ROLLED_BACK = "XL03000009"
THROTTLED = "GW-0010"
INVALID_REQUEST = "GW-0011"
HTTP_SIGN_IN = "XMLGW_JPP0002"
QUERY_FAILED = "Query Failed"

WRONG_SENDER = "Incorrect Intacct XML Partner ID or password."
WRONG_USER = "Sign-in information is incorrect"
NEVER_MIND = "Check the transaction for errors or inconsistencies, then try again."


@dataclass(frozen=True, slots=True)
class Problem:
    """One <error>. The vendor leaves parts empty, and sometimes writes its text into `errorno`."""

    errorno: str
    text: str = ""
    correction: str = ""
    description: str = ""


UNDONE = Problem(ROLLED_BACK, "The entire transaction in this operation has been rolled back due to an error.")


class Refused(Exception):
    """One function fails, with these problems. `inner` stands in its result before them.

    `keep`: what the function wrote before it failed stays written.
    """

    def __init__(self, *problems: Problem, inner: str = "", keep: bool = False) -> None:
        super().__init__("; ".join(f"{problem.errorno} {problem.text}" for problem in problems))
        self.problems: Sequence[Problem] = problems
        self.inner, self.keep = inner, keep


class Invalid(Exception):
    """A value that the company does not accept; the text is the vendor's kind. Whoever asked makes an error of it."""


class ControlRefused(Exception):
    """The whole request fails: no operation is executed."""

    def __init__(self, *problems: Problem, http_status: int = 200, bare: bool = False) -> None:
        """`bare`: the answer's control block holds only a status, as gateway errors do."""
        super().__init__("; ".join(f"{problem.errorno} {problem.text}" for problem in problems))
        self.problems: Sequence[Problem] = problems
        self.http_status, self.bare = http_status, bare


class OperationRefused(Exception):
    """Authentication fails: none of the operation's functions is executed."""

    def __init__(self, userid: str = "", companyid: str = "", locationid: str = "") -> None:
        super().__init__(WRONG_USER)
        self.problems: Sequence[Problem] = (Problem(SIGN_IN, WRONG_USER),)
        self.userid, self.companyid, self.locationid = userid, companyid, locationid


def gateway_refusal(status: int) -> ControlRefused:
    """What the gateway itself says, before Intacct is asked."""
    if status == 429:
        return ControlRefused(Problem(THROTTLED, description="API rate limit exceeded"), http_status=429, bare=True)
    if status == 401:
        text = "Sign-in information is incorrect. Please check your request."
        return ControlRefused(Problem(HTTP_SIGN_IN, description=text), http_status=401, bare=True)
    return ControlRefused(Problem(INVALID_REQUEST, description="Invalid Request"), http_status=status, bare=True)


def malformed(text: str, line: int | None = None) -> ControlRefused:
    """The request is not what the schema says; the vendor says so before anything is executed."""
    where = "" if line is None else f" Line: {line}, column: 1."
    return ControlRefused(Problem(MALFORMED, f"XML Parse schema error: {text}{where}"))


def transaction_refused(verb: str, what: str, text: str) -> Refused:
    """A posting fails: the reason first, then two that say nothing more. All have the same errorno."""
    return Refused(
        Problem(GENERAL, text),
        Problem(GENERAL, f"Could not {verb} {what} record!"),
        Problem(GENERAL, f"Currently, we can't {verb} the transaction. {NEVER_MIND}"),
    )


def not_unique(title: str, values: str) -> Refused:
    """`title` as the vendor writes the object: Customer."""
    return Refused(
        Problem(
            NOT_UNIQUE,
            f"Another {title} with the given value(s) {values}  already exists",
            "Use a unique value instead.",
        ),
        Problem(GENERAL, f"Could not create {title.lower()} record!"),
        Problem(GENERAL, f"Could not create {title} record!"),
    )
