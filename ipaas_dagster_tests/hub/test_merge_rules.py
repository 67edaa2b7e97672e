"""Random landings, in any order of time, against the rules written again in plain Python."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipaas_dagster.hub import Hub
from ipaas_dagster_tests.hub.model import Model, Rows
from ipaas_dagster_tests.hub.staged import Account, Landing, Person, merge_into, open_hub

people = st.builds(
    Person,
    id=st.one_of(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.none()),
    name=st.sampled_from("ab"),
    bad=st.sampled_from([False, False, False, True]),
    removed=st.sampled_from([False, False, False, True]),
)
accounts = st.builds(
    Account,
    id=st.one_of(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.none()),
    name=st.sampled_from("abc"),
    contacts=st.one_of(st.lists(people, max_size=3).map(tuple), st.none()),
    bad=st.sampled_from([False, False, False, True]),
    at=st.integers(0, 2),
)
tombstones = st.sampled_from(["instagaze:accounts:1", "instagaze:accounts:2", "instagaze:contacts:3"])
histories = st.lists(
    st.tuples(st.integers(0, 6), st.lists(accounts, max_size=5), st.lists(tombstones, max_size=1, unique=True)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories)
def test_hub_follows_the_rules_and_balances(hub_url: str, history: list[tuple[int, list[Account], list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hub, model = empty_hub(Path(folder), hub_url), Model()
        for number, (at, records, gone) in enumerate(history):
            # a landing holds records or tombstones, never both
            landing = Landing(f"landing-{number}", at, [] if gone else records, gone)
            merged = merge_into(hub, landing)
            model.merge(landing)
            for name, counts in merged.counts.items():
                assert counts.balanced, (name, counts)
            assert merged.counts["customers"].fetched == len(landing.accounts)
            elements = sum(len(account.contacts or ()) for account in landing.accounts)
            assert merged.counts["contacts"].fetched == elements
        assert rows_of(hub, "customers") == expected(model.customers)
        assert rows_of(hub, "contacts") == expected(model.contacts)
        assert sorted(changes_of(hub)) == sorted(model.changes)


def empty_hub(folder: Path, url: str) -> Hub:
    """One of this example's own: a database is used again, a file is not."""
    if url.startswith("duckdb"):
        return open_hub(folder)
    with open_hub(folder, url).writing() as connection:
        connection.execute("DROP SCHEMA hub CASCADE")
        connection.execute("DROP SCHEMA instagaze CASCADE")
    return open_hub(folder, url)


def rows_of(hub: Hub, name: str) -> dict[str, tuple[object, ...]]:
    parent = "customer_id" if name == "contacts" else "NULL"
    with hub.reading() as connection:
        assert connection is not None
        rows = connection.execute(
            f"SELECT hub_id, name, {parent}, version, observed_at, deleted_at IS NULL FROM hub.{name}"
        ).fetchall()
    assert len(rows) == len({row[0] for row in rows}), "a record stands twice"
    return {row[0]: row[1:] for row in rows}


def expected(rows: Rows) -> dict[str, tuple[object, ...]]:
    return {key: (r.name, r.parent, r.version, r.observed_at, r.alive) for key, r in rows.items()}


def changes_of(hub: Hub) -> list[tuple[str, str, int]]:
    changes = [c for name in ("customers", "contacts") for c in hub.changes(name, 0, 10_000)]
    seqs = sorted(c.seq for c in changes)
    assert seqs == list(range(1, len(seqs) + 1)), "seq has gaps or repeats"
    return [(c.hub_id, c.operation, c.version) for c in changes]
