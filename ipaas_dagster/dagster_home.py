"""DAGSTER_HOME, its dagster.yaml and the `.env` that points Dagster's own commands at it: made once, never
changed.

    ipaas, make install     the environment wins over .env
    dg, dagster             .env wins over the environment, because they load it themselves

`python -m ipaas_dagster.dagster_home` makes what is missing and says what it found. Imports nothing of
Dagster.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from ipaas_dagster.errors import NotSetUp
from ipaas_dagster.settings import Settings, load, read_env_file

DAGSTER_YAML = """\
# Dagster's own settings. Written once by `make install` or `ipaas dev`; yours from then on.
# Runs, events and schedules are kept in SQLite files beside this one; for PostgreSQL add a `storage:` block.

telemetry:
  enabled: false
nux:
  enabled: false              # no newsletter dialog

concurrency:
  runs:
    max_concurrent_runs: 4    # a process of about 200 MB each; several at once are safe, they wait for locks

run_monitoring:               # frees the places of runs whose process was killed
  enabled: true
  start_timeout_seconds: 300
  max_runtime_seconds: 43200  # 12 hours; raise it for a first load that takes longer

sensors:
  use_threads: true           # a slow source must not hold up the delivery sensor
  num_workers: 4
schedules:
  use_threads: true
  num_workers: 4

code_servers:
  local_startup_timeout: 180  # seconds; a busy small machine needs more than a few

retention:                    # of ticks; the job `prune` deletes old runs, and keeps the latest materialisations
  schedule:
    purge_after_days: {skipped: 7, success: 90, failure: 90, started: 90}
  sensor:
    purge_after_days: {skipped: 2, success: 90, failure: 90, started: 90}
"""

_ENV = """\
# Written once by `make install`; yours from then on. Dagster's commands let this file win over the
# environment, `ipaas` lets the environment win.
DAGSTER_HOME={home}
"""


@dataclass(frozen=True)
class DagsterHome:
    """Where Dagster's storage is; `made` names the files that this call wrote, `notes` are for a person."""

    home: Path
    made: tuple[Path, ...]
    notes: tuple[str, ...]


def prepare(settings: Settings, folder: Path) -> DagsterHome:
    """Make DAGSTER_HOME, a dagster.yaml in it and `folder`/.env, each only if it is not there yet.

    An environment that names DAGSTER_HOME says it all: then no .env is made, for it would win over the next one.
    Raises NotSetUp if a folder cannot be written.
    """
    home, env_file = settings.dagster_home.absolute(), folder / ".env"
    made = [_write_once(home / "dagster.yaml", DAGSTER_YAML)]
    if "DAGSTER_HOME" not in settings.environment:
        made.append(_write_once(env_file, _ENV.format(home=home)))
    notes = []
    declared = read_env_file(env_file).get("DAGSTER_HOME")
    if declared and Path(declared) != home:
        made.append(_write_once(Path(declared).absolute() / "dagster.yaml", DAGSTER_YAML))
        notes.append(f"{env_file} sends `dg` and `dagster` to {declared}; the environment sends `ipaas` to {home}")
    elif not declared and "DAGSTER_HOME" not in settings.environment:
        notes.append(f"{env_file} names no DAGSTER_HOME; add DAGSTER_HOME={home}, or `dg` keeps no runs")
    return DagsterHome(home, tuple(path for path in made if path), tuple(notes))


def _write_once(path: Path, text: str) -> Path | None:
    """Put a whole file in place; None if there was one. Two at once: one of them writes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, encoding="utf-8") as draft:
            draft.write(text)
            draft.flush()
            os.link(draft.name, path)  # fails where there is a file
    except FileExistsError:
        return None
    except OSError as error:
        raise NotSetUp(
            f"{path} cannot be written ({error.strerror}); "
            "set DAGSTER_HOME or IPAAS_STATE to a folder that this user may write"
        ) from error
    path.chmod(0o644)
    return path


def main() -> None:
    import sys

    found = prepare(load(), Path.cwd())
    for line in (*(f"made {path}" for path in found.made), *found.notes):
        print(line, file=sys.stderr)  # noqa: T201 (this is its report)


if __name__ == "__main__":
    main()
