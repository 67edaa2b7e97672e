"""One server for every stand-in: in a thread for tests, or in the foreground for the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount

from ipaas_dagster.sandbox.below import Below, second_org
from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.control import MISUNDERSTOOD, Control, misunderstood
from ipaas_dagster.sandbox.edge import Edge
from ipaas_dagster.sandbox.exchange import StandIn
from ipaas_dagster.sandbox.faults import Fault, Faults
from ipaas_dagster.sandbox.instagaze.dialects import Dialect
from ipaas_dagster.sandbox.instagaze.filters import Paging
from ipaas_dagster.sandbox.instagaze.samples import SAMPLES
from ipaas_dagster.sandbox.instagaze.state import DEFAULT_TOKEN, Instagaze, second_portal
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster.sandbox.journal import Journal
from ipaas_dagster.sandbox.listening import ports
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster.sandbox.salesforce.state import Salesforce
from ipaas_dagster.sandbox.webhook import Webhook

LOOPBACK = "127.0.0.1"


def print_line(line: str) -> None:
    """One line on standard output, at once: whoever waits for it reads a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox. `origin` is http://host:port; `base_url` and `token` are Instagaze's.

    With https, `https_origin` is the same sandbox's second port, and `ca_file` the certificate to trust there.
    """

    origin: str
    clock: SandboxClock
    instagaze: Instagaze
    salesforce: Salesforce
    quickbooks: QuickBooks
    intacct: Intacct
    ipaas_com: IpaasCom
    webhook: Webhook
    portal_b: Instagaze
    salesforce_b: Below
    https_origin: str | None = None
    ca_file: Path | None = None

    @property
    def stand_ins(self) -> tuple[StandIn, ...]:
        """Every stand-in. The next one is named here, and is a field above."""
        books = (self.quickbooks, self.intacct)
        seconds = (self.portal_b, self.salesforce_b)
        return (self.instagaze, self.salesforce, *books, self.ipaas_com, self.webhook, *seconds)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the product at this sandbox, of all stand-ins; over http."""
        merged: dict[str, str] = {}
        for stand_in in self.stand_ins:
            merged.update(stand_in.environment(self.origin))
        if self.https_origin:
            merged |= {"IPAAS_SANDBOX_HTTPS": self.https_origin, "IPAAS_SANDBOX_CA_FILE": str(self.ca_file)}
        return merged

    @property
    def base_url(self) -> str:
        return self.environment["INSTAGAZE_BASE_URL"]

    @property
    def token(self) -> str:
        return self.instagaze.token

    @property
    def faults(self) -> Faults:
        """Instagaze's; each other stand-in has its own."""
        return self.instagaze.faults

    @property
    def journal(self) -> Journal:
        """Instagaze's; each other stand-in has its own."""
        return self.instagaze.journal


@contextmanager
def running_sandbox(
    *,
    accounts: int = 0,
    seed: int = 1,
    bad_records: bool = False,
    clock: SandboxClock | None = None,
    token: str = DEFAULT_TOKEN,
    max_page: int = 100,
    default_page: int = 100,
    dialect: Dialect = Dialect(),  # noqa: B008 - frozen
    faults: Sequence[Fault] = (),
    samples: Path | None = SAMPLES,
    salesforce: Salesforce | None = None,
    quickbooks: QuickBooks | None = None,
    intacct: Intacct | None = None,
    ipaas_com: IpaasCom | None = None,
    webhook: Webhook | None = None,
    portal_b: Instagaze | None = None,
    https: bool = False,
    ca_folder: Path | None = None,
) -> Iterator[Sandbox]:
    """A sandbox in background threads, on free ports of the loopback; it answers as soon as this enters.

    Another stand-in may be given as it shall be, with the same clock; else it is as by default, and empty.
    `https` serves it on a second port too, with a certificate whose authority is written into `ca_folder`
    (None: a folder that is gone at the end).
    """
    chosen = clock or SandboxClock()
    instagaze = Instagaze(
        accounts=accounts,
        seed=seed,
        bad_records=bad_records,
        clock=chosen,
        token=token,
        paging=Paging(default_page, max_page),
        dialect=dialect,
        samples=samples,
    )
    instagaze.faults.set(faults, seed)
    with ports(LOOPBACK, 0, 0 if https else None, ca_folder) as at:
        sandbox = Sandbox(
            origin=at.origin,
            clock=chosen,
            instagaze=instagaze,
            salesforce=salesforce or Salesforce(clock=chosen),
            quickbooks=quickbooks or QuickBooks(clock=chosen),
            intacct=intacct or Intacct(clock=chosen),
            ipaas_com=ipaas_com or IpaasCom(clock=chosen),
            webhook=webhook or Webhook(clock=chosen),
            portal_b=portal_b or second_portal(chosen),
            salesforce_b=second_org(Salesforce(clock=chosen)),
            https_origin=at.https_origin,
            ca_file=at.ca_file,
        )
        with at.serving(_application(sandbox)):
            yield sandbox


def serve(
    *,
    port: int = 8800,
    https_port: int | None = None,
    host: str = LOOPBACK,
    accounts: int = 200,
    seed: int = 1,
    bad_records: bool = False,
    max_page: int = 100,
    ready_file: Path | None = None,
    ca_folder: Path | None = None,
    say: Callable[[str], object] = print_line,
) -> None:
    """Run until SIGINT or SIGTERM; over https too if that has a port (0: any free one).

    Once requests are taken, the environment is said, one NAME=value line each, then `ready`. The same
    NAME=value lines are before that in `ready_file`: complete as soon as it is there, and gone at the end.
    """
    clock = SandboxClock()
    with ports(host, port, https_port, ca_folder) as at:
        paging = Paging(max_page, max_page)
        instagaze = Instagaze(accounts=accounts, seed=seed, bad_records=bad_records, clock=clock, paging=paging)
        sandbox = Sandbox(
            origin=at.origin,
            clock=clock,
            instagaze=instagaze,
            salesforce=Salesforce(clock=clock),
            quickbooks=QuickBooks(clock=clock),
            intacct=Intacct(clock=clock),
            ipaas_com=IpaasCom(clock=clock),
            webhook=Webhook(clock=clock),
            portal_b=second_portal(clock),
            salesforce_b=second_org(Salesforce(clock=clock)),
            https_origin=at.https_origin,
            ca_file=at.ca_file,
        )
        _announce(sandbox.environment, ready_file, say)
        try:
            at.serve_until_told(_application(sandbox))
        finally:
            if ready_file:
                ready_file.unlink(missing_ok=True)


def _application(sandbox: Sandbox) -> Starlette:
    control = Control(sandbox.instagaze, sandbox.stand_ins, sandbox.clock).routes()
    return Starlette(
        routes=[Mount("/_sandbox", routes=control), Mount("/", app=Edge(sandbox.stand_ins, sandbox.clock))],
        exception_handlers=dict.fromkeys(MISUNDERSTOOD, misunderstood),
    )


def _announce(environment: Mapping[str, str], ready_file: Path | None, say: Callable[[str], object]) -> None:
    lines = [f"{name}={value}" for name, value in environment.items()]
    if ready_file:
        part = ready_file.with_name(f"{ready_file.name}.part")
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        part.replace(ready_file)
    for line in (*lines, "ready"):
        say(line)
