"""Dagster as processes of its own, given an environment that says it all.

They start in DAGSTER_HOME, not in the project's folder: Dagster lets a `.env` of its current folder win over
the environment, and a demo must never reach the systems that a `.env` names.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ipaas_dagster.errors import UsageError
from ipaas_dagster.settings import Settings

STOP_SECONDS = 30
JOB_SECONDS = 1800


@dataclass(frozen=True)
class Installation:
    """What a Dagster process needs to know. `environment` is complete; `home` is DAGSTER_HOME."""

    environment: Mapping[str, str]
    home: Path
    workspace: Path


def installation(settings: Settings, given: Mapping[str, str]) -> Installation:
    """This project's, with `given` variables winning over the environment and `.env`."""
    from ipaas_dagster.dagster_home import prepare

    folder = Path.cwd()
    workspace = folder / "workspace.yaml"
    if not workspace.is_file():
        raise UsageError(f"there is no workspace.yaml in {folder}; run this in the project's folder")
    home = prepare(settings, folder).home
    paths = {"IPAAS_STATE": settings.state, "IPAAS_CONFIG": settings.config, "DAGSTER_HOME": home}
    own = {name: value for name, value in settings.environment.items() if name.startswith("IPAAS_")}
    environment = {**os.environ, **own, **{name: str(path) for name, path in paths.items()}, **given}
    return Installation(environment, home, workspace)


def run_job(place: Installation, job: str, *, partition: str | None = None) -> tuple[int, str]:
    """Run a job to its end, as a user would from a shell: (exit code, everything it printed)."""
    command = [sys.executable, "-m", "dagster_dg_cli.cli", "launch", "--job", job]
    command += ["--module-name", "ipaas_dagster.definitions"]
    command += ["--partition", partition] if partition else []
    done = subprocess.run(
        command,
        cwd=place.home,
        env=dict(place.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=JOB_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout


@contextmanager
def dagster_dev(place: Installation, host: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The UI, the daemon and the code server, until the block ends."""
    quiet = "ignore:Function"  # it recommends `dg dev`, which reads the .env of the project instead
    command = [sys.executable, "-W", quiet, "-m", "dagster", "dev", "--workspace", str(place.workspace)]
    command += ["--host", host, "--port", str(port)]
    process = subprocess.Popen(command, cwd=place.home, env=dict(place.environment), start_new_session=True)
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Dagster stops its own children when it is interrupted; what does not stop in time is killed."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, so that what was started is stopped in order."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for(process: subprocess.Popen[bytes], stop: threading.Event) -> int:
    """Until the process ends by itself (its exit code) or somebody wants it to stop (0)."""
    while not stop.wait(0.5):
        code = process.poll()
        if code is not None:
            return code
    return 0


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody listens there, else any port that is free now."""
    import socket

    for candidate in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise UsageError("no port is free on this machine")
