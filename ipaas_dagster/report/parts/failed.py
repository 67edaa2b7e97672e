"""What failed last, each with its trace."""

from __future__ import annotations

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.failures import Failure
from ipaas_dagster.report.markup import Html, moment, named, tag
from ipaas_dagster.report.parts.frame import Cell, anchor, mark, section, table

TONES = {"rejected": "bad", "dead": "bad"}
WORDS = {"retry": "tried again later", "in_doubt": "answer lost"}


def failed(facts: Facts) -> Html:
    if not facts.failures:
        return section("failures", "Recent failures", mark("good", "Nothing failed."))
    names = ["Last (UTC)", "Times", "Where", "What", "Why", "Record"]
    rows = [_row(facts, one) for one in facts.failures]
    note = "Of the last 30 days, by cause, the newest first. What was made good since stays in this list."
    return section("failures", "Recent failures", table("Failures", names, rows, "wide"), note=note)


def _row(facts: Facts, one: Failure) -> list[Cell]:
    record = tag("code", one.record)
    if one.hub_id is not None and one.hub_id in facts.stories:
        record = tag("a", record, href=f"#{anchor(one.hub_id)}", class_="to-trace")
    said = tag("span", named(one.reason, longest=160), class_="said") if one.reason != one.cause else None
    return [
        Cell(moment(one.last)),
        Cell(tag("strong", one.count), "number"),
        Cell([tag("strong", one.where), " ", tag("span", one.collection, class_="kinds")]),
        Cell(mark(TONES.get(one.what, "warn"), WORDS.get(one.what, one.what.replace("_", " ")))),
        Cell(named(one.cause)),
        Cell([record, said]),
    ]
