"""Any JSON in any field: nothing crashes, and every record and every element ends in exactly one place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipaas_dagster.contracts import of_source
from ipaas_dagster.contracts.staging import stage
from ipaas_dagster_tests.contracts.conftest import line_of
from ipaas_dagster_tests.contracts.samples import BY_SOURCE

TRICKY: list[Any] = [
    *(0, -1, 1.5, 299500.0, 2**63, -(2**63), 10**40, 1e300, True, "", " ", "\u0000", "$", "¥", "#", "null", "[]"),
    *(
        "2018-01-01",
        "infinity",
        "NaN",
        "-0",
        "1e400",
        "'",
        '"',
        "\\",
        "{}",
        "é",
        "9" * 400,
        "2018-01-01T00:00:00+15:59",
    ),
]
LEAVES = st.one_of(st.none(), st.sampled_from(TRICKY), st.integers(), st.text(max_size=8))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def records(draw: st.DrawFn, source: str) -> Any:
    """A good record with a few fields, at any depth, replaced by anything; now and then anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    record = json.loads(json.dumps(BY_SOURCE[source]))
    for _ in range(draw(st.integers(0, 4))):
        place: Any = record
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
                place = place[key]
            else:
                place[key] = draw(VALUES)
                break
    return record


def elements_of(record: Any, array: str) -> int:
    value = record.get(array) if isinstance(record, dict) else None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return 0
    return len(value) if isinstance(value, list) else 0


@pytest.mark.parametrize("source", list(BY_SOURCE))
def test_every_record_ends_in_exactly_one_place(source: str, tmp_path: Path) -> None:
    parent, *children = of_source(source)
    path = tmp_path / "landing.ndjson.gz"

    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(records(source), min_size=10, max_size=30))
    def check(batch: list[Any]) -> None:
        path.write_bytes(gzip.compress(b"".join(line_of(n, r) for n, r in enumerate(batch, start=1))))
        with duckdb.connect(config={"memory_limit": "300MB", "threads": 1}) as con:
            stage(con, path, source)
            for collection in (parent, *children):
                places = con.execute(f"""
                    SELECT line, element FROM staged_{collection.name}
                    UNION ALL SELECT line, element FROM staged_rejects WHERE collection = '{collection.name}'
                    ORDER BY ALL""").fetchall()
                if collection is parent:
                    assert places == [(n, 0) for n in range(1, len(batch) + 1)]
                else:
                    counts = [elements_of(record, str(collection.array)) for record in batch]
                    assert places == [(n, e) for n, c in enumerate(counts, start=1) for e in range(1, c + 1)]
            told = con.execute("SELECT count(*) FROM staged_rejects WHERE len(reasons) = 0 OR reasons IS NULL")
            assert told.fetchone() == (0,)
            assert all(
                json.loads(x) is not None for (x,) in con.execute(f"SELECT extra FROM staged_{parent.name}").fetchall()
            )

    check()
