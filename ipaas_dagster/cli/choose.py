"""A user's words turned into collections, scopes and systems; a wrong one is answered with the right ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from ipaas_dagster.errors import UsageError
from ipaas_dagster.records import Scope

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


def collections(names: Sequence[str], *, default: Sequence[str], allowed: Sequence[str]) -> list[str]:
    """Source collections by name, in the order of `allowed`; none named: the default."""
    for name in names:
        if name not in allowed:
            raise UsageError(f"there is no source collection {name!r}; {_meant(name)}choose from: {', '.join(allowed)}")
    wanted = names or default
    return [name for name in allowed if name in wanted]


def _meant(name: str) -> str:
    from ipaas_dagster import contracts

    for collection in contracts.COLLECTIONS:
        if collection.name == name:
            source = contracts.collection(collection.parent).source if collection.parent else collection.source
            return f"the hub's {name} come from {source}; "
    return ""


def window(full: bool, first: str | None, last: str | None) -> Scope | None:
    """What `--full`, `--from` and `--to` ask for (UTC days, both inclusive); None: since the cursor."""
    if full and (first or last):
        raise UsageError("--full reads everything: use it without --from and --to")
    if full:
        return Scope.full()
    if not first and not last:
        return None
    if not first or not last:
        raise UsageError("--from and --to belong together; for one day give it twice")
    start, end = _day("--from", first), _day("--to", last)
    if end < start:
        raise UsageError(f"--from {start} is after --to {end}")
    return Scope.window(_midnight(start), _midnight(end + timedelta(days=1)))


def alone(option: str, *others: object) -> None:
    """Raises UsageError where an option that says it all has others beside it."""
    if any(others):
        raise UsageError(f"{option} chooses what is read: use it without collections, --full, --from and --to")


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a day; write it as 2026-01-31") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def systems(project: Project, names: Sequence[str]) -> list[str]:
    """Destination systems by name, in the order of the worksheet; none named: all of them."""
    known = [system.name for system in project.worksheet.destinations]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no destination system {name!r}; the worksheet has: {', '.join(known)}")
    return [name for name in known if not names or name in names]


def source(project: Project) -> None:
    """Refuse at once what could only end in one refusal a collection. Raises UsageError."""
    from ipaas_dagster.source.origin import require_same_origin, require_token

    require_token(project.settings)
    require_same_origin(project)
