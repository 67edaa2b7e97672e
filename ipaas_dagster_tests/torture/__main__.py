"""`make torture`: try to lose a record, by every means, for a bounded time.

python -m ipaas_dagster_tests.torture [--part NAME]... [--seed N] [--minutes N] [--no-docs]
"""

from __future__ import annotations

import argparse
import sys
import time

from ipaas_dagster_tests.torture import results
from ipaas_dagster_tests.torture.part import Order, Verdict
from ipaas_dagster_tests.torture.parts import PARTS

SEED, MINUTES, LATEST = 20261129, 17.0, 19.0
NAMED = 20


def main() -> int:
    given = _arguments()
    chosen = given.part or list(PARTS)
    say(f"seed {given.seed}; the same one does the same again: --seed {given.seed}")
    started, verdicts = time.monotonic(), {}
    for number, name in enumerate(chosen):
        seconds = _seconds(chosen[number:], started + given.minutes * 60 - time.monotonic())
        verdicts[name] = _run(name, Order(given.seed, seconds, given.workers, say, started + given.latest * 60))
    if not given.no_docs:
        results.write(verdicts, given.seed)
    failures = [f"{name}: {failure}" for name, verdict in verdicts.items() for failure in verdict.failures]
    for failure in failures[:NAMED]:
        say(f"FAILED {failure}")
    say(f"{len(failures)} failures" if failures else "nothing was lost")
    return 1 if failures else 0


def _run(name: str, order: Order) -> Verdict:
    started = time.monotonic()
    try:
        verdict = PARTS[name][0](order)
    except AssertionError as error:  # the other parts go on, and their tables are written
        verdict = Verdict([("the part came to no end", "**nothing is shown**")], [str(error)])
    verdict.seconds = time.monotonic() - started
    for what, result in verdict.rows:
        say(f"{name}: {what}: {result}")
    return verdict


def _seconds(names: list[str], left: float) -> float:
    """The first one's share of what is left: each takes what it needs in any case, the last one all the rest."""
    shares = [PARTS[name][1] for name in names]
    return max(0.0, left) * shares[0] / (sum(shares) or 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for all chosen parts together")
    parser.add_argument("--latest", type=float, default=LATEST, help="minutes after which no other death begins")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-docs", action="store_true", help="leave docs/results.md as it is")
    return parser.parse_args()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
