"""The traces of the records that are named above."""

from __future__ import annotations

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, named, tag, with_code
from ipaas_dagster.report.parts.frame import anchor, section
from ipaas_dagster.report.stories import Story


def told(facts: Facts) -> Html | None:
    if not facts.stories:
        return None
    note = with_code(
        "What happened to each record named above, without what it holds. `ipaas trace HUB_ID` tells it all."
    )
    return section("traces", "Traces", [_story(one) for one in facts.stories.values()], note=note)


def _story(one: Story) -> Html:
    """The anchor is inside: who follows a link to it has it opened by the browser, without a script."""
    version = f", version {one.version}" if one.version else ""
    summary = tag(
        "summary", tag("code", one.hub_id), " ", tag("span", f"{one.state} in the hub{version}", class_="kinds")
    )
    left_out = tag("li", f"{one.left_out:,} earlier events are left out", class_="note") if one.left_out else None
    events = [
        tag(
            "li",
            tag("time", f"{at:%Y-%m-%d %H:%M:%S}", datetime=at.isoformat()),
            " ",
            tag("strong", where),
            " ",
            named(text, longest=300),
        )
        for at, where, text in one.events
    ]
    command = tag("p", with_code(f"All of it: `ipaas trace {one.hub_id}`"), class_="note")
    inside = tag("div", tag("ol", left_out, events), command, id=anchor(one.hub_id), class_="story", tabindex=-1)
    return tag("details", summary, inside)
