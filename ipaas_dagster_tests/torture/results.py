"""The results page: what was done and seen, between two marks that a person does not edit."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ipaas_dagster_tests.torture.part import Verdict

PAGE = Path(__file__).parents[2] / "docs" / "results.md"
BEGIN, END = "<!-- torture: {part} -->", "<!-- end of torture: {part} -->"


def write(verdicts: Mapping[str, Verdict], seed: int, page: Path = PAGE) -> None:
    """Put each part's table in place of the one that stands there; other parts' stay. Raises ValueError where the
    page has no place for a part."""
    text = page.read_text(encoding="utf-8")
    for part, verdict in verdicts.items():
        begin, end = BEGIN.format(part=part), END.format(part=part)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"{page} has no place for {part}: write {begin} and {end} into it")
        text = before + begin + "\n" + _table(verdict, seed) + end + after
    page.write_text(text, encoding="utf-8")


def _table(verdict: Verdict, seed: int) -> str:
    verdicts = "held" if not verdict.failures else f"**{len(verdict.failures)} failures**"
    when = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}"
    rows = "".join(f"| {what} | {result} |\n" for what, result in verdict.rows)
    return f"| what | result |\n| --- | --- |\n{rows}\n{verdicts}; {verdict.seconds:.0f} s, seed {seed}, {when}\n"
