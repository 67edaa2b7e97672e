"""A change that a position passed over is found, by comparing with the hub's own list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ipaas_dagster.ledger.outbox_balance import outbox_balance
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, customers


class ReadHub:
    """The two tables of the hub that the balance reads."""

    def __init__(self, world: World, without: int | None = None) -> None:
        self._connection = duckdb.connect()
        run = self._connection.execute
        run("CREATE SCHEMA hub")
        run(f"CREATE TABLE hub.meta AS SELECT 'epoch' AS name, '{world.hub.epoch}' AS value")
        run("CREATE TABLE hub.changes (seq BIGINT, collection VARCHAR)")
        for change in world.hub.log:
            if change.seq != without:
                run("INSERT INTO hub.changes VALUES (?, ?)", [change.seq, change.collection])

    @contextmanager
    def reading(self) -> Iterator[Any]:
        yield self._connection


@pytest.fixture
def world(tmp_path: Path, each_store: str) -> World:
    world = World(tmp_path, system=FakeSystem())
    customers(world.hub, 5)
    world.hub.drop("customers", "instagaze:accounts:000001")
    world.deliver()
    world.hub.put("customers", "instagaze:accounts:000002", name="not read yet")
    return world


def test_every_change_up_to_the_position_was_read(world: World) -> None:
    assert outbox_balance(world.project.operations, ReadHub(world)) == ()  # type: ignore[arg-type]


def test_a_difference_names_the_route(world: World) -> None:
    findings = outbox_balance(world.project.operations, ReadHub(world, without=3))  # type: ignore[arg-type]
    assert findings == ("sql/customers: 5 changes in the hub up to its position, 6 read",)


def test_another_hub_cannot_be_compared(world: World) -> None:
    hub = ReadHub(world, without=3)
    hub._connection.execute("UPDATE hub.meta SET value = 'another'")
    assert outbox_balance(world.project.operations, hub) == ()  # type: ignore[arg-type]
