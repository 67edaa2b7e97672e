"""From the source through the hub to each system, with the sums in between."""

from __future__ import annotations

from ipaas_dagster import contracts
from ipaas_dagster.report.charts import Share, share
from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, Part, ago, moment, tag
from ipaas_dagster.report.parts.frame import mark, section
from ipaas_dagster.status import Status, SystemStatus


def flow(facts: Facts) -> Html:
    state = facts.status
    arrow = tag("div", tag("span", "→", aria_hidden="true"), class_="arrow")
    stages = tag("div", _source(state), arrow, _hub(state), arrow, _systems(state), class_="flow")
    return section("flow", "From the source to the systems", stages)


def _stage(title: str, *parts: Part, class_: str) -> Html:
    return tag("div", tag("h3", title), parts, class_=f"stage {class_}")


def _figures(*rows: tuple[str, Part]) -> Html:
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows], class_="figures")


def _source(state: Status) -> Html:
    counts = state.balance.landings.collections
    nested = {one.collection for one in counts if contracts.collection(one.collection).parent}
    read = max((one.read_at for one in state.collections if one.read_at), default=None)
    return _stage(
        "Instagaze",
        _figures(
            ("records fetched", sum(one.counts.fetched for one in counts if one.collection not in nested)),
            ("nested in them", sum(one.counts.fetched for one in counts if one.collection in nested)),
            ("to merge", sum(one.count for one in state.on_its_way if one.what == "to merge")),
            ("read last", moment(read)),
        ),
        class_="source",
    )


def _hub(state: Status) -> Html:
    books = state.balance.landings.collections
    wrong = [one for one in books if not one.counts.balanced or one.findings]
    adds_up = mark("bad", f"{len(wrong)} do not add up") if wrong else mark("good", "fetched = merged + rejected")
    return _stage(
        "Hub",
        _figures(
            ("records", sum(one.alive for one in books)),
            ("rejected, open", sum(one.open_rejects for one in books)),
            ("held deletes", sum(one.records for one in state.stuck if one.state == "held")),
        ),
        adds_up,
        class_="hub",
    )


def _systems(state: Status) -> Html:
    return tag("div", tag("h3", "Systems"), [_system(state, one) for one in state.systems], class_="stage systems")


def _system(state: Status, system: SystemStatus) -> Html:
    held = sum(one.records for one in state.stuck if one.where == system.system and one.state != "held")
    moving = sum(one.count for one in state.on_its_way if one.where == system.system)
    says = f"{system.system}: {system.delivered:,} delivered, {moving:,} on the way, {held:,} stuck"
    bar = share(says, [Share(system.delivered, "good"), Share(moving, "info"), Share(held, "warn")])
    numbers = [tag("strong", system.delivered), " delivered"]
    if moving:
        numbers += [" · ", tag("strong", moving), " on the way"]
    if held:
        numbers += [" · ", tag("strong", held, class_="stuck-count"), " stuck"]
    return tag(
        "div",
        tag(
            "div",
            tag("h4", system.system),
            tag("span", system.kind, class_="kind") if system.kind != system.system else None,
            _standing(state, system),
            class_="line",
        ),
        bar,
        tag("p", numbers, class_="numbers"),
        tag("p", _last(state, system), class_="last"),
        class_="system",
        id=f"system-{system.system}",
    )


def _standing(state: Status, system: SystemStatus) -> Html:
    wrong = [one for one in state.balance.routes if one.system == system.system and one.findings]
    if wrong:
        return mark("bad", "does not add up")
    if system.switched_off:
        return mark("quiet", "switched off")
    if system.paused:
        return mark("warn", "paused")
    return mark("good", "adds up")


def _last(state: Status, system: SystemStatus) -> Part:
    said: list[Part] = (
        ["last delivery ", moment(system.last_delivery)] if system.last_delivery else ["nothing delivered yet"]
    )
    if system.owed_since:
        said += ["; the oldest it is owed is ", ago((state.at - system.owed_since).total_seconds()), " old"]
    if system.limits:
        said += [f"; {system.limits['used']:,} of {system.limits['of']:,} calls used"]
    return said
