"""Checks on hub and system assets, and the step that fails a run.

A failed check leaves a Dagster run green, and a blocking one would stop deliveries for one bad record. So the
checks of one multi-asset are a step of their own, on which nothing depends: it reports every check and then,
if this run found something new that needs a person, raises. All other steps still run; the run ends as a
failure. What was known before only warns. Dagster adds these steps to every run that materialises their
assets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from ipaas_dagster.hub.counts import Counts
from ipaas_dagster.orchestration.metadata import ROUTE_NUMBERS, route_balanced

LATEST = 50
"""Materialisations looked through for this run's own, newest first; others may have come in between."""

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """`known`: not passed, but nothing new; it warns. `says` is for a person."""

    passed: bool
    says: str
    known: bool = False


Judge = Callable[[Numbers], Verdict]


def contract(numbers: Numbers) -> Verdict:
    """Whether records were rejected: new ones fail, open ones from before warn."""
    new, still_open = numbers.get("new_rejects", 0), numbers.get("open_rejects", 0)
    if new:
        return Verdict(False, f"{new} new rejects, {still_open} open (ipaas rejects list)")
    if still_open:
        return Verdict(False, f"no new rejects; {still_open} known ones are open (ipaas rejects list)", known=True)
    return Verdict(True, "every record meets its contract")


def merge_balance(numbers: Numbers) -> Verdict:
    """fetched = inserted + updated + unchanged + stale + duplicate + rejected; nothing damaged, nothing
    held."""
    counts = Counts(**{name: int(numbers.get(name, 0)) for name in Counts.__dataclass_fields__})
    if not counts.balanced:
        return Verdict(False, f"{counts.fetched} fetched, not all of them accounted for")
    if damaged := numbers.get("damaged_landings", 0):
        return Verdict(False, f"{damaged} landings are damaged and were set aside")
    if counts.held:
        return Verdict(False, f"{counts.held} deletes are held until a person decides (ipaas approve)")
    return Verdict(True, f"{counts.fetched} fetched, all accounted for")


def delivery(numbers: Numbers) -> Verdict:
    """Whether letters died or are blocked for good: new ones fail, known ones warn."""
    said, failed = [], False
    for what, all_, where in _OPEN:
        new, number = numbers.get(f"new_{what}", 0), numbers.get(all_, 0)
        failed |= new > 0
        if new:
            said.append(f"{new} new {what} letters, {number} in all ({where})")
        elif number:
            said.append(f"no new {what} letters; {number} known ones ({where})")
    if said:
        return Verdict(False, "; ".join(said), known=not failed)
    off = numbers.get("switched_off", "no")
    return Verdict(True, "nothing is dead or blocked for good" if off == "no" else f"switched off: {off}")


_OPEN = (("dead", "dead", "ipaas dead list"), ("blocked", "blocked_for_good", "ipaas trace"))
"""What it is called when it is new, the number of all of them, and what shows them."""


def delivery_balance(numbers: Numbers) -> Verdict:
    """changes = queued + coalesced + same_as_delivered + filtered + not_needed."""
    counted = {name: int(numbers.get(name, 0)) for name in ROUTE_NUMBERS}
    if not route_balanced(counted):
        return Verdict(False, f"{counted['changes']} changes, not all of them accounted for")
    return Verdict(True, f"{counted['changes']} changes, all accounted for")


MERGE_CHECKS: Mapping[str, Judge] = {"contract": contract, "balance": merge_balance}
DELIVERY_CHECKS: Mapping[str, Judge] = {"delivery": delivery, "balance": delivery_balance}


def checks_of(name: str, keys: Sequence[dg.AssetKey], judges: Mapping[str, Judge]) -> dg.AssetChecksDefinition:
    """The step `name` with every check of `judges` on each of `keys`."""

    @dg.multi_asset_check(
        name=name,
        specs=[
            dg.AssetCheckSpec(check, asset=key, description=_first_line(judge))
            for key in keys
            for check, judge in judges.items()
        ],
        can_subset=True,
    )
    def check(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        figures = {key: _figures(context, key) for key in keys}
        findings: dict[str, None] = {}  # an ordered set: a sentence stands on every key of a multi-asset
        for chosen in sorted(context.selected_asset_check_keys):
            found = figures[chosen.asset_key]
            verdict = judges[chosen.name](found.numbers)
            yield _result(chosen, verdict, found)
            findings |= dict.fromkeys(_new(chosen, verdict, found))
        if findings:
            raise dg.Failure("\n".join(findings), allow_retries=False)

    return check


@dataclass(frozen=True)
class _Figures:
    numbers: Numbers
    is_mine: bool
    """This run made it; what an older materialisation says is known."""


def _figures(context: dg.AssetCheckExecutionContext, key: dg.AssetKey) -> _Figures:
    """What this run's materialisation of `key` says; else what the latest one says."""
    records = context.instance.fetch_materializations(key, limit=LATEST).records
    mine = next((record for record in records if record.run_id == context.run.run_id), None)
    record = mine or (records[0] if records else None)
    if record is None or record.asset_materialization is None:
        return _Figures({}, is_mine=False)
    numbers = {name: value.value for name, value in record.asset_materialization.metadata.items()}
    return _Figures(numbers, is_mine=mine is not None)


def _new(check: dg.AssetCheckKey, verdict: Verdict, figures: _Figures) -> list[str]:
    """What this run found, in words; a failed check that no finding explains speaks for itself."""
    if not figures.is_mine:
        return []
    findings = list(figures.numbers.get("findings") or ())
    if not findings and not verdict.passed and not verdict.known:
        findings = [f"{check.asset_key.to_user_string()}: {verdict.says}"]
    return findings


def _result(check: dg.AssetCheckKey, verdict: Verdict, figures: _Figures) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if verdict.known else dg.AssetCheckSeverity.ERROR
    numbers = {name: value for name, value in figures.numbers.items() if type(value) is int}
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=verdict.passed,
        severity=severity,
        description=verdict.says if figures.numbers else "never materialised",
        metadata=numbers,
    )


def _first_line(judge: Judge) -> str:
    return (judge.__doc__ or "").partition("\n")[0]
