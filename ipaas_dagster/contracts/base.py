"""How a hub collection is declared: one `Collection` of `Column`s, from which everything else is derived
(reading from the source, the Pandera schema, the hub table, the names a template may use, a SQL destination's
types, the columns the UI shows). Importing this is cheap: pandas and Pandera are imported where they are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    TEXT = "text"            # kept exactly
    INTEGER = "integer"      # 64 bit
    MONEY = "money"          # 64 bit, in the currency's minor unit
    REAL = "real"            # coordinates only; never money
    BOOLEAN = "boolean"
    TIME = "time"            # UTC
    JSON = "json"
    REFERENCE = "reference"  # the hub id of a record of `Column.references`


@dataclass(frozen=True)
class Rule:
    """One check on one column: `kind` names it (`pattern`, `at_least`, `at_most`, `longest`, `one_of`),
    `value` is its parameter, `says` what a person reads when it fails. Soft rules warn, hard ones reject."""

    kind: str
    value: object
    says: str
    soft: bool = False


@dataclass(frozen=True)
class Column:
    """`source` are the dotted paths in the source's record, tried in order; both spellings of a field stand here.
    A reference's `references` is the hub collection it points to."""

    name: str
    type: Type
    source: tuple[str, ...]
    description: str
    required: bool = False
    references: str | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Collection:
    """`name` in the hub, `source` at Instagaze. A child (contacts, invoice lines) stands in the array `array`
    of its parent's records and names the column that holds the parent's hub id."""

    name: str
    source: str
    description: str
    columns: tuple[Column, ...]
    schema: str = "hub"
    parent: str | None = None
    array: str | None = None
    parent_column: str | None = None
    id_field: str | None = "id"
    """None: the record has no id of its own; it is numbered in its parent from 1 (`instagaze:invoices:12#1`)."""
    versioned: bool = True
    """Whether it has versions and changes; reference snapshots have neither."""

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def references(self) -> dict[str, str]:
        """Column name -> hub collection it refers to."""
        return {c.name: c.references for c in self.columns if c.references}
