"""A small client of the Intacct sandbox that shares nothing with it: requests as texts, answers through lxml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.intacct import Intacct

LOGIN = (
    "<login><userid>sandbox-user</userid><companyid>sandbox-company</companyid>"
    "<password>sandbox-user-password</password></login>"
)
DAY = "<year>2026</year><month>01</month><day>02</day>"


def function(controlid: str, inner: str) -> str:
    return f'<function controlid="{controlid}">{inner}</function>'


def request(
    content: str,
    *,
    auth: str = LOGIN,
    unique: str | None = "false",
    transaction: bool = False,
    sender: str = "sandbox-sender",
    password: str = "sandbox-sender-password",
    version: str = "3.0",
    policy: str = "",
    white: str = "false",
) -> bytes:
    uniqueid = "" if unique is None else f"<uniqueid>{unique}</uniqueid>"
    policyid = f"<policyid>{policy}</policyid>" if policy else ""
    return (
        f"<request><control><senderid>{sender}</senderid><password>{password}</password><controlid>c1</controlid>"
        f"{uniqueid}<dtdversion>{version}</dtdversion>{policyid}<includewhitespace>{white}</includewhitespace></control>"
        f'<operation transaction="{str(transaction).lower()}"><authentication>{auth}</authentication>'
        f"<content>{content}</content></operation></request>"
    ).encode()


def post(intacct: Intacct, body: bytes, *, path: str = "xmlgw.phtml", method: str = "POST", **headers: str) -> Answer:
    given = {"content-type": "application/xml", "host": "books.example:8443", **headers}
    return intacct.answer(Call(method, ("ia", "xml", path), headers=given, body=body, scheme="https"))


@dataclass(frozen=True)
class Result:
    """One <result>, or one of the levels above it that refused."""

    element: Any

    @property
    def status(self) -> str:
        return str(self.element.findtext("status"))

    @property
    def controlid(self) -> str:
        return str(self.element.findtext("controlid"))

    @property
    def key(self) -> str:
        return str(self.element.findtext("key"))

    @property
    def errors(self) -> list[tuple[str, str]]:
        """errorno and text of each error; support ids are taken off."""
        found = self.element.findall("errormessage/error")
        return [(one.findtext("errorno"), _plain(one.findtext("description2") or "")) for one in found]

    @property
    def texts(self) -> str:
        return " | ".join(text or number for number, text in self.errors)

    def rows(self) -> list[dict[str, str]]:
        """The records of <data>, their fields as texts; nested ones are left out."""
        data = self.element.find("data")
        return [{field.tag: field.text or "" for field in record if not len(field)} for record in data]

    def attributes(self) -> dict[str, str]:
        return dict(self.element.find("data").attrib)


def results(answer: Answer) -> list[Result]:
    assert answer.status == 200, answer.body
    return [Result(one) for one in etree.fromstring(answer.body).iterfind("operation/result")]


def control_errors(answer: Answer) -> list[tuple[str, str]]:
    """What the control level says; empty if it agreed."""
    return Result(etree.fromstring(answer.body)).errors


def operation_errors(answer: Answer) -> list[tuple[str, str]]:
    found = etree.fromstring(answer.body).find("operation")
    return [] if found is None else Result(found).errors


def run(intacct: Intacct, *inners: str, **given: Any) -> list[Result]:
    """Functions in one request, with control ids f1, f2, ..."""
    content = "".join(function(f"f{number}", inner) for number, inner in enumerate(inners, 1))
    return results(post(intacct, request(content, **given)))


def one(intacct: Intacct, inner: str, **given: Any) -> Result:
    return run(intacct, inner, **given)[0]


def customer(key: str, name: str = "Acme", more: str = "") -> str:
    return f"<create><CUSTOMER><CUSTOMERID>{key}</CUSTOMERID><NAME>{name}</NAME>{more}</CUSTOMER></create>"


def line(amount: str, more: str = "", account: str = "4000") -> str:
    return f"<lineitem><glaccountno>{account}</glaccountno><amount>{amount}</amount>{more}</lineitem>"


def invoice(number: str, *lines: str, key: str = "C1", due: str = f"<datedue>{DAY}</datedue>", more: str = "") -> str:
    """`more` stands between the number and the lines."""
    invoiceno = f"<invoiceno>{number}</invoiceno>" if number else ""
    return (
        f"<create_invoice><customerid>{key}</customerid><datecreated>{DAY}</datecreated>{due}{invoiceno}{more}"
        f"<invoiceitems>{''.join(lines) or line('10.00')}</invoiceitems></create_invoice>"
    )


def payment(amount: str, *items: tuple[str, str], key: str = "C1", refid: str = "") -> str:
    applied = "".join(
        f"<arpaymentitem><invoicekey>{invoicekey}</invoicekey><amount>{part}</amount></arpaymentitem>"
        for invoicekey, part in items
    )
    reference = f"<refid>{refid}</refid>" if refid else ""
    return (
        f"<create_arpayment><customerid>{key}</customerid><paymentamount>{amount}</paymentamount>{reference}"
        f"<datereceived>{DAY}</datereceived><paymentmethod>EFT</paymentmethod>{applied}</create_arpayment>"
    )


def _plain(text: str) -> str:
    return text.partition(" [Support ID:")[0]
