"""A delivery in a process of its own that kills itself, as with `kill -9`, at one of its writes.

python -m ipaas_dagster_tests.destinations.intacct.killed FOLDER ORIGIN COUNT NUMBER before|after
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from ipaas_dagster.destinations.intacct.api import Api
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.destinations.intacct.world import Company, trade


def main() -> None:
    folder, origin, count, number, when = sys.argv[1:]
    left, real = [int(number)], Api.write

    def write(self: Api, *given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(self, *given, **named)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Api.write = write  # type: ignore[method-assign]
    world = Company(Path(folder), Intacct().environment(origin), batch_size="20")
    trade(world, int(count))
    world.deliver()


if __name__ == "__main__":
    main()
