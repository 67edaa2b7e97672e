"""What is being done when the process dies. Together they come by every crash point; each ends in a state whose truth
is known.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.sandbox import Fault
from ipaas_dagster_tests.torture.process import Command
from ipaas_dagster_tests.torture.world import EMBEDDED, Place

ACTS = "ipaas_dagster_tests.torture.crash.acts."
BAD_MAIL = {"account_owner_email": "no address"}
Prepare = Callable[[Place, random.Random], object]


def _stir(place: Place, dice: random.Random) -> None:
    place.stir(dice)


def _nothing(place: Place, dice: random.Random) -> None:
    pass


@dataclass(frozen=True)
class Scenario:
    """`prepare` is done by others or before; `act` dies at each point in its turn; `after` is what others do then;
    `heal` is what a user runs to go on (None: the same again), followed by a sync where `then_sync`. Words may hold
    {n}, the number of the turn, and {folder}. `fresh`: each turn has a state folder of its own. `of`: how the points
    begin that the scenario is about, "" being all of them; what it does beside is another one's."""

    name: str
    act: Sequence[Command]
    systems: Sequence[str] = EMBEDDED
    sources: Sequence[str] = ("accounts", "invoices")
    prepare: Prepare = _stir
    after: Prepare = _nothing
    heal: Sequence[Command] | None = None
    fresh: bool = False
    extra: tuple[tuple[str, str], ...] = ()
    accounts: int = 10
    samples: bool = False
    of: tuple[str, ...] = ("",)
    then_sync: bool = True


def _sync(*sources: str) -> Command:
    return ("sync", *sources, "--json")


SYNC = _sync("accounts", "invoices")
CHANGES_HELD = (("IPAAS_HOLD_CHANGE_RECORDS", "0"), ("IPAAS_HOLD_CHANGE_PERCENT", "0"))
HELD = (("IPAAS_HOLD_RECORDS", "0"), ("IPAAS_HOLD_PERCENT", "0"))


def _delete(*names: str) -> Prepare:
    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        for name in names:
            place.sandbox.instagaze.delete(name, dice.choice(place.sandbox.instagaze.usable_ids(name)))

    return prepare


def _left_by(point: str, damage: Callable[[Place], object] = lambda place: None) -> Prepare:
    """An earlier process died at `point`, and what it left may have suffered."""

    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        assert place.run(SYNC, kill_at=point).killed, point
        damage(place)

    return prepare


def _truncate_newest(place: Place) -> None:
    newest = max((place.state / "landings").rglob("*.zst"), key=lambda file: file.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-9])


def _restore_older_hub(place: Place, dice: random.Random) -> None:
    hub, backup = place.state / "ipaas.duckdb", place.state.parent / "backup"
    shutil.copy(hub, backup)
    place.stir(dice)
    place.run(SYNC)
    shutil.copy(backup, hub)
    place.stir(dice)


def _lose_hub_and_landings(place: Place, dice: random.Random) -> None:
    _delete("accounts")(place, dice)
    shutil.rmtree(place.state / "landings")
    (place.state / "ipaas.duckdb").unlink()


def _spoil(name: str, fields: dict[str, Any]) -> Prepare:
    """A record, the last one, that somebody cannot take; and the sync that finds out."""

    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        place.sandbox.instagaze.change(name, max(place.sandbox.instagaze.usable_ids(name)), fields)
        place.run(_sync(*place.sources))

    return prepare


def _mend(name: str, good: dict[str, Any]) -> Prepare:
    def after(place: Place, dice: random.Random) -> None:
        place.sandbox.instagaze.change(name, max(place.sandbox.instagaze.usable_ids(name)), good)

    return after


def _tamper(place: Place, dice: random.Random) -> None:
    """Somebody changes, removes and adds rows in a database of ours."""
    place.stir(dice)
    for _ in range(2):  # where mass changes are held, the second sends what was approved
        place.run(_sync(*place.sources), ("python", ACTS + "approve_holds"))
    with sqlite3.connect(place.state / "sql.db") as connection:
        ids = [row[0] for row in connection.execute("SELECT hub_id FROM customers ORDER BY hub_id")]
        changed, gone = dice.sample(ids, 2)
        connection.execute("UPDATE customers SET name = 'somebody else' WHERE hub_id = ?", [changed])
        connection.execute("DELETE FROM customers WHERE hub_id = ?", [gone])
        connection.execute("INSERT INTO customers (hub_id, name) VALUES ('instagaze:accounts:77', 'nobody of ours')")


def _go_away_and_back(place: Place, dice: random.Random) -> None:
    place.stir(dice)
    place.sandbox.webhook.configure(status=410)
    place.run(SYNC)
    place.sandbox.webhook.configure(status=None)


