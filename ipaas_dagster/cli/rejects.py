"""`ipaas rejects`: records that do not meet their contract, and a person's word on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ipaas_dagster.cli.filters import NEEDED, Limit, Of, Records, Says, Since, Why
from ipaas_dagster.cli.report import AsJson, Debug, command
from ipaas_dagster.cli.run import open_project

if TYPE_CHECKING:
    from ipaas_dagster.hub.choosing import RejectFilter

Named = Annotated[list[str] | None, typer.Argument(metavar="RECORD...", help="Hub ids, source ids, or reject ids.")]
Shown = Annotated[list[str], typer.Argument(metavar="RECORD...", help="Hub ids, source ids, or reject ids.")]
Discarded = Annotated[bool, typer.Option("--discarded", help="Those that were let go.")]


def rejects_list(
    collection: Of = None,
    records: Records = None,
    says: Says = None,
    since: Since = None,
    discarded: Discarded = False,
    limit: Limit = 100,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Open rejects with their reasons; those that were discarded are not among them."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli.tables import moment, table
        from ipaas_dagster.findings import in_words
        from ipaas_dagster.hub.choosing import choose_rejects

        chosen = choose_rejects(project.hub, _filter((), collection, records, says, since, discarded))
        rows = [
            [row["collection"], row["hub_id"] or row["source_id"] or row["reject_id"][:12], in_words(row["reasons"]),
             moment(row["rejected_at"])]
            for row in chosen[:limit]
        ]  # fmt: skip
        document = {"count": len(chosen), "rejects": chosen[:limit]}
        report.show(document, table("open rejects", ["collection", "record", "reasons", "since (UTC)"], rows))


def rejects_show(records: Shown, as_json: AsJson = False, debug: Debug = False) -> None:
    """Rejects with every reason, the record as the source gave it, and how to trace it."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.errors import UsageError
        from ipaas_dagster.hub.choosing import choose_rejects
        from ipaas_dagster.mend import as_received

        chosen = choose_rejects(project.hub, _filter(records, None, None, None, None, None))
        if not chosen:
            raise UsageError(f"there is no open reject of {', '.join(records)}; see `ipaas rejects list`")
        shown = [{**row, "received": as_received(project, row)} for row in chosen]
        lines = [line for row in shown for line in reject_lines(row)]
        report.show({"rejects": shown}, *([] if as_json else map(_escaped, lines)))


def rejects_retry(
    named: Named = None,
    collection: Of = None,
    records: Records = None,
    says: Says = None,
    since: Since = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Judge open rejects again by today's contracts; good ones are merged."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.cli import tables
        from ipaas_dagster.findings import of_merges
        from ipaas_dagster.mend import retry_rejects

        chosen = _filter([*(named or ()), *(records or ())], collection, None, says, since, None if named else False)
        results = retry_rejects(project, chosen=chosen)
        report.show({"merged": results}, *([] if as_json else tables.merged(results)))
        report.findings(of_merges(project, results))


def rejects_discard(
    named: Named = None,
    collection: Of = None,
    records: Records = None,
    says: Says = None,
    since: Since = None,
    reason: Why = "by hand",
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Let rejects go: they stay open in the books with the reason, and are told no more."""
    with command(as_json, debug) as report, open_project() as project:
        from ipaas_dagster.errors import UsageError
        from ipaas_dagster.hub.choosing import discard_rejects

        chosen = _filter([*(named or ()), *(records or ())], collection, None, says, since, False)
        if not chosen.chooses:
            raise UsageError(NEEDED.replace("--system, ", ""))
        count = discard_rejects(project.hub, chosen, reason)
        report.show({"discarded": count}, f"{count:,} discarded")


def _filter(
    named: Sequence[str],
    collection: str | None,
    records: Sequence[str] | None,
    says: str | None,
    since: str | None,
    discarded: bool | None,
) -> RejectFilter:
    from ipaas_dagster.hub.choosing import RejectFilter
    from ipaas_dagster.trace import moment

    return RejectFilter(collection, [*named, *(records or ())], says, moment(since), discarded)


def reject_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """A reject as a person reads it."""
    from ipaas_dagster.cli.tables import moment

    record = row["hub_id"] or row["source_id"] or "without an id"
    yield f"{row['collection']} {record}, rejected {moment(row['rejected_at'])}"
    yield from (f"  reason: {reason}" for reason in row["reasons"])
    if row["resolution"]:
        yield f"  {row['resolution']}"
    yield f"  landing {row['landing_id']} line {row['line']}, reject {row['reject_id'][:12]}"
    yield f"  received: {json.dumps(row['received'], ensure_ascii=False, default=str)}"
    if row["hub_id"]:
        yield f"  everything about the record: ipaas trace {row['hub_id']}"
    yield ""


def _escaped(line: str) -> str:
    from rich.markup import escape

    return escape(line)
