"""`deploy/start.py` as a user starts it, and what a test does to it and sees of it."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

ROOT = Path(__file__).parents[2]
WORKSPACE = str(ROOT / "deploy" / "workspace.yaml")
LONGEST = 900
"""Seconds that anything may take here; the machine may be busy."""


def until(true: Callable[[], object], what: str) -> None:
    """Wait for an event. Raises AssertionError where it does not come."""
    deadline = time.monotonic() + LONGEST
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen within {LONGEST} s"
        time.sleep(0.05)


@dataclass(frozen=True)
class Deployment:
    state: Path
    environment: Mapping[str, str]
    """Of a shell that has sourced its file `environment`."""
    instance: dg.DagsterInstance

    def shell(self, *words: str) -> str:
        """A command in the state folder, to its end; what it printed."""
        done = subprocess.run(
            words,
            cwd=self.state,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def launch(self, job: str, **tags: str) -> str:
        """Launched through the code server, as the UI does; its run's id."""
        known = {run.run_id for run in self.instance.get_runs()}
        words = ["--tags", json.dumps(tags)] if tags else []
        self.shell("dagster", "job", "launch", "-w", WORKSPACE, "-j", job, *words)
        (run,) = [run for run in self.instance.get_runs() if run.run_id not in known]
        return run.run_id

    def ended(self, run_id: str) -> str:
        """Wait for a run; its status."""
        until(lambda: self.run(run_id).is_finished, f"the end of run {run_id}")
        return self.run(run_id).status.value

    def run(self, run_id: str) -> dg.DagsterRun:
        found = self.instance.get_run_by_id(run_id)
        assert found is not None
        return found

    def failures(self, run_id: str) -> list[str]:
        """What went wrong in a run, in its own words."""
        return [f"{e.step_key}: {e.message}" for e in self.instance.all_logs(run_id) if e.level >= 40]

    def workers_of(self, run_id: str, step: str | None = None) -> list[str]:
        """The workers that began a run's steps (or one step), in time order."""
        logs = self.instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
        events = [entry for entry in logs if step in (None, entry.step_key) and entry.dagster_event]
        found = [entry.dagster_event.engine_event_data.metadata.get("Celery worker") for entry in events]
        return [str(worker.value).partition("@")[0] for worker in found if worker is not None]

    def pid(self, name: str) -> int:
        return int((self.state / "run" / f"{name}.pid").read_text(encoding="utf-8"))

    def kill_machine(self, worker: str) -> None:
        """The worker and its child, as if the machine were gone: `kill -9 -- -PID`."""
        os.killpg(self.pid(worker), signal.SIGKILL)

    def kill_child(self, worker: str) -> None:
        """Only the process that executes steps, as the kernel does where memory is short."""
        pid = self.pid(worker)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)

    def kill_run(self, run_id: str) -> None:
        """The process that hands out a run's steps."""
        said = " ".join(entry.message for entry in self.instance.all_logs(run_id))
        found = re.search(r"Started process for run \(pid: (\d+)\)", said)
        assert found is not None, said
        os.kill(int(found[1]), signal.SIGKILL)


@contextmanager
def deployed(state: Path, given: Mapping[str, str], *options: str) -> Iterator[Deployment]:
    """Started with nothing but `given` in its environment, until the block ends."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    command = [sys.executable, "deploy/start.py", "--state", str(state), *options]
    process = subprocess.Popen(command, cwd=ROOT, env={**clean, **given}, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("for your shell"):
                break
        assert any(line.startswith("for your shell") for line in said), "".join(said)
        environment = {**clean, **given, **sourced(state / "environment", clean["PATH"])}
        with _instance(environment) as instance:
            yield Deployment(state, environment, instance)
    finally:
        process.terminate()
        process.wait(120)


def sourced(path: Path, searched: str) -> dict[str, str]:
    """What a shell would know after `. path`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.removeprefix("export ").split("=", 1) for line in lines]
    return {name: "".join(shlex.split(re.sub(r"\$PATH\b", searched, value))) for name, value in pairs}


@contextmanager
def _instance(environment: Mapping[str, str]) -> Iterator[dg.DagsterInstance]:
    os.environ["DAGSTER_POSTGRES_URL"] = environment["DAGSTER_POSTGRES_URL"]
    try:
        with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
            yield instance
    finally:
        del os.environ["DAGSTER_POSTGRES_URL"]
