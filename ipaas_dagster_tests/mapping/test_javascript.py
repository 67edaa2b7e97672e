"""The sandbox: what goes in and out exactly, what is not there, and what its limits stop."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.mapping import RenderError
from ipaas_dagster.mapping.javascript import STUCK_IN_A_ROW, Function, ModifierFailed

from .conftest import RouteOf, record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
SAME = Function("data => data")


@given(JSON)
def test_values_come_back_as_they_went_in(value: Any) -> None:
    assert SAME(value) == value


def test_half_a_character_is_left_out_rather_than_sent_broken() -> None:
    assert Function("data => data.substring(0, 3)")("ab😀") == "ab"


@pytest.mark.parametrize(
    "expression",
    [
        "Math.random()",
        "Date.now()",
        "new Date()",
        "Date()",
        "new (new Date(0).constructor)()",
        "performance.now()",
        "Function('return this')().Date.now()",
        "new WeakRef({})",
        "new FinalizationRegistry(() => 0)",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)",
        "require('os')",
        "process.env",
        "fetch('http://localhost')",
        "std.getenv('HOME')",
        "import('os')",
        "setTimeout(() => 0, 1)",
        "console.log(1)",
    ],
)
def test_there_is_no_clock_randomness_or_way_out(expression: str) -> None:
    with pytest.raises(ModifierFailed):
        Function(f"data => {expression}")("x")


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("d => new Date('2026-01-31T23:30:00Z').getHours()", 23),
        ("d => new Date(2026, 0, 31).toISOString()", "2026-01-31T00:00:00.000Z"),
        ("d => new Date(0).getTimezoneOffset()", 0),
    ],
)
def test_dates_are_those_of_utc_wherever_it_runs(source: str, result: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert Function(source)("x") == result


@pytest.mark.parametrize(
    "source",
    [
        "d => { globalThis.seen = (globalThis.seen || 0) + 1; return globalThis.seen }",
        "d => { Array.prototype.seen = ([].seen || 0) + 1; return [].seen }",
        "d => { JSON.stringify = () => '\"mine\"'; return String(d) }",
        "d => { String.prototype.isWellFormed = () => d.seen; return String(d) }",
    ],
)
def test_one_record_leaves_nothing_behind_for_the_next(source: str) -> None:
    function = Function(source)
    assert function("x") == function("x")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("d => { throw new Error('no such customer') }", "Error: no such customer"),
        ("d => d.a.b.c", "TypeError"),
        ("d => { for (;;); }", "longer than its"),
        ("d => /^(a+)+$/.test('a'.repeat(40) + 'b')", "longer than its"),
        ("d => { const all = []; for (;;) all.push('x'.repeat(1000)) }", "more memory"),
        ("d => 'x'.repeat(2 ** 29)", "more memory"),
        ("d => 'x'.repeat(2000000)", "more than 1000000 characters"),
        ("function f(d) { return f(d) + 1 }", "call stack"),
        ("d => NaN", "cannot be passed on exactly"),
        ("d => 1 / 0", "cannot be passed on exactly"),
        ("d => 2 ** 53", "cannot be passed on exactly"),
        ("d => 1e300", "cannot be passed on exactly"),
        ("d => () => 1", "gave a function"),
        ("d => Symbol()", "gave a symbol"),
        ("async d => d", "gave a promise"),
        ("d => ({ a: 1n })", "BigInt"),
    ],
)
def test_what_goes_wrong_is_told_and_the_next_value_is_served(source: str, says: str) -> None:
    body = f"d => d === 'bad' ? ({source})(d) : 'fine'"
    function = Function(body)
    with pytest.raises(ModifierFailed, match=says.replace("(", r"\(")):
        function("bad")
    assert function("good") == "fine"


def test_a_big_integer_comes_out_exactly() -> None:
    assert Function("d => BigInt(d) * 10n")("9007199254740993") == 90071992547409930


LOOPS_ON_SOME = "    X: {from: number, modifier: \"d => { while (d.startsWith('loop')); return d }\"}"


def test_in_a_batch_only_the_records_it_fails_on_are_rejected(route_of: RouteOf) -> None:
    route = route_of("invoices", f"  fields:\n{LOOPS_ON_SOME}")
    numbers = ["a", "loop 1", "b", "loop 2", "c"]
    results = route.render_many(record("invoices", number=number) for number in numbers)
    assert [isinstance(result, RenderError) and result.field for result in results] == [
        False,
        "X",
        False,
        "X",
        False,
    ]


def test_a_modifier_that_always_loops_does_not_hold_up_the_run(route_of: RouteOf) -> None:
    route = route_of("invoices", f"  fields:\n{LOOPS_ON_SOME}")
    results = route.render_many(record("invoices", number="loop") for _ in range(5000))
    reasons = [result.reason for result in results if isinstance(result, RenderError)]
    assert len(reasons) == 5000
    assert sum("not tried" in reason for reason in reasons) == 5000 - STUCK_IN_A_ROW
    again = route.render_many([record("invoices", number="fine")])
    assert not isinstance(again[0], RenderError)
