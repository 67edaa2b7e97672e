"""The balance: both halves of the promise, computed from the stores alone, after every run and every crash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipaas_dagster.ledger.landing_balance import LandingBalance, landing_balance
from ipaas_dagster.ledger.outbox_balance import outbox_balance
from ipaas_dagster.ledger.route_balance import RouteBalance, route_balance

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class Balance:
    """`findings` name every sum that does not add up; with none, every record is accounted for."""

    landings: LandingBalance
    routes: tuple[RouteBalance, ...]
    findings: tuple[str, ...]

    @property
    def true(self) -> bool:
        return not self.findings


def balance(project: Project) -> Balance:
    """Opens the hub for reading twice, each time shortly, and writes nothing."""
    landings = landing_balance(project.operations, project.hub)
    routes = route_balance(project.operations)
    findings = list(landings.findings)
    findings += [finding for collection in landings.collections for finding in collection.findings]
    findings += [finding for route in routes for finding in route.findings]
    findings += outbox_balance(project.operations, project.hub)
    return Balance(landings, routes, tuple(findings))
