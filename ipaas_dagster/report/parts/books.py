"""The sums of the balance, each with the sign that it adds up or not."""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.ledger.landing_balance import CollectionBalance
from ipaas_dagster.ledger.route_balance import RouteBalance
from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, tag
from ipaas_dagster.report.parts.frame import Cell, mark, number, section, table

MERGED = ("inserted", "updated", "unchanged", "stale", "duplicate", "rejected")
READ = ("queued", "coalesced", "same_as_delivered", "filtered", "not_needed")
STATES = ("delivered", "superseded", "pending", "sending", "waiting", "blocked", "in_doubt", "dead")


def books(facts: Facts) -> Html:
    state = facts.status
    wrong = [tag("li", finding) for finding in state.findings[:50]]
    verdict = (
        tag("div", mark("bad", "These sums do not add up:"), tag("ul", wrong), class_="wrong")
        if wrong
        else tag("p", mark("good", "Every sum adds up: nothing is lost."))
    )
    note = "Each number is counted where it arises, none as the rest of another: a lost record cannot look balanced."
    collections = [one for one in state.balance.landings.collections if one.counts.fetched or one.counts.deleted]
    return section("books", "The books", verdict, _inbound(collections), _outbound(state.balance.routes), note=note)


def _inbound(collections: Sequence[CollectionBalance]) -> Html | None:
    if not collections:
        return None
    names = [
        "Collection",
        "fetched",
        *(f"{'=' if n == 0 else '+'} {name}" for n, name in enumerate(MERGED)),
        "deleted",
        "in the hub",
        "",
    ]
    rows = [
        [
            Cell(one.collection, "head"),
            number(one.counts.fetched),
            *(number(getattr(one.counts, name)) for name in MERGED),
            number(one.counts.deleted),
            number(one.alive),
            Cell(_sign(one.counts.fetched, sum(getattr(one.counts, name) for name in MERGED), bool(one.findings))),
        ]
        for one in collections
    ]
    return table(
        "Source to hub: fetched = inserted + updated + unchanged + stale + duplicate + rejected", names, rows, "sums"
    )


def _outbound(routes: Sequence[RouteBalance]) -> Html | None:
    """A table a system, closed unless it does not add up: its sums stand in its summary."""
    if not routes:
        return None
    systems = list(dict.fromkeys(one.system for one in routes))
    return tag(
        "div", tag("h3", "Hub to systems"), [_system(one, [r for r in routes if r.system == one]) for one in systems]
    )


def _system(system: str, routes: Sequence[RouteBalance]) -> Html:
    wrong = any(one.findings for one in routes)
    changes, queued = sum(one.changes for one in routes), sum(one.queued for one in routes)
    entries = sum(sum(one.states.values()) for one in routes)
    said = f" {changes:,} changes, {queued:,} queued, {entries:,} entries "
    seen = mark("bad", "does not add up") if wrong else mark("good", "adds up")
    summary = tag("summary", tag("strong", system), said, seen)
    names = [
        "Collection",
        "changes",
        *(f"{'=' if n == 0 else '+'} {name.replace('_', ' ')}" for n, name in enumerate(READ)),
        "",
        "queued = entries by state",
        "",
    ]
    rows = [_route(one) for one in routes]
    return tag("details", summary, table(f"Hub to {system}", names, rows, "sums"), open=wrong)


def _route(one: RouteBalance) -> list[Cell]:
    ended = sum(getattr(one, name) for name in READ)
    entries = sum(one.states.values())
    told = " + ".join(f"{one.states[state]:,} {state.replace('_', ' ')}" for state in STATES if one.states.get(state))
    return [
        Cell(one.collection, "head"),
        number(one.changes),
        *(number(getattr(one, name)) for name in READ),
        Cell(_sign(one.changes, ended, False)),
        Cell(f"{one.queued:,} = {told or '0'}"),
        Cell(_sign(one.queued, entries, bool(one.findings))),
    ]


def _sign(one: int, other: int, wrong: bool) -> Html:
    if one != other:
        return mark("bad", f"{abs(one - other):,} {'missing' if one > other else 'too many'}")
    return mark("bad", "does not add up") if wrong else mark("good", "adds up")
