"""`ipaas dead`: deliveries that no repeat mends, and a person's word on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.filters import NEEDED, Limit, Of, OfSystem, Records, Says, Since, Why
from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.outbox.dead import DeadFilter
    from ipaas_dagster.trace.letter import Letter

SHORT = 1_500
"""Characters of a request or an answer."""

Entries = Annotated[list[int] | None, typer.Argument(help="Entry ids; none: all that the options choose.")]
Shown = Annotated[list[int], typer.Argument(help="Entry ids, as `ipaas dead list` names them.")]
Whole = Annotated[bool, typer.Option("--whole", help="Whole requests and answers, not only the record's part.")]
Discarded = Annotated[bool, typer.Option("--discarded", help="Those that were let go.")]
Resolved = Annotated[bool, typer.Option("--resolved", help="Those that something newer stands for.")]
Deliver = Annotated[bool, typer.Option("--deliver", help="Send them right away.")]


def dead_list(
    system: OfSystem = None,
    collection: Of = None,
    records: Records = None,
    says: Says = None,
    since: Since = None,
    discarded: Discarded = False,
    resolved: Resolved = False,
    limit: Limit = 100,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Dead letters with their reasons; those that were discarded are not among them."""
    with command(as_json, debug) as report, open_project() as project:
        from dataclasses import replace

        from ipaas_dagster.cli.tables import moment, table
        from ipaas_dagster.outbox.dead import dead_list as find

        chosen = _filter((), system, collection, records, says, since)
        chosen = replace(chosen, resolved=resolved, acknowledged=None if resolved else discarded)
        found = find(project.operations, chosen)
        shown = found[-limit:]
        rows: list[list[Any]] = [
            [str(d.entry_id), d.system, d.collection, d.hub_id, d.operation, d.reason, d.attempts, moment(d.died_at)]
            for d in shown
        ]
        columns = ["entry", "system", "collection", "record", "operation", "reason", "attempts", "since (UTC)"]
        if resolved:
            rows = [[*row, letter.resolved_by] for row, letter in zip(rows, shown, strict=True)]
            columns = [*columns[:-1], "resolved at (UTC)", "resolved by"]
        title = "resolved dead letters" if resolved else "dead letters"
        report.show({"count": len(found), "dead": shown}, table(title, columns, rows))


def dead_show(entries: Shown, whole: Whole = False, as_json: AsJson = False, debug: Debug = False) -> None:
    """Dead letters with what was sent and answered, every attempt, and how to trace the record."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.trace.letter import read_letter

        letters = [read_letter(project, entry, whole=whole) for entry in entries]
        lines = [line for letter in letters for line in letter_lines(letter, None if whole else SHORT)]
        report.show({"letters": letters}, *([] if as_json else map(_escaped, lines)))


def dead_retry(
    entries: Entries = None,
    system: OfSystem = None,
    collection: Of = None,
    records: Records = None,
    says: Says = None,
    since: Since = None,
    deliver: Deliver = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Render dead letters anew from the current records and queue them; `ipaas deliver` sends them."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.run import report_outcome
        from ipaas_dagster.outbox.dead import dead_list as find
        from ipaas_dagster.outbox.dead import dead_retry as retry
        from ipaas_dagster.sync import deliver_all

        chosen = _filter(entries or (), system, collection, records, says, since)
        systems = list(dict.fromkeys(letter.system for letter in find(project.operations, chosen))) if deliver else []
        count = retry(project, chosen)
        report.show({"retried": count}, f"{count:,} queued again{'' if deliver else '; `ipaas deliver` sends them'}")
        if systems:
            report_outcome(report, deliver_all(project, systems), project, "deliver")


def dead_discard(
    entries: Entries = None,
    system: OfSystem = None,
    collection: Of = None,
    records: Records = None,
    says: Says = None,
    since: Since = None,
    reason: Why = "by hand",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Let dead letters go: they stay in the books with the reason, and are told no more."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.errors import UsageError
        from ipaas_dagster.outbox.dead import dead_discard as discard

        chosen = _filter(entries or (), system, collection, records, says, since)
        if not chosen.chooses:
            raise UsageError(NEEDED)
        count = discard(project.operations, chosen, reason, project.clock())
        report.show({"discarded": count}, f"{count:,} discarded")


def _filter(
    entries: Sequence[int],
    system: str | None,
    collection: str | None,
    records: Sequence[str] | None,
    says: str | None,
    since: str | None,
) -> DeadFilter:
    """What a person let go is meant only where it is named."""
    from ipaas_dagster.outbox.dead import DeadFilter
    from ipaas_dagster.trace import moment

    let_go = None if entries else False
    return DeadFilter(system, collection, records or (), entries, let_go, says, moment(since))


def letter_lines(letter: Letter, longest: int | None = None) -> Iterator[str]:
    """A letter as a person reads it; what is longer is cut, as the answer to a whole batch may be."""
    from ipaas_dagster.cli.tables import moment

    e = letter.entry
    yield f"entry {e['entry_id']}: {e['operation']} of {e['collection']} {e['hub_id']} to {e['system']}, {e['state']}"
    yield f"  reason: {e.get('reason') or 'none was given'}"
    if e.get("died_of"):
        yield f"  it had died of: {e['died_of']}"
    yield f"  version {e['version']}, queued {moment(e['queued_at'])}, attempts {e['attempts']}"
    yield from (f"  {note}" for note in letter.notes)
    for one in letter.tried:
        yield f"  attempt {one['number']} {moment(one['started_at'])}: {one['outcome']} {one['reason'] or ''}".rstrip()
    for sent in letter.sent:
        call = sent.call
        yield f"  {call['method']} {call['path']} -> {call.get('status', call.get('outcome', ''))}"
        yield f"    request: {_body(sent.request)[:longest]}"
        yield f"    answer:  {_body(sent.answer)[:longest]}"
    if not letter.sent and letter.payload:
        yield f"  rendered: {letter.payload}"
    for later in letter.later:
        yield f"  since then entry {later['entry_id']}: {later['operation']} {later['state']}"
    yield f"  everything about the record: {letter.trace}"
    yield ""


def _body(body: Any) -> str:
    if body is None:
        return "not kept"
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)


def _escaped(line: str) -> str:
    from rich.markup import escape

    return escape(line)
