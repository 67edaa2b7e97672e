"""A template read against its hub collection: what each field of the record in the system is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ipaas_dagster.contracts.base import Collection, Type
from ipaas_dagster.mapping.conditions import Filter
from ipaas_dagster.mapping.modifiers import Modifier

OWN_COLUMNS: dict[str, Type] = {
    "hub_id": Type.TEXT,
    "source_id": Type.TEXT,
    "source_system": Type.TEXT,
    "version": Type.INTEGER,
    "extra": Type.JSON,
}
"""What every hub record has beside the columns of its collection."""


@dataclass(frozen=True)
class TargetField:
    """One field of the record in the system. `type` is that of its value in a payload; a REFERENCE there is
    the hub id of a record of `references`. Without a `column` its value is `constant`. A read-only field is
    never sent.

    `by`: the record it refers to is the one whose column `by` holds what `column` holds here; where there is
    none, `default` is the id in the system. `child`: its value is the list of records nested here.
    `length`: the most characters that the system takes."""

    name: str
    type: Type
    column: str | None = None
    references: str | None = None
    constant: Any = None
    default: Any = None
    modifiers: tuple[Modifier, ...] = ()
    required: bool = False
    read_only: bool = False
    custom: bool = False
    description: str = ""
    by: str | None = None
    child: Child | None = None
    length: int | None = None

    @property
    def is_plain(self) -> bool:
        """The column's value as it is; such fields are rendered together, fast."""
        if self.column is None or self.by is not None:
            return False
        return not self.modifiers and self.default is None and not self.required

    @property
    def words(self) -> list[Any]:
        """What the value depends on, for the template's digest."""
        own = [self.name, self.type, self.column, self.references, self.constant, self.default, self.required]
        own.append([modifier.words for modifier in self.modifiers])
        return [*own, *([self.by] if self.by else []), *(self.child.words if self.child else [])]


@dataclass(frozen=True)
class Child:
    """Records of a child collection nested in their parent: `parent_column` holds the parent's hub id."""

    collection: str
    parent_column: str
    targets: tuple[TargetField, ...]
    filter: Filter

    @property
    def words(self) -> list[Any]:
        sent = sorted((target.words for target in self.targets if not target.read_only), key=str)
        return [self.collection, sent, self.filter.words]


@dataclass(frozen=True)
class Template:
    """`key` is the target that identifies the record there (None: the system's own id does). `nests`: a dotted
    name of a target stands for an object within the record."""

    name: str
    collection: str
    object: str
    key: str | None
    targets: tuple[TargetField, ...]
    filter: Filter
    nests: bool = False


def hub_columns(collection: Collection) -> dict[str, Type]:
    """Every name a template of this collection may read, with its type."""
    return {**{c.name: c.type for c in collection.columns}, **OWN_COLUMNS}
