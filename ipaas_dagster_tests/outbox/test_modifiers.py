"""Modifiers that do what they should not, in a delivery: the records they fail on are rejected by the name of the
field, the run goes on, and the rest arrives."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.deliver import DeliverResult
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, config_of, customers

BAD = "Customer 000001"
"""The one of five records on which the modifiers misbehave."""


def on_bad(javascript: str) -> str:
    return f"data => data === '{BAD}' ? {javascript} : data.toUpperCase()"


def delivered(tmp_path: Path, modifier: str, **more: object) -> tuple[World, DeliverResult]:
    fields = {"Number": "number", "Shown": {"from": "name", "modifier": modifier, **more}}
    config = config_of(tmp_path / "config", {"customers": {"fields": fields}})
    world = World(tmp_path, system=FakeSystem(), config=config)
    customers(world.hub, 5)
    return world, world.deliver()


@pytest.mark.parametrize(
    ("javascript", "says"),
    [
        ("(() => { for (;;); })()", "ran longer than its 0.25 s"),
        ("(() => { const all = []; for (;;) all.push(new Array(1e5).fill(7)); })()", "more memory than its 32 MiB"),
        ("'x'.repeat(2e6)", "gave more than 1000000 characters"),
        ("/^(a+)+$/.test('a'.repeat(40) + '!')", "ran longer than its 0.25 s"),
        ("(() => { throw new Error('not this one') })()", "the modifier failed: Error: not this one"),
        ("(function f() { return f() + 1 })()", "the modifier failed"),
        ("data.nothing.here", "the modifier failed: TypeError"),
        ("Math.random()", "the modifier failed: TypeError"),
        ("String(Date.now())", "the modifier failed: TypeError"),
        ("String(new Date())", "there is no clock here"),
        ("require('fs')", "the modifier failed: ReferenceError"),
        ("({})", "the modifier gave an object, not text"),
        ("() => 1", "it gave a function"),
        ("0.1 + 0.2", "the modifier gave a fraction, not text"),
    ],
)
def test_only_the_records_it_fails_on_are_rejected_by_field(tmp_path: Path, javascript: str, says: str) -> None:
    world, result = delivered(tmp_path, on_bad(javascript))
    assert (result.routes["customers"].delivered, result.routes["customers"].new_dead) == (4, 1)
    (dead,) = [entry for entry in world.entries() if entry.state == "dead"]
    assert dead.hub_id == "instagaze:accounts:000001"
    assert dead.reason.startswith("Shown: ")
    assert says in dead.reason
    assert isinstance(world.system, FakeSystem)
    assert sorted(one["Shown"] for one in world.system.holds("customers").values()) == [
        f"CUSTOMER 00000{n}" for n in (0, 2, 3, 4)
    ]
    assert world.deliver().calls == 0
    world.assert_balanced()


def test_a_modifier_that_is_no_function_stops_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="it is not a function"):
        delivered(tmp_path, "'data =>' + 1")


def test_nothing_of_one_batch_reaches_the_next_and_nothing_of_one_record_its_neighbour(tmp_path: Path) -> None:
    """An engine a batch; what could be kept between records is frozen."""
    counting = "(() => { let seen = 0; return data => String(++seen) })()"
    world, _ = delivered(tmp_path, counting)
    assert isinstance(world.system, FakeSystem)
    assert sorted(one["Shown"] for one in world.system.holds("customers").values()) == list("12345")
    world.hub.put("customers", "instagaze:accounts:000000", number="new")
    world.deliver()
    assert world.system.holds("customers")["instagaze:accounts:000000"]["Shown"] == "1"
    keeping = "data => { Array.prototype.seen = data; globalThis.seen = data; return 'x' + [].seen + globalThis.seen }"
    kept, result = delivered(tmp_path / "kept", keeping)
    assert result.routes["customers"].delivered == 5
    assert isinstance(kept.system, FakeSystem)
    assert {one["Shown"] for one in kept.system.holds("customers").values()} == {"xundefinedundefined"}


THRICE = "n => (BigInt(n) * 3n + '').replace(/(..)$/, '.$1')"


def test_money_reaches_a_modifier_as_a_whole_number_and_leaves_it_exactly(tmp_path: Path) -> None:
    fields = {
        "Kind": {"from": "total_minor", "modifier": "n => typeof n + (Number.isInteger(n) ? '' : '!')"},
        "Exact": {
            "from": "total_minor",
            "modifier": "n => (BigInt(n) * 3n + '').replace(/(..)$/, '.$1')",
            "type": "decimal",
        },
        "Rounded": {"from": "total_minor", "modifier": "n => n / 100", "type": "decimal"},
    }
    for name, says in (("Exact", None), ("Rounded", "the modifier gave a fraction, not decimal")):
        templates = {"invoices": {"fields": {"Kind": fields["Kind"], name: fields[name]}}}
        world = World(tmp_path / name, system=FakeSystem(), config=config_of(tmp_path / name / "config", templates))
        world.hub.put("invoices", "instagaze:invoices:1", total_minor=2**53 - 1, currency="USD")
        world.deliver()
        assert isinstance(world.system, FakeSystem)
        if says is None:
            (payload,) = world.system.holds("invoices").values()
            assert (payload["Kind"], str(payload["Exact"])) == ("number", "270215977642229.73")
        else:
            assert says in world.entries()[0].reason
