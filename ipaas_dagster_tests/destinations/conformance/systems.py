"""Where the suite over whole deliveries meets one system: how it is connected, what it holds by its own word, and how
it is brought into trouble. Everything else goes through the product, as a user's delivery does.

A new entry of DESTINATIONS gets a maker here.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect, text

from ipaas_dagster.destinations.files import current
from ipaas_dagster.sandbox import Fault, running_sandbox
from ipaas_dagster.sandbox.exchange import StandIn
from ipaas_dagster_tests.outbox.fake_hub import FakeHub

Fixture = Callable[[str], str]


@dataclass(frozen=True)
class Remote:
    """What only a system behind a network has. `wrong` and `nowhere` are variables in place of the good ones,
    `expire` makes every session that it gave invalid."""

    stand_in: StandIn
    expire: Callable[[], object]
    wrong: Mapping[str, str]
    nowhere: Mapping[str, str]
    written_below: str
    """Where records are written; so that no question for a token is struck by a fault."""
    written_with: str = ""
    """What stands in a request that writes, where its method and path do not tell."""

    @property
    def throttled(self) -> Fault:
        return self.fault("status", status=429, retry_after="3", times=1)

    def fault(self, kind: str, **more: Any) -> Fault:
        """One that strikes only what is written."""
        return Fault(kind, path=self.written_below, body=self.written_with, **more)

    @property
    def requests(self) -> int:
        return self.stand_in.journal.total


@dataclass(frozen=True)
class Connected:
    """`names` are those of the live customers there, one for each record, so that a double shows. `children` are
    (child, its customer) by name; `child` is the hub collection that they come from, with the column of their name.
    `bad` are columns that this system refuses of a customer; None: it takes anything."""

    kind: str
    environment: Mapping[str, str]
    names: Callable[[], list[str]]
    children: Callable[[], list[tuple[str, str]]]
    child: tuple[str, str] = ("contacts", "name")
    child_columns: Mapping[str, Any] = field(default_factory=dict)
    child_needs: Callable[[FakeHub, str], object] = lambda hub, hub_id: None
    """Puts what else a child needs in the hub, given its hub id."""
    bad: Mapping[str, Any] | None = None
    remote: Remote | None = None
    second: tuple[str, Mapping[str, Any]] = ("items", {"name": "Item", "currency": "USD", "unit_price_minor": 100})
    """Another collection that it carries, with a record of it."""
    name_limit: int | None = None
    """The longest name that it takes."""


Make = Callable[[Path, Fixture], AbstractContextManager[Connected]]


def _select(url: str, query: str, table: str) -> list[Any]:
    engine = create_engine(url)
    try:
        if not inspect(engine).has_table(table):
            return []
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    finally:
        engine.dispose()


def _of_sql(url: str) -> Connected:
    pairs = "SELECT c.name, p.name FROM contacts c LEFT JOIN customers p ON p.hub_id = c.customer_id"
    bad = {"name": "a\x00b"} if url.startswith("postgresql") else None
    return Connected(
        "sql",
        {"IPAAS_SQL_URL": url},
        lambda: sorted(name for (name,) in _select(url, "SELECT name FROM customers", "customers")),
        lambda: sorted(_select(url, pairs, "contacts")),
        bad=bad,
    )


@contextmanager
def _sqlite(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    yield _of_sql(f"sqlite:///{folder}/there.db")


@contextmanager
def _postgresql(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    yield _of_sql(fixture("postgresql"))


@contextmanager
def _files(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    there = folder / "there"

    def names() -> list[str]:
        return sorted(record["name"] for record in current(there, "customers"))

    def children() -> list[tuple[str, str]]:
        parents = {record["hub_id"]: record["name"] for record in current(there, "customers")}
        return sorted((r["name"], parents.get(r["customer_id"], "")) for r in current(there, "contacts"))

    yield Connected("files", {"IPAAS_FILES_FOLDER": str(there)}, names, children)


@contextmanager
def _salesforce(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    with running_sandbox() as sandbox:
        there = sandbox.salesforce

        def children() -> list[tuple[str, str]]:
            parents = {record["Id"]: record["Name"] for record in there.truth("Account")}
            return sorted((r["LastName"], parents.get(r["AccountId"], "")) for r in there.truth("Contact"))

        yield Connected(
            "salesforce",
            there.environment(sandbox.origin),
            lambda: sorted(record["Name"] for record in there.truth("Account")),
            children,
            bad={"owner_email": "no address"},
            remote=Remote(
                there,
                lambda: there.command("expire_tokens", {}),
                wrong={"SALESFORCE_CLIENT_SECRET": "not-the-right-one"},
                nowhere={"SALESFORCE_URL": f"http://127.0.0.1:{_free_port()}"},
                written_below="/services/data",
            ),
            name_limit=255,
        )


@contextmanager
def _quickbooks(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    with running_sandbox() as sandbox:
        there = sandbox.quickbooks
        there.configure(requests_per_second=None, requests_per_minute=None, batches_per_minute=None)

        def children() -> list[tuple[str, str]]:
            parents = {record["Id"]: record["DisplayName"] for record in there.truth("Customer")}
            return sorted((r["DocNumber"], parents[r["CustomerRef"]["value"]]) for r in there.truth("Invoice"))

        yield Connected(
            "quickbooks",
            there.environment(sandbox.origin),
            lambda: sorted(record["DisplayName"] for record in there.truth("Customer") if record["Active"]),
            children,
            child=("invoices", "number"),
            child_columns={"currency": "USD", "net_amount_minor": 1000, "total_minor": 1000},
            child_needs=_line,
            bad={"name": None},
            remote=Remote(
                there,
                lambda: there.command("expire_tokens", {}),
                wrong={"QUICKBOOKS_CLIENT_SECRET": "not-the-right-one"},
                nowhere={"QUICKBOOKS_URL": f"http://127.0.0.1:{_free_port()}"},
                written_below="/v3/company",
            ),
            name_limit=500,
        )


@contextmanager
def _intacct(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    with running_sandbox() as sandbox:
        there = sandbox.intacct
        there.command("settings", {"endpoint": "/ia/xml/xmlgw-company.phtml"})

        def children() -> list[tuple[str, str]]:
            return sorted((r["RECORDID"], r["CUSTOMERNAME"]) for r in there.truth("ARINVOICE"))

        yield Connected(
            "intacct",
            there.environment(sandbox.origin),
            lambda: sorted(record["NAME"] for record in there.truth("CUSTOMER") if record["STATUS"] == "active"),
            children,
            child=("invoices", "number"),
            child_columns={"currency": "USD", "net_amount_minor": 1000, "total_minor": 1000},
            child_needs=_line,
            bad={"owner_email": "a\x01b"},
            remote=Remote(
                there,
                lambda: there.command("expire_sessions", {}),
                wrong={"INTACCT_USER_PASSWORD": "not-the-right-one"},
                nowhere={"INTACCT_URL": f"http://127.0.0.1:{_free_port()}/ia/xml/xmlgw.phtml"},
                written_below="/ia/xml/xmlgw-company",
                written_with="<uniqueid>true",
            ),
            name_limit=100,
        )


@contextmanager
def _webhook(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    with running_sandbox() as sandbox:
        there = sandbox.webhook
        there.configure(tolerance_seconds=10**9)  # the tests' clock is far from the sandbox's

        def children() -> list[tuple[str, str]]:
            parents = {record["hub_id"]: record["name"] for record in there.truth("customers")}
            return sorted((r["name"], parents.get(r["customer_id"], "")) for r in there.truth("contacts"))

        yield Connected(
            "webhook",
            there.environment(sandbox.origin),
            lambda: sorted(record["name"] for record in there.truth("customers")),
            children,
            remote=Remote(
                there,
                lambda: None,  # every event is signed anew
                wrong={"WEBHOOK_SECRET": "whsec_bm90LXRoZS1yaWdodC1vbmUtYnV0LWxvbmctZW5vdWdo"},
                nowhere={"WEBHOOK_URL": f"http://127.0.0.1:{_free_port()}/webhook/events"},
                written_below="/webhook",
            ),
        )


@contextmanager
def _instagaze(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    """A second portal; the first one is the source."""
    with running_sandbox() as sandbox:
        there = sandbox.portal_b

        def children() -> list[tuple[str, str]]:
            parents = {record["id"]: record["account_name"] for record in there.truth("accounts")}
            return sorted((r["number"], parents[r["account_id"]]) for r in there.truth("invoices"))

        yield Connected(
            "portal_b",
            there.environment(sandbox.origin),
            lambda: sorted(record["account_name"] for record in there.truth("accounts")),
            children,
            child=("invoices", "number"),
            child_columns={"currency": "USD", "net_amount_minor": 1000, "total_minor": 1000},
            child_needs=_line,
            bad={"name": None},
            remote=Remote(
                there,
                lambda: None,  # the document knows no end of a token
                wrong={"INSTAGAZE_B_TOKEN": "not-the-right-one"},
                nowhere={"INSTAGAZE_B_BASE_URL": f"http://127.0.0.1:{_free_port()}/api/b/admin/"},
                written_below="/api/b/",
            ),
        )


def _line(hub: FakeHub, invoice: str) -> None:
    """One line of an item, for the whole of the invoice."""
    hub.put("items", "instagaze:products:9", name="Service", code="S-9", currency="USD", unit_price_minor=1000)
    line = {"line_number": 1, "item_code": "S-9", "item_name": "Service", "quantity": 1, "unit_price_minor": 1000}
    hub.put("invoice_lines", f"{invoice}#1", invoice_id=invoice, currency="USD", **line)


def _free_port() -> int:
    """Nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def _ipaas_com(folder: Path, fixture: Fixture) -> Iterator[Connected]:
    with running_sandbox() as sandbox:
        there = sandbox.ipaas_com

        def names() -> list[str]:
            """A customer's Company; and its Customer beside it says the same, as often."""
            companies = sorted(record["name"] for record in there.truth("company"))
            assert companies == sorted(record["company"] for record in there.truth("customer"))
            return companies

        def children() -> list[tuple[str, str]]:
            parents = {record["id"]: record["company"] for record in there.truth("customer")}
            return sorted((r["transaction_number"], parents[r["customer_id"]]) for r in there.truth("transaction"))

        yield Connected(
            "ipaas_com",
            there.environment(sandbox.origin),
            names,
            children,
            child=("invoices", "number"),
            child_columns={"currency": "USD", "net_amount_minor": 1000, "total_minor": 1000},
            child_needs=_line,
            bad={"owner_email": "no address"},
            remote=Remote(
                there,
                lambda: there.command("expire_tokens", {}),
                wrong={"IPAAS_COM_PASSWORD": "not-the-right-one"},
                nowhere={"IPAAS_COM_URL": f"http://127.0.0.1:{_free_port()}/ipaas-com"},
                written_below="/customers/v2/Customer",
            ),
            second=("items", {"name": "Item", "code": "I-1", "currency": "USD", "unit_price_minor": 100}),
        )


SYSTEMS: dict[str, Make] = {
    "sql-sqlite": _sqlite,
    "sql-postgresql": _postgresql,
    "files": _files,
    "salesforce": _salesforce,
    "quickbooks": _quickbooks,
    "ipaas_com": _ipaas_com,
    "webhook": _webhook,
    "intacct": _intacct,
    "instagaze": _instagaze,
}

__all__ = ["SYSTEMS", "Connected", "Fault", "Make", "Remote", "Sequence", "running_sandbox"]
