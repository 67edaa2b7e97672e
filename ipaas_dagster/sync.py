"""The use cases one after another in this process: pull, merge, deliver; or reconcile, deliver; or what webhooks told.

The failure of one collection or system stops no other: all good work is done first, then what is new is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ipaas_dagster import findings
from ipaas_dagster.completeness import SystemReconcile, reconcile_system
from ipaas_dagster.deliver import DeliverResult, deliver
from ipaas_dagster.errors import IpaasError, UsageError, unexpected
from ipaas_dagster.merge import MergeResult, merge, waiting
from ipaas_dagster.project import Project
from ipaas_dagster.pull import PullResult, pull
from ipaas_dagster.reconcile import ReconcileResult, reconcile
from ipaas_dagster.records import Scope
from ipaas_dagster.webhooks.checking import Checked, changed_systems, check_changed
from ipaas_dagster.webhooks.following import Followed, follow
from ipaas_dagster.webhooks.hints import Hints, read_hints, reconciled, settle, waiting_hints


@dataclass(frozen=True)
class UseCases:
    """What is called; a test hands in others."""

    pull: Callable[[Project, str, Scope | None], PullResult] = pull
    merge: Callable[[Project, Iterable[str] | None], list[MergeResult]] = merge
    waiting: Callable[[Project, tuple[str, ...]], Sequence[object]] = waiting
    reconcile: Callable[[Project, str], ReconcileResult] = reconcile
    deliver: Callable[[Project, str], DeliverResult] = deliver
    compare: Callable[[Project, str, bool], SystemReconcile] = lambda project, system, deliver_too: reconcile_system(
        project, system, deliver_too=deliver_too
    )


@dataclass
class Outcome:
    """What was done, in order, and the `findings` that are new and need a person."""

    pulled: list[PullResult] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)
    checked: list[Checked] = field(default_factory=list)
    merged: list[MergeResult] = field(default_factory=list)
    reconciled: list[ReconcileResult] = field(default_factory=list)
    delivered: list[DeliverResult] = field(default_factory=list)
    compared: list[SystemReconcile] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    unexpected: list[Exception] = field(default_factory=list)
    """Failures that nobody foresaw, for who wants to see where they arose."""


def sync(
    project: Project,
    scopes: Sequence[tuple[str, Scope | None]],
    systems: Sequence[str],
    *,
    use: UseCases | None = None,
) -> Outcome:
    """Pull each collection in its scope (None: since its cursor), merge what waits, deliver to `systems`.

    Webhooks that wait for a collection are followed with its poll; a window answers none.
    """
    use, outcome = use or UseCases(), Outcome()
    told = waiting_hints(project, [collection for collection, scope in scopes if scope is None or scope.kind == "full"])
    for collection, scope in scopes:
        with _apart(outcome, collection):
            hints = read_hints(project, collection) if collection in told else None
            pulled = use.pull(project, collection, scope)
            outcome.pulled.append(pulled)
            if hints is not None:
                _follow(project, hints, pulled, outcome)
    _merge(project, [collection for collection, _ in scopes], outcome, use)
    _deliver(project, systems, outcome, use)
    return outcome


def sync_inbox(project: Project, systems: Sequence[str], *, use: UseCases | None = None) -> Outcome:
    """Read again what webhooks named and nothing else, merge it, deliver to `systems`."""
    use, outcome = use or UseCases(), Outcome()
    told = waiting_hints(project)
    for collection in told:
        with _apart(outcome, collection):
            _follow(project, read_hints(project, collection), None, outcome)
    _merge(project, list(told), outcome, use)
    _deliver(project, systems, outcome, use)
    return outcome


def _follow(project: Project, hints: Hints, polled: PullResult | None, outcome: Outcome) -> None:
    followed = follow(project, hints.collection, hints, polled)
    outcome.followed.append(followed)
    outcome.findings += findings.of_followed(followed)


def reconcile_all(
    project: Project,
    collections: Sequence[str],
    systems: Sequence[str],
    *,
    compare: Sequence[str] = (),
    use: UseCases | None = None,
) -> Outcome:
    """Reconcile each collection with the source, then deliver the repairs to `systems`; then each system of `compare`
    with the hub, whose repairs are delivered where it is one of `systems` too."""
    use, outcome = use or UseCases(), Outcome()
    for collection in collections:
        with _apart(outcome, collection):
            started = project.clock()
            result = use.reconcile(project, collection)
            reconciled(project, collection, started)
            outcome.reconciled.append(result)
            outcome.findings += findings.of_merges(project, result.merged)
            outcome.findings += [
                f"{collection}: {hold} holds deletes for a person; look with `ipaas approve list`"
                for hold in result.holds
                if not any(hold in merged.holds for merged in result.merged)
            ]
    _deliver(project, [system for system in systems if system not in compare], outcome, use)
    for system in compare:
        with _apart(outcome, system):
            compared = use.compare(project, system, system in systems)
            outcome.compared.append(compared)
            outcome.delivered += compared.delivered
            outcome.findings += findings.of_comparison(project, compared)
    return outcome


def deliver_all(project: Project, systems: Sequence[str], *, use: UseCases | None = None) -> Outcome:
    """Deliver what these systems are owed."""
    outcome = Outcome()
    _deliver(project, systems, outcome, use or UseCases())
    return outcome


def _merge(project: Project, collections: Sequence[str], outcome: Outcome, use: UseCases) -> None:
    """One collection at a time, so that what goes wrong in one stops no other."""
    with _apart(outcome, "hub"):
        use.merge(project, ())  # settles what a crash left, also where nothing waits
    for collection in dict.fromkeys(collections):
        with _apart(outcome, collection):
            if use.waiting(project, (collection,)):
                results = use.merge(project, (collection,))
                outcome.merged += results
                outcome.findings += findings.of_merges(project, results)
    with _apart(outcome, "inbox"):
        settle(project)


def _deliver(project: Project, systems: Sequence[str], outcome: Outcome, use: UseCases) -> None:
    """Systems one after another: a slow one delays the others, but never stops them."""
    changed = changed_systems(project) if systems else {}
    for system in systems:
        with _apart(outcome, system):
            if system in changed:
                outcome.checked.append(check_changed(project, system))
            result = use.deliver(project, system)
            outcome.delivered.append(result)
            outcome.findings += findings.of_delivery(project, result)


@contextmanager
def _apart(outcome: Outcome, name: str) -> Iterator[None]:
    """What fails in the block is a finding of `name`, and the work goes on. Wrong settings stop it all."""
    try:
        yield
    except UsageError:
        raise
    except IpaasError as error:
        outcome.findings.append(f"{name}: {error}")
    except Exception as error:
        outcome.findings.append(f"{name}: {unexpected(error)}")
        outcome.unexpected.append(error)
