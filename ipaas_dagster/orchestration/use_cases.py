"""The seam between Dagster and the product: every call that an asset, schedule or sensor makes, as one value.

The defaults are the product's; tests pass fakes. Each default imports what it needs when it is called, so
that loading the definitions stays fast.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ipaas_dagster.project import Project
from ipaas_dagster.records import Scope

if TYPE_CHECKING:
    from ipaas_dagster.approvals import OpenHold
    from ipaas_dagster.completeness import SystemReconcile
    from ipaas_dagster.deliver import DeliverResult
    from ipaas_dagster.merge import MergeResult
    from ipaas_dagster.orchestration.look import Look
    from ipaas_dagster.orchestration.mending import Mended
    from ipaas_dagster.prune import Forgotten
    from ipaas_dagster.pull import PullResult
    from ipaas_dagster.reconcile import ReconcileResult
    from ipaas_dagster.status import RouteStanding
    from ipaas_dagster.webhooks.following import Followed


@dataclass(frozen=True)
class SystemShown:
    """A system of the worksheet as the asset graph shows it. `switched_off` says which setting is missing; `nested`:
    (collection, one that stands in its records there)."""

    name: str
    kind: str
    collections: tuple[str, ...]
    switched_off: str | None = None
    nested: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ReportShown:
    """The written report. `numbers` are plotted; `findings` name the sums that do not add up, `stale` the collections
    that were not read for long."""

    file: str
    verdict: str
    summary: str
    numbers: Mapping[str, float]
    findings: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


@dataclass(frozen=True)
class TraceShown:
    """A trace as lines for people, and whole as JSON values. Not `found`: the last line says what to try."""

    hub_id: str
    found: bool
    lines: tuple[str, ...]
    document: Mapping[str, object]


def _pull(project: Project, collection: str, scope: Scope | None) -> "PullResult":
    from ipaas_dagster.pull import pull

    return pull(project, collection, scope)


def _merge(project: Project, collections: Iterable[str]) -> "list[MergeResult]":
    from ipaas_dagster.merge import merge
    from ipaas_dagster.webhooks.hints import settle

    results = merge(project, collections)
    settle(project)
    return results


def _deliver(project: Project, system: str) -> "DeliverResult":
    from ipaas_dagster.deliver import deliver
    from ipaas_dagster.webhooks.checking import check_changed

    check_changed(project, system)
    return deliver(project, system)


def _reconcile(project: Project, collection: str) -> "ReconcileResult":
    from ipaas_dagster.reconcile import reconcile
    from ipaas_dagster.webhooks.hints import reconciled

    started = project.clock()
    result = reconcile(project, collection)
    reconciled(project, collection, started)
    return result


def _merge_findings(project: Project, results: "Sequence[MergeResult]") -> list[str]:
    from ipaas_dagster.findings import of_merges

    return of_merges(project, results)


def _delivery_findings(project: Project, result: "DeliverResult") -> list[str]:
    from ipaas_dagster.findings import of_delivery

    return of_delivery(project, result)


def _look(project: Project, collections: Sequence[str], landings: Sequence[str]) -> "Mapping[str, Look]":
    from ipaas_dagster.orchestration.look import look

    return look(project, collections, landings)


def _systems(project: Project) -> tuple[SystemShown, ...]:
    from ipaas_dagster.orchestration.systems import systems

    return systems(project)


def _not_connected(project: Project) -> str | None:
    from ipaas_dagster.orchestration.due import not_connected

    return not_connected(project)


def _changed(project: Project, collections: Sequence[str]) -> Sequence[str]:
    from ipaas_dagster.orchestration.due import changed

    return changed(project, collections)


def _unfinished(project: Project, collections: Sequence[str]) -> Mapping[str, str]:
    from ipaas_dagster.orchestration.due import unfinished

    return unfinished(project, collections)


def _hints(project: Project) -> Mapping[str, datetime]:
    from ipaas_dagster.source.collections import POLLED
    from ipaas_dagster.webhooks.hints import waiting_hints

    return waiting_hints(project, POLLED)


def _follow(project: Project, collection: str) -> "Followed":
    from ipaas_dagster.webhooks.following import follow

    return follow(project, collection)


def _owed(project: Project) -> Mapping[str, str]:
    from ipaas_dagster.orchestration.owed import owed
    from ipaas_dagster.webhooks.checking import changed_systems

    told, found = changed_systems(project), owed(project)
    return {name: ", ".join([*told.get(name, "").splitlines(), found.get(name, "")]) for name in [*found, *told]}


def _trace(project: Project, asked: Mapping[str, object]) -> TraceShown:
    from ipaas_dagster.orchestration.tracing import shown_trace

    return shown_trace(project, asked)


def _standing(project: Project, system: str) -> "Mapping[str, RouteStanding]":
    from ipaas_dagster.status import route_standings

    return route_standings(project, system)


def _report(project: Project) -> "ReportShown":
    from ipaas_dagster.orchestration.reporting import shown_report

    return shown_report(project)


def _compare(project: Project, system: str) -> "SystemReconcile":
    from ipaas_dagster.completeness import reconcile_system

    return reconcile_system(project, system)


def _comparison_findings(project: Project, result: "SystemReconcile") -> list[str]:
    from ipaas_dagster.findings import of_comparison

    return of_comparison(project, result)


def _holds(project: Project) -> "list[OpenHold]":
    from ipaas_dagster.approvals import open_holds

    return open_holds(project)


def _approve(project: Project, hold_id: str) -> str:
    from ipaas_dagster.approvals import approve

    return f"{hold_id}: {approve(project, hold_id).says or 'carried out'}"


def _alerts_off(project: Project) -> str | None:
    from ipaas_dagster.alerts import switched_off

    return switched_off(project)


def _failing_runs(project: Project) -> Sequence[str]:
    from ipaas_dagster.alerts import open_alerts

    return [alert.cause.partition(":")[2] for alert in open_alerts(project) if alert.kind == "run"]


def _run_ended(project: Project, name: str, findings: Sequence[str]) -> None:
    from ipaas_dagster.alerts import note_run

    note_run(project, name, findings)


def _check_alerts(project: Project, thorough: bool) -> int:
    from ipaas_dagster.alerts import check

    return len(check(project, thorough=thorough))


def _mend_dead(project: Project, asked: Mapping[str, Any]) -> "Mended":
    from ipaas_dagster.orchestration.mending import mend_dead

    return mend_dead(project, asked)


def _mend_rejects(project: Project, asked: Mapping[str, Any]) -> "Mended":
    from ipaas_dagster.orchestration.mending import mend_rejects

    return mend_rejects(project, asked)


def _prune(project: Project) -> "Forgotten":
    from ipaas_dagster.prune import prune

    return prune(project)


@dataclass(frozen=True)
class UseCases:
    """What the definitions call; the types say how."""

    pull: "Callable[[Project, str, Scope | None], PullResult]" = _pull
    merge: "Callable[[Project, Iterable[str]], list[MergeResult]]" = _merge
    deliver: "Callable[[Project, str], DeliverResult]" = _deliver
    reconcile: "Callable[[Project, str], ReconcileResult]" = _reconcile
    merge_findings: "Callable[[Project, Sequence[MergeResult]], list[str]]" = _merge_findings
    delivery_findings: "Callable[[Project, DeliverResult], list[str]]" = _delivery_findings
    """What is new and needs a person, in words; a run with any ends failed."""
    look: "Callable[[Project, Sequence[str], Sequence[str]], Mapping[str, Look]]" = _look
    """What the UI shows of hub collections, with the rejects that these landings opened."""
    systems: Callable[[Project], tuple[SystemShown, ...]] = _systems
    not_connected: Callable[[Project], str | None] = _not_connected
    """Why the source cannot be asked yet, so that an installation without a token launches nothing."""
    changed: Callable[[Project, Sequence[str]], Sequence[str]] = _changed
    """The collections with something newer than their probe mark; moves the mark: each change is named
    once."""
    unfinished: Callable[[Project, Sequence[str]], Mapping[str, str]] = _unfinished
    """The collections whose last launched run did not end its work, with the reason."""
    hints: Callable[[Project], Mapping[str, datetime]] = _hints
    """Source collections that webhooks wait for, with the time of the newest."""
    follow: "Callable[[Project, str], Followed]" = _follow
    """Reads again the records that these webhooks named; they are done once that is merged."""
    owed: Callable[[Project], Mapping[str, str]] = _owed
    """The systems to which something can be delivered now, with a text that changes when that something
    does."""
    trace: Callable[[Project, Mapping[str, object]], TraceShown] = _trace
    """One record's trace; the mapping is the `trace` job's configuration."""
    standing: "Callable[[Project, str], Mapping[str, RouteStanding]]" = _standing
    """A system's routes by hub collection: what is owed, and since when."""
    report: Callable[[Project], ReportShown] = _report
    """Writes the report."""
    mend_dead: "Callable[[Project, Mapping[str, Any]], Mended]" = _mend_dead
    """Lists, shows, retries or discards; the mapping is the `dead_letters` job's configuration."""
    mend_rejects: "Callable[[Project, Mapping[str, Any]], Mended]" = _mend_rejects
    prune: "Callable[[Project], Forgotten]" = _prune
    compare: "Callable[[Project, str], SystemReconcile]" = _compare
    comparison_findings: "Callable[[Project, SystemReconcile], list[str]]" = _comparison_findings
    holds: "Callable[[Project], list[OpenHold]]" = _holds
    approve: Callable[[Project, str], str] = _approve
    """Lets a hold go; returns what comes of it, in words."""
    alerts_off: Callable[[Project], str | None] = _alerts_off
    failing_runs: Callable[[Project], Sequence[str]] = _failing_runs
    """Names of the jobs and commands whose last run is an open cause."""
    run_ended: Callable[[Project, str, Sequence[str]], None] = _run_ended
    check_alerts: Callable[[Project, bool], int] = _check_alerts
    """Looks at what is wrong (true: in the hub too), tells it, returns how much is open."""
