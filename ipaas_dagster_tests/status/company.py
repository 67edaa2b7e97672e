"""A company with a past and some trouble: rejects, dead letters of one cause, what is blocked behind them, a paused
route, deliveries that wait for their next attempt, a system that is switched off.

Its clock is the sandbox's, so that days pass in seconds. `python -m ipaas_dagster_tests.status.company FOLDER` makes
one and prints the environment to look at it with.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipaas_dagster.project import Project
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.settings import Settings, load
from ipaas_dagster.source.collections import POLLED, SNAPSHOTS
from ipaas_dagster.sync import Outcome, sync

DATA = Path(__file__).parents[2] / "data"
COLLECTIONS = ("customers", "contacts", "items", "invoices", "invoice_lines", "subscriptions", "payments")
SYSTEMS = ("sql", "salesforce", "webhook", "quickbooks")
HAS_NO_CREDENTIALS = "QUICKBOOKS"
RULE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
RULE_SAYS = "A customer in Ireland needs a VAT number: VAT_Number__c"


@dataclass
class Company:
    sandbox: Sandbox
    clock: SandboxClock
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        theirs = {n: v for n, v in self.sandbox.environment.items() if not n.startswith(HAS_NO_CREDENTIALS)}
        own = {"IPAAS_STATE": str(self.folder / "state"), "IPAAS_CONFIG": str(self.folder / "data")}
        return theirs | own | {"IPAAS_LAG_SECONDS": "0", "IPAAS_PATIENCE_SECONDS": "0"}

    @property
    def settings(self) -> Settings:
        return load(self.environment, self.folder / "no.env")

    def project(self) -> Project:
        return Project(self.settings, clock=self.clock.now)

    def sync(self) -> Outcome:
        project = self.project()
        names = (*POLLED, *SNAPSHOTS)
        outcome = sync(project, [(name, None) for name in names], list(SYSTEMS))
        assert not outcome.unexpected, outcome.findings
        project.operations.dispose()
        return outcome

    def pass_hours(self, hours: float) -> None:
        self.clock.advance(hours * 3600)


@contextmanager
def company(folder: Path, *, accounts: int = 12) -> Iterator[Company]:
    """Before its first sync."""
    clock = SandboxClock()
    _configure(folder / "data")
    with running_sandbox(accounts=accounts, bad_records=True, clock=clock) as sandbox:
        yield Company(sandbox, clock, folder)


def all_at_once(made: Company) -> None:
    """Everything that can be stuck, in one sync an hour ago."""
    made.clock.advance(-3600)
    _a_rule_of_salesforce(made)
    _a_receiver_that_is_gone(made)
    _rows_that_are_locked(made)
    made.sync()
    made.pass_hours(1)


def live_through(made: Company, *, rounds: int, every_hours: float = 3.0) -> None:
    """A quiet first load and `rounds` of work, once with rows that are locked for a while; then, one after another,
    everything that can be stuck. It ends now."""
    made.clock.advance(-3600 * (every_hours * rounds + 30))
    made.sync()
    for seed in range(rounds):
        _work(made, every_hours, seed)
        if seed == rounds // 2:
            made.sandbox.salesforce.command("refuse", {"object": "Contact", "code": "UNABLE_TO_LOCK_ROW"})
        made.sync()
        made.sandbox.salesforce.command("mend", {})
    _work(made, 4, rounds + 1, insert=14, change=8)
    _a_rule_of_salesforce(made)
    made.sync()
    _work(made, 9, rounds + 2, insert=1)
    _a_receiver_that_is_gone(made)
    made.sync()
    _work(made, 12, rounds + 3, insert=1)
    made.sync()
    _work(made, 4.9, rounds + 4, insert=0, change=3)
    _rows_that_are_locked(made)
    made.sync()
    made.pass_hours(0.1)


def _work(made: Company, hours: float, seed: int, *, insert: int = 2, change: int = 6) -> None:
    """Time passes, and people at the source insert and change a few records of each collection."""
    made.pass_hours(hours)
    for name in POLLED:
        made.sandbox.instagaze.mutate(name, insert=insert, change=change, seed=seed)


def _a_rule_of_salesforce(made: Company) -> None:
    """Customers of one country are refused; the contacts and invoices of new ones wait for good."""
    rule = {"object": "Account", "code": RULE, "message": RULE_SAYS, "where": {"BillingCountry": "Ireland"}}
    made.sandbox.salesforce.command("refuse", rule)


def _a_receiver_that_is_gone(made: Company) -> None:
    made.sandbox.webhook.configure(status=410)


def _rows_that_are_locked(made: Company) -> None:
    made.sandbox.salesforce.command("refuse", {"object": "Invoice__c", "code": "UNABLE_TO_LOCK_ROW"})


def _configure(folder: Path) -> None:
    """The worksheet with a few of its systems."""
    folder.mkdir(parents=True)
    shutil.copytree(DATA / "mappings", folder / "mappings")
    shutil.copy(DATA / "presets.yaml", folder)
    rows: list[dict[str, Any]] = [{"collection": c, "system": "instagaze", "direction": "to"} for c in COLLECTIONS]
    rows += [
        {"collection": name, "system": system, "direction": "from", "deletes": "delete"}
        for system in SYSTEMS
        for name in COLLECTIONS
        if system != "quickbooks" or name in ("customers", "items", "invoices", "payments")
    ]
    systems = {"instagaze": {"kind": "instagaze"}}
    systems |= {name: {"kind": name, "preset": name} for name in SYSTEMS}
    (folder / "worksheet.yaml").write_text(json.dumps({"systems": systems, "rows": rows}))


def main() -> None:
    with company(Path(sys.argv[1]), accounts=60) as made:
        live_through(made, rounds=int(sys.argv[2]) if len(sys.argv) > 2 else 8)
        for name, value in made.environment.items():
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


if __name__ == "__main__":
    main()
