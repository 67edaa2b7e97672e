"""Deliver 30 customers, in a process of its own, as the system NAME of a shared state folder. An hour passes with each
batch, so that its access token is used up.

python -m ipaas_dagster_tests.destinations.quickbooks.refreshing FOLDER ORIGIN NAME FIRST [kill]

`kill`: as with `kill -9`, when a refresh token was received and not yet written.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from ipaas_dagster.destinations.base import Batch, Outcome
from ipaas_dagster.destinations.quickbooks import QuickBooksDestination
from ipaas_dagster.sandbox.quickbooks import QuickBooks
from ipaas_dagster.sealed import Sealed
from ipaas_dagster_tests.destinations.quickbooks.world import Company, customer


def main() -> None:
    folder, origin, name, first, *kill = sys.argv[1:]
    if kill:

        def write(self: Sealed, *given: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        Sealed.write = write  # type: ignore[method-assign]
    world = Company(Path(folder), QuickBooks().environment(origin), system=name, batch_size="5")
    for number in range(int(first), int(first) + 30):
        customer(world, number)
    real = QuickBooksDestination.deliver

    def deliver(self: QuickBooksDestination, batch: Batch) -> list[Outcome]:
        world.clock.wait(3_700)
        return real(self, batch)

    QuickBooksDestination.deliver = deliver  # type: ignore[method-assign]
    result = world.deliver()
    assert result.stopped is None, result.stopped


if __name__ == "__main__":
    main()
