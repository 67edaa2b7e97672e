"""A run's own Project, and the tags by which runs say what they are."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import dagster as dg

from ipaas_dagster.errors import IpaasError
from ipaas_dagster.project import Project

SCOPE_TAG = "ipaas/scope"
"""`since`, `full` or `window`: how much a run's pulls read, instead of what its partition says."""
INBOX_TAG = "ipaas/inbox_upto"
"""ISO time of the newest webhook that a run was launched for: it reads the records that webhooks named."""
COLLECTION_TAG = "ipaas/collection."
"""Followed by a source collection's name: this run polls it."""

TICK_SECONDS = 10.0
"""How long a tick may wait for a lock or repeat a call; the next tick tries again anyway."""


class OpenProject(Protocol):
    """Gives the Project of one run; without a run id, one for looking only."""

    def __call__(self, run_id: str | None = None, say: Callable[[str], None] | None = None) -> Project: ...


@contextmanager
def run_project(open_project: OpenProject, context: Any) -> Iterator[Project]:
    """The Project of a step: named as the Dagster run, its words in the run's log. `context` is any step's.

    The product's errors say what to do: they become the failure's own words, not a cause below Dagster's.
    """
    project = open_project(context.run.run_id, context.log.info)
    try:
        yield project
    except IpaasError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    finally:
        _close(project)


@contextmanager
def tick_project(open_project: OpenProject) -> Iterator[Project]:
    """The Project of a sensor or schedule tick: it never waits long."""
    project = open_project()
    limits = {"retry_seconds": TICK_SECONDS, "lock_seconds": TICK_SECONDS}
    project.settings = replace(project.settings, **limits)  # type: ignore[arg-type]
    try:
        yield project
    finally:
        _close(project)


def _close(project: Project) -> None:
    if "operations" in vars(project):  # it was opened
        project.operations.dispose()


def poll_tags(collections: Iterable[str]) -> dict[str, str]:
    """The tags of a run that polls these source collections."""
    return {SCOPE_TAG: "since", **{COLLECTION_TAG + name: "poll" for name in collections}}
