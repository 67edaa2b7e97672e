"""What is measured inside a process of the product, without its start: one job a process, told as a JSON document.

    fetch              pages of the source, linked and searched for secrets, dropped
    changed COUNT      pull and merge of so many changed records, after a first look that has warmed the process
    deliver            the hub's customers, queued and delivered to the sink
    merge COUNT OF     a landing of so many changed accounts of the first OF, into the hub as it is
    tick               the change sensor, when nothing has changed

The settings come from the environment, as everywhere.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.request import urlopen

from ipaas_dagster.project import Project
from ipaas_dagster.settings import load

Told = Mapping[str, Any]


def timed(work: Callable[[], Any]) -> tuple[dict[str, Any], Any]:
    started, cpu = time.monotonic(), time.process_time()
    result = work()
    return {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu}, result


def fetch(project: Project) -> Told:
    from ipaas_dagster.source.client import Client
    from ipaas_dagster.source.collections import source_collection
    from ipaas_dagster.source.connection import Connection
    from ipaas_dagster.source.scan import Scan
    from ipaas_dagster.source.session import run

    settings, found = project.settings, {"records": 0, "requests": 0}

    async def read() -> None:
        async with Connection(settings.base_url, settings.token, connections=settings.connections) as connection:
            client = Client(connection, source_collection("accounts"))
            scan = Scan(client.page, limit=settings.page_size, connections=settings.connections)
            async for page in scan.pages():
                found["records"] += len(page.records)
            found["requests"] = scan.requests

    async def first() -> None:
        async with Connection(settings.base_url, settings.token) as connection:
            await Client(connection, source_collection("accounts")).page(0, 1)

    run(first())  # imports are not what is measured here
    return {**timed(lambda: run(read()))[0], **found}


def changed(project: Project, count: int) -> Told:
    from ipaas_dagster.merge import merge
    from ipaas_dagster.pull import pull

    def once() -> int:
        pull(project, "accounts")
        return sum(result.counts["customers"].updated for result in merge(project, ["accounts"]))

    once()
    with urlopen(f"{project.settings.base_url.partition('/api/')[0]}/bench/change?count={count}&times=77"):
        pass
    told, updated = timed(once)
    return {**told, "updated": updated}


def deliver(project: Project, batch: int, threads: int) -> Told:
    from ipaas_dagster.deliver import Means
    from ipaas_dagster.deliver import deliver as product
    from ipaas_dagster_tests.bench.sink import Sink

    url = project.settings.base_url.partition("/api/")[0] + "/sink"
    means = Means(lambda project, system: Sink(url, batch, threads))
    told, result = timed(lambda: product(project, "sink", means))
    counts = result.routes["customers"]
    return {**told, "delivered": counts.delivered, "states": dict(counts.states)}


def merge_changed(project: Project, count: int, of: int) -> Told:
    """The second of two landings counts: the first finds the process cold."""
    from ipaas_dagster.merge import merge

    told: Told = {}
    for times in (1, 2):
        landing(project, count, of, times)
        told, results = timed(lambda: merge(project, ["accounts"]))
        updated = sum(result.counts["customers"].updated for result in results)
        if updated != count:
            raise AssertionError(f"{updated} records were updated, not {count}")
    return {**told, "updated": count}


def landing(project: Project, count: int, of: int, times: int) -> None:
    """A landing of so many accounts under another name, spread over the first `of`."""
    from ipaas_dagster.records import utc_now
    from ipaas_dagster.source.landed import add_landing
    from ipaas_dagster_tests.bench.records import accounts, changed

    bodies = [body for number, (_, body) in enumerate(accounts(of)) if number % (of // count) == 0][:count]
    with project.landings.writer("accounts", run_id=project.run_id) as writer:
        writer.page(utc_now(), [changed(body, times) for body in bodies])
        note = writer.close("since")
    with project.operations.write() as connection:
        add_landing(connection, note, utc_now())


def tick(project: Project) -> Told:
    import dagster as dg

    from ipaas_dagster.definitions import defs

    sensor = defs.resolve_sensor_def("instagaze_changes")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance)
        told, data = timed(lambda: sensor.evaluate_tick(context))
        return {**told, "runs": len(data.run_requests or []), "skipped": str(data.skip_message)}


JOBS: dict[str, Callable[..., Told]] = {
    "fetch": fetch,
    "changed": changed,
    "deliver": deliver,
    "merge": merge_changed,
    "tick": tick,
}


def main() -> None:
    name, *given = sys.argv[1:]
    settings = replace(load(), environment=dict(os.environ))
    told = JOBS[name](Project(settings), *(int(number) for number in given))
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
