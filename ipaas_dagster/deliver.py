"""Use case 3: queue what changed for a system, and deliver what it is owed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ipaas_dagster.project import Project

if TYPE_CHECKING:
    from ipaas_dagster.destinations.base import Destination, Setting
    from ipaas_dagster.hub import HubHead
    from ipaas_dagster.ledger.guard import Guard
    from ipaas_dagster.mapping import Route
    from ipaas_dagster.mapping.presets import Preset
    from ipaas_dagster.outbox.delivery import Delivery
    from ipaas_dagster.outbox.pauses import Pause
    from ipaas_dagster.outbox.positions import Tally
    from ipaas_dagster.records import Call


@dataclass(frozen=True)
class RouteCounts:
    """One hub collection on its way to one system in this run; `states` holds those of all its entries now, of which
    `blocked_for_good` wait for a record that will not come (`new_blocked`: found so in this run)."""

    changes: int = 0
    queued: int = 0
    coalesced: int = 0
    same_as_delivered: int = 0
    filtered: int = 0
    not_needed: int = 0
    delivered: int = 0
    new_dead: int = 0
    new_blocked: int = 0
    blocked_for_good: int = 0
    states: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DeliverResult:
    """`stopped` says why the system could not be served to the end (unreachable, refused credentials); what is
    owed stays owed. `switched_off` names the missing setting of a system that is not configured. `paused` says why
    nothing is sent to the system, or to some of its routes, until a person lets it go on; `new_pauses` are those of
    this run. `notes` are for a person: deletes that are held from now on."""

    system: str
    routes: Mapping[str, RouteCounts]
    calls: int = 0
    seconds: float = 0.0
    stopped: str | None = None
    switched_off: str | None = None
    notes: tuple[str, ...] = ()
    paused: Mapping[str, str] = field(default_factory=dict)
    """`system` or `system/collection` -> the reason."""
    new_pauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Means:
    """What a delivery is done with; tests bring their own."""

    connect: Callable[[Project, str], Destination]
    wait: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    chunk: int = 20_000
    """Changes read, rendered and queued at a time."""
    patience: float | None = None
    """Seconds that one run waits in all; None: IPAAS_PATIENCE_SECONDS."""
    pins: bool = True
    """Mappings that Instagaze's pipelines give are pinned where there is none yet."""


def deliver(project: Project, system: str, means: Means | None = None) -> DeliverResult:
    """Queue the system's changes, settle doubts, then deliver in order until nothing is deliverable now.

    One deliverer a system: a second one waits for the first (LockTimeout after the limit), and then finds less to
    do. The hub is only read, in short looks; nothing is locked while the system is spoken to. Raises UsageError for
    what is declared wrongly; trouble with the system is no exception but `stopped`.
    """
    started = time.monotonic()
    off = project.worksheet.switched_off(system, project.settings)
    if off is not None:
        _switch_off(project, system)
        return DeliverResult(system, {}, switched_off=off)
    from ipaas_dagster.outbox.garbage import seldom_collected

    notes: list[str] = []
    with project.locks.hold(f"deliver-{system}"), seldom_collected():
        means = means or Means(connect)
        if means.pins and project.worksheet.pipelines:
            from ipaas_dagster.pipelines import follow

            notes += follow(project, system)
        before = _pauses(project, system)
        tallies = queue_changes(project, system, means.chunk, notes)
        delivery, stopped = _drain(project, system, means, {pause.collection for pause in before})
        notes += delivery.remarks_in_words() if delivery else []
        after = _pauses(project, system)
    return DeliverResult(
        system,
        counts_of(project, system, tallies, delivery),
        calls=delivery.calls if delivery else 0,
        seconds=time.monotonic() - started,
        stopped=stopped,
        notes=tuple(notes),
        paused={pause.name: pause.reason for pause in after},
        new_pauses=tuple(pause.name for pause in after if pause not in before),
    )


def _pauses(project: Project, system: str) -> list[Pause]:
    from ipaas_dagster.outbox.pauses import read_pauses

    with project.operations.read() as connection:
        return read_pauses(connection, system)


def connect(project: Project, system: str) -> Destination:
    """The system's destination with its preset. Raises SettingsError, Unreachable."""
    from ipaas_dagster.destinations import destination_kind

    return destination_kind(project.worksheet.system(system).kind.name).connect(setting(project, system))


def setting(project: Project, system: str) -> Setting:
    """The system as its destination needs to know it; holds its secrets."""
    from ipaas_dagster.destinations.base import Setting
    from ipaas_dagster.outbox.linked import StoredLinked
    from ipaas_dagster.outbox.notes import StoredNotes
    from ipaas_dagster.outbox.shapes import shape_of

    preset = project.worksheet.preset(system, project.settings)
    return Setting(
        system,
        preset.fields,
        {route.collection: shape_of(route) for route in project.worksheet.routes(system)},
        project.clock,
        lambda call: record_call(project, call, _guard(preset)),
        notes=StoredNotes(project.operations, system, project.clock),
        linked=StoredLinked(project.operations, system),
        secrets=project.settings.state / "secrets",
    )


