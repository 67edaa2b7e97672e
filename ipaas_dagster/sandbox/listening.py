"""The ports of a sandbox, http and https, and the servers behind them."""

from __future__ import annotations

import signal
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from ipaas_dagster.sandbox.certificate import Certificate, make_certificate
from ipaas_dagster.sandbox.edge import Protocol


@dataclass(frozen=True)
class Ports:
    """Sockets that queue connections already: who connects before a server runs waits, and is served."""

    http: socket.socket
    https: socket.socket | None
    certificate: Certificate | None

    @property
    def origin(self) -> str:
        return _origin("http", self.http)

    @property
    def https_origin(self) -> str | None:
        return _origin("https", self.https) if self.https else None

    @property
    def ca_file(self) -> Path | None:
        return self.certificate.ca_file if self.certificate else None

    @contextmanager
    def serving(self, application: ASGIApp) -> Iterator[None]:
        """Serve in threads until this context ends."""
        with _in_threads([(_server(application), self.http), *self._https_server(application)]):
            yield

    def serve_until_told(self, application: ASGIApp) -> None:
        """Serve in the foreground until SIGINT or SIGTERM."""
        with _in_threads(self._https_server(application)):
            _run_until_told(_server(application), self.http)

    def _https_server(self, application: ASGIApp) -> list[tuple[uvicorn.Server, socket.socket]]:
        if self.https is None or self.certificate is None:
            return []
        return [(_server(application, self.certificate.context), self.https)]


@contextmanager
def ports(host: str, port: int, https_port: int | None = None, ca_folder: Path | None = None) -> Iterator[Ports]:
    """Listen; 0 is any free port, https_port None is no https. Raises OSError for a port that is taken.

    The authority's certificate is written into `ca_folder`; without one, into a folder that is gone at the end.
    """
    with ExitStack() as stack:
        http = stack.enter_context(_listening(host, port))
        if https_port is None:
            yield Ports(http, None, None)
            return
        https = stack.enter_context(_listening(host, https_port))
        folder = ca_folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-ca-")))
        yield Ports(http, https, make_certificate(folder))


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
        yield listener


@contextmanager
def _in_threads(servers: Sequence[tuple[uvicorn.Server, socket.socket]]) -> Iterator[None]:
    threads = [
        threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        for server, listener in servers
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, _ in servers:
            server.should_exit = True
        for thread in threads:
            thread.join()


def _run_until_told(server: uvicorn.Server, listener: socket.socket) -> None:
    """uvicorn raises the signal again after its own shutdown: it then ends a clean run, not the process."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run([listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _server(application: ASGIApp, context: ssl.SSLContext | None = None) -> uvicorn.Server:
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
            ssl_context_factory=(lambda *_: context) if context else None,
        )
    )


def _origin(scheme: str, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://{host}:{port}"
