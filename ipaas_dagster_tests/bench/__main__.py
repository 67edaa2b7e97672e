"""`make bench`: measure, then write the tables and the chart.

python -m ipaas_dagster_tests.bench                             everything, with its peers; into the docs
python -m ipaas_dagster_tests.bench --row fetch --runs 1        one row (again: --row for more of them), printed only
python -m ipaas_dagster_tests.bench --scale 0.01 --no-peers     smaller, and the product alone
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from ipaas_dagster_tests.bench.chart import chart
from ipaas_dagster_tests.bench.contestants import ROOT, installed
from ipaas_dagster_tests.bench.report import tables, write
from ipaas_dagster_tests.bench.results import Row
from ipaas_dagster_tests.bench.rows import ROWS, Bench

PAGE, PICTURE = ROOT / "docs" / "results.md", ROOT / "docs" / "images" / "bench.svg"


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    peers = None if given.no_peers else installed(given.folder / "venv")
    bench = Bench(given.folder, peers, given.runs, given.scale)
    started, rows = time.monotonic(), list[Row]()
    for name in given.row or ROWS:
        found = ROWS[name](bench)
        rows += found if isinstance(found, list) else [found]
    text = tables(rows, "make bench")
    sys.stdout.write(f"{text}\n\n{time.monotonic() - started:.0f} s in all\n")
    if given.write or not (given.row or given.no_peers or given.scale != 1):
        write(PAGE, f"{text}\n\n![Seconds of every contestant](images/{PICTURE.name})")
        PICTURE.write_text(chart(rows), encoding="utf-8")
        sys.stdout.write(f"written: {PAGE.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="The product beside its peers, on this machine.")
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row; may be given again")
    parser.add_argument("--runs", type=int, default=3, help="how often each contestant does each work (3)")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes: 0.01 is a hundredth")
    parser.add_argument("--no-peers", action="store_true", help="the product alone; nothing is installed")
    parser.add_argument("--write", action="store_true", help="into the docs, although not everything was measured")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="for peers, data and runs (.bench)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
