"""`ipaas webhooks` as a process: which systems have an address, the server, and how it ends."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import uvicorn

from ipaas_dagster.errors import SettingsError, UsageError
from ipaas_dagster.project import Project
from ipaas_dagster.webhooks.convention import Convention, read_convention
from ipaas_dagster.webhooks.receiver import Receiver
from ipaas_dagster.webhooks.rows import Told, add_events
from ipaas_dagster.webhooks.writer import Counts, GroupWriter

BACKLOG = 4096
"""Connections that the kernel keeps while we are busy; more would be refused."""
_SWITCH_SECONDS = 0.0005
"""The thread that commits needs the interpreter for a moment before and after it waits for the disk; by default it
would wait 5 ms each time."""
_NOTHING = "SELECT count(*) FROM inbox WHERE event_id = ''"


@dataclass(frozen=True)
class Doors:
    """`open` by system; `closed`: system -> which setting is missing."""

    open: Mapping[str, Convention]
    closed: Mapping[str, str]


def doors(project: Project) -> Doors:
    """What the worksheet declares. Raises SettingsError for a preset that cannot be used."""
    opened: dict[str, Convention] = {}
    closed: dict[str, str] = {}
    for system in project.worksheet.systems:
        preset = project.worksheet.webhooks(system.name, project.settings)
        if preset is None:
            continue
        if preset.switched_off or not system.enabled:
            closed[system.name] = preset.switched_off or f"system {system.name!r} is not enabled"
        else:
            opened[system.name] = read_convention(system.name, preset.fields)
    return Doors(opened, closed)


def serve(project: Project, host: str, port: int) -> Counts:
    """Take webhooks until SIGINT or SIGTERM; what is under way is stored and answered first.

    Raises SettingsError where no system has a secret for them, UsageError for a port that cannot be used.
    """
    found = doors(project)
    if not found.open:
        missing = "; ".join(found.closed.values()) or "no system of the worksheet says `webhooks: PRESET`"
        raise SettingsError(f"there is nobody to take webhooks from: {missing}")
    warm_up(project)
    writer = GroupWriter(partial(commit, project), project.say)
    receiver = Receiver(found.open, writer, project.clock, project.settings.webhook_bytes, partial(_ready, project))
    with _listening(host, port) as listener:
        for line in _announced(found, listener):
            project.say(line)
        _run_until_told(_server(receiver), listener)
    return writer.counts


def warm_up(project: Project) -> None:
    """A store that cannot be used is told now, not to the first sender; and what is loaded by now is never collected,
    so that no request waits for the collector to walk through it."""
    with project.operations.write() as connection:
        connection.exec_driver_sql(_NOTHING)
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_SWITCH_SECONDS)


def commit(project: Project, told: Sequence[Told]) -> int:
    with project.operations.write() as connection:
        return add_events(connection, told)


def _ready(project: Project) -> None:
    with project.operations.read() as connection:
        connection.exec_driver_sql(_NOTHING)


def _announced(found: Doors, listener: socket.socket) -> Iterator[str]:
    host, port = listener.getsockname()[:2]
    for system, convention in found.open.items():
        yield f"http://{host}:{port}/webhooks/{system} takes webhooks ({convention.name})"
    for system, why in found.closed.items():
        yield f"{system}: no webhooks are taken: {why}"
    yield "ready"


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise UsageError(
                f"{host} port {port} cannot be used ({error.strerror}); choose another: --port 0"
            ) from error
        listener.listen(BACKLOG)
        yield listener


def _server(receiver: Receiver) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            receiver,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,  # addresses and senders are no business of a log, and it costs a fifth
            log_config=None,
            log_level="critical",
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=15,
        )
    )


def _run_until_told(server: uvicorn.Server, listener: socket.socket) -> None:
    """uvicorn raises the signal again after its own shutdown: it then ends a clean run, not the process."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run([listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
