"""How a hub collection is declared: one `Collection` of `Column`s, from which everything else is derived
(reading from the source, the Pandera schema, the hub table, the names a template may use, a SQL
destination's types, the columns the UI shows). Importing this is cheap: pandas and Pandera come late.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    TEXT = "text"  # kept exactly
    INTEGER = "integer"  # 64 bit
    MONEY = "money"  # 64 bit, in the currency's minor unit
    REAL = "real"  # coordinates only; never money
    DECIMAL = "decimal"  # exact; in payloads only, where it is decimal text. No hub column has it
    BOOLEAN = "boolean"
    TIME = "time"  # UTC
    JSON = "json"
    REFERENCE = "reference"  # the hub id of a record of `Column.references`


class Reading(StrEnum):
    """How a column's value is made of the source's, where its type alone does not say it."""

    PLAIN = "plain"
    CURRENCY = "currency"  # a symbol or a code, to ISO 4217
    LAST4 = "last4"  # the last four digits of a masked card number


WHOLE_RECORD = "$"
"""The path that stands for the source's record as it is."""


@dataclass(frozen=True)
class Rule:
    """One check on one column: `kind` names it (`at_least`, `at_most`, `one_of`, `contains`,
    `not_blank`, `present`), `value` is its parameter, `says` what a person reads when it fails. Soft rules
    warn, hard ones reject. Empty values meet every rule but `present`."""

    kind: str
    value: object
    says: str
    soft: bool = False


@dataclass(frozen=True)
class Expectation:
    """A soft rule over several columns of a record: `adds_up` (net, discount, tax, total) or `in_order`
    (start, end). `says` is what a person reads when it fails; a record with any of them empty meets it."""

    kind: str
    columns: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class Column:
    """`source` are the dotted paths in the source's record, tried in order (two names deep at most); both
    spellings of a field stand here. A path that others go through (`currency` beside `currency.name`) counts
    only where its value is no object. A reference's `references` is the hub collection it points to.
    `inherits` names the column of the parent whose value holds where a child's own record says nothing."""

    name: str
    type: Type
    source: tuple[str, ...]
    description: str
    required: bool = False
    references: str | None = None
    rules: tuple[Rule, ...] = ()
    reading: Reading = Reading.PLAIN
    inherits: str | None = None


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
    """None: the record has none of its own; it is numbered in its parent (`instagaze:invoices:12#1`)."""
    versioned: bool = True
    """Whether it has versions and changes; reference snapshots have neither."""
    id_scope: str | None = None
    """A field whose value precedes the id, where ids are unique within it only (`<ppobject_id>:<id>`)."""
    number_column: str | None = None
    """The column that holds the number in the parent, for records without an id of their own."""
    removed_field: str | None = None
    """A boolean field that, when true, says that the record is gone."""
    never_kept: tuple[str, ...] = ()
    """Paths that must not reach `extra` whether a column reads them or not: card numbers and tokens."""
    expectations: tuple[Expectation, ...] = ()

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def references(self) -> dict[str, str]:
        """Column name -> hub collection it refers to."""
        return {c.name: c.references for c in self.columns if c.references}
