"""What the stores take, and when this was written."""

from __future__ import annotations

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, tag
from ipaas_dagster.report.parts.frame import Cell, section, table


def stored(facts: Facts) -> Html:
    rows = [[Cell(one.store, "head"), Cell(_bytes(one.bytes), "number"), Cell(one.holds)] for one in facts.sizes]
    return section("stored", "What is stored", table("Stores", ["Store", "Size", "Holds"], rows))


def _bytes(size: int | None) -> Html | str:
    if size is None:
        return tag("span", "elsewhere", class_="zero")
    for unit, of in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= of:
            return f"{size / of:,.1f} {unit}"
    return f"{size} B"
