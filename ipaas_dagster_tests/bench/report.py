"""The tables as Markdown, and their place in the page of results: what stands between the marks is the bench's."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ipaas_dagster_tests.bench.results import Line, Row, duration, megabytes

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def tables(rows: Sequence[Row], command: str) -> str:
    """What was measured, row by row, then every goal."""
    parts = [
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, Python "
        f"{platform.python_version()}. Seconds are medians, the fastest and the slowest run beside them; CPU is that "
        "of the process and all that it started; memory the most that they held at once.",
        "",
        "| work | | seconds | spread | CPU s | memory | requests |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for row in rows:
        parts += [_line(row.title if at == 0 else "", line) for at, line in enumerate(row.lines)]
    parts += ["", "| work | goal | seen | |", "| --- | --- | --- | --- |"]
    for row in rows:
        for verdict in row.verdicts:
            met = "met" if verdict.met else "**not met**"
            parts.append(f"| {row.title} | {verdict.goal} | {verdict.seen} | {met} |")
    return "\n".join(parts)


def _line(title: str, line: Line) -> str:
    low, high = line.spread
    requests = f"{min(line.requests):,}" if line.requests else ""
    return (
        f"| {title} | {line.contestant} | {duration(line.seconds)} | {low:.2f} - {high:.2f} | {line.cpu:.2f} | "
        f"{megabytes(line.memory)} | {requests} |"
    )


def write(page: Path, text: str) -> None:
    """Put `text` between the marks of `page`, which must have them; the rest of the page stays."""
    before, found, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{page} has no {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
