"""A request on its way down: HTTP, control, operation, function. The first level that refuses answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.intacct import answers
from ipaas_dagster.sandbox.intacct.envelope import (
    DTD_VERSION,
    Control,
    Login,
    Operation,
    parse,
    read_control,
    read_operations,
)
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.operation import run
from ipaas_dagster.sandbox.intacct.refusals import (
    SIGN_IN,
    WRONG_SENDER,
    ControlRefused,
    OperationRefused,
    Problem,
    gateway_refusal,
    malformed,
)
from ipaas_dagster.sandbox.intacct.sessions import Session

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.intacct.state import Intacct

_ADDRESS = re.compile(r"xmlgw(-[\w-]+)?\.phtml")
_TYPES = ("application/xml", "text/xml", "x-intacct-xml-request")


def respond(intacct: Intacct, call: Call) -> Answer:
    """The answer to a request that may come in: nothing of it is executed unless all levels above agree."""
    control = None
    try:
        _check_http(intacct, call)
        root = parse(call.body)
        control = read_control(root)
        operations = read_operations(root)
        _check_control(intacct, control, operations)
    except ControlRefused as problem:
        return answers.refusal(problem, control)
    intacct.usage.requests += 1
    blocks = "".join(_operation(intacct, call, control, one) for one in operations)
    whole = answers.response(answers.control_block(control, "success") + blocks, white=control.includewhitespace)
    if not control.policyid:
        return whole
    intacct.asynchronous.append(whole.body.decode())
    acknowledged = answers.around("acknowledgement", answers.element("status", "success"))
    return answers.response(acknowledged + answers.control_block(control, "success"), white=control.includewhitespace)


def _check_http(intacct: Intacct, call: Call) -> None:
    if len(call.path) != 3 or not _ADDRESS.fullmatch(call.path[2]):
        raise gateway_refusal(404)
    if call.method != "POST":
        raise gateway_refusal(405)
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
        raise gateway_refusal(415)
    if len(call.body) > intacct.settings.max_bytes:
        raise gateway_refusal(413)


def _check_control(intacct: Intacct, control: Control, operations: list[Operation]) -> None:
    settings = intacct.settings
    if (control.senderid, control.password) != (settings.sender_id, settings.sender_password):
        raise gateway_refusal(401) if settings.http_errors else ControlRefused(Problem(SIGN_IN, WRONG_SENDER))
    if control.dtdversion != DTD_VERSION:
        raise malformed(f"dtdversion '{control.dtdversion}' is not supported; use {DTD_VERSION}.")
    if control.uniqueid.lower() not in ("", "true", "false"):
        raise malformed(f"uniqueid '{control.uniqueid}' is neither true nor false.")
    if control.policyid and control.policyid not in settings.policies:
        raise ControlRefused(Problem(SIGN_IN, f"{control.policyid} is not a valid transport policy."))
    count = sum(len(one.functions) for one in operations)
    if count > settings.max_functions:
        text = f"The request has {count} functions, more than the {settings.max_functions} that are allowed."
        raise ControlRefused(Problem(settings.too_many_functions_errorno, text))


def _operation(intacct: Intacct, call: Call, control: Control, operation: Operation) -> str:
    now = intacct.clock.now()
    try:
        session = _session(intacct, call, operation)
    except OperationRefused as problem:
        block = answers.not_authenticated(problem.userid, problem.companyid, problem.locationid)
        return answers.around("operation", block + answers.errors(problem.problems))
    job = Job(
        company=intacct.company,
        settings=intacct.settings,
        sessions=intacct.sessions,
        results=intacct.results,
        session=session,
        now=now,
        origin=f"{call.scheme}://{call.headers.get('host', 'localhost')}",
    )
    results = run(job, operation.functions, intacct.books, unique=control.unique, transaction=operation.transaction)
    return answers.around("operation", answers.authenticated(session, now) + results)


def _session(intacct: Intacct, call: Call, operation: Operation) -> Session:
    """The session given, moved on; or one for this request only, of a login. Raises OperationRefused."""
    settings, now = intacct.settings, intacct.clock.now()
    if operation.login is not None:
        return _logged_in(intacct, operation.login)
    found = intacct.sessions.find(operation.sessionid or "", now, settings.session_requests)
    if found is None:
        raise OperationRefused()
    if found.endpoint != "/" + "/".join(call.path):
        raise OperationRefused(found.userid, found.companyid, found.locationid)
    intacct.sessions.used(found, now, settings.session_seconds)
    return found


def _logged_in(intacct: Intacct, login: Login) -> Session:
    settings, now = intacct.settings, intacct.clock.now()
    right = (settings.company_id, settings.user_id, settings.user_password)
    known = not login.locationid or intacct.company["LOCATION"].by_key(login.locationid)
    if (login.companyid, login.userid, login.password) != right or not known:
        raise OperationRefused(login.userid, login.companyid, login.locationid)
    made = Session("", login.userid, login.companyid, login.locationid, settings.endpoint, now, now)
    intacct.sessions.used(made, now, settings.session_seconds)
    return made
