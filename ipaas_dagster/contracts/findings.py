"""Findings: what a batch of candidates fails, in a person's words, and the two schemas it is asked of."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ipaas_dagster.contracts.base import Collection, Column
from ipaas_dagster.contracts.validation import UNREADABLE, demanding, demands, expectation_schema, failures, schema

if TYPE_CHECKING:
    import pandas as pd

Finding = tuple[int, str, str | None]
"""(row, field, what is wrong with it); None where the row's own reasons from reading say it."""


def asked(collection: Collection) -> tuple[str, ...]:
    """The columns that a frame must have to be asked; the others can fail nothing. Beside them: `unreadable`."""
    names = [c.name for soft in (False, True) for c in demanding(collection, soft=soft)]
    names += [name for expectation in collection.expectations for name in expectation.columns]
    return tuple(dict.fromkeys(names))


def hard(collection: Collection, frame: pd.DataFrame) -> list[Finding]:
    """Why rows of `frame` (indexed by row) must be rejected: every reason, one finding each."""
    failed = failures(demands(collection), frame)
    return [] if failed is None else _told(collection, frame, failed)


def soft(collection: Collection, frame: pd.DataFrame) -> list[Finding]:
    """What was expected of rows of `frame` and is not so."""
    found: list[Finding] = []
    expected = schema(collection, soft=True)
    if expected.columns:
        failed = failures(expected, frame[list(expected.columns)])
        found += [] if failed is None else _told(collection, frame, failed)
    for expectation in collection.expectations:
        failed = failures(expectation_schema(expectation), frame[list(expectation.columns)])
        if failed is not None:  # Pandera tells every column of a failing row: the last is the one to name
            found += _told(collection, frame, failed[failed["column"] == expectation.columns[-1]])
    return found


def shown(value: Any) -> str:
    """A value as a reason shows it: short, quoted if text, and never a number that could be a card's."""
    if isinstance(value, str):
        text = re.sub(r"[0-9]{9,}([0-9]{4})", r"...\1", json.dumps(value, ensure_ascii=False))
    else:
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _told(collection: Collection, frame: pd.DataFrame, failed: pd.DataFrame) -> list[Finding]:
    columns = {c.name: c for c in collection.columns}
    found: list[Finding] = []
    for name, check, value, row in zip(
        failed["column"], failed["check"], failed["failure_case"], failed["index"], strict=True
    ):
        if name == UNREADABLE:
            found.append((int(row), "", None))
        elif not _told_already(columns[name], frame, row):
            found.append((int(row), field(columns[name]), _says(columns[name], check, value)))
    return found


def field(column: Column) -> str:
    return column.source[0] if column.source else column.name


def _told_already(column: Column, frame: pd.DataFrame, row: int) -> bool:
    """A value that could not be read is null, but not missing: its reason from reading is enough."""
    if UNREADABLE not in frame.columns:
        return False
    reasons = frame.at[row, UNREADABLE]
    if not isinstance(reasons, str):
        return False
    return reasons.startswith("record: ") or any(f"{path}: " in reasons for path in column.source)


def _says(column: Column, check: str, value: Any) -> str:
    if check != "not_nullable":
        return f"{shown(value)} {check}"
    present = [rule.says for rule in column.rules if rule.kind == "present"]
    return present[0] if present else "is missing"
