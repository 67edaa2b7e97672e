"""Who wakes up after its lease went to another writes nothing into the hub, in every store."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.errors import Stopped
from ipaas_dagster.hub import Hub, transaction
from ipaas_dagster.hub.fences import Fence, pass_fence
from ipaas_dagster_tests.hub.staged import Account, Landing, merge_into, open_hub


def test_a_smaller_token_is_refused_once_a_greater_one_has_written(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    merge_into(hub, Landing("a", 1, [Account(1)]), fence=Fence("merge", 5))
    merge_into(hub, Landing("b", 2, [Account(2)]), fence=Fence("merge", 5))
    merge_into(hub, Landing("c", 3, [Account(3)]), fence=Fence("merge", 7))
    with pytest.raises(Stopped, match="merge"):
        merge_into(hub, Landing("d", 4, [Account(4)]), fence=Fence("merge", 6))
    merge_into(hub, Landing("e", 5, [Account(5)]), fence=Fence("another", 1))
    assert [record.hub_id[-1] for record in hub.current("customers", None, 10)] == ["1", "2", "3", "5"]


def test_what_was_not_kept_raised_no_fence(tmp_path: Path, hub_url: str) -> None:
    hub = open_hub(tmp_path, hub_url)
    with pytest.raises(ZeroDivisionError):
        _pass_and_fail(hub)
    merge_into(hub, Landing("a", 1, [Account(1)]), fence=Fence("merge", 5))
    assert hub.head().seq == 1


def _pass_and_fail(hub: Hub) -> None:
    with hub.writing() as connection, transaction(connection):
        pass_fence(connection, Fence("merge", 9))
        raise ZeroDivisionError
