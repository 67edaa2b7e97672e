"""dlt into DuckDB, tuned: pages extracted in parallel, Parquet, two normalisers, loads in parallel.

dlt_load.py BASE_URL PAGE CONNECTIONS FOLDER [merge]     all, replacing what there was; or what was modified since
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FOLDER = Path(sys.argv[4]) if len(sys.argv) > 4 else Path()
os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "EXTRACT__WORKERS": "8",
    "EXTRACT__MAX_PARALLEL_ITEMS": "32",
    "EXTRACT__DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "NORMALIZE__WORKERS": "2",
    "NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "LOAD__WORKERS": "2",
}

import dlt  # noqa: E402
import orjson  # noqa: E402
import requests  # noqa: E402

OVERLAP_SECONDS = 120
LIVE_CONTACTS = "accounts__contacts WHERE NOT is_deleted"


@dlt.resource(name="accounts", primary_key="id", write_disposition="merge", parallelized=True)
def accounts(base_url: str, limit: int) -> Iterator[Any]:
    """Every page at once is a deferred item; what is asked for follows the state of the last run."""
    state = dlt.current.resource_state()
    since, started = state.get("since"), int(time.time())
    asked = f"{base_url}accounts?limit={limit}" + (f"&modified={since}" if since else "")
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    @dlt.defer
    def page(offset: int) -> list[dict[str, Any]]:
        return orjson.loads(session.get(f"{asked}&offset={offset}").content)["results"]

    first = orjson.loads(session.get(f"{asked}&offset=0").content)
    yield first["results"]
    for offset in range(limit, first["count"], limit):
        yield page(offset)
    state["since"] = started - OVERLAP_SECONDS


def main() -> None:
    base_url, limit = sys.argv[1], int(sys.argv[2])
    started, cpu = time.monotonic(), time.process_time()
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(_FOLDER / "pipelines"),
        destination=dlt.destinations.duckdb(str(_FOLDER / "dlt.duckdb")),
        dataset_name="bench",
    )
    resource = accounts(base_url, limit)
    if "merge" not in sys.argv[5:]:
        resource.apply_hints(write_disposition="replace")
    pipeline.run(resource, loader_file_format="parquet")
    seconds, used = time.monotonic() - started, time.process_time() - cpu
    with pipeline.sql_client() as client:
        counts = [client.execute_sql(f"SELECT count(*) FROM {t}")[0][0] for t in ("accounts", LIVE_CONTACTS)]
    told = {"seconds": seconds, "cpu": used, "accounts": counts[0], "contacts": counts[1]}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
