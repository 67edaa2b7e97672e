"""What must be on the disk before something is sent, and what need not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from ipaas_dagster.operations import Operations
from ipaas_dagster_tests.outbox.world import FakeSystem, World, customers

WAITS = {"sqlite": ("PRAGMA synchronous", 2), "postgresql": ("SHOW synchronous_commit", "on")}
"""By engine: what to ask, and the answer of a transaction whose commit waits until the disk has it."""


class Noting(Operations):
    """Notes of every commit whether it waited for the disk."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.waited: list[bool] = []

    @contextmanager
    def write(self, *, survives_power_loss: bool = True) -> Iterator[Connection]:
        with super().write(survives_power_loss=survives_power_loss) as connection:
            question, full = WAITS[connection.dialect.name]
            level = connection.exec_driver_sql(question).scalar_one()
            yield connection
        self.waited.append(level == full)


def test_what_is_under_way_survives_a_loss_of_power(tmp_path: Path) -> None:
    """An outcome may be lost with the power (it is then asked for), an intent never: it would be sent as if new."""
    system = FakeSystem()
    world = World(tmp_path, system=system)
    operations = Noting(world.project.settings.operations_url)
    world.project.__dict__["operations"] = operations
    before_sends: list[bool] = []
    system.trouble = [lambda batch: before_sends.append(operations.waited[-1])] * 3
    customers(world.hub, 120)
    world.deliver()
    assert before_sends == [True, True, True]
    assert operations.waited.count(False) == 3  # the outcomes
