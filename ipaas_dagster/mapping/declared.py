"""A YAML file as plain values, with the line of every key and value, so that an error can point at it.

Stricter than YAML: duplicate keys and tags are refused; only `true`/`false` are booleans (the country `NO`
stays text), no dates, no sexagesimal or octal numbers: what looks like text is text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ipaas_dagster.errors import DeclarationError

Where = tuple[str | int, ...]
"""The way to a value: names of fields and positions in lists, from the top of the file."""

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST = 20
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?(0|[1-9][0-9]*)\.[0-9]+")


@dataclass(frozen=True)
class Declared:
    """`file` is what a person is shown; `lines` count from 1 and belong to keys (list elements: to the
    element)."""

    file: str
    data: Any = field(repr=False)
    lines: Mapping[Where, int] = field(repr=False)

    def line(self, where: Where) -> int | None:
        """The line of `where`, or of the nearest thing around it."""
        for end in range(len(where), -1, -1):
            if (line := self.lines.get(where[:end])) is not None:
                return line
        return None

    def error(
        self, where: Where, message: str, *, given: object = None, allowed: Sequence[str] = ()
    ) -> DeclarationError:
        """The error to raise; `given` is the wrong name, for a suggestion among `allowed`."""
        near = difflib.get_close_matches(str(given), allowed, n=1, cutoff=0.6) if given is not None else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return DeclarationError(message + hint, file=self.file, line=self.line(where), allowed=allowed)


def load(path: Path) -> Declared:
    """Read `path`, whose top must be names and values. Raises DeclarationError; an empty file is no names."""
    file = _shown(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeclarationError("there is no such file; IPAAS_CONFIG names its folder", file=file) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(f"cannot be read as UTF-8 text ({type(error).__name__})", file=file) from None
    return parse(text, file)


def parse(text: str, file: str) -> Declared:
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "characters that YAML does not allow"
        line = mark.line + 1 if mark else None
        raise DeclarationError(f"this is not YAML: {problem}", file=file, line=line) from None
    lines: dict[Where, int] = {(): 1}
    data = _value(node, (), lines, file) if node is not None else {}
    if not isinstance(data, dict):
        raise DeclarationError("the file must hold names and values (name: value)", file=file, line=1)
    return Declared(file, data, lines)


def _value(node: yaml.Node, where: Where, lines: dict[Where, int], file: str) -> Any:
    line = node.start_mark.line + 1
    if node.tag.removeprefix("tag:yaml.org,2002:") not in ("map", "seq", "str"):
        raise DeclarationError(f"the tag {node.tag!r} is not supported here", file=file, line=line)
    if len(where) > _DEEPEST:  # an alias inside of what it names has no end
        raise DeclarationError("this is nested too deeply", file=file, line=line)
    if isinstance(node, yaml.MappingNode):
        return _fields(node, where, lines, file)
    lines.setdefault(where, line)
    if isinstance(node, yaml.SequenceNode):
        return [_value(element, (*where, n), lines, file) for n, element in enumerate(node.value)]
    return _scalar(node.value) if getattr(node, "style", None) in (None, "") else node.value


def _fields(node: yaml.MappingNode, where: Where, lines: dict[Where, int], file: str) -> dict[str, Any]:
    lines.setdefault(where, node.start_mark.line + 1)
    found: dict[str, Any] = {}
    for key, value in node.value:
        name, line = key.value, key.start_mark.line + 1
        if not isinstance(name, str):
            raise DeclarationError("a name must be plain text", file=file, line=line)
        if name in found:
            first = lines[(*where, name)]
            raise DeclarationError(f"{name!r} stands here twice, first on line {first}", file=file, line=line)
        lines[(*where, name)] = line
        found[name] = _value(value, (*where, name), lines, file)
    return found


def _scalar(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
