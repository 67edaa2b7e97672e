"""A request to a company's books: who asks, how often, for the first time or again, and for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.quickbooks import answers, batch, changes
from ipaas_dagster.sandbox.quickbooks.kinds import BY_PATH
from ipaas_dagster.sandbox.quickbooks.operations import write
from ipaas_dagster.sandbox.quickbooks.problems import Problem, operation_unsupported
from ipaas_dagster.sandbox.quickbooks.query import parse
from ipaas_dagster.sandbox.quickbooks.replays import LONGEST, LONGEST_IN_BATCH
from ipaas_dagster.sandbox.quickbooks.select import select

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.quickbooks.state import QuickBooks

PREFIX = ("v3", "company")
OPERATIONS = (None, "create", "update", "delete", "void")


def respond(server: QuickBooks, call: Call) -> Answer:
    """Authentication comes first, then limits: what they refuse is not executed and not remembered."""
    time = server.books.answer_time()
    try:
        _authorise(server, call)
    except Problem as problem:
        if server.settings.gateway_authentication_fault and answers.wants_json(call):
            return answers.gateway_refusal(problem, server.clock.now())
        return answers.fault(problem, time, in_json=answers.wants_json(call))
    is_batch = call.path[3:] == ("batch",)
    if not server.limits.admits(server.settings, server.clock.now(), batch=is_batch):
        return answers.throttled(time, in_json=not server.settings.throttled_in_xml and answers.wants_json(call))
    try:
        return _once(server, call, time)
    except Problem as problem:
        return answers.fault(problem, time, in_json=answers.wants_json(call))


def _authorise(server: QuickBooks, call: Call) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not server.tokens.admits(token.strip(), server.settings, server.clock.now()):
        detail = "Token is missing, expired or revoked: AuthenticationFailed"
        raise Problem("3200", detail, status=401, kind="AuthenticationFault")
    if call.path[2:3] != (server.settings.realm_id,):
        raise Problem("3100", "The token is not good for this company", status=403, kind="AuthorizationFault")


def _once(server: QuickBooks, call: Call, time: str) -> Answer:
    """Execute, unless this request id was executed before: then its answer comes again."""
    query = dict(call.query)
    _check_version(server, query.get("minorversion"))
    request_id = query.get("requestid") or None
    if request_id is None or call.method != "POST" or call.path[3:] == ("query",):
        return _execute(server, call, query, time)
    longest = LONGEST_IN_BATCH if call.path[3:] == ("batch",) else LONGEST
    if len(request_id) > longest:
        supported = f"Max:{longest} supported. Supplied length:{len(request_id)}"
        raise Problem("2130", f"The format of the request id is invalid. {supported}", "requestid")
    now = server.clock.now()
    known = server.replays.find(request_id, call, now, server.settings.request_id_seconds)
    if known is None:
        known = _execute(server, call, query, time)
        server.replays.keep(request_id, call, known, now)
    return known


def _check_version(server: QuickBooks, given: str | None) -> None:
    least = server.settings.minimum_minorversion
    if given is not None and not (given.isascii() and given.isdigit() and int(given[:9]) >= least):
        raise Problem("2010", f"Minor version {given} is not supported: {least} or higher is.", "minorversion")


def _execute(server: QuickBooks, call: Call, query: dict[str, str], time: str) -> Answer:
    try:
        return answers.success(call, _dispatch(server, call, query), time)
    except Problem as problem:
        return answers.fault(problem, time, in_json=answers.wants_json(call))


def _dispatch(server: QuickBooks, call: Call, query: dict[str, str]) -> dict[str, Any]:
    rest = tuple(part.lower() for part in call.path[3:])
    if rest == ("query",) and call.method in ("GET", "POST"):
        return _query(server, call, query)
    if call.method == "GET" and rest == ("cdc",):
        return changes.changed_since(server.books, query.get("entities", ""), query.get("changedSince", ""))
    if call.method == "GET" and (rest == ("preferences",) or len(rest) == 2):
        return _read(server, rest)
    if call.method == "POST" and rest == ("batch",):
        given = _body(call)
        done = batch.run(server.books, given, request_id=query.get("requestid") or None)
        server.count_batch(given, done)
        return {"BatchItemResponse": done}
    if call.method == "POST" and len(rest) == 1:
        return _write(server, rest[0], call, query)
    raise operation_unsupported(f"{call.method} {'/'.join(call.path[3:])}")


def _query(server: QuickBooks, call: Call, query: dict[str, str]) -> dict[str, Any]:
    """The text is the parameter of a GET, or the body of a POST."""
    text = query.get("query", "") if call.method == "GET" else call.body.decode("utf-8", "replace")
    server.counts["query"] += 1
    return select(server.books, parse(text))


def _read(server: QuickBooks, rest: tuple[str, ...]) -> dict[str, Any]:
    kind = BY_PATH.get(rest[0])
    if kind is None:
        raise operation_unsupported(f"could not find resource for entity {rest[0]}")
    number = rest[1] if len(rest) == 2 else "1"
    if kind.name == "CompanyInfo" and number == server.settings.realm_id:
        number = "1"
    server.counts["read"] += 1
    return {kind.name: server.books.find(kind.name, number)}


def _write(server: QuickBooks, path: str, call: Call, query: dict[str, str]) -> dict[str, Any]:
    kind, operation = BY_PATH.get(path), query.get("operation")
    if kind is None or operation not in OPERATIONS:
        raise operation_unsupported(f"{operation or 'create'} for entity {path}")
    given = _body(call)
    record = write(server.books, kind, operation, given, query.get("include", ""))
    server.count(kind.name, operation or ("update" if given.get("Id") else "create"))
    return {kind.name: record}


def _body(call: Call) -> Any:
    try:
        return answers.load(call.body)
    except ValueError as problem:
        raise Problem("2010", f"Property Name:{problem} specified is unsupported or invalid") from None
