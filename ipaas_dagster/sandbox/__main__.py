"""`python -m ipaas_dagster.sandbox`: the sandbox in a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from ipaas_dagster.sandbox.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ipaas_dagster.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8800, help="0: any free port")
    parser.add_argument("--https-port", type=int, help="also over https there; 0: any free port")
    parser.add_argument("--ca-folder", type=Path, help="where the certificate to trust is written")
    parser.add_argument("--accounts", type=int, default=200, help="generated accounts, the rest in proportion")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bad-records", action="store_true", help="seed a few records that break contracts")
    parser.add_argument("--max-page", type=int, default=100, help="the most records that a page has")
    parser.add_argument("--ready-file", type=Path, help="is written once requests are taken")
    serve(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
