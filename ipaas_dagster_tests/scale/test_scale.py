"""The page shows what the code computes, and the code computes what it says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ipaas_dagster_tests.scale import model, tables
from ipaas_dagster_tests.scale.day import Plan, simulate
from ipaas_dagster_tests.scale.vendors import VENDORS, Vendor

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
QUIET = Plan(portals=50, changes=20.0, look=60.0, run=1.0, delivery=1.0, systems=2, cores=10, hours=4.0)


def test_the_page_shows_what_the_code_computes() -> None:
    assert tables.document() in PAGE.read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_day() -> None:
    assert simulate(QUIET) == simulate(QUIET)
    assert simulate(QUIET) != simulate(dataclasses.replace(QUIET, seed=2))


def test_every_change_arrives_or_is_counted_as_left() -> None:
    seen = simulate(QUIET)
    assert seen.changes == pytest.approx(50 * 20 * 4, rel=0.05)
    assert 0 <= seen.left < seen.changes * 0.02


def test_where_cores_are_free_a_change_waits_half_a_look_and_its_runs() -> None:
    seen = simulate(QUIET)
    assert seen.half == pytest.approx(60 / 2 + 3, abs=3)
    assert seen.most <= 60 + 3 + 60


def test_runs_cost_what_they_are_busy_for() -> None:
    seen = simulate(QUIET)
    assert seen.busy == pytest.approx(seen.runs * 1.0 / (10 * 4 * 3_600), rel=0.02)


def test_too_few_cores_show_as_changes_that_wait() -> None:
    costly = dataclasses.replace(QUIET, run=3.0, delivery=3.0)
    enough, one = simulate(costly), simulate(dataclasses.replace(costly, cores=1))
    assert one.busy > 0.99 > enough.busy
    assert one.half > 5 * enough.half


def test_a_portal_has_one_run_at_a_time() -> None:
    long = dataclasses.replace(QUIET, portals=1, changes=3_600.0, look=10.0, run=500.0, delivery=500.0, cores=10)
    assert simulate(long).busy <= 1 / 10


def test_a_delivery_takes_as_long_as_what_bounds_it() -> None:
    vendor = Vendor("one", cpu=1e-3, calls=0.1, seconds=1.0, a_minute=60)
    assert model.delivery_seconds(vendor, 600) == (600.0, "its limit a minute")
    assert model.delivery_seconds(dataclasses.replace(vendor, a_minute=None), 600) == (60.0, "its answers")


def test_every_system_that_is_delivered_to_is_in_the_tables() -> None:
    from ipaas_dagster.destinations import DESTINATIONS

    assert {vendor.name.split()[0] for vendor in VENDORS} == {kind.name for kind in DESTINATIONS}
