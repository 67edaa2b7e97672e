"""What a plan shows of transactions and payments is what is sent."""

from __future__ import annotations

import re
from pathlib import Path

from ipaas_dagster.deliver import Means
from ipaas_dagster.plan import PlanFile, apply, make_plan
from ipaas_dagster.plan.model import PlannedRequest
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.destinations.ipaas_com.world import (
    Company,
    amounts,
    assert_each_once,
    bill,
    contact,
    customer,
    one,
    payment,
)


def planned(world: Company, out: Path) -> PlanFile:
    return make_plan(world.project, "ipaas_com", out, world.destination)


def applied(world: Company, plan: PlanFile) -> None:
    done = apply(world.project, plan, Means(world.destination, wait=world.clock.wait))
    assert (done.skipped, done.result.stopped) == ([], None)


def pattern(request: PlannedRequest) -> re.Pattern[bytes]:
    escaped = re.escape(request.body.encode())
    for hole in request.holes:
        escaped = escaped.replace(re.escape(hole.marker.encode()), rb".*?")
    return re.compile(escaped, re.DOTALL)


def assert_came(plan: PlanFile, there: IpaasCom, after: int) -> None:
    came = [
        e
        for e in there.journal.entries(after)
        if e.method in ("POST", "PUT", "DELETE") and "/External/" not in e.url and "/sso/" not in e.url
    ]
    requests = [request for batch in plan.batches() for request in batch.requests]
    assert [request.method for request in requests] == [e.method for e in came]
    for request, e in zip(requests, came, strict=True):
        assert pattern(request).fullmatch(e.body or b""), (request.body, e.body)


def test_payments_of_an_invoice_that_the_same_plan_makes(world: Company, there: IpaasCom, tmp_path: Path) -> None:
    there.journal.keep_bodies = True
    bill(world, 1000, 2000)
    contact(world, 5, 1)
    plan = planned(world, tmp_path / "plan")
    assert not there.truth("customer")
    applied(world, plan)
    assert_each_once(world, there)
    assert_came(plan, there, 0)
    shown = [r for batch in plan.batches() for r in batch.requests if batch.collection == "payments"]
    assert [{hole.kind for hole in request.holes} for request in shown] == [{"lock_token", "created_id"}] * 2
    assert all('"amount":' in request.body for request in shown), "ours is shown, the rest is a hole"

    before = there.journal.total
    payment(world, 1, 1, 7, 1500)
    payment(world, 3, 1, 7, 300)
    world.hub.drop("payments", "instagaze:transactions:2")
    customer(world, 1, name="Renamed")
    plan = planned(world, tmp_path / "second")
    applied(world, plan)
    assert_came(plan, there, before)
    assert amounts(one(there, "transaction")) == {"1": 15, "3": 3}
    assert_each_once(world, there)
