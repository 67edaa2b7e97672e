"""The hub equals the source, field by field; sql holds, and files fold to, exactly the hub's live records."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.faults import every_kind
from ipaas_dagster.sandbox.instagaze.dialects import Dialect
from ipaas_dagster_tests.flow.world import World


def test_everything_arrives_everywhere(tmp_path: Path, hub_url: str) -> None:
    with running_sandbox(accounts=250, seed=3, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_HUB_URL", hub_url),))
        outcome = world.sync()
        assert outcome.findings == []
        hub = world.hub()
        assert all(hub.values()), "a hub table is empty"
        assert hub == world.truth()
        assert world.sql() == hub
        assert world.files_by_command() == hub
        world.check_books()


DIALECTS = {
    "bare lists, symbols": Dialect(bare_lists=True, currency="symbol", postal_code="postalCode"),
    "objects, text products": Dialect(currency="object", products_as_text=True, postal_code="postal_code"),
    "odd times, text ids, more fields": Dialect(times_with_offsets=True, ids_as_text=True, extra_fields=True),
    "no order, wrong count": Dialect(honours_order=False, count="wrong"),
    "no count": Dialect(count="missing"),
    "modified is ignored": Dialect(honours_modified=False),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_other_servers_of_the_same_document(name: str, tmp_path: Path) -> None:
    with running_sandbox(accounts=130, seed=4, samples=None, dialect=DIALECTS[name], max_page=37) as sandbox:
        world = World(sandbox, tmp_path / "state")
        assert world.sync().findings == []
        assert world.hub() == world.truth()
        world.check_books()


def test_faults_of_every_kind_change_nothing(tmp_path: Path) -> None:
    with running_sandbox(accounts=220, seed=5, samples=None, faults=every_kind(0.02)) as sandbox:
        world = World(sandbox, tmp_path / "state")
        assert world.sync().findings == []
        assert world.hub() == world.truth()
        assert world.sql() == world.hub()
        world.check_books()


def test_bad_records_are_told_and_stop_nothing_else(tmp_path: Path, hub_url: str) -> None:
    from ipaas_dagster.sandbox import BAD_RECORDS

    with running_sandbox(accounts=20, seed=6, bad_records=True) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_HUB_URL", hub_url),))
        outcome = world.sync()
        assert len([text for text in outcome.findings if "was rejected" in text]) == len(BAD_RECORDS)
        assert world.sync().findings == [], "known open rejects do not turn every later run red"
        assert world.sql() == world.hub()
        world.check_books()
