"""The state in one sentence: how many records are stuck, and whether anything is lost."""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.status.model import CollectionStatus, OnItsWay, Stuck, Verdict


def verdict_of(
    findings: Sequence[str],
    collections: Sequence[CollectionStatus],
    stuck: Sequence[Stuck],
    under_way: Sequence[OnItsWay],
) -> Verdict:
    """`findings` are the sums that do not add up. Books that balance are the proof that nothing is lost."""
    number, moving = sum(one.records for one in stuck), sum(one.count for one in under_way)
    stale = [one.collection for one in collections if one.stale]
    tail = f"; not read for long: {', '.join(stale)}" if stale else ""
    if findings:
        sums = "1 sum does" if len(findings) == 1 else f"{len(findings):,} sums do"
        also = f"; besides, {_are(number)} stuck" if number else ""
        says = f"The books do not balance: {sums} not add up, records may be missing{also}{tail}"
        return Verdict("unbalanced", says, number, moving, None)
    if number:
        rest = f"; {_are(moving)} on the way" if moving else ""
        says = f"{_are(number)} stuck; nothing is lost: the books balance{rest}{tail}"
        return Verdict("stuck", says, number, moving, False)
    if moving:
        says = f"Nothing is stuck, nothing is lost; {_are(moving)} on the way{tail}"
        return Verdict("on its way", says, 0, moving, False)
    if not any(one.read_at for one in collections):
        return Verdict("empty", "Nothing was read yet: `ipaas sync` begins", 0, 0, False)
    says = f"Every record is accounted for: all that was read is in the hub, all that is owed is delivered{tail}"
    return Verdict("accounted for", says, 0, 0, False)


def _are(count: int) -> str:
    return "1 record is" if count == 1 else f"{count:,} records are"
