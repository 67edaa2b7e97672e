"""What is known of the five objects that records go to: how one is found there, how it says that it is ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.destinations.base import Entry

MARK = "ipaas:"
INACTIVE, REVERSED = "inactive", "Reversed"
Record = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """`key` is the field there that finds a record, `given` the payload's field with its value. `named`: others refer
    to it by that key, so the key is its external id; else RECORDNO is. `mark`: the field there that may hold our
    mark; `own` further fields that are looked at; `create_only` are left alone by an update."""

    name: str
    key: str
    given: str
    named: bool
    mark: str | None = None
    own: tuple[str, ...] = ()
    create_only: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The field there that holds the external id."""
        return self.key if self.named else "RECORDNO"

    @property
    def looked_at(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("RECORDNO", self.key, *([self.mark] if self.mark else []), *self.own)))


KINDS: tuple[Kind, ...] = (
    Kind("CUSTOMER", "CUSTOMERID", "CUSTOMERID", True, "COMMENTS", ("STATUS",)),
    Kind("CONTACT", "CONTACTNAME", "CONTACTNAME", True, None, ("STATUS",)),
    Kind("ITEM", "ITEMID", "ITEMID", True, "NOTE", ("STATUS",), ("ITEMTYPE",)),
    Kind("ARINVOICE", "RECORDID", "invoiceno", False, "DESCRIPTION", ("CUSTOMERID", "STATE")),
    Kind("ARPYMT", "DOCNUMBER", "refid", False, None, ("CUSTOMERID", "STATE", "TRX_TOTALENTERED", "RECEIPTDATE")),
)
BY_NAME = {kind.name: kind for kind in KINDS}


def mark_of(entry: Entry) -> str:
    """What a record of ours carries in one of its texts: `ipaas:instagaze:invoices:12`."""
    return f"{MARK}{entry.hub_id}"


def is_mark(value: Any, entry: Entry) -> bool:
    return isinstance(value, str) and value.strip() == mark_of(entry)


def is_ours(kind: Kind, entry: Entry, found: Record, fields: Mapping[str, Any]) -> bool:
    """Whether what is there came from this entry's record: it carries its mark. Where the template writes none, the
    key alone decides; it must be one that only we give."""
    if kind.mark is None or not any(is_mark(value, entry) for value in fields.values()):
        return True
    return mark_of(entry) in found.get(kind.mark, "").split()


def is_marked(kind: Kind, found: Record) -> bool:
    """Whether it carries the mark of any record of the hub."""
    return marked_as(kind, found) is not None


def marked_as(kind: Kind, found: Record) -> str | None:
    """Hub id of the record whose mark it carries."""
    words = found.get(kind.mark, "").split() if kind.mark else ()
    return next((word.removeprefix(MARK) for word in words if word.startswith(MARK)), None)


def flat_fields(payload: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a payload by the template's dotted names; empty where the object around one is."""
    found: dict[str, Any] = {}
    for name in names:
        value: Any = payload
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        found[name] = value
    return found
