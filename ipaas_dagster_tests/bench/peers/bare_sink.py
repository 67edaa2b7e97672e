"""Threads that send, and nothing that remembers: what delivering costs at least.

bare_sink.py SINK_URL RECORDS BATCH THREADS     the records are read from a file of JSON lines
"""

from __future__ import annotations

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sending import Sender

_local = threading.local()


def main() -> None:
    url, records, batch, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

    def send(items: list[dict[str, object]]) -> None:
        if not hasattr(_local, "sender"):
            _local.sender = Sender(url)
        _local.sender.send(items)

    started, cpu = time.monotonic(), time.process_time()
    rows = [json.loads(line) for line in Path(records).read_bytes().splitlines()]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, [rows[at : at + batch] for at in range(0, len(rows), batch)]))
    told = {"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
