"""An answer, level by level: HTTP and gateway, control, operation, functions. Errors may stand on each within a 200."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ipaas_dagster.destinations.base import BatchRefused, Throttled, Unreachable
from ipaas_dagster.destinations.intacct.markup import Element, flat, parsed
from ipaas_dagster.destinations.intacct.preset import Company
from ipaas_dagster.destinations.intacct.problems import (
    NOT_AS_IT_SHOULD_BE,
    SIGN_IN,
    THROTTLED,
    Problem,
    in_words,
    problems_of,
)
from ipaas_dagster.destinations.remote import Answer, AnswerLost
from ipaas_dagster.http import retry_after

WAIT_SECONDS = 15.0
"""After a 429 that does not say for how long: another request of the company is running, or was too soon."""


@dataclass(frozen=True)
class Result:
    """Of one function. `records` are its data by field name, `key` what the older functions answer instead."""

    controlid: str
    status: str
    problems: Sequence[Problem] = ()
    records: Sequence[Mapping[str, str]] = ()
    key: str | None = None
    result_id: str = ""
    """Under which more of them can be read; empty where these are all."""

    @property
    def done(self) -> bool:
        return self.status == "success"


@dataclass(frozen=True)
class Reply:
    """`refused`: the operation was not signed in, and nothing of it was done. `lasts` are the seconds that the
    session lives on, where the answer says so."""

    results: Mapping[str, Result]
    refused: Sequence[Problem] | None = None
    lasts: float | None = None


def reply_of(answer: Answer, company: Company) -> Reply:
    """Raises AnswerLost where it cannot be read; and, where nothing was done, Throttled, Unreachable, BatchRefused."""
    root = parsed(answer.body)
    if root is not None and root.tag != "response":
        root = None
    problems = () if root is None else problems_of(root.find("errormessage"))
    if answer.status == 429 or any(one.errorno == THROTTLED for one in problems):
        seconds = retry_after(answer.headers)
        raise Throttled(WAIT_SECONDS if seconds is None else seconds, f"it asks to wait ({in_words(problems)})")
    if answer.status >= 500 or answer.status == 408:
        raise AnswerLost(f"it answered {answer.status}")
    if root is None:
        raise _unread(answer, company)
    if root.findtext("control/status") != "success":
        raise _refused(answer, problems, company)
    return _operation(root, company)


def _unread(answer: Answer, company: Company) -> Exception:
    if answer.status < 300:
        return AnswerLost(f"its answer is no XML of Intacct's ({len(answer.body)} bytes)")
    return Unreachable(f"{company.system}: it answered {answer.status}, no XML; look at the preset's field url")


def _refused(answer: Answer, problems: Sequence[Problem], company: Company) -> Exception:
    """The request as a whole: nothing of it was carried out."""
    said, codes = company.masked(in_words(problems)), {one.errorno for one in problems}
    if codes & SIGN_IN or answer.status == 401:
        return Unreachable(
            f"{company.system}: the sender was refused ({said}); look at the preset's fields sender_id, sender_password"
        )
    if codes & NOT_AS_IT_SHOULD_BE and answer.status in (200, 400, 413):
        return BatchRefused(said)
    look = "; look at the preset's field url" if answer.status == 404 else ""
    return Unreachable(f"{company.system}: the gateway refuses the request ({answer.status}: {said}){look}")


def _operation(root: Element, company: Company) -> Reply:
    operation = root.find("operation")
    if operation is None:
        raise AnswerLost("its answer holds no operation")
    problems = problems_of(operation.find("errormessage"))
    if operation.findtext("authentication/status") != "success":
        return Reply({}, refused=problems)
    results = [_result(one) for one in operation.iterfind("result")]
    if problems and not results:
        raise Unreachable(f"{company.system}: it refuses the operation: {company.masked(in_words(problems))}")
    return Reply({one.controlid: one for one in results}, lasts=_lasts(operation.find("authentication")))


def _result(result: Element) -> Result:
    data = result.find("data")
    more = data is not None and data.get("numremaining", "0") not in ("", "0")
    return Result(
        (result.findtext("controlid") or "").strip(),
        (result.findtext("status") or "").strip(),
        problems_of(result.find("errormessage")),
        [flat(record) for record in data] if data is not None else (),
        (result.findtext("key") or "").strip() or None,
        str(data.get("resultId", "")) if data is not None and more else "",
    )


def _lasts(authentication: Element) -> float | None:
    from datetime import datetime

    texts = [(authentication.findtext(name) or "").strip() for name in ("sessiontimestamp", "sessiontimeout")]
    try:
        begins, ends = (datetime.fromisoformat(text) for text in texts)
        return (ends - begins).total_seconds()
    except (ValueError, TypeError):
        return None
