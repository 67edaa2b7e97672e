"""Volume and lag: the last 48 hours by the hour, the last 30 days by the day."""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.report.charts import Bar, bars
from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.history import MEASURES, Bucket
from ipaas_dagster.report.markup import Html, ago, tag
from ipaas_dagster.report.parts.frame import Cell, number, section, table

TONES = {"fetched": "info", "changed": "info", "delivered": "good", "failed": "bad"}
SAYS = {
    "fetched": "read from the source",
    "changed": "changes in the hub",
    "delivered": "confirmed by a system",
    "failed": "attempts, and rejects",
}


def over_time(facts: Facts) -> Html:
    hours, days = facts.history.hours, facts.history.days
    return section(
        "time",
        "Over time",
        _range("Last 48 hours, by hour", hours, "%m-%d %H:%M"),
        _range("Last 30 days, by day", days, "%m-%d"),
        _figures(days),
    )


def _range(title: str, buckets: Sequence[Bucket], form: str) -> Html:
    charts = [_measure(name, buckets, form) for name in MEASURES]
    return tag("div", tag("h3", title), tag("div", charts, _lag(buckets, form), class_="charts"), class_="range")


def _measure(name: str, buckets: Sequence[Bucket], form: str) -> Html:
    values = [Bar(b.counts[name], f"{b.start:{form}}: {b.counts[name]:,} {name}") for b in buckets]
    total, most = sum(b.counts[name] for b in buckets), max(b.counts[name] for b in buckets)
    says = f"{name}, {SAYS[name]}: {total:,} in all, at most {most:,} at once"
    return _chart(name, f"{total:,}", SAYS[name], bars(says, values, TONES[name]), buckets, form)


def _lag(buckets: Sequence[Bucket], form: str) -> Html:
    values = [
        Bar(b.slowest or 0.0, f"{b.start:{form}}: the slowest {ago(b.slowest)}, on average {ago(b.mean or 0.0)}")
        if b.slowest is not None
        else Bar(0.0, "")
        for b in buckets
    ]
    slowest = max((b.slowest for b in buckets if b.slowest is not None), default=None)
    told = ago(slowest) if slowest is not None else "–"
    chart = bars(f"lag: the slowest delivery took {told}", values, "warn")
    return _chart("lag", told, "the slowest delivery", chart, buckets, form)


def _chart(name: str, value: str, says: str, chart: Html, buckets: Sequence[Bucket], form: str) -> Html:
    ends = tag("span", f"{buckets[0].start:{form}}"), tag("span", f"{buckets[-1].start:{form}}")
    head = tag(
        "figcaption", tag("strong", name), " ", tag("span", value, class_="total"), tag("span", says, class_="says")
    )
    return tag("figure", head, chart, tag("div", ends, class_="axis", aria_hidden="true"), class_="chart")


def _figures(days: Sequence[Bucket]) -> Html:
    """The same as a table, for who cannot see bars."""
    told = [day for day in reversed(days) if any(day.counts.values())]
    if not told:
        return tag("p", "Nothing has moved in these days.", class_="note")
    rows = [
        [
            Cell(f"{day.start:%Y-%m-%d}", "head"),
            *(number(day.counts[name]) for name in MEASURES),
            Cell(ago(day.mean) if day.mean is not None else "–", "number"),
            Cell(ago(day.slowest) if day.slowest is not None else "–", "number"),
        ]
        for day in told
    ]
    names = ["Day (UTC)", *MEASURES, "mean lag", "slowest"]
    return tag(
        "details", tag("summary", "The figures, day by day"), table("Days on which something moved", names, rows)
    )
