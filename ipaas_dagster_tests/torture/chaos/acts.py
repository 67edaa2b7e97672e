"""A sync in a process whose clock is wrong."""

from __future__ import annotations

import os
from datetime import timedelta

from ipaas_dagster.project import Project
from ipaas_dagster.records import utc_now
from ipaas_dagster.sync import sync

AHEAD = "TORTURE_CLOCK_AHEAD"
"""Seconds by which this machine's clock is ahead of the true time, or behind."""


def sync_by_a_wrong_clock(project: Project) -> None:
    """Everything that the worksheet moves. Findings are printed; while faults strike there are some."""
    ahead = timedelta(seconds=float(os.environ[AHEAD]))
    wrong = Project(project.settings, clock=lambda: utc_now() + ahead, say=project.say)
    sources = os.environ["TORTURE_SOURCES"].split()
    try:
        outcome = sync(wrong, [(name, None) for name in sources], [one.name for one in project.worksheet.destinations])
    finally:
        wrong.operations.dispose()
    for finding in outcome.findings:
        project.say(finding)
    if outcome.unexpected:
        raise outcome.unexpected[0]
