"""Use case: look at what is wrong, keep it, tell it. It ends no run and holds none up: trouble of its own is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ipaas_dagster.alerts import keeping, telling
from ipaas_dagster.alerts.causes import KINDS, THOROUGH_KINDS, Cause, causes
from ipaas_dagster.alerts.keeping import Alert
from ipaas_dagster.destinations.base import Paused, Throttled, Unreachable
from ipaas_dagster.errors import IpaasError, LockTimeout, UsageError, unexpected
from ipaas_dagster.records import new_id

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

RUN = "run"


def switched_off(project: Project) -> str | None:
    """Why nothing is told, or None."""
    presets = project.worksheet.presets
    if telling.PRESET not in presets.fields:
        return f"there is no preset {telling.PRESET!r}"
    return presets.resolve(telling.PRESET, project.settings).switched_off


def check(project: Project, *, thorough: bool = True, note_only: bool = False) -> list[Alert]:
    """What is wrong now; opened, closed, and told where the preset is on. Returns what is open. One at a time: where
    another check is under way, what that one keeps is returned. Raises what the stores raise."""
    try:
        with project.locks.hold("alerts", 0):
            found = causes(project, thorough=thorough)
            with project.operations.write() as connection:
                kinds = THOROUGH_KINDS if thorough else KINDS
                keeping.note(connection, found, kinds, project.run_id, project.clock())
            if not note_only:
                _tell(project)
    except LockTimeout:
        pass  # it does the same
    return keeping.open_alerts(project)


def after_run(project: Project, name: str, findings: Sequence[str], *, thorough: bool = False) -> None:
    """At the end of a run of this name. Looks only where somebody is told; never raises."""
    try:
        if switched_off(project) is None:
            note_run(project, name, findings)
            check(project, thorough=thorough)
    except IpaasError as error:
        project.say(f"alerts: {error}")
    except Exception as error:
        project.say(f"alerts: {unexpected(error)}")


def note_run(project: Project, name: str, findings: Sequence[str]) -> None:
    """A run of this name ended: with findings it is a cause, without any it is the end of one."""
    now, cause = project.clock(), f"{RUN}:{name}"
    with project.operations.write() as connection:
        if findings:
            more = f"; and {len(findings) - 1} more" if len(findings) > 1 else ""
            message = f"{name} ended with: {findings[0]}{more}"
            keeping.note(connection, [Cause(cause, RUN, message)], (), project.run_id, now)
        else:
            keeping.close(connection, cause, now)


def tell_test(project: Project) -> str:
    """Send one now; returns where it went. Raises UsageError where nothing can be told."""
    off, to = switched_off(project), telling.receiver(project)
    if off is not None or to is None:
        raise UsageError(f"alerts are switched off: {off}")
    try:
        telling.tell_test(project, to, new_id())
        return to.shown
    except (Unreachable, Throttled, Paused) as problem:
        raise UsageError(f"the alert was not taken: {problem}") from None
    finally:
        to.close()


def _tell(project: Project) -> None:
    with project.operations.read() as connection:
        owed = keeping.untold(connection)
    to = telling.receiver(project) if owed else None
    if to is None:
        return
    try:
        trouble = telling.tell(project, to, owed)
    finally:
        to.close()
    if trouble:
        project.say(f"alerts: not taken, told again by a later check: {trouble}")
