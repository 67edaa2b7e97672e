"""An installation with many systems, the sandbox that stands for them, and every difference between what is and what
must be.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from sqlalchemy import func, select

from ipaas_dagster import contracts
from ipaas_dagster.destinations.files import current
from ipaas_dagster.ledger import balance
from ipaas_dagster.operations.tables import landings, outbox
from ipaas_dagster.outbox.entry import OPEN, State
from ipaas_dagster_tests.flow.oracle import Row, Rows
from ipaas_dagster_tests.flow.world import DATA, World, copy_declarations, typed
from ipaas_dagster_tests.torture.process import Command, Life, live
from ipaas_dagster_tests.torture.there import SPOTS

EMBEDDED = ("sql", "files")
BOOKS = ("quickbooks", "intacct", "ipaas_com", "portal_b")
"""Systems in which what an invoice owes limits what may be paid."""
HUB_OF = {"accounts": ("customers", "contacts"), "invoices": ("invoices", "invoice_lines"), "products": ("items",)}
HUB_OF |= {"subscriptions": ("subscriptions",), "transactions": ("payments",)}
POLLED = tuple(HUB_OF)


@dataclass
class Place(World):
    """`systems` of the worksheet, all others are left out of it; `sources` are Instagaze's collections that are read.
    Few of both make a sync cheap, so that there can be many."""

    systems: Sequence[str] = EMBEDDED
    sources: Sequence[str] = POLLED
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.state.parent / "lives"
        self.state.mkdir(parents=True, exist_ok=True)
        self.config = _config(self.state.parent / "config", self.systems, self.collections)

    @property
    def collections(self) -> list[str]:
        return [name for source in self.sources for name in HUB_OF[source]]

    @property
    def sync_words(self) -> Command:
        return ("sync", *self.sources, "--json")

    @property
    def environment(self) -> dict[str, str]:
        given = {"PATH": os.environ["PATH"], "IPAAS_STATE": str(self.state), "IPAAS_CONFIG": str(self.config)}
        given |= {"IPAAS_LAG_SECONDS": "0", "IPAAS_RETRY_SECONDS": "60", "IPAAS_LOCK_SECONDS": "60"}
        given |= {
            "IPAAS_PATIENCE_SECONDS": "10",
            "TZ": "UTC",
            "DAGSTER_HOME": str(self.state / "dagster"),
            **self.sandbox.environment,
        }
        return given | dict(self.extra)

    def run(self, *commands: Command, kill_at: str = "", kill_after: float | None = None, under: Command = ()) -> Life:
        return live(commands, self.environment, self.folder, kill_at=kill_at, kill_after=kill_after, under=under)

    def stir(self, dice: random.Random) -> None:
        """What others do at the source meanwhile: new records of each kind, and changes that every system takes."""
        source, token = self.sandbox.instagaze, f"{dice.getrandbits(32):08x}"
        books = any(name in BOOKS for name in self.systems)
        for name in self.sources:
            if not (books and name in ("invoices", "transactions")):  # a made-up one may owe what its lines do not
                source.mutate(name, insert=1, seed=dice.getrandbits(30))
            for number in dice.sample(source.usable_ids(name), 2):
                source.change(name, number, _changed(name, source.record(name, number) or {}, token, dice))

    def differences(self) -> list[str]:
        """Of everything, in words; empty where nothing is lost, doubled, stale, still owed or unbalanced."""
        truth, hub = self.truth(), self.hub()
        held = {"hub": hub}
        held |= {"sql": self.sql()} if "sql" in self.systems else {}
        held |= {"files": self.files()} if "files" in self.systems else {}
        found = []
        for where, rows in held.items():
            for name in self.collections:
                found += _unlike(f"{where}.{name}", truth[name], rows.get(name, {}))
        for spot in SPOTS:
            if spot.system in self.systems and spot.collection in self.collections:
                found += spot.differences(self.sandbox, truth)
        return [*found, *self._still_owed(), *self._books()]

    def files(self) -> dict[str, Rows]:
        there = self.state / "files"
        return {
            collection.name: {
                row["hub_id"]: typed(collection, row) for row in current(there, collection.name) if there.exists()
            }
            for collection in contracts.COLLECTIONS
        }

    def _still_owed(self) -> list[str]:
        states = select(outbox.c.system, outbox.c.state, outbox.c.collection, outbox.c.hub_id, outbox.c.reason)
        states = states.where(outbox.c.state.in_([*OPEN, State.DEAD]))
        waiting = select(landings.c.state, func.count()).where(landings.c.state == "waiting").group_by(landings.c.state)
        project = self.project()
        try:
            with project.operations.read() as connection:
                owed = [" ".join(map(str, row)) for row in connection.execute(states)]
                return owed + [f"{n} landings wait to be merged" for _, n in connection.execute(waiting)]
        finally:
            project.operations.dispose()

    def _books(self) -> list[str]:
        project = self.project()
        try:
            books = balance(project)
        finally:
            project.operations.dispose()
        return [] if books.true else [f"the books do not balance: {finding}" for finding in books.findings]


def _config(folder: Path, systems: Sequence[str], collections: Sequence[str]) -> Path:
    """The project's own configuration, with these systems and collections alone in its worksheet."""
    copy_declarations(folder)
    worksheet = yaml.safe_load((DATA / "worksheet.yaml").read_text(encoding="utf-8"))
    kept = ("instagaze", *systems)
    rows = [r for r in worksheet["rows"] if r["system"] in kept and r["collection"] in collections]
    made = {"systems": {name: worksheet["systems"][name] for name in kept}, "rows": rows}
    (folder / "worksheet.yaml").write_text(yaml.safe_dump(made), encoding="utf-8")
    return folder


def _changed(name: str, record: Row, token: str, dice: random.Random) -> Row:
    if name == "accounts":
        contacts = record["contacts"]
        renamed = [{**contacts[0], "name": f"Ada {token}"}, *contacts[1:]] if contacts else []
        city = {"billing_address": {**record["billing_address"], "city": f"市 {token}"}}
        return dice.choice([{"account_name": f"Ünal {record['id']} {token}"}, city, {"contacts": renamed}])
    if name == "products":
        return dice.choice([{"price": record["price"] + dice.randint(1, 500)}, {"product_description": f"É {token}"}])
    if name == "invoices":
        return dice.choice([{"paid": not record["paid"]}, {"custom": {"Customer_ID__c": token}}])
    if name == "subscriptions":
        return {"total": record["total"] + 1, "tax": record["tax"] + 1}
    return {"charge_message": f"Seen {token}"}


def _unlike(where: str, wanted: Rows, held: Rows) -> list[str]:
    lost = [f"{where}: {key} is missing" for key in wanted.keys() - held.keys()]
    more = [f"{where}: {key} should not be there" for key in held.keys() - wanted.keys()]
    differing = [
        f"{where}: {key} differs in {column}: {held[key][column]!r} for {value!r}"
        for key in wanted.keys() & held.keys()
        for column, value in wanted[key].items()
        if held[key][column] != value
    ]
    return sorted([*lost, *more, *differing])
