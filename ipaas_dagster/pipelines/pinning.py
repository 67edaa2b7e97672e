"""Take over what pipelines say: the first time by itself, afterwards only when a person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipaas_dagster.errors import UsageError
from ipaas_dagster.mapping.pins import pin_of, write_pin
from ipaas_dagster.pipelines.standing import Standing, standings

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


def approve(project: Project, name: str | None = None) -> tuple[list[Standing], list[Standing]]:
    """Pin what the pipelines of `system/collection` (None: of every row) say now. Returns those that were pinned, and
    those that cannot be used, which stay as they are. Raises UsageError for a name that follows no pipeline."""
    found = standings(project)
    names = [one.name for one in found]
    if name is not None and name not in names:
        known = ", ".join(names) or "none does"
        raise UsageError(f"{name} has no row with `template: instagaze` (those that have: {known})")
    chosen = [one for one in found if name in (None, one.name) and one.waits]
    usable = [one for one in chosen if one.state in ("new", "changed")]
    for one in usable:
        _pin(project, one)
    return usable, [one for one in chosen if one not in usable]


def follow(project: Project, system: str) -> list[str]:
    """Before a delivery to a system: what was never pinned is, and what changed since is told."""
    if not any(row.system == system for row in project.worksheet.pipelines):
        return []
    said = [*pin_missing(project, system), *tell_changes(project, system)]
    return [words.removeprefix(f"{system}/") for words in said]


def pin_missing(project: Project, system: str) -> list[str]:
    """Pin what has never been pinned of a system; what could not be, in words. A mapping that is in use is never
    changed here."""
    if not any(row.system == system and not row.pinned for row in project.worksheet.pipelines):
        return []
    missing = [one for one in standings(project, system) if one.pin is None]
    for one in missing:
        if one.state == "new":
            _pin(project, one)
    return [one.in_words() for one in missing if one.state != "new"]


def tell_changes(project: Project, system: str) -> list[str]:
    """What has changed in a system's pipelines since it was approved, each change once."""
    if not any(row.system == system and row.pinned for row in project.worksheet.pipelines):
        return []
    from ipaas_dagster.outbox.notes import StoredNotes

    notes, said = StoredNotes(project.operations, system, project.clock), []
    for one in standings(project, system):
        if one.pin is None:
            continue
        key, now = f"pipeline:{one.collection}", one.pipeline.digest if one.pipeline else one.reason
        before = notes.read(key)
        if one.waits and before != {"told": now}:
            said.append(one.in_words())
            notes.write(key, {"told": now})
        elif not one.waits and before is not None:
            notes.forget(key)
    return said


def _pin(project: Project, standing: Standing) -> None:
    """The worksheet is read again when it is next needed."""
    assert standing.pipeline is not None
    pin = pin_of(standing.pipeline)
    try:
        path = write_pin(project.settings.config, standing.system, standing.collection, pin)
    except OSError as error:
        raise UsageError(f"{standing.name}: its mapping cannot be pinned: {error.strerror}: {error.filename}") from None
    project.__dict__.pop("worksheet", None)
    project.say(f"{standing.name}: {standing.pipeline} is pinned as {path}")