def queue_changes(
    project: Project, system: str, chunk: int, notes: list[str], head: HubHead | None = None
) -> dict[str, Tally]:
    """Queue what changed up to `head`, or to the hub's; only for who holds the system's lock."""
    from ipaas_dagster.outbox.catch_up import Reading, catch_up
    from ipaas_dagster.outbox.positions import read_positions

    routes = project.worksheet.routes(system)
    reading = Reading(
        project.operations,
        project.hub,
        project.run_id,
        project.clock,
        project.progress,
        project.settings.hold_share,
        project.settings.hold_records,
        project.settings.hold_change_share,
        project.settings.hold_change_records,
        keeps_hub_ids=project.worksheet.system(system).kind.keeps_hub_ids,
        chunk=chunk,
        say=notes.append,
    )
    with project.operations.read() as connection:
        known = read_positions(connection, system)
    if any(p.enabled for name, p in known.items() if name not in _served(routes)):
        _switch_off(project, system, keep=routes)
    upto = head or project.hub.head()
    return {route.collection: catch_up(reading, route, upto) for route in routes}


def _served(routes: Sequence[Route]) -> set[str]:
    """The hub collections these routes read: their own, and those nested in their payloads."""
    return {name for route in routes for name in (route.collection, *route.nested)}


def _switch_off(project: Project, system: str, keep: Sequence[Route] = ()) -> None:
    """Routes that are not served any more are marked, so that they are seeded when they come back."""
    from ipaas_dagster.outbox.positions import read_positions, switch_off

    kept = _served(keep)
    with project.operations.read() as connection:
        known = read_positions(connection, system)
    if any(position.enabled for name, position in known.items() if name not in kept):
        with project.operations.write() as connection:
            switch_off(connection, system, kept, project.clock())


def _drain(project: Project, system: str, means: Means, paused: set[str]) -> tuple[Delivery | None, str | None]:
    from ipaas_dagster.destinations.base import Unreachable
    from ipaas_dagster.outbox.drain import drain
    from ipaas_dagster.outbox.pauses import WHOLE
    from ipaas_dagster.outbox.sending import how_many_open

    with project.operations.read() as connection:
        owed = how_many_open(connection, system)
    if not owed or WHOLE in paused:
        return None, None
    try:
        destination = means.connect(project, system)
    except Unreachable as error:
        return None, str(error)
    delivery = delivery_to(project, system, destination, means, owed)
    delivery.paused |= paused
    try:
        return delivery, drain(delivery)
    finally:
        destination.close()


def delivery_to(project: Project, system: str, destination: Destination, means: Means, owed: int) -> Delivery:
    """This run's delivery of `owed` entries to an already connected system."""
    from ipaas_dagster.ledger.calls import note_call
    from ipaas_dagster.outbox.absent import why_absent
    from ipaas_dagster.outbox.delivery import Delivery

    return Delivery(
        system,
        project.worksheet.routes(system),
        destination,
        project.operations,
        project.run_id,
        project.clock,
        means.wait,
        means.chance,
        partial(why_absent, project.hub, project.worksheet.routes(system)),
        partial(note_call, guard=_guard(project.worksheet.preset(system, project.settings))),
        project.progress,
        patience=project.settings.patience_seconds if means.patience is None else means.patience,
        total=owed,
    )


def record_call(project: Project, call: Call, guard: Guard) -> None:
    """Write one call of this run into the ledger, in a transaction of its own. Only what is about to be written must
    outlive a loss of power: without its outcome it is in doubt, which is true."""
    from ipaas_dagster.ledger.calls import note_call

    with project.operations.write(survives_power_loss=call.outcome == "intent") as connection:
        note_call(connection, replace(call, run_id=call.run_id or project.run_id), guard)


def _guard(preset: Preset) -> Guard:
    """What must never be written down of the system's calls."""
    from ipaas_dagster.ledger.guard import Guard, secret_parts

    return Guard(secret_parts(preset.fields[name] for name in preset.secrets if name in preset.fields))


def counts_of(
    project: Project, system: str, tallies: Mapping[str, Tally], delivery: Delivery | None
) -> dict[str, RouteCounts]:
    """What was queued and delivered, by hub collection, beside the states of all its entries."""
    from ipaas_dagster.outbox import for_good
    from ipaas_dagster.outbox.sending import states_of

    with project.operations.read() as connection:
        states, blocked = states_of(connection, system), for_good.known(connection, system)
    counts = {}
    for name, tally in tallies.items():
        again = delivery.requeued.get(name, 0) if delivery else 0
        counts[name] = RouteCounts(
            changes=tally.changes + again,
            queued=tally.queued + again,
            coalesced=tally.coalesced,
            same_as_delivered=tally.same_as_delivered,
            filtered=tally.filtered,
            not_needed=tally.not_needed,
            delivered=delivery.delivered.get(name, 0) if delivery else 0,
            new_dead=tally.new_dead + (delivery.died.get(name, 0) if delivery else 0),
            new_blocked=delivery.blocked.get(name, 0) if delivery else 0,
            blocked_for_good=blocked.get(name, 0),
            states=states.get(name, {}),
        )
    return counts
