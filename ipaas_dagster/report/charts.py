"""Bars as SVG. Words stand beside them as HTML, so that a chart may be stretched and its words are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ipaas_dagster.report.markup import Html, tag

HEIGHT = 100


class Bar(NamedTuple):
    """`says` names the bar to who points at it or hears it."""

    value: float
    says: str


def bars(title: str, values: Sequence[Bar], tone: str) -> Html:
    """The highest fills the height; what is not nothing is at least a line."""
    most = max((bar.value for bar in values), default=0.0)
    drawn = [_bar(number, bar, most, tone) for number, bar in enumerate(values) if bar.value > 0]
    width = len(values) * 10
    ground = tag("line", x1=0, y1=HEIGHT, x2=width, y2=HEIGHT, class_="ground")
    return tag(
        "svg",
        tag("title", title),
        drawn,
        ground,
        class_="bars",
        role="img",
        viewBox=f"0 0 {width} {HEIGHT}",
        preserveAspectRatio="none",
    )


def _bar(number: int, bar: Bar, most: float, tone: str) -> Html:
    tall = max(bar.value / most * HEIGHT, 2.0)
    place = {"x": number * 10 + 1, "y": f"{HEIGHT - tall:.1f}", "width": 8, "height": f"{tall:.1f}"}
    return tag("rect", tag("title", bar.says), **place, class_=f"tone-{tone}")


class Share(NamedTuple):
    value: int
    tone: str


def share(title: str, parts: Sequence[Share]) -> Html:
    """One bar that is divided; a part that is not nothing is always seen."""
    total = sum(part.value for part in parts)
    if not total:
        return tag("span", class_="share empty")
    widths = [max(part.value / total * 100, 1.5) if part.value else 0.0 for part in parts]
    scale, at, drawn = 100 / sum(widths), 0.0, []
    for part, width in zip(parts, widths, strict=True):
        if width:
            drawn.append(
                tag("rect", x=f"{at:.2f}", y=0, width=f"{width * scale:.2f}", height=10, class_=f"tone-{part.tone}")
            )
            at += width * scale
    return tag(
        "svg", tag("title", title), drawn, class_="share", role="img", viewBox="0 0 100 10", preserveAspectRatio="none"
    )
