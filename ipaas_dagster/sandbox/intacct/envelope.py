"""Reading a request: bytes to the three levels, with nothing of XML that could hurt the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ipaas_dagster.sandbox.intacct.refusals import malformed
from ipaas_dagster.sandbox.intacct.schema import Element, check_request

DTD_VERSION = "3.0"


@dataclass(frozen=True, slots=True)
class Control:
    senderid: str = ""
    password: str = field(default="", repr=False)
    controlid: str = ""
    uniqueid: str = ""
    dtdversion: str = ""
    policyid: str = ""
    includewhitespace: bool = True

    @property
    def unique(self) -> bool:
        """The documented default is true."""
        return self.uniqueid.lower() != "false"


@dataclass(frozen=True, slots=True)
class Login:
    userid: str
    companyid: str
    password: str = field(repr=False)
    locationid: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """`body` is the element that names what to do."""

    controlid: str
    body: Element

    @property
    def name(self) -> str:
        return str(self.body.tag)


@dataclass(frozen=True, slots=True)
class Operation:
    """`login` or `sessionid`; neither for OAuth, which we do not play."""

    login: Login | None
    sessionid: str | None = field(repr=False)
    transaction: bool
    functions: Sequence[Function]


def parse(body: bytes) -> Element:
    """The root of a request. Raises ControlRefused: malformed, or with a document type, which could expand."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root: Element = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as problem:
        raise malformed(f"Fatal Error: {problem.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise malformed("Fatal Error: a document type declaration is not accepted.")
    return root


def read_control(root: Element) -> Control:
    """What can be read of the control block, right or wrong: failures name it too."""
    block = root.find("control")
    if block is None:
        return Control()
    return Control(
        senderid=text_of(block, "senderid"),
        password=text_of(block, "password"),
        controlid=text_of(block, "controlid"),
        uniqueid=text_of(block, "uniqueid"),
        dtdversion=text_of(block, "dtdversion"),
        policyid=text_of(block, "policyid"),
        includewhitespace=text_of(block, "includewhitespace") not in ("false", "0"),
    )


def read_operations(root: Element) -> list[Operation]:
    """Raises ControlRefused for what the schema does not allow."""
    check_request(root)
    return [_operation(element) for element in root.findall("operation")]


def text_of(element: Element, name: str) -> str:
    """The text of a child without the space around it; empty if there is none."""
    return (element.findtext(name) or "").strip()


def _operation(element: Element) -> Operation:
    authentication = element.find("authentication")[0]
    functions = [Function(one.get("controlid"), one[0]) for one in element.iterfind("content/function")]
    return Operation(
        login=_login(authentication) if authentication.tag == "login" else None,
        sessionid=(authentication.text or "").strip() if authentication.tag == "sessionid" else None,
        transaction=element.get("transaction") == "true",
        functions=functions,
    )


def _login(element: Element) -> Login:
    return Login(
        userid=text_of(element, "userid"),
        companyid=text_of(element, "companyid"),
        password=text_of(element, "password"),
        locationid=text_of(element, "locationid"),
    )
