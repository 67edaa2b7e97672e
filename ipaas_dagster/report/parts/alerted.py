"""Alerts that are open, and whether their receiver was told."""

from __future__ import annotations

from ipaas_dagster.alerts import Alert
from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, moment, named, since
from ipaas_dagster.report.parts.frame import Cell, mark, section, table

MOST = 30


def alerted(facts: Facts) -> Html | None:
    if not facts.alerts:
        return None
    rows = [_row(facts, one) for one in facts.alerts[:MOST]]
    shown = table("Open alerts", ["Alert", "Since (UTC)", "Told"], rows)
    return section("alerts", "Alerts", shown, note=facts.alerts_off)


def _row(facts: Facts, one: Alert) -> list[Cell]:
    if one.told_at is not None:
        told = [mark("good", "told"), " ", moment(one.told_at)]
    elif facts.alerts_off is not None:
        told = [mark("quiet", "told to nobody")]
    else:
        told = [mark("warn", "not told yet"), " ", named(one.trouble or "")]
    return [Cell(named(one.message)), Cell(since(one.opened_at, facts.status.at)), Cell(told)]
