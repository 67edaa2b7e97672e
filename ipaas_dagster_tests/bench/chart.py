"""The measured times as a picture: one group of bars a row, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ipaas_dagster_tests.bench.results import Line, Row, duration

WIDTH, LEFT, RIGHT, BAR, GAP, HEAD, TITLE = 960, 130, 110, 18, 22, 56, 22
COLOURS = {"ipaas": "#1f6f5c", "dlt": "#c2703d"}
OTHER = "#9aa5b1"


def chart(rows: Sequence[Row]) -> str:
    """Bars are comparable within a row only: each has a scale of its own. Rows with nothing to compare are left out."""
    parts, top = [], HEAD
    for row in (row for row in rows if len(row.lines) > 1):
        parts.append(_text(16, top + 14, row.title.replace("`", ""), weight="600"))
        top += TITLE
        longest = max(line.spread[1] for line in row.lines)
        for line in row.lines:
            parts += _bar(line, top, longest)
            top += BAR + 4
        top += GAP
    head = _text(16, 30, "Seconds, less is better; each group has its own scale", size=17, weight="600")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" '
        f'font-family="system-ui, sans-serif"><rect width="100%" height="100%" fill="#ffffff"/>{head}'
        f"{''.join(parts)}</svg>\n"
    )


def _bar(line: Line, top: int, longest: float) -> list[str]:
    full = WIDTH - LEFT - RIGHT
    length = max(full * line.seconds / longest, 2)
    low, high = (LEFT + full * value / longest for value in line.spread)
    colour = COLOURS.get(line.contestant.split()[0], OTHER)
    middle = top + BAR / 2
    return [
        _text(LEFT - 8, top + 14, line.contestant, anchor="end"),
        f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="#1b1f24" stroke-width="1.5"/>',
        _text(int(LEFT + max(length, high - LEFT) + 8), top + 14, duration(line.seconds)),
    ]


def _text(x: int, y: int, words: str, *, size: int = 13, weight: str = "400", anchor: str = "start") -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="#1b1f24">{escape(words)}</text>'
    )
