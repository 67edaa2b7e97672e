"""The tables of docs/scale.md, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ipaas_dagster_tests.scale import constants as c
from ipaas_dagster_tests.scale import model
from ipaas_dagster_tests.scale.constants import Number
from ipaas_dagster_tests.scale.day import Plan, simulate
from ipaas_dagster_tests.scale.vendors import VENDORS

LOOKS = (30.0, 300.0, 900.0)
SAMPLE = 200
"""Portals that a day is simulated for; cores and runs of all are this many times more."""


def document() -> str:
    """All tables, each below its heading."""
    parts = (
        ("What goes in", inputs()),
        ("A first load", first_load()),
        ("Deliveries of a first load", deliveries()),
        ("Every day", every_day()),
        ("Looking for changes", looking()),
        ("A day of many portals, simulated", days()),
        ("Dagster itself", dagster()),
    )
    return "\n\n".join(f"### {heading}\n\n{table}" for heading, table in parts)


def inputs() -> str:
    numbers = [value for value in vars(c).values() if isinstance(value, Number)]
    order = (c.MEASURED, c.VENDOR, c.ASSUMED)
    rows = [(_value(n), n.unit, n.what, n.origin) for n in sorted(numbers, key=lambda n: order.index(n.origin))]
    return _table(("value", "unit", "what", "origin"), rows)


def first_load() -> str:
    rows = []
    for name, portals in (("one portal", 1.0), (f"{c.PORTALS.value:,.0f} portals", c.PORTALS.value)):
        load = model.Load(c.RECORDS.value / c.PORTALS.value * portals)
        sizes = {what: _bytes(size) for what, size in load.bytes.items()}
        rows.append((name, _short(load.records), _short(load.pages), _time(load.source_seconds), _time(load.scan_cpu)))
        rows[-1] += (_time(load.merge_cpu), " + ".join(map(_time, load.served_cpu)), *sizes.values())
    heads = ("", "hub records", "requests", "waiting for the source", "scan, a core", "merge into DuckDB, a core")
    heads += ("merge into PostgreSQL, our core + its",)
    return _table((*heads, *model.Load(1.0).bytes), rows)


def deliveries() -> str:
    records = c.RECORDS.value / c.PORTALS.value
    rows = []
    for vendor in VENDORS:
        seconds, why = model.delivery_seconds(vendor, records)
        cores = c.RECORDS.value * vendor.cpu
        rows.append((vendor.name, _short(records * vendor.calls), _time(seconds), why, _time(cores), vendor.limit))
    heads = ("system", "calls a portal", "one portal takes", "bound by", "all portals, a core", "what its vendor says")
    return _table(heads, rows)


def every_day() -> str:
    changed = c.RECORDS.value * c.CHANGED_A_DAY.value
    entries = changed * c.SYSTEMS.value
    rows = [
        ("changes", _short(changed), ""),
        ("scan and merge", "", _time(changed * (c.MERGE_CPU.value + c.SCAN_CPU.value / c.HUB_PER_SOURCE.value))),
        ("delivery to sql and files", _short(entries), _time(entries * (VENDORS[0].cpu + VENDORS[1].cpu) / 2)),
        ("operations grow by", _bytes(entries * c.OUTBOX_BYTES.value), ""),
        ("landings grow by", _bytes(changed / c.HUB_PER_SOURCE.value * c.LANDING_BYTES.value), ""),
        ("storage of everything, a month", f"${model.month_of_storage():,.0f}", ""),
    ]
    return _table(("", "a day", "time of a core"), rows)


def looking() -> str:
    rows = []
    for seconds in LOOKS:
        polls = model.polls_a_day(seconds)
        rows.append((_time(seconds), _short(polls / c.PORTALS.value), _short(polls), f"{polls / model.DAY:,.0f}"))
    return _table(("a look every", "requests a day, a portal", "of all portals", "requests a second, all"), rows)


def days() -> str:
    an_hour = c.RECORDS.value / c.PORTALS.value * c.CHANGED_A_DAY.value / c.BUSY_HOURS.value
    kinds = (
        ("Dagster runs", c.RUN_CPU.value, c.DELIVERY_CPU.value),
        ("`ipaas sync`, which delivers too", c.SYNC_CPU.value, 0.0),
    )
    rows = []
    for look in LOOKS:
        for name, run, delivery in kinds:
            plan = _enough(Plan(SAMPLE, an_hour, look, run, delivery, int(c.SYSTEMS.value), cores=1))
            seen, more = simulate(plan), c.PORTALS.value / SAMPLE
            launched = seen.runs if delivery else seen.runs / (1 + plan.systems)
            runs = launched / plan.hours * c.BUSY_HOURS.value * more
            waits = (_time(seen.half), _time(seen.most))
            rows.append((_time(look), name, _short(runs), f"{plan.cores * more:,.0f}", f"{seen.busy:.0%}", *waits))
    heads = (
        "a look every",
        "work by",
        "launched a day",
        "cores",
        "busy",
        "half of the changes wait",
        "99% wait at most",
    )
    return _table(heads, rows)


def dagster() -> str:
    rows = []
    for portals in (1.0, 100.0, c.PORTALS.value):
        ticks = portals * c.TICKS.value
        cores = ticks * c.TICK_CPU.value / model.DAY
        runs = portals * model.DAY / LOOKS[-1] * (1 + c.SYSTEMS.value)
        sizes = (_bytes(portals * c.CODE_BYTES.value), _bytes(runs * c.EVENTS_BYTES.value))
        rows.append((f"{portals:,.0f}", _short(ticks / model.DAY), f"{cores:,.2g}", sizes[0], _short(runs), sizes[1]))
    heads = ("portals", "ticks a second", "cores for ticks", "memory of code servers", "runs a day, at most")
    return _table((*heads, "events a day, at most"), rows)


def _enough(plan: Plan) -> Plan:
    """With the fewest cores, to a twentieth, that are busy at most four fifths of the time."""
    while simulate(plan).busy > 0.8:
        plan = replace(plan, cores=max(plan.cores + 1, round(plan.cores * 1.05)))
    return plan


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
    return "\n".join(lines)


def _value(number: Number) -> str:
    return f"{number.value * 1e6:g} millionths" if number.value < 1e-3 else f"{number.value:,g}"


def _short(count: float) -> str:
    for size, name in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= size:
            return f"{count / size:,.3g}{name}"
    return f"{count:,.3g}"


def _bytes(count: float) -> str:
    return f"{_short(count)}B"


def _time(seconds: float) -> str:
    for size, name in ((model.MONTH, "months"), (model.DAY, "days"), (model.HOUR, "h"), (model.MINUTE, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.3g} {name}"
    return f"{seconds:.3g} s"
