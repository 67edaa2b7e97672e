"""Responses as the gateway writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.intacct.envelope import DTD_VERSION, Control
from ipaas_dagster.sandbox.intacct.fields import Record, show
from ipaas_dagster.sandbox.intacct.refusals import ControlRefused, Problem
from ipaas_dagster.sandbox.intacct.sessions import Session

XML = "text/xml; charset=UTF-8"
HTML = "text/html; charset=UTF-8"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_PAGE = b"<html><head><title>Error</title></head><body><h1>The service is not available</h1></body></html>"


def element(name: str, text: str = "") -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else f"<{name}/>"


def around(name: str, inner: str, attributes: Mapping[str, object] | None = None) -> str:
    """An element with children that are written already."""
    given = "".join(f" {key}={quoteattr(str(value))}" for key, value in (attributes or {}).items())
    return f"<{name}{given}>{inner}</{name}>" if inner else f"<{name}{given}/>"


def errors(problems: Iterable[Problem]) -> str:
    return around("errormessage", "".join(_error(problem) for problem in problems))


def _error(problem: Problem) -> str:
    parts = (
        ("errorno", problem.errorno),
        ("description", problem.description),
        ("description2", problem.text),
        ("correction", problem.correction),
    )
    return around("error", "".join(element(name, text) for name, text in parts))


def control_block(control: Control, status: str) -> str:
    parts = (
        ("status", status),
        ("senderid", control.senderid),
        ("controlid", control.controlid),
        ("uniqueid", "true" if control.unique else "false"),
        ("dtdversion", control.dtdversion or DTD_VERSION),
    )
    return around("control", "".join(element(name, text) for name, text in parts))


def authenticated(session: Session, now: datetime) -> str:
    parts = (
        ("status", "success"),
        ("userid", session.userid),
        ("companyid", session.companyid),
        ("locationid", session.locationid),
        ("sessiontimestamp", now.isoformat(timespec="seconds")),
        ("sessiontimeout", session.ends.isoformat(timespec="seconds")),
    )
    return around("authentication", "".join(element(name, text) for name, text in parts))


def not_authenticated(userid: str, companyid: str, locationid: str) -> str:
    parts = (("status", "failure"), ("userid", userid), ("companyid", companyid), ("locationid", locationid))
    return around("authentication", "".join(element(name, text) for name, text in parts))


def result(status: str, function: str, controlid: str, inner: str = "") -> str:
    head = (("status", status), ("function", function), ("controlid", controlid))
    return around("result", "".join(element(name, text) for name, text in head) + inner)


def record_block(tag: str, record: Record, names: Sequence[str]) -> str:
    """These fields of a record; DISPLAYCONTACT.PRINTAS and its like are written into each other."""
    return around(tag, _nested([(name.split("."), show(record.get(name))) for name in names]))


def flat_block(tag: str, record: Record, names: Sequence[str]) -> str:
    """These fields of a record, each as an element of its own, dots and all."""
    return around(tag, "".join(element(name, show(record.get(name))) for name in names))


def _nested(fields: Sequence[tuple[list[str], str]]) -> str:
    groups: dict[str, list[tuple[list[str], str]]] = {}
    for path, text in fields:
        groups.setdefault(path[0], []).append((path[1:], text))
    return "".join(
        element(name, inner[0][1]) if not inner[0][0] else around(name, _nested(inner))
        for name, inner in groups.items()
    )


def response(inner: str, *, status: int = 200, white: bool = False) -> Answer:
    """`white`: with line breaks and indents, as includewhitespace asks for."""
    text = f"{_DECLARATION}<response>{inner}</response>"
    return Answer(status, _indented(text) if white else text.encode(), content_type=XML)


def refusal(problem: ControlRefused, control: Control | None = None) -> Answer:
    bare = problem.bare or control is None
    block = "<control><status>failure</status></control>" if bare else control_block(control or Control(), "failure")
    return response(block + errors(problem.problems), status=problem.http_status)


def unavailable(status: int) -> Answer:
    """A failure in the middle: no XML."""
    return Answer(status, _PAGE, content_type=HTML)


def _indented(text: str) -> bytes:
    from lxml import etree

    root = etree.fromstring(text.encode())
    etree.indent(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written
