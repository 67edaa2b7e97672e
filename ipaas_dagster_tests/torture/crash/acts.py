"""What a crash scenario does that is no single command, each given the project of its process."""

from __future__ import annotations

import os
from datetime import timedelta

from sqlalchemy import select

from ipaas_dagster.alerts import after_run
from ipaas_dagster.approvals import approve, open_holds
from ipaas_dagster.completeness.given import check_records
from ipaas_dagster.deliver import deliver
from ipaas_dagster.ledger.calls import keep_calls
from ipaas_dagster.operations.tables import links
from ipaas_dagster.project import Project
from ipaas_dagster.prune import prune
from ipaas_dagster.records import Call, utc_now
from ipaas_dagster.settings import load
from ipaas_dagster.source.changes import changes, mark_launched
from ipaas_dagster.webhooks import serving
from ipaas_dagster.webhooks.event import Event
from ipaas_dagster.webhooks.rows import Told

YEAR = timedelta(days=400)


def approve_holds(project: Project) -> None:
    """All that waits for a person: mass deletes of the hub and of the routes, mass changes, repairs."""
    for hold in open_holds(project):
        approve(project, hold.hold_id)


def check_records_there(project: Project) -> None:
    """As for a system's own webhook that names some records."""
    with project.hub.reading() as connection:
        assert connection is not None
        rows = connection.execute("SELECT hub_id FROM hub.customers WHERE deleted_at IS NULL LIMIT 3").fetchall()
    check_records(project, "sql", "customers", [row[0] for row in rows])
    deliver(project, "sql")


def tell_alerts(project: Project) -> None:
    """The end of a run that found something, as Dagster's jobs have it."""
    after_run(project, "sync", ["something is new"], thorough=True)


def prune_next_year(project: Project) -> None:
    """Everything there is has become old."""
    prune(Project(project.settings, clock=lambda: utc_now() + YEAR, say=project.say))


def deliver_switched_off(project: Project) -> None:
    """As after somebody removed the webhook's secret from the environment."""
    environment = {name: value for name, value in os.environ.items() if name != "WEBHOOK_SECRET"}
    without = Project(load(environment, project.settings.state / "no.env"))
    assert deliver(without, "webhook").switched_off
    without.operations.dispose()


def probe(project: Project) -> None:
    """The change sensor's tick, with the launch that it decides on."""
    calls: list[Call] = []
    found = changes(project, record_call=calls.append)
    keep_calls(project, calls)
    mark_launched(project, found)


def take_webhooks(project: Project) -> None:
    """What the receiver does with an event of every account, and of each one's record in the books."""
    serving.warm_up(project)
    with project.hub.reading() as connection:
        rows = [] if connection is None else connection.execute("SELECT source_id FROM hub.customers").fetchall()
    with project.operations.read() as connection_:
        there = connection_.execute(select(links.c.system, links.c.external_id)).all()
    now = project.clock()
    told: list[Told] = [("instagaze", Event(f"{now} {i}", "accounts", i, "update"), now, "") for (i,) in rows]
    told += [(system, Event(f"{now} {i}", "customer", i, "update"), now, "") for system, i in there if i]
    serving.commit(project, told)
