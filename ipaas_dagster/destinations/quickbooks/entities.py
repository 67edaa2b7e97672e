"""What is known of the objects that records go to: their natural keys, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.destinations.base import Entry

MARK = "ipaas:"
SUFFIX = " (deleted)"
"""QuickBooks adds it to the name of a record that is made inactive."""


@dataclass(frozen=True)
class Entity:
    """`natural` is the field that it is looked up by; `lists` has `Active`, and is never deleted; `same` a field whose
    equal value makes two records of the same natural key one. `create_only` are fields that an update leaves alone;
    `never_empty` those that it leaves alone where they are empty here, since QuickBooks fills them."""

    name: str
    natural: str
    lists: bool = False
    same: str | None = None
    create_only: tuple[str, ...] = ()
    never_empty: tuple[str, ...] = ()

    @property
    def inactive_too(self) -> tuple[str, ...]:
        """The condition that finds inactive records as well."""
        return ("Active in (true, false)",) if self.lists else ()


ENTITIES: tuple[Entity, ...] = (
    Entity("Customer", "DisplayName", lists=True),
    Entity("Item", "Name", lists=True, same="Sku", create_only=("Type", "IncomeAccountRef")),
    Entity("Invoice", "DocNumber", never_empty=("DocNumber", "TxnDate", "DueDate")),
    Entity("Payment", "PaymentRefNum", never_empty=("TxnDate",)),
)
BY_NAME = {entity.name: entity for entity in ENTITIES}


def stays(entity: Entity, name: str, value: Any, entry: Entry) -> bool:
    """Whether an update leaves this field of a record as it is there: a mark too, which a person may have added to."""
    return name in entity.create_only or (value is None and name in entity.never_empty) or is_mark(value, entry)


def mark_of(entry: Entry) -> str:
    """What a record of ours carries in one of its texts: `ipaas:instagaze:invoices:12`."""
    return f"{MARK}{entry.hub_id}"


def is_mark(value: Any, entry: Entry) -> bool:
    return isinstance(value, str) and value.strip() == mark_of(entry)


def is_ours(entity: Entity, entry: Entry, found: Mapping[str, Any]) -> bool:
    """Whether a record that is there came from this entry's record: it carries its mark, or is the same by `same`."""
    wanted = mark_of(entry)
    if any(wanted in value.split() for value in found.values() if isinstance(value, str)):
        return True
    if entity.same is None or not entry.payload:
        return False
    mine = entry.payload.get(entity.same)
    return bool(mine) and found.get(entity.same) == mine and not is_marked(found)


def is_marked(found: Mapping[str, Any]) -> bool:
    """Whether it carries the mark of any record."""
    return marked_as(found) is not None


def marked_as(found: Mapping[str, Any]) -> str | None:
    """Hub id of the record whose mark it carries."""
    texts = (value for value in found.values() if isinstance(value, str))
    marks = (word.removeprefix(MARK) for text in texts for word in text.split() if word.startswith(MARK))
    return next(marks, None)
