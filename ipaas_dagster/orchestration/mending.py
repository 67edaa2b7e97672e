"""Rejects and dead letters as the UI shows and settles them. No Dagster here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ipaas_dagster.errors import UsageError
from ipaas_dagster.project import Project

if TYPE_CHECKING:
    from ipaas_dagster.hub.choosing import RejectFilter
    from ipaas_dagster.outbox.dead import DeadFilter

ACTIONS = ("list", "show", "retry", "discard")
SHOWN = 200
"""Rows in the UI; the count is of all."""


@dataclass(frozen=True)
class Mended:
    """What was done to how many, in words; `rows` of what was meant; `document`: their details. `findings` are new."""

    said: str
    count: int
    rows: Sequence[Mapping[str, str]] = ()
    document: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[str] = ()


def mend_dead(project: Project, asked: Mapping[str, Any]) -> Mended:
    """`asked` is the job's configuration; what is empty was not asked. Raises UsageError."""
    from ipaas_dagster.outbox.dead import dead_discard, dead_list, dead_retry

    action, chosen = _action(asked), _dead_filter(asked)
    if action in ("retry", "discard"):
        _must_choose(chosen.chooses, asked)
    found = dead_list(project.operations, chosen)
    rows = [_row(d.died_at, d.reason, system=d.system, record=d.hub_id, entry=str(d.entry_id)) for d in found[-SHOWN:]]
    match action:
        case "retry":
            count = dead_retry(project, chosen)
            return Mended(f"{count:,} queued again; the sensor `delivery` sends them", count, rows)
        case "discard":
            count = dead_discard(project.operations, chosen, str(asked["why"]), project.clock())
            return Mended(f"{count:,} discarded", count, rows)
        case "show":
            return Mended(f"{len(found):,} dead letters", len(found), rows, _letters(project, found[-SHOWN:]))
    return Mended(f"{len(found):,} dead letters", len(found), rows)


def mend_rejects(project: Project, asked: Mapping[str, Any]) -> Mended:
    """The same for rejects."""
    from ipaas_dagster.findings import in_words, of_merges
    from ipaas_dagster.hub.choosing import choose_rejects, discard_rejects
    from ipaas_dagster.mend import as_received, retry_rejects

    action, chosen = _action(asked), _reject_filter(asked)
    if action in ("retry", "discard"):
        _must_choose(chosen.chooses, asked)
    found = choose_rejects(project.hub, chosen)
    rows = [
        _row(r["rejected_at"], in_words(r["reasons"]), collection=r["collection"],
             record=r["hub_id"] or r["source_id"] or r["reject_id"][:12])
        for r in found[:SHOWN]
    ]  # fmt: skip
    match action:
        case "retry":
            results = retry_rejects(project, chosen=chosen)
            new = of_merges(project, results)
            return Mended(f"{len(found):,} judged again", len(found), rows, findings=new)
        case "discard":
            count = discard_rejects(project.hub, chosen, str(asked["why"]))
            return Mended(f"{count:,} discarded", count, rows)
        case "show":
            shown = [{**_plain(row), "received": as_received(project, row)} for row in found[:SHOWN]]
            return Mended(f"{len(found):,} open rejects", len(found), rows, shown)
    return Mended(f"{len(found):,} open rejects", len(found), rows)


def _action(asked: Mapping[str, Any]) -> str:
    if asked["action"] not in ACTIONS:
        raise UsageError(f"action {asked['action']!r} is none of {', '.join(ACTIONS)}")
    return str(asked["action"])


def _must_choose(chooses: bool, asked: Mapping[str, Any]) -> None:
    """A launchpad that was left as it is must not retry or discard all."""
    if not chooses and not asked["everything"]:
        raise UsageError(
            "choose some by system, collection, records, entries, says or since; or set `everything: true`"
        )


def _dead_filter(asked: Mapping[str, Any]) -> "DeadFilter":
    from ipaas_dagster.outbox.dead import DeadFilter
    from ipaas_dagster.trace import moment

    chosen = DeadFilter(
        asked["system"] or None, asked["collection"] or None, asked["records"], asked["entries"],
        says=asked["says"] or None, since=moment(asked["since"] or None),
    )  # fmt: skip
    return replace(chosen, acknowledged=None if asked["entries"] else False)


def _reject_filter(asked: Mapping[str, Any]) -> "RejectFilter":
    from ipaas_dagster.hub.choosing import RejectFilter
    from ipaas_dagster.trace import moment

    since = moment(asked["since"] or None)
    let_go = None if asked["records"] else False
    return RejectFilter(asked["collection"] or None, asked["records"], asked["says"] or None, since, let_go)


def _row(since: Any, reason: str, **named: str) -> dict[str, str]:
    return {**named, "since": f"{since:%Y-%m-%d %H:%M:%S}", "reason": reason}


def _letters(project: Project, found: Sequence[Any]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from ipaas_dagster.trace.letter import read_letter

    return [_plain(asdict(read_letter(project, letter.entry_id))) for letter in found]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON has it."""
    import json

    made: dict[str, Any] = json.loads(json.dumps(row, default=str, ensure_ascii=False))
    return made
