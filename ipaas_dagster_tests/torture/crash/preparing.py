"""What others do before a process dies, and after it: at the source, in a system, to our files."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from typing import Any

from ipaas_dagster.sandbox import Fault
from ipaas_dagster_tests.torture.process import Command
from ipaas_dagster_tests.torture.world import Place

ACTS = "ipaas_dagster_tests.torture.crash.acts."
BAD_MAIL = {"account_owner_email": "no address"}
Prepare = Callable[[Place, random.Random], object]


def sync_of(*sources: str) -> Command:
    return ("sync", *sources, "--json")


SYNC = sync_of("accounts", "invoices")
REPLACED = (SYNC, ("python", ACTS + "approve_holds"), SYNC)


def stir(place: Place, dice: random.Random) -> None:
    place.stir(dice)


def nothing(place: Place, dice: random.Random) -> None:
    pass


def delete(*names: str) -> Prepare:
    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        for name in names:
            place.sandbox.instagaze.delete(name, dice.choice(place.sandbox.instagaze.usable_ids(name)))

    return prepare


def left_by(point: str, damage: Callable[[Place], object] = lambda place: None) -> Prepare:
    """An earlier process died at `point`, and what it left may have suffered."""

    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        assert place.run(SYNC, kill_at=point).killed, point
        damage(place)

    return prepare


def truncate_newest(place: Place) -> None:
    newest = max((place.state / "landings").rglob("*.zst"), key=lambda file: file.stat().st_mtime_ns)
    newest.write_bytes(newest.read_bytes()[:-9])


def restore_older_hub(place: Place, dice: random.Random) -> None:
    hub, backup = place.state / "ipaas.duckdb", place.state.parent / "backup"
    shutil.copy(hub, backup)
    place.stir(dice)
    place.run(SYNC)
    shutil.copy(backup, hub)
    place.stir(dice)


def lose_hub_and_landings(place: Place, dice: random.Random) -> None:
    delete("accounts")(place, dice)
    shutil.rmtree(place.state / "landings")
    (place.state / "ipaas.duckdb").unlink()


def spoil(name: str, fields: dict[str, Any]) -> Prepare:
    """A record, the last one, that somebody cannot take; and the sync that finds out."""

    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        place.sandbox.instagaze.change(name, max(place.sandbox.instagaze.usable_ids(name)), fields)
        place.run(sync_of(*place.sources))

    return prepare


def mend(name: str, good: dict[str, Any]) -> Prepare:
    def after(place: Place, dice: random.Random) -> None:
        place.sandbox.instagaze.change(name, max(place.sandbox.instagaze.usable_ids(name)), good)

    return after


def tamper(place: Place, dice: random.Random) -> None:
    """Somebody changes, removes and adds rows in a database of ours."""
    place.stir(dice)
    for _ in range(2):  # where mass changes are held, the second sends what was approved
        place.run(sync_of(*place.sources), ("python", ACTS + "approve_holds"))
    with sqlite3.connect(place.state / "sql.db") as connection:
        ids = [row[0] for row in connection.execute("SELECT hub_id FROM customers ORDER BY hub_id")]
        changed, gone = dice.sample(ids, 2)
        connection.execute("UPDATE customers SET name = 'somebody else' WHERE hub_id = ?", [changed])
        connection.execute("DELETE FROM customers WHERE hub_id = ?", [gone])
        connection.execute("INSERT INTO customers (hub_id, name) VALUES ('instagaze:accounts:77', 'nobody of ours')")


def insert_refused(place: Place, dice: random.Random) -> None:
    """New accounts, of which the last one, with contacts, is refused by a system: these wait for what does not come."""
    source = place.sandbox.instagaze
    while not source.insert("accounts", seed=dice.getrandbits(30))["contacts"]:
        pass
    mend("accounts", BAD_MAIL)(place, dice)


def renew_tokens(place: Place) -> None:
    place.sandbox.quickbooks.command("expire_tokens", {})


def switch_alerts_on(place: Place, dice: random.Random) -> None:
    receiver = place.sandbox.environment
    place.extra = (("ALERTS_URL", receiver["WEBHOOK_URL"]), ("ALERTS_SECRET", receiver["WEBHOOK_SECRET"]))
    mend("accounts", BAD_MAIL)(place, dice)


def approve_an_earlier_one(place: Place, dice: random.Random) -> None:
    """The route is past a hold that was approved, and lifts it when it reads again."""
    place.stir(dice)
    place.run(*REPLACED)
    place.stir(dice)


def go_away_and_back(place: Place, dice: random.Random) -> None:
    place.stir(dice)
    place.sandbox.webhook.configure(status=410)
    place.run(SYNC)
    place.sandbox.webhook.configure(status=None)


def refuse(place: Place, dice: random.Random) -> None:
    place.stir(dice)
    place.sandbox.faults.set([Fault("status", status=403, path="accounts")])


def let_in(place: Place, dice: random.Random) -> None:
    place.sandbox.faults.clear()


def unpin(place: Place) -> None:
    shutil.rmtree(place.config / "mappings" / "pipelines", ignore_errors=True)
