"""XML as we write and read it: nothing that a text holds becomes markup, and nothing is expanded or fetched."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Element = Any
"""lxml's element; it comes without types."""

LARGEST_ANSWER = 64 << 20
"""Bytes; a longer answer is not read."""


class Refused(Exception):
    """This record cannot be sent as it is: which field, and why. `passing`: it may be later."""

    def __init__(self, field: str, reason: str, *, passing: bool = False) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason, self.passing = field, reason, passing


def element(name: str, *children: Element, **attributes: str) -> Element:
    """Raises Refused for an attribute that XML cannot carry."""
    from lxml import etree

    made = etree.Element(name)
    for key, value in attributes.items():
        try:
            made.set(key, value)
        except ValueError:
            raise Refused(key, _unspeakable(value)) from None
    made.extend(children)
    return made


def leaf(name: str, value: Any) -> Element:
    """Empty for None. Raises Refused for a name that is none, and for text that XML cannot carry."""
    from lxml import etree

    try:
        made = etree.Element(name)
    except ValueError:
        raise Refused(name, "is no name of a field") from None
    try:
        made.text = text_of(value) or None
    except ValueError:
        raise Refused(name, _unspeakable(text_of(value))) from None
    return made


def _unspeakable(text: str) -> str:
    """With the first such character; a person is to find it."""
    found = re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    which = f" (U+{ord(found[0]):04X} after {text[max(0, found.start() - 20) : found.start()]!r})" if found else ""
    return f"holds a character that XML cannot carry{which}; take it out at the source, or by a modifier"


def text_of(value: Any) -> str:
    """Amounts exactly, days as the generic functions take them, MM/DD/YYYY."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%m/%d/%Y")
    return value.strftime("%m/%d/%Y") if isinstance(value, date) else str(value)


def day(name: str, value: Any) -> Element:
    """A day in three parts, from `2026-01-31` or a time. Raises Refused."""
    when = _day_of(name, value)
    return element(
        name, leaf("year", f"{when.year:04}"), leaf("month", f"{when.month:02}"), leaf("day", f"{when.day:02}")
    )


def _day_of(name: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Refused(name, f"{value!r} is no day such as 2026-01-31") from None


def written(root: Element) -> bytes:
    from lxml import etree

    body: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return body


def parsed(body: bytes) -> Element | None:
    """The root; None for what is not XML, has a document type (which could expand or fetch), or is too large."""
    from lxml import etree

    if len(body) > LARGEST_ANSWER:
        return None
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root: Element = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if root is None or root.getroottree().docinfo.doctype else root


def flat(record: Element) -> dict[str, str]:
    """The texts of a record by their names, dotted where they are nested."""
    found: dict[str, str] = {}
    for child in record:
        if len(child):
            found |= {f"{child.tag}.{name}": text for name, text in flat(child).items()}
        else:
            found[str(child.tag)] = child.text or ""
    return found
