"""dlt's custom destination, tuned: Parquet, two normalisers, batches sent by several threads.

dlt_sink.py SINK_URL RECORDS BATCH THREADS FOLDER     the records are read from a file of JSON lines
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

os.environ |= {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "25000",
    "EXTRACT__DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "NORMALIZE__WORKERS": "2",
    "LOAD__WORKERS": "8",
}

import dlt
import orjson
from sending import Sender

_local = threading.local()


def main() -> None:
    url, records, batch, threads, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    os.environ["LOAD__WORKERS"] = str(threads)

    @dlt.resource(name="customers")
    def customers() -> Iterator[Any]:
        with Path(records).open("rb") as file:
            while part := [orjson.loads(line) for line in islice(file, 10_000)]:
                yield part

    @dlt.destination(batch_size=batch, loader_file_format="parquet", max_parallel_load_jobs=threads)
    def sink(items: Any, table: Any) -> None:
        if not hasattr(_local, "sender"):
            _local.sender = Sender(url)
        _local.sender.send(items.to_pylist())

    started, cpu = time.monotonic(), time.process_time()
    pipeline = dlt.pipeline("sink", pipelines_dir=str(Path(folder) / "pipelines"), destination=sink)
    pipeline.run(customers())
    told = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
