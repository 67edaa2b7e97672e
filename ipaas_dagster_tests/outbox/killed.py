"""A delivery in a process of its own that kills itself, as with `kill -9`, at one of its commits.

python -m ipaas_dagster_tests.outbox.killed FOLDER SYSTEM OPERATIONS_URL COMMIT before|after
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from ipaas_dagster.operations import Operations
from ipaas_dagster_tests.outbox.world import World, customers

CHUNK = 8


def build(folder: Path, operations_url: str = "") -> World:
    """The same hub in every process: 20 customers, contacts of them, and later changes and deletes."""
    world = World(folder, operations_url=operations_url)
    world.chunk = CHUNK
    ids = customers(world.hub, 20)
    for n, hub_id in enumerate(ids):
        world.hub.put("contacts", f"instagaze:contacts:{n:03d}", customer_id=hub_id, name=f"Contact {n}")
    return world


def change(world: World) -> None:
    """A second generation: some records changed, some gone, some new."""
    for n in range(0, 20, 3):
        world.hub.put("customers", f"instagaze:accounts:{n:06d}", name=f"Changed {n}")
    for n in range(1, 20, 4):
        world.hub.drop("contacts", f"instagaze:contacts:{n:03d}")
        world.hub.drop("customers", f"instagaze:accounts:{n:06d}")
    world.hub.put("customers", "instagaze:accounts:new", name="new")


class Mortal(Operations):
    """Ends the process at its nth writing transaction, just before or just after that commits."""

    def __init__(self, url: str, commit: int, when: str) -> None:
        super().__init__(url)
        self._left, self._when = commit, when

    @contextmanager
    def write(self, *, survives_power_loss: bool = True) -> Iterator[Connection]:
        self._left -= 1
        with super().write(survives_power_loss=survives_power_loss) as connection:
            yield connection
            if self._left == 0 and self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    folder, system, url, commit, when = sys.argv[1:]
    world = build(Path(folder), url)
    change(world)
    world.project.__dict__["operations"] = Mortal(world.project.settings.operations_url, int(commit), when)
    world.deliver(system)


if __name__ == "__main__":
    main()
