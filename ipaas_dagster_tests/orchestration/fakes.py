"""An installation whose use cases are played: the definitions are real, the source, hub and systems are not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from ipaas_dagster import contracts
from ipaas_dagster.deliver import DeliverResult, RouteCounts
from ipaas_dagster.errors import Unavailable
from ipaas_dagster.hub.counts import Counts
from ipaas_dagster.merge import MergeResult
from ipaas_dagster.orchestration import UseCases, build_definitions
from ipaas_dagster.orchestration.look import Look, RejectShown
from ipaas_dagster.orchestration.use_cases import ReportShown, SystemShown
from ipaas_dagster.project import Project
from ipaas_dagster.pull import PullResult
from ipaas_dagster.records import Scope
from ipaas_dagster.settings import Settings
from ipaas_dagster.status import RouteStanding
from ipaas_dagster.webhooks.following import Followed

if TYPE_CHECKING:
    from ipaas_dagster.approvals import OpenHold
    from ipaas_dagster.completeness import SystemReconcile
    from ipaas_dagster.reconcile import ReconcileResult

FIRST_DAY = date(2026, 1, 1)
SYSTEMS = (
    SystemShown("sql", "sql", ("customers", "contacts", "invoices"), nested=(("invoices", "invoice_lines"),)),
    SystemShown("crm", "salesforce", ("customers",), switched_off="CRM_TOKEN is not set"),
)


@dataclass
class Played:
    """What happens is set on it before a run, what was asked is read from it after."""

    state: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    cursor: datetime | None = None
    counts: dict[str, Counts] = field(default_factory=dict)
    new_rejects: dict[str, int] = field(default_factory=dict)
    open_rejects: int = 0
    damaged: str | None = None
    routes: dict[str, RouteCounts] = field(default_factory=dict)
    stopped: str | None = None
    source_is_down: set[str] = field(default_factory=set)
    holds: tuple[str, ...] = ()
    not_connected: str | None = None
    news: list[str] = field(default_factory=list)
    left_over: dict[str, str] = field(default_factory=dict)
    hints: dict[str, datetime] = field(default_factory=dict)
    owed: dict[str, str] = field(default_factory=dict)
    standing: dict[str, RouteStanding] = field(default_factory=dict)
    report: ReportShown = field(
        default_factory=lambda: ReportShown("/state/report.html", "all is well", "**all is well**", {"stuck": 0})
    )

    pulls: list[tuple[str, Scope | None]] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    deliveries: list[str] = field(default_factory=list)
    run_ids: set[str] = field(default_factory=set)
    followed: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    open_holds: "list[OpenHold]" = field(default_factory=list)
    alerts_off: str | None = None
    failing: dict[str, list[str]] = field(default_factory=dict)
    alert_checks: list[bool] = field(default_factory=list)
    limits: Settings | None = None
    built: dict[tuple[SystemShown, ...], dg.Definitions] = field(default_factory=dict)

    def open(self, run_id: str | None = None, say: Callable[[str], None] | None = None) -> Project:
        settings = Settings(state=self.state, start_date=FIRST_DAY)
        return Project(settings, run_id=run_id or "looking", clock=lambda: self.now, say=say or (lambda _: None))

    def definitions(self, systems: tuple[SystemShown, ...] = SYSTEMS) -> dg.Definitions:
        """Built once for the same systems, as a code location is."""
        if systems not in self.built:
            self.built[systems] = self._build(systems)
        return self.built[systems]

    def _build(self, systems: tuple[SystemShown, ...]) -> dg.Definitions:
        cases = UseCases(
            pull=self.pull,
            merge=self.merge,
            deliver=self.deliver,
            reconcile=self.reconcile,
            look=self.look,
            merge_findings=self.merge_findings,
            delivery_findings=self.delivery_findings,
            compare=self.compare,
            comparison_findings=lambda project, result: [result.unread] if result.unread else [],
            holds=lambda project: self.open_holds,
            approve=self.approve,
            alerts_off=lambda project: self.alerts_off,
            failing_runs=lambda project: list(self.failing),
            run_ended=self.run_ended,
            check_alerts=self.check_alerts,
            systems=lambda project: systems,
            not_connected=lambda project: self.not_connected,
            changed=self.changed,
            unfinished=lambda project, collections: self.left_over,
            hints=lambda project: self.hints,
            follow=self.follow,
            owed=lambda project: self.owed,
            standing=lambda project, system: self.standing,
            report=lambda project: self.report,
        )
        return build_definitions(self.open, cases)

    def pull(self, project: Project, collection: str, scope: Scope | None) -> PullResult:
        self.run_ids.add(project.run_id)
        self.pulls.append((collection, scope))
        if collection in self.source_is_down:
            raise Unavailable(f"{collection} did not answer", system="instagaze")
        project.say(f"{collection} was read")
        read = scope or (Scope.since(self.cursor) if self.cursor else Scope.full())
        return PullResult(collection, read, f"landing-of-{collection}", 3, 2, 0.25, self.cursor, self.now)

    def follow(self, project: Project, collection: str) -> Followed:
        if collection in self.source_is_down:
            raise Unavailable(f"{collection} did not answer", system="instagaze")
        self.followed.append(collection)
        return Followed(collection, events=5, records=3, asked=3, found=2, gone=1, landings=("a", "b"))

    def merge(self, project: Project, collections: Iterable[str]) -> list[MergeResult]:
        (source,) = collections
        self.merges.append(source)
        counts = {c.name: self.counts.get(c.name, Counts(fetched=3, unchanged=3)) for c in contracts.of_source(source)}
        rejects = self.new_rejects.get(source, 0)
        damaged = self.damaged if source == "accounts" else None
        return [MergeResult(f"landing-of-{source}", source, "full", counts, rejects, damaged=damaged)]

    def look(self, project: Project, collections: Sequence[str], landings: Sequence[str]) -> Mapping[str, Look]:
        reject = RejectShown("instagaze:accounts:7", ("name: is missing",), "2026-11-20T00:00:00Z", new=True)
        return {
            name: Look(
                rows=41,
                sample=({"hub_id": "instagaze:accounts:1", "name": "Zoë & Söhne", "price_minor": 1999},),
                open_rejects=self.open_rejects,
                new_rejects=self.new_rejects.get(contracts.collection(name).source, 0),
                rejects=(reject,) if self.open_rejects else (),
            )
            for name in collections
        }

    def merge_findings(self, project: Project, results: Sequence[MergeResult]) -> list[str]:
        found = [f"{r.new_rejects} records of {r.collection} were rejected" for r in results if r.new_rejects]
        return found + [f"{r.landing_id} is damaged" for r in results if r.damaged] + list(self.holds)

    def deliver(self, project: Project, system: str) -> DeliverResult:
        self.deliveries.append(system)
        return DeliverResult(system, self.routes, calls=4, seconds=0.5, stopped=self.stopped)

    def delivery_findings(self, project: Project, result: DeliverResult) -> list[str]:
        found = [f"{name} has {route.new_dead} dead" for name, route in result.routes.items() if route.new_dead]
        return found + ([f"{result.system}: {result.stopped}"] if result.stopped else [])

    def reconcile(self, project: Project, collection: str) -> "ReconcileResult":
        from ipaas_dagster.reconcile import ReconcileResult

        pulled = self.pull(project, collection, Scope.full())
        merged = tuple(self.merge(project, [collection]))
        return ReconcileResult(collection, pulled, merged, missed=1, deleted=2, held=0, holds=self.holds)

    def compare(self, project: Project, system: str) -> "SystemReconcile":
        from ipaas_dagster.completeness import Comparison, SystemReconcile

        self.compared.append(system)
        routes = {"customers": Comparison(compared=40, missing=1, queued=1)}
        found = ({"in_words": "customers instagaze:accounts:7 is not there any more"},)
        return SystemReconcile(system, routes, found, unread=self.stopped)

    def approve(self, project: Project, hold_id: str) -> str:
        self.open_holds = [hold for hold in self.open_holds if hold.hold_id != hold_id]
        return f"{hold_id}: carried out"

    def run_ended(self, project: Project, name: str, findings: Sequence[str]) -> None:
        if findings:
            self.failing[name] = list(findings)
        else:
            self.failing.pop(name)

    def check_alerts(self, project: Project, thorough: bool) -> int:
        self.alert_checks.append(thorough)
        return len(self.failing)

    def changed(self, project: Project, collections: Sequence[str]) -> Sequence[str]:
        """As the product's: each change is named once."""
        self.limits = project.settings
        found = [name for name in collections if name in self.news]
        self.news = [name for name in self.news if name not in found]
        return found


def materializations(result: Any) -> dict[str, dict[str, Any]]:
    """Asset key as text -> its metadata, values as they are; of a range, the last day's."""
    return {
        event.asset_key.to_user_string(): {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
    }


def failure(result: Any) -> str:
    """What the failed steps said, as the UI shows it."""
    said = [event.step_failure_data.user_failure_data for event in result.all_events if event.is_step_failure]
    return " | ".join(one.description for one in said)
