"""`ipaas status`: the state in ten seconds; the verdict first, then what is where, then what is stuck and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType

    from ipaas_dagster.status import Status, Stuck, SystemStatus, Verdict

TONES = {"unbalanced": "red", "stuck": "yellow", "on its way": "cyan", "accounted for": "green", "empty": "dim"}
CAUSES = 20
"""So many causes are told in full, the oldest; the report and `--json` have all."""

Books = Annotated[bool, typer.Option("--books", help="The sums of the balance, collection by collection.")]


def status(books: Books = False, as_json: AsJson = False, debug: Debug = False) -> None:
    """Is all accounted for? What is where, what is owed, what is stuck and why, and what mends it."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.status import read_status

        state = read_status(project)
        report.show(document(state), *([] if as_json else shown_status(state, books=books)))
        report.findings(state.findings)


def document(state: Status) -> dict[str, Any]:
    """The state as JSON; `balance.true` is the verdict on the books."""
    balance = {
        "true": state.balance.true,
        "findings": state.balance.findings,
        "landings": state.balance.landings,
        "routes": state.balance.routes,
    }
    return {
        "verdict": state.verdict,
        "collections": state.collections,
        "systems": state.systems,
        "holds": state.holds,
        "balance": balance,
        "stuck": state.stuck,
        "on_its_way": state.on_its_way,
        "waiting": state.waiting,
        "at": state.at,
    }


def shown_status(state: Status, *, books: bool = False) -> list[RenderableType]:
    """The sums themselves are shown where they are asked for, or do not add up."""
    parts: list[RenderableType] = ["", _verdict(state.verdict), "", _collections(state), _systems(state)]
    parts += _stuck(state)
    parts += _on_its_way(state)
    parts += _waiting(state)
    return parts + (shown_balance(state) if books or not state.balance.true else [])


def _verdict(verdict: Verdict) -> str:
    from rich.markup import escape

    tone = TONES[verdict.state]
    return f"[bold {tone}]●[/] [bold]{escape(verdict.says)}[/]"


def _collections(state: Status) -> RenderableType:
    from ipaas_dagster.cli.tables import ago

    rows: list[list[Any]] = [
        [
            c.collection,
            c.records,
            f"{ago(c.lag_seconds)}{', stale' if c.stale else ''}",
            c.open_rejects,
            c.waiting_landings,
        ]
        for c in state.collections
        if c.read_at or c.records
    ]
    return _compact(
        "collections", ["hub collection", "records", "lag", "open rejects", "landings to merge"], rows, keep=4
    )


def _systems(state: Status) -> RenderableType:
    from ipaas_dagster.cli.tables import states

    rows: list[list[Any]] = [
        [
            s.system,
            _standing(s),
            s.delivered,
            states(s.states),
            s.unread_changes,
            _minute(s.owed_since),
            _minute(s.last_delivery),
            f"{s.limits['used']:,} of {s.limits['of']:,}" if s.limits else "",
        ]
        for s in state.systems
    ]
    names = ["system", "state", "delivered", "open", "to queue", "owed since", "last delivery", "its API calls"]
    return _compact("systems", names, rows, keep=4)


def _compact(title: str, names: list[str], rows: list[list[Any]], keep: int) -> RenderableType:
    """A table without the columns beyond the first `keep` that say nothing in any row."""
    from ipaas_dagster.cli.tables import table

    told = [n for n in range(len(names)) if n < keep or any(row[n] for row in rows)]
    return table(title, [names[n] for n in told], [[row[n] for n in told] for row in rows])


def _minute(at: datetime | None) -> str:
    """In the year that everybody is in; the report and `--json` have the whole time."""
    return f"{at:%m-%d %H:%M}" if at else ""


def _standing(system: SystemStatus) -> str:
    if system.switched_off:
        return "off"
    if system.system in system.paused:
        return "paused"
    names = [name.partition("/")[2] for name in system.paused]
    return f"paused: {', '.join(names) if len(names) < 3 else f'{len(names)} routes'}" if names else "on"


def _stuck(state: Status) -> Iterator[RenderableType]:
    """A block of lines each, so that a narrow terminal shows them whole."""
    if not state.stuck:
        return
    yield f"[bold]stuck, oldest first[/]: {state.verdict.stuck:,}"
    told = state.stuck[:CAUSES]
    for number, one in enumerate(told):
        alike = number + 1 < len(told) and told[number + 1].mend == one.mend
        yield from _cause(one, state.at, mend=not alike)
    if len(state.stuck) > CAUSES:
        yield f"  and {len(state.stuck) - CAUSES:,} causes more: `ipaas report` shows them all"
    yield ""


def _cause(one: Stuck, now: datetime, *, mend: bool) -> Iterator[RenderableType]:
    """How to mend it is said once for those that follow each other."""
    from rich.markup import escape
    from rich.padding import Padding

    kinds = ", ".join(f"{name} {count:,}" for name, count in one.collections.items())
    yield f"  [bold]{one.records:,}[/] {WORDS[one.state]} in [bold]{one.where}[/] ({kinds}), {_since(one.since, now)}"
    such = f"{one.example}: {one.reason}" if one.reason and one.reason != one.cause else one.example
    lines = [("why ", one.cause), ("such", such), *([("mend", one.mend)] if mend else [])]
    for name, text in lines:
        yield Padding(f"[dim]{name}[/]  {escape(text)}", (0, 0, 0, 6))


WORDS = {
    "rejected": "rejected",
    "dead": "dead",
    "blocked": "blocked for good",
    "paused": "paused",
    "switched_off": "not sent, switched off",
    "held": "held",
}


def _since(at: datetime, now: datetime) -> str:
    from ipaas_dagster.cli.tables import ago

    return f"since {at:%Y-%m-%d %H:%M} UTC ({ago((now - at).total_seconds())})"


def _on_its_way(state: Status) -> Iterator[RenderableType]:
    if state.on_its_way:
        rows: list[list[Any]] = [
            [o.count, o.what, f"{o.where}/{o.collection}", _minute(o.since), _minute(o.next_attempt_at), o.cause]
            for o in state.on_its_way[:CAUSES]
        ]
        names = ["count", "state", "where", "since", "next attempt", "why"]
        yield _compact("on the way, nothing to do", names, rows, keep=3)


def _waiting(state: Status) -> Iterator[RenderableType]:
    from ipaas_dagster.cli.tables import table

    if state.waiting:
        rows = [[one.what, one.name, one.says] for one in state.waiting]
        yield table("waits for a word", ["what", "name", "says"], rows)


def shown_balance(state: Status) -> list[RenderableType]:
    """Both halves of the balance: what was fetched against what became of it, what was queued likewise."""
    from ipaas_dagster.cli.tables import MERGE_COLUMNS, ROUTE_COLUMNS, states, table

    landed = [
        [c.collection, *(getattr(c.counts, name) for name in MERGE_COLUMNS)]
        for c in state.balance.landings.collections
        if c.counts.fetched or c.counts.deleted
    ]
    routes = [
        [f"{r.system}/{r.collection}", *(getattr(r, name) for name in ROUTE_COLUMNS), states(r.states, done=True)]
        for r in state.balance.routes
    ]
    verdict = "[bold green]the books balance[/]" if state.balance.true else "[bold red]the books do not balance[/]"
    return [
        table("balance of landings: fetched = inserted + ... + rejected", ["collection", *MERGE_COLUMNS], landed),
        table("balance of routes: changes = queued + ... + not needed", ["route", *ROUTE_COLUMNS, "entries"], routes),
        verdict,
    ]
