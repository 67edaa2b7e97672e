"""A connection for one use case: made from the project's settings, its calls kept until committed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from ipaas_dagster.records import RecordCall
from ipaas_dagster.source.connection import Connection
from ipaas_dagster.source.observed import not_before
from ipaas_dagster.source.origin import require_same_origin, require_token

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

T = TypeVar("T")


def connect(
    project: Project, record: RecordCall, *, retry_seconds: float | None = None, collection: str | None = None
) -> Connection:
    """Must be called in the event loop that uses it. `collection`: whose landings its answers are to follow.

    Raises SettingsError where the token is missing, UsageError where the state is of another source.
    """
    settings = project.settings
    require_token(settings)
    require_same_origin(project)
    return Connection(
        settings.base_url,
        settings.token,
        retry_seconds=settings.retry_seconds if retry_seconds is None else retry_seconds,
        connections=settings.connections,
        record=record,
        run_id=project.run_id,
        clock=project.clock,
        not_before=None if collection is None else not_before(project, collection),
        environment=settings.environment,
    )


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end from synchronous code, also where this thread already has an event loop (notebooks,
    servers)."""
    if not _has_loop():  # asked apart, so that an error of `main` is not shown as one of the asking
        return asyncio.run(main)
    ended: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            ended.append(asyncio.run(main))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work, name="ipaas-source")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return ended[0]


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
