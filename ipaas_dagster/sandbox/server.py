"""One server for every stand-in: in a thread for tests, or in the foreground for the command line."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.control import MISUNDERSTOOD, Control, misunderstood
from ipaas_dagster.sandbox.edge import Edge, Protocol
from ipaas_dagster.sandbox.exchange import StandIn
from ipaas_dagster.sandbox.faults import Fault, Faults
from ipaas_dagster.sandbox.instagaze.dialects import Dialect
from ipaas_dagster.sandbox.instagaze.filters import Paging
from ipaas_dagster.sandbox.instagaze.samples import SAMPLES
from ipaas_dagster.sandbox.instagaze.state import DEFAULT_TOKEN, Instagaze
from ipaas_dagster.sandbox.journal import Journal

LOOPBACK = "127.0.0.1"


def print_line(line: str) -> None:
    """One line on standard output, at once: whoever waits for it reads a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox. `origin` is http://host:port; `base_url` and `token` are Instagaze's."""

    origin: str
    instagaze: Instagaze
    clock: SandboxClock

    @property
    def stand_ins(self) -> tuple[StandIn, ...]:
        """Every stand-in. The next one is named here, and is a field above."""
        return (self.instagaze,)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point the product at this sandbox, of all stand-ins."""
        merged: dict[str, str] = {}
        for stand_in in self.stand_ins:
            merged.update(stand_in.environment(self.origin))
        return merged

    @property
    def base_url(self) -> str:
        return self.environment["INSTAGAZE_BASE_URL"]

    @property
    def token(self) -> str:
        return self.instagaze.token

    @property
    def faults(self) -> Faults:
        return self.instagaze.faults

    @property
    def journal(self) -> Journal:
        return self.instagaze.journal


@contextmanager
def running_sandbox(
    *,
    accounts: int = 0,
    seed: int = 1,
    bad_records: bool = False,
    clock: SandboxClock | None = None,
    token: str = DEFAULT_TOKEN,
    max_page: int = 100,
    default_page: int = 100,
    dialect: Dialect = Dialect(),  # noqa: B008 - frozen
    faults: Sequence[Fault] = (),
    samples: Path | None = SAMPLES,
) -> Iterator[Sandbox]:
    """A sandbox in a background thread, on a free port of the loopback; it answers as soon as this enters."""
    chosen = clock or SandboxClock()
    instagaze = Instagaze(
        accounts=accounts,
        seed=seed,
        bad_records=bad_records,
        clock=chosen,
        token=token,
        paging=Paging(default_page, max_page),
        dialect=dialect,
        samples=samples,
    )
    instagaze.faults.set(faults, seed)
    with _listening(LOOPBACK, 0) as listener:
        sandbox = Sandbox(_origin(listener), instagaze, chosen)
        server = _server(sandbox)
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        try:
            yield sandbox
        finally:
            server.should_exit = True
            thread.join()


def serve(
    *,
    port: int = 8800,
    host: str = LOOPBACK,
    accounts: int = 200,
    seed: int = 1,
    bad_records: bool = False,
    max_page: int = 100,
    ready_file: Path | None = None,
    say: Callable[[str], object] = print_line,
) -> None:
    """Run until SIGINT or SIGTERM.

    Once requests are taken, the environment is said, one NAME=value line each, then `ready`. The same
    NAME=value lines are before that in `ready_file`: complete as soon as it is there, and gone at the end.
    """
    clock = SandboxClock()
    with _listening(host, port) as listener:
        instagaze = Instagaze(
            accounts=accounts,
            seed=seed,
            bad_records=bad_records,
            clock=clock,
            paging=Paging(max_page, max_page),
        )
        sandbox = Sandbox(_origin(listener), instagaze, clock)
        _announce(sandbox.environment, ready_file, say)
        try:
            _run_until_told(_server(sandbox), listener)
        finally:
            if ready_file:
                ready_file.unlink(missing_ok=True)


def _run_until_told(server: uvicorn.Server, listener: socket.socket) -> None:
    """uvicorn raises the signal again after its own shutdown: it then ends a clean run, not the process."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run([listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _server(sandbox: Sandbox) -> uvicorn.Server:
    control = Control(sandbox.instagaze, sandbox.clock).routes()
    application = Starlette(
        routes=[Mount("/_sandbox", routes=control), Mount("/", app=Edge(sandbox.stand_ins, sandbox.clock))],
        exception_handlers=dict.fromkeys(MISUNDERSTOOD, misunderstood),
    )
    return uvicorn.Server(
        uvicorn.Config(
            application,
            loop="uvloop",
            http=Protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="critical",  # a connection that a fault cut is no news
            date_header=False,  # the Date is the sandbox clock's
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that queues connections already: who connects before the loop runs waits, and is served."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
        yield listener


def _origin(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def _announce(environment: Mapping[str, str], ready_file: Path | None, say: Callable[[str], object]) -> None:
    lines = [f"{name}={value}" for name, value in environment.items()]
    if ready_file:
        part = ready_file.with_name(f"{ready_file.name}.part")
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        part.replace(ready_file)
    for line in (*lines, "ready"):
        say(line)
