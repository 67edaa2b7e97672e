"""What the stores take, and what says how long it is kept."""

from __future__ import annotations

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, Part, tag
from ipaas_dagster.report.parts.frame import Cell, section, table
from ipaas_dagster.sizes import Size


def stored(facts: Facts) -> Html:
    rows = [_row(one) for one in facts.sizes]
    names = ["Store", "Part", "Rows", "Size", "Kept by"]
    shown = tag("details", tag("summary", _in_short(facts)), table("Stores", names, rows))
    return section("stored", "What is stored", shown)


def _in_short(facts: Facts) -> str:
    """Of the stores that can tell."""
    taken: dict[str, int] = {}
    for one in facts.sizes:
        if one.bytes is not None:
            taken[one.store] = taken.get(one.store, 0) + one.bytes
    return ", ".join(f"{store} {in_bytes(size)}" for store, size in taken.items()) or "by part"


def _row(one: Size) -> list[Cell]:
    rows: Part = one.rows if one.rows is not None else "–"
    size = in_bytes(one.bytes) if one.bytes is not None else "–"
    return [
        Cell(one.store, "head"),
        Cell(one.part),
        Cell(rows, "number"),
        Cell(size, "number"),
        Cell(one.settings or "–"),
    ]


def in_bytes(size: int) -> str:
    for unit, of in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= of:
            return f"{size / of:,.1f} {unit}"
    return f"{size} B"
