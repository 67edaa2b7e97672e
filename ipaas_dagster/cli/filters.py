"""The options by which commands choose rejects and dead letters."""

from __future__ import annotations

from typing import Annotated

import typer

Of = Annotated[str | None, typer.Option("--collection", help="Only this hub collection.")]
OfSystem = Annotated[str | None, typer.Option("--system", help="Only this system.")]
Records = Annotated[list[str] | None, typer.Option("--record", metavar="HUB_ID", help="Only this record; may repeat.")]
Says = Annotated[str | None, typer.Option("--says", metavar="TEXT", help="Part of the reason; * stands for anything.")]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="Failed then or later: 2026-01-31T12:00Z.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it is kept with each.")]
NEEDED = "name some, or choose them by --system, --collection, --record, --says or --since"
