"""What is stuck, where, why, since when, and what mends it: by cause, the oldest first."""

from __future__ import annotations

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, Part, named, since, tag, with_code
from ipaas_dagster.report.parts.frame import Cell, anchor, mark, section, table
from ipaas_dagster.status import Stuck

MOST = 50
WORDS = {
    "rejected": "rejected",
    "dead": "dead letters",
    "blocked": "blocked for good",
    "paused": "paused",
    "switched_off": "switched off",
    "held": "held",
}
TONES = {"rejected": "bad", "dead": "bad", "blocked": "warn", "paused": "warn", "switched_off": "warn", "held": "info"}


def stuck(facts: Facts) -> Html:
    found = facts.status.stuck
    if not found:
        return section("stuck", "Stuck", mark("good", "Nothing is stuck."))
    names = ["Records", "Where", "Why", "Since (UTC)", "For example", "To mend it"]
    rows = [_row(facts, one) for one in found[:MOST]]
    beyond = found[MOST:]
    more = f"{len(beyond):,} causes more, with {sum(one.records for one in beyond):,} records: `ipaas status --json`."
    note = "By cause, the oldest first. None of these is lost: each is kept, and goes on once its cause is mended."
    rest = tag("p", with_code(more), class_="note") if beyond else None
    return section("stuck", "Stuck: what waits for a person", table("Causes", names, rows, "wide"), rest, note=note)


def _row(facts: Facts, one: Stuck) -> list[Cell]:
    kinds = ", ".join(f"{name} {count:,}" for name, count in one.collections.items())
    place = [tag("strong", one.where), " ", tag("span", kinds, class_="kinds")]
    said = one.reason if one.reason and one.reason != one.cause else None
    why = [mark(TONES[one.state], WORDS[one.state]), tag("span", named(one.cause), class_="why")]
    return [
        Cell(tag("strong", one.records, class_="count"), "number"),
        Cell(place),
        Cell(why),
        Cell(since(one.since, facts.status.at)),
        Cell([_example(facts, one.example), tag("span", named(said, longest=160), class_="said") if said else None]),
        Cell(tag("span", with_code(one.mend), class_="mend")),
    ]


def _example(facts: Facts, example: str) -> Part:
    """With its trace where the report has it."""
    name = tag("code", example)
    return tag("a", name, href=f"#{anchor(example)}") if example in facts.stories else name
