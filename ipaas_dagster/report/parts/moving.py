"""What is on its way and needs nobody; what waits for a word."""

from __future__ import annotations

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, moment, named, since, tag, with_code
from ipaas_dagster.report.parts.frame import Cell, mark, section, table
from ipaas_dagster.status import OnItsWay, Waiting

MOST = 40
TONES = {"pipeline": "warn", "differs": "warn", "switched off": "quiet", "damaged landing": "warn", "stale": "warn"}


def moving(facts: Facts) -> Html:
    return tag("div", _on_its_way(facts), _waiting(facts), class_="pair")


def _on_its_way(facts: Facts) -> Html:
    found = facts.status.on_its_way
    if not found:
        return section("moving", "On the way", mark("good", "Nothing is on the way."))

    def row(one: OnItsWay) -> list[Cell]:
        why = [
            mark("info", one.what.replace("_", " ")),
            tag("span", named(one.cause), class_="why") if one.cause else None,
        ]
        again = [" next attempt ", moment(one.next_attempt_at)] if one.next_attempt_at else None
        return [
            Cell(tag("strong", one.count), "number"),
            Cell([tag("strong", one.where), " ", tag("span", one.collection, class_="kinds")]),
            Cell([why, tag("span", again, class_="said") if again else None]),
            Cell(since(one.since, facts.status.at) if one.since else "–"),
        ]

    rows = [row(one) for one in found[:MOST]]
    rest = tag("p", f"and {len(found) - MOST:,} more", class_="note") if len(found) > MOST else None
    shown = table("Open deliveries and landings", ["Records", "Where", "State", "Since (UTC)"], rows)
    return section("moving", "On the way", shown, rest, note="The next runs move these; nothing to do.")


def _waiting(facts: Facts) -> Html:
    """Holds and pauses stand among what is stuck."""
    found = facts.status.waiting
    if not found:
        return section("waiting", "Set aside, or not set up", mark("good", "Nothing is."))

    def row(one: Waiting) -> list[Cell]:
        return [Cell(mark(TONES[one.what], one.what)), Cell(tag("strong", one.name)), Cell(with_code(one.says))]

    rows = [row(one) for one in found[:MOST]]
    note = (
        "Holds up no record: what is switched off, pipelines to approve, damaged landings, what was not read for long."
    )
    return section("waiting", "Set aside, or not set up", table("Waiting", ["What", "Name", "Says"], rows), note=note)
