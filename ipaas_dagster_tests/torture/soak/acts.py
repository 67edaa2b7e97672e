"""Days of polls, deliveries, reconciles and pruning in one process, by a clock that runs ahead, each day measured."""

from __future__ import annotations

import gc
import json
import os
import resource
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

from ipaas_dagster.project import Project
from ipaas_dagster.prune import prune
from ipaas_dagster.records import utc_now
from ipaas_dagster.sync import reconcile_all, sync

CHANGED = 6
"""Records of each collection a day; none is made, so that there is nothing to grow with."""
RECONCILED = 7
"""Each so many days."""


def live_for_days(project: Project) -> None:
    """Writes one JSON line a day: the day, seconds of CPU of its poll, memory, and the sizes of what is kept."""
    environment = project.settings.environment
    sources = environment["TORTURE_SOURCES"].split()
    systems = [one.name for one in project.worksheet.destinations]
    days, out = int(environment["TORTURE_DAYS"]), Path(environment["TORTURE_OUT"])
    with out.open("w", buffering=1) as measured:
        for day in range(days):
            today = timedelta(days=day)
            now = Project(project.settings, clock=lambda today=today: utc_now() + today, say=project.say)
            for name in sources:
                _change(environment["TORTURE_ORIGIN"], name, day)
            started = time.process_time()
            outcome = sync(now, [(name, None) for name in sources], systems)
            seconds = time.process_time() - started
            if day % RECONCILED == RECONCILED - 1:
                outcome.findings += reconcile_all(now, sources, systems).findings
            outcome.findings += prune(now).findings
            now.operations.dispose()
            assert not outcome.findings, outcome.findings
            gc.collect()
            measured.write(json.dumps({"day": day, "seconds": seconds, **_sizes(project.settings.state)}) + "\n")


def _change(origin: str, collection: str, seed: int) -> None:
    body = json.dumps({"collection": collection, "change": CHANGED, "seed": seed}).encode()
    request = urllib.request.Request(f"{origin}/_sandbox/mutate", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        answer.read()


def _sizes(state: Path) -> dict[str, float]:
    """Bytes; `memory` is what the process has now, `landings` and `rows` those of what is pruned."""
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    memory = pages * os.sysconf("SC_PAGE_SIZE") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    landings = sum(file.stat().st_size for file in (state / "landings").rglob("*") if file.is_file())
    files = sum(1 for file in (state / "landings").rglob("*.zst"))
    hub, operations = (state / "ipaas.duckdb").stat().st_size, (state / "operations.db").stat().st_size
    return {"memory": memory, "landings": landings, "landing_files": files, "hub": hub, "operations": operations}
