"""Lines of a landing that are no JSON to DuckDB (a broken UTF-8 sequence, half a surrogate pair): rejected.

Such lines are rare and few, so they are looked for in Python, and only where DuckDB met some.
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster.contracts.base import Collection

if TYPE_CHECKING:
    import duckdb

_OBSERVED = re.compile(rb'"observed_at"\s*:\s*(\d{1,17})')
_REASON = "record: is not JSON in UTF-8 with whole characters"


def reject_unreadable_lines(con: duckdb.DuckDBPyConnection, parent: Collection, landing_path: Path) -> None:
    """Reject the lines of the landing that `staged_<parent>` and the tombstones lack. The text of the line
    is kept as one JSON string, with what is no character replaced."""
    known = {
        int(line)
        for (line,) in con.execute(
            f"SELECT line FROM staged_{parent.name} UNION ALL SELECT line FROM staged_tombstones"
        ).fetchall()
    }
    for number, line in enumerate(_lines(landing_path), start=1):
        if number not in known and line.strip():
            record = json.dumps(line.decode("utf-8", "replace"))
            con.execute(
                "INSERT INTO staged_rejects VALUES (?, ?, 0, ?, NULL, NULL, NULL, [?], ?)",
                [parent.name, number, _observed_at(line), _REASON, record],
            )


def _observed_at(line: bytes) -> datetime:
    found = _OBSERVED.search(line)
    return datetime.fromtimestamp(int(found[1]) / 1_000_000 if found else 0, tz=UTC)


def _lines(path: Path) -> Iterator[bytes]:
    if path.suffix == ".zst":
        import zstandard

        with (
            path.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as f,
        ):
            yield from io.BufferedReader(f)
    elif path.suffix == ".gz":
        with gzip.open(path) as packed:
            yield from packed
    else:
        with path.open("rb") as plain:
            yield from plain
