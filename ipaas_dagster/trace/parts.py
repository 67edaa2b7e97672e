"""The part of a request or an answer that concerns one record: the smallest object that names it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any


def part_of(body: bytes | None, names: Sequence[str]) -> Any:
    """A JSON object, an XML element or lines of CSV as text; None where the body does not name the record."""
    if not body or not any(name.encode() in body for name in names):
        return None
    start = body.lstrip()[:1]
    if start in (b"{", b"["):
        return _in_json(body, names)
    return _in_xml(body, names) if start == b"<" else _in_lines(body, names)


def _in_json(body: bytes, names: Sequence[str]) -> Any:
    try:
        return _smallest(json.loads(body), names)
    except ValueError:
        return None


def _smallest(value: Any, names: Sequence[str]) -> Any:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inside:
        if isinstance(item, dict | list) and (found := _smallest(item, names)) is not None:
            return found
    named = isinstance(value, dict) and any(isinstance(item, str) and _names(item, names) for item in value.values())
    return value if named else None


def _names(text: str, names: Sequence[str]) -> bool:
    """Itself, or at the end of a path or an address."""
    return any(text == name or text.endswith("/" + name) for name in names)


def _in_lines(body: bytes, names: Sequence[str]) -> str | None:
    lines = body.decode("utf-8", "replace").splitlines()
    mine = [line for line in lines[1:] if any(name in line for name in names)]
    return "\n".join([lines[0], *mine]) if mine else None


def _in_xml(body: bytes, names: Sequence[str]) -> str | None:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(body, parser)
    if root is None:
        return None
    for element in root.iter():
        said = [element.text or "", *map(str, element.attrib.values())]
        if any(_names(text.strip(), names) for text in said):
            parent = element.getparent()
            found = element if parent is None else parent
            return str(etree.tostring(found, encoding="unicode", with_tail=False))
    return None
