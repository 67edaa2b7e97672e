"""What the parts share: sections, tables that become cards on a phone, marks that do not rest on colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ipaas_dagster.report.markup import Html, Part, tag

MARKS = {"good": "✓", "bad": "✗", "warn": "▲", "info": "●", "quiet": "–"}


def mark(tone: str, *words: Part) -> Html:
    """A sign with its words; the sign alone is for the eye."""
    return tag("span", tag("span", MARKS[tone], class_="sign", aria_hidden="true"), " ", words, class_=f"mark {tone}")


def section(name: str, title: str, *parts: Part, note: Part = None) -> Html:
    heading = tag("h2", title, id=f"h-{name}")
    said = tag("p", note, class_="note") if note is not None else None
    return tag("section", heading, said, parts, id=name, aria_labelledby=f"h-{name}")


class Cell(NamedTuple):
    """`kind`: `number`, `text`, `head` (names its row)."""

    part: Part
    kind: str = "text"


def number(value: int) -> Cell:
    """Nothing is quiet, so that what is there is seen."""
    return Cell(tag("span", value, class_="zero" if value == 0 else None), "number")


def table(caption: str, names: Sequence[str], rows: Sequence[Sequence[Cell]], class_: str = "") -> Html:
    """Roles are written out: as cards, a table would lose them."""
    kinds = [cell.kind for cell in rows[0]] if rows else []
    heads = [
        tag("th", name, scope="col", role="columnheader", class_="number" if kind == "number" else None)
        for name, kind in zip(names, kinds, strict=True)
    ]
    body = [tag("tr", [_cell(name, cell) for name, cell in zip(names, row, strict=True)], role="row") for row in rows]
    return tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", heads, role="row"), role="rowgroup"),
        tag("tbody", body, role="rowgroup"),
        role="table",
        class_=f"cards {class_}".strip(),
    )


def _cell(name: str, cell: Cell) -> Html:
    inside = tag("div", cell.part)
    if cell.kind == "head":
        return tag("th", inside, scope="row", role="rowheader", data_label=name)
    return tag("td", inside, role="cell", data_label=name, class_="number" if cell.kind == "number" else None)


def anchor(hub_id: str) -> str:
    """The place of a record's trace in the document."""
    return "trace-" + "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}-" for c in hub_id)