def _refuse(place: Place, dice: random.Random) -> None:
    place.stir(dice)
    place.sandbox.faults.set([Fault("status", status=403, path="accounts")])


def _let_in(place: Place, dice: random.Random) -> None:
    place.sandbox.faults.clear()


EVERYTHING = ("deliver", "outbox", "sql", "files", "remote", "sealed")
REMOTE = ("deliver", "outbox.dispatch", "outbox.notes", "outbox.nested", "remote", "sealed")


def _delivering(system: str, *sources: str, of: tuple[str, ...] = REMOTE, **more: Any) -> Scenario:
    """Everything is in the hub; the delivery to one system dies."""

    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        place.run((*_sync(*sources)[:-1], "--no-deliver"))

    act = (("deliver", system, "--json"),)
    return Scenario(f"deliver {system}", act, (system,), sources, prepare, heal=act, of=of, then_sync=False, **more)


BOOKS = ("accounts", "products", "invoices", "transactions")
REPLACED = (SYNC, ("python", ACTS + "approve_holds"), SYNC)
APPROVE = (("python", ACTS + "approve_holds"), SYNC)
PLAN = "{folder}/plan-{n}"

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("first sync", (SYNC,), prepare=_nothing, fresh=True, of=("operations", "hub", "source", "merge", "sql")),
    Scenario("sync", (SYNC,)),
    Scenario(
        "reconcile",
        (("reconcile", "accounts", "transactions", "--json"),),
        sources=("accounts", "transactions"),
        prepare=_delete("accounts", "transactions"),
        of=("mend", "landing", "merge"),
    ),
    Scenario(
        "approve a mass delete",
        (("reconcile", "accounts", "--json"), *APPROVE),
        prepare=_delete("accounts"),
        extra=HELD,
        of=("mend", "hub.landing", "merge"),
    ),
    Scenario(
        "retry rejects",
        (("rejects", "retry", "--json"),),
        prepare=_spoil("accounts", {"contacts": "none"}),
        after=_mend("accounts", {"contacts": []}),
        of=("mend", "landing", "hub", "merge"),
    ),
    Scenario(
        "retry and discard dead letters",
        (("dead", "retry", "--json"), ("deliver", "--json"), ("dead", "discard", "--system", "salesforce", "--json")),
        systems=("salesforce",),
        prepare=_spoil("accounts", BAD_MAIL),
        after=_mend("accounts", {"account_owner_email": "good@example.com"}),
        heal=(),
        of=("outbox.dead", "outbox.drain", "outbox.for_good"),
    ),
    Scenario(
        "compare a system that others changed",
        (("reconcile", "--system", "sql", "--json"),),
        systems=("sql",),
        prepare=_tamper,
        of=("completeness", "outbox.dispatch"),
    ),
    Scenario(
        "compare, and approve the repairs",
        (("reconcile", "--system", "sql", "--json"), ("python", ACTS + "approve_holds"), ("deliver", "--json")),
        systems=("sql",),
        prepare=_tamper,
        extra=(*HELD, *CHANGES_HELD),
        of=("completeness", "outbox.change_holds"),
    ),
    Scenario(
        "compare records that a system named",
        (("python", ACTS + "check_records_there"),),
        systems=("sql",),
        of=("completeness",),
    ),
    Scenario(
        "approve a mass change",
        (SYNC, ("python", ACTS + "approve_holds"), SYNC),
        systems=("sql",),
        extra=CHANGES_HELD,
        of=("outbox.mass_changes", "outbox.change_holds"),
        heal=APPROVE,
        then_sync=False,
    ),
    Scenario(
        "alerts are told",
        (SYNC, ("python", ACTS + "tell_alerts"), ("alerts", "--json")),
        systems=("salesforce",),
        prepare=_mend("accounts", BAD_MAIL),
        after=_mend("accounts", {"account_owner_email": "good@example.com"}),
        heal=(),
        of=("alerts",),
    ),
    Scenario(
        "copy the hub",
        (("hub", "copy", "duckdb:///{folder}/copy-{n}.duckdb", "--json"),),
        heal=(),
        of=("hub.copying",),
    ),
    Scenario(
        "prune",
        (("python", ACTS + "prune_next_year"),),
        extra=(("IPAAS_LANDINGS_DAYS", "1"),),
        of=("ledger", "replay", "landing", "hub", "merge", "outbox.pruning", "operations.space", "prune"),
    ),
    Scenario(
        "replay",
        (("replay", "--keep", "{folder}/kept-{n}.duckdb", "--json"),),
        heal=(),
        of=("hub.copied", "replay"),
    ),
    Scenario(
        "plan and apply",
        (("plan", "webhook", "--out", PLAN), ("apply", PLAN)),
        systems=("webhook",),
        prepare=lambda place, dice: (place.stir(dice), place.run((*SYNC[:-1], "--no-deliver"))),
        heal=(),
        of=("plan", "outbox.dispatch", "outbox.drain", "remote"),
    ),
    Scenario(
        "an older hub is restored",
        (SYNC,),
        prepare=_restore_older_hub,
        of=("recovery", "outbox.catch_up", "outbox.nested", "hub.landing"),
    ),
    Scenario(
        "hub and landings are lost",
        REPLACED,
        systems=("sql", "files"),
        prepare=_lose_hub_and_landings,
        extra=HELD,
        of=("recovery", "outbox", "hub.database"),
    ),
    Scenario(
        "a landing is damaged",
        (SYNC,),
        prepare=_left_by("pull._Pull._commit: committed", _truncate_newest),
        of=("recovery", "pull", "landing"),
    ),
    *(
        Scenario(f"after a death at {point}", (SYNC,), prepare=_left_by(point), of=about)
        for point, about in (
            ("landing.written", ("source.landed", "landing", "pull")),
            ("landing.renamed", ("source.landed", "landing", "pull")),
            ("landing.manifest_renamed", ("source.landed", "landing", "pull")),
            ("hub.landing.merge_landing: committed", ("recovery", "merge", "hub")),
            ("outbox.dispatch._commit_intent: committed", ("outbox", "sql", "files")),
            ("sql.committed", ("outbox", "sql", "files")),
        )
    ),
    Scenario(
        "switch a system off",
        (("python", ACTS + "deliver_switched_off"),),
        systems=("webhook",),
        heal=(),
        of=("deliver",),
    ),
    Scenario(
        "resume a paused system",
        (("resume", "webhook"),),
        systems=("webhook",),
        prepare=_go_away_and_back,
        of=("cli", "outbox.drain"),
    ),
    Scenario("a pull that is refused", (SYNC,), prepare=_refuse, after=_let_in, of=("pull", "source")),
    Scenario(
        "load in ranges",
        (("load", "accounts", "--again", "--json"), _sync("accounts")),
        sources=("accounts",),
        of=("load", "landing", "merge"),
    ),
    Scenario("probe for changes", (("python", ACTS + "probe"),), of=("source", "ledger")),
    Scenario(
        "pin a pipeline's mapping",
        (("deliver", "salesforce_b", "--json"),),
        systems=("salesforce_b",),
        sources=("accounts",),
        prepare=lambda place, dice: (place.stir(dice), place.run(_sync("pipelines", "accounts")), _unpin(place)),
        samples=True,
        of=("pin", "outbox.catch_up"),
    ),
    _delivering("salesforce", "accounts", "invoices", "products", "subscriptions", "transactions", of=EVERYTHING),
    _delivering("webhook", "accounts", "invoices", extra=(("WEBHOOK_BATCH_SIZE", "5"),)),
    _delivering("sql", "accounts", "invoices", of=EVERYTHING),
    _delivering("files", "accounts", "invoices", of=("files", "outbox.dispatch")),
    _delivering("quickbooks", *BOOKS),
    _delivering("intacct", *BOOKS),
    _delivering("ipaas_com", *BOOKS),
    _delivering("portal_b", "accounts", "products", "invoices", "subscriptions"),
    Scenario(
        "webhooks come in and are followed",
        (("python", ACTS + "take_webhooks"), ("sync", "--inbox", "--json")),
        sources=("accounts",),
        of=("webhooks", "mend", "landing", "merge"),
    ),
    Scenario(
        "a webhook waits for reconcile",
        (("python", ACTS + "take_webhooks"), ("reconcile", "accounts", "--no-systems", "--json")),
        sources=("accounts",),
        of=("webhooks.hints",),
    ),
    Scenario(
        "a filled system tells of a change",
        (("python", ACTS + "take_webhooks"), ("deliver", "quickbooks", "--json")),
        systems=("quickbooks",),
        sources=("accounts",),
        of=("webhooks.checking",),
    ),
    Scenario(
        "let a reject go",
        (("rejects", "discard", "--collection", "customers", "--json"),),
        prepare=_spoil("accounts", {"contacts": "none"}),
        after=_mend("accounts", {"contacts": []}),
        heal=(),
        of=("hub.choosing",),
    ),
)


def _unpin(place: Place) -> None:
    shutil.rmtree(place.config / "mappings" / "pipelines", ignore_errors=True)
