"""HTML from parts: every text and attribute is escaped, so that no reason, name or id can become markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
VOID = ("meta", "br")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Part = str | int | None | Iterable["Part"]


def escaped(value: object) -> str:
    """As text and as an attribute; what no document may hold becomes a visible mark."""
    return html.escape(_NOT_TEXT.sub("�", str(value)), quote=True)


def render(part: Part) -> str:
    if part is None:
        return ""
    if isinstance(part, Html):
        return str(part)
    if isinstance(part, str | int):
        return escaped(f"{part:,}" if isinstance(part, int) else part)
    return "".join(render(one) for one in part)


def tag(element: str, /, *parts: Part, **attributes: Any) -> Html:
    """`class_` is written class, `data_label` data-label; None and False leave an attribute out."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if element in VOID:
        return Html(f"<{element}{written}>")
    return Html(f"<{element}{written}>{render(parts)}</{element}>")


def named(text: str, *, longest: int = 400) -> Html:
    """Words that came from outside: isolated, so that writing from right to left disturbs nothing around it."""
    return tag("bdi", text if len(text) <= longest else text[: longest - 1] + "…")


def with_code(text: str) -> list[Part]:
    """A sentence whose commands stand in backquotes."""
    return [tag("code", one) if number % 2 else one for number, one in enumerate(text.split("`"))]


def moment(at: datetime | None) -> Part:
    """To the minute, in UTC; the whole time is in the attribute."""
    return tag("time", f"{at:%Y-%m-%d %H:%M}", datetime=at.isoformat()) if at else "–"


def ago(seconds: float) -> str:
    """In the unit a person would say: `8 min`, `17 h`, `3 days`."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def since(at: datetime, now: datetime) -> Part:
    return [moment(at), " ", tag("span", ago(max((now - at).total_seconds(), 0.0)), class_="ago")]
