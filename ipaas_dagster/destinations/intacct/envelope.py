"""A request: control block, operation, functions. Credentials stand in it as holes, filled on the wire only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from ipaas_dagster.destinations.intacct.markup import Element, element, leaf, written
from ipaas_dagster.destinations.intacct.preset import Company
from ipaas_dagster.destinations.requests import Request, hole

HEADERS = {"content-type": "application/xml", "accept": "application/xml"}
SENDER, PASSWORD, SESSION = "the sender id", "the sender's password", "the session"


@dataclass(frozen=True)
class Function:
    """`body` is the element that names what to do."""

    controlid: str
    body: Element


def request(path: str, id: str, functions: Sequence[Function], entries: Sequence[int] = ()) -> Request:
    """`id` is that of the batch, or any other that no record can hold. A request that writes (it has entries) has
    each of its functions done once under its control id; questions may be asked again."""
    sender, password, session = (
        hole(id, "authentication", of, number) for number, of in enumerate((SENDER, PASSWORD, SESSION), 1)
    )
    authentication = element("authentication", leaf("sessionid", session.marker))
    root = _root(sender.marker, password.marker, id, authentication, functions, unique=bool(entries))
    return Request("POST", path, written(root), HEADERS, entries, (sender, password, session))


def filling(request: Request, company: Company, session: str) -> Mapping[str, str]:
    """The values of a request's holes, as they stand in XML."""
    values = {SENDER: company.sender_id, PASSWORD: company.sender_password, SESSION: session}
    return {one.marker: escape(values[one.of]) for one in request.holes if one.kind == "authentication"}


def login(company: Company, id: str) -> bytes:
    """getAPISession, with every credential in it: for `Client.credentials` only."""
    user = element(
        "login",
        leaf("userid", company.user_id),
        leaf("companyid", company.company_id),
        leaf("password", company.user_password),
    )
    location = [leaf("locationid", company.location_id)] if company.location_id else []
    asked = Function(id, element("getAPISession", *location))
    root = _root(company.sender_id, company.sender_password, id, element("authentication", user), [asked], unique=False)
    return written(root)


def _root(
    sender: str, password: str, id: str, authentication: Element, functions: Sequence[Function], *, unique: bool
) -> Element:
    control = element(
        "control",
        leaf("senderid", sender),
        leaf("password", password),
        leaf("controlid", id),
        leaf("uniqueid", unique),
        leaf("dtdversion", "3.0"),
        leaf("includewhitespace", False),
    )
    content = element("content", *(element("function", one.body, controlid=one.controlid) for one in functions))
    return element("request", control, element("operation", authentication, content, transaction="false"))
