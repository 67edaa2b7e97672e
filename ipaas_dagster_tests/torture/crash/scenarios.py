"""What is being done when the process dies. Together they come by every crash point; each ends in a state whose truth
is known.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ipaas_dagster_tests.torture.crash.preparing import (
    ACTS,
    BAD_MAIL,
    REPLACED,
    SYNC,
    approve_an_earlier_one,
    delete,
    go_away_and_back,
    insert_refused,
    left_by,
    let_in,
    lose_hub_and_landings,
    mend,
    nothing,
    refuse,
    renew_tokens,
    restore_older_hub,
    spoil,
    switch_alerts_on,
    sync_of,
    tamper,
    truncate_newest,
    unpin,
)
from ipaas_dagster_tests.torture.crash.scenario import Scenario
from ipaas_dagster_tests.torture.world import Place

CHANGES_HELD = (("IPAAS_HOLD_CHANGE_RECORDS", "0"), ("IPAAS_HOLD_CHANGE_PERCENT", "0"))
HELD = (("IPAAS_HOLD_RECORDS", "0"), ("IPAAS_HOLD_PERCENT", "0"))

EVERYTHING = ("deliver", "outbox", "sql", "files", "remote", "sealed")
REMOTE = ("deliver", "outbox.dispatch", "outbox.notes", "outbox.nested", "remote", "sealed")


def _delivering(
    system: str,
    *sources: str,
    of: tuple[str, ...] = REMOTE,
    there: Callable[[Place], object] = lambda place: None,
    **more: Any,
) -> Scenario:
    """Everything is in the hub, and something happened `there`; the delivery to one system dies."""

    def prepare(place: Place, dice: random.Random) -> None:
        place.stir(dice)
        place.run((*sync_of(*sources)[:-1], "--no-deliver"))
        there(place)

    act = (("deliver", system, "--json"),)
    return Scenario(f"deliver {system}", act, (system,), sources, prepare, heal=act, of=of, then_sync=False, **more)


BOOKS = ("accounts", "products", "invoices", "transactions")
APPROVE = (("python", ACTS + "approve_holds"), SYNC)
PLAN = "{folder}/plan-{n}"

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("first sync", (SYNC,), prepare=nothing, fresh=True, of=("operations", "hub", "source", "merge", "sql")),
    Scenario("sync", (SYNC,)),
    Scenario(
        "reconcile",
        (("reconcile", "accounts", "transactions", "--json"),),
        sources=("accounts", "transactions"),
        prepare=delete("accounts", "transactions"),
        of=("mend", "landing", "merge"),
    ),
    Scenario(
        "approve a mass delete",
        (("reconcile", "accounts", "--json"), *APPROVE),
        prepare=delete("accounts"),
        extra=HELD,
        of=("mend", "hub.landing", "merge"),
    ),
    Scenario(
        "retry rejects",
        (("rejects", "retry", "--json"),),
        prepare=spoil("accounts", {"contacts": "none"}),
        after=mend("accounts", {"contacts": []}),
        of=("mend", "landing", "hub", "merge"),
    ),
    Scenario(
        "retry and discard dead letters",
        (("dead", "retry", "--json"), ("deliver", "--json"), ("dead", "discard", "--system", "salesforce", "--json")),
        systems=("salesforce",),
        prepare=spoil("accounts", BAD_MAIL),
        after=mend("accounts", {"account_owner_email": "good@example.com"}),
        heal=(),
        of=("outbox.dead", "outbox.drain", "outbox.for_good"),
    ),
    Scenario(
        "compare a system that others changed",
        (("reconcile", "--system", "sql", "--json"),),
        systems=("sql",),
        prepare=tamper,
        of=("completeness", "outbox.dispatch"),
    ),
    Scenario(
        "compare, and approve the repairs",
        (("reconcile", "--system", "sql", "--json"), ("python", ACTS + "approve_holds"), ("deliver", "--json")),
        systems=("sql",),
        prepare=tamper,
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
        REPLACED,
        systems=("sql",),
        prepare=approve_an_earlier_one,
        extra=CHANGES_HELD,
        of=("outbox.mass_changes", "outbox.change_holds"),
        heal=REPLACED,
        then_sync=False,
    ),
    Scenario(
        "alerts are told",
        (SYNC, ("python", ACTS + "tell_alerts"), ("alerts", "--json")),
        systems=("salesforce",),
        prepare=switch_alerts_on,
        after=mend("accounts", {"account_owner_email": "good@example.com"}),
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
        prepare=restore_older_hub,
        of=("recovery", "outbox.catch_up", "outbox.nested", "hub.landing"),
    ),
    Scenario(
        "hub and landings are lost",
        REPLACED,
        systems=("sql", "files"),
        prepare=lose_hub_and_landings,
        extra=HELD,
        of=("recovery", "outbox", "hub.database"),
    ),
    Scenario(
        "hub and landings are lost, and a system has lines in its invoices",
        REPLACED,
        systems=("ipaas_com",),
        prepare=lose_hub_and_landings,
        extra=HELD,
        of=("outbox.nested",),
    ),
    Scenario(
        "a record is refused, and others wait for it",
        (SYNC,),
        systems=("salesforce",),
        prepare=insert_refused,
        after=mend("accounts", {"account_owner_email": "good@example.com"}),
        heal=(),
        of=("outbox.drain", "outbox.for_good"),
    ),
    Scenario(
        "a landing is damaged",
        (SYNC,),
        prepare=left_by("pull._Pull._commit: committed", truncate_newest),
        heal=(SYNC, SYNC),  # the first one finds it, the next one reads it again
        of=("recovery", "pull", "landing"),
    ),
    *(
        Scenario(f"after a death at {point}", (SYNC,), prepare=left_by(point), of=about)
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
        prepare=go_away_and_back,
        of=("cli", "outbox.drain"),
    ),
    Scenario("a pull that is refused", (SYNC,), prepare=refuse, after=let_in, of=("pull", "source")),
    Scenario(
        "load in ranges",
        (("load", "accounts", "--again", "--json"), sync_of("accounts")),
        sources=("accounts",),
        of=("load", "landing", "merge"),
    ),
    Scenario("probe for changes", (("python", ACTS + "probe"),), of=("source", "ledger")),
    Scenario(
        "pin a pipeline's mapping",
        (("deliver", "salesforce_b", "--json"),),
        systems=("salesforce_b",),
        sources=("accounts",),
        prepare=lambda place, dice: (place.stir(dice), place.run(sync_of("pipelines", "accounts")), unpin(place)),
        samples=True,
        of=("pin", "outbox.catch_up"),
    ),
    _delivering("salesforce", "accounts", "invoices", "products", "subscriptions", "transactions", of=EVERYTHING),
    _delivering("webhook", "accounts", "invoices", extra=(("WEBHOOK_BATCH_SIZE", "5"),)),
    _delivering("sql", "accounts", "invoices", of=EVERYTHING),
    _delivering("files", "accounts", "invoices", of=("files", "outbox.dispatch")),
    _delivering("quickbooks", *BOOKS, there=renew_tokens),
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
        prepare=spoil("accounts", {"contacts": "none"}),
        after=mend("accounts", {"contacts": []}),
        heal=(),
        of=("hub.choosing",),
    ),
)
