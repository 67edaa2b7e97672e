"""The verdict, and the four numbers behind it."""

from __future__ import annotations

from ipaas_dagster.report.facts import Facts
from ipaas_dagster.report.markup import Html, Part, ago, moment, tag
from ipaas_dagster.report.parts.frame import MARKS
from ipaas_dagster.status import Status

TONES = {"unbalanced": "bad", "stuck": "warn", "on its way": "info", "accounted for": "good", "empty": "quiet"}


def top(facts: Facts) -> Html:
    state = facts.status
    tone = TONES[state.verdict.state]
    sentence = tag(
        "p", tag("span", MARKS[tone], class_="sign", aria_hidden="true"), " ", state.verdict.says, class_="verdict"
    )
    tiles = tag("dl", _stuck(state), _lost(state), _moving(state), _behind(state), class_="tiles")
    return tag("section", tag("h2", "Verdict", class_="unseen"), sentence, tiles, id="verdict", class_=f"top {tone}")


def _tile(name: str, value: Part, says: Part, tone: str, id_: str) -> Html:
    return tag("div", tag("dt", name), tag("dd", value, class_="value", id=id_), tag("dd", says), class_=f"tile {tone}")


def _stuck(state: Status) -> Html:
    if not state.stuck:
        return _tile("Stuck", 0, "nothing waits for a person", "good", "stuck-total")
    places: dict[str, int] = {}
    for one in state.stuck:
        places[one.where] = places.get(one.where, 0) + one.records
    where = ", ".join(f"{name} {count:,}" for name, count in sorted(places.items(), key=lambda p: -p[1]))
    oldest = state.stuck[0].since
    says = [where, "; the oldest since ", moment(oldest), f" ({ago((state.at - oldest).total_seconds())})"]
    return _tile("Stuck", state.verdict.stuck, says, "warn", "stuck-total")


def _lost(state: Status) -> Html:
    sums = 2 * len(state.balance.landings.collections) + 2 * len(state.balance.routes)
    if state.verdict.lost is None:
        wrong = f"{len(state.findings)} of {sums} sums do not add up; see the books"
        return _tile("Lost", "cannot be said", wrong, "bad", "lost")
    if not sums:
        return _tile("Lost", "nothing", "nothing was read yet", "quiet", "lost")
    return _tile("Lost", "nothing", f"the books balance: all {sums} sums add up", "good", "lost")


def _moving(state: Status) -> Html:
    moving = state.verdict.on_its_way
    says = "a run will move them; nothing to do" if moving else "all that is owed is delivered, or stuck"
    return _tile("On the way", moving, says, "info" if moving else "quiet", "moving-total")


def _behind(state: Status) -> Html:
    known = [one for one in state.collections if one.lag_seconds is not None]
    if not known:
        return _tile("Behind the source", "–", "never read", "quiet", "behind")
    last = max(known, key=lambda one: one.lag_seconds or 0.0)
    stale = [one.collection for one in known if one.stale]
    says = f"stale: {', '.join(stale)}" if stale else f"at most ({last.collection}); every collection is fresh"
    return _tile("Behind the source", ago(last.lag_seconds or 0.0), says, "warn" if stale else "good", "behind")
