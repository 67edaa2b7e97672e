"""The functions of an operation: one after the other, or all or none; each control id once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ipaas_dagster.sandbox.intacct.answers import errors, result
from ipaas_dagster.sandbox.intacct.envelope import Function
from ipaas_dagster.sandbox.intacct.executed import Executed
from ipaas_dagster.sandbox.intacct.functions import FUNCTIONS
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.limits import Usage
from ipaas_dagster.sandbox.intacct.refusals import UNDONE, Problem, Refused


@dataclass(frozen=True)
class Books:
    """What outlives a request: executed control ids, and what was used. `signed` marks a text with a support id."""

    executed: Executed
    usage: Usage
    signed: Callable[[Sequence[Problem]], Sequence[Problem]]


@dataclass(frozen=True)
class Outcome:
    function: Function
    inner: str
    problems: Sequence[Problem] = ()


def run(job: Job, functions: Sequence[Function], books: Books, *, unique: bool, transaction: bool) -> str:
    """The results, in the order of the functions. In a transaction the first failure ends and undoes all."""
    company, mark = job.company, job.company.mark()
    outcomes: list[Outcome] = []
    done: set[str] = set()
    for function in functions:
        outcome = _one(job, function, books, done if unique else None)
        outcomes.append(outcome)
        if outcome.problems and transaction:
            company.undo(mark)
            return _rolled_back(functions, outcomes, books)
        if not outcome.problems and unique:
            done.add(function.controlid)
            if not transaction:
                books.executed.note(job.session.companyid, function.controlid, job.now)
    if unique and transaction:
        for controlid in done:
            books.executed.note(job.session.companyid, controlid, job.now)
    company.keep()
    _bill(job, outcomes, books)
    return "".join(_written(outcome, books) for outcome in outcomes)


def _one(job: Job, function: Function, books: Books, done: set[str] | None) -> Outcome:
    if done is not None and _repeated(job, function, books, done):
        text = f"The function with the control ID '{function.controlid}' was already executed and completed."
        return Outcome(function, "", (Problem(job.settings.repeated_errorno, text),))
    mark, written = job.company.mark(), Counter(job.written)
    try:
        return Outcome(function, FUNCTIONS[function.name](job, function.body))
    except Refused as problem:
        if not problem.keep:
            job.company.undo(mark)
            job.written = written
        return Outcome(function, problem.inner, problem.problems)


def _repeated(job: Job, function: Function, books: Books, done: set[str]) -> bool:
    kept = job.settings.control_ids_kept_seconds
    known = books.executed.has(job.session.companyid, function.controlid, job.now, kept)
    return known or function.controlid in done


def _rolled_back(functions: Sequence[Function], outcomes: Sequence[Outcome], books: Books) -> str:
    """Those before the failure, and those that were not begun, are aborted."""
    failed = outcomes[-1]
    parts = []
    for position, function in enumerate(functions):
        fails = position == len(outcomes) - 1
        problems = (*books.signed(failed.problems), UNDONE) if fails else (UNDONE,)
        status = "failure" if fails else "aborted"
        parts.append(result(status, function.name, function.controlid, errors(problems)))
    return "".join(parts)


def _written(outcome: Outcome, books: Books) -> str:
    function, problems = outcome.function, outcome.problems
    status = "failure" if problems else "success"
    inner = outcome.inner + (errors(books.signed(problems)) if problems else "")
    return result(status, function.name, function.controlid, inner)


def _bill(job: Job, outcomes: Sequence[Outcome], books: Books) -> None:
    books.usage.wrote(job.now, job.written.total())
    books.usage.functions.update(one.function.name for one in outcomes if not one.problems)
