"""Records that stand as a list in their parent's payload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ipaas_dagster.mapping.payload import Rendered
from ipaas_dagster.mapping.related import Related
from ipaas_dagster.mapping.rendered_value import RenderError
from ipaas_dagster.mapping.template import Child

if TYPE_CHECKING:
    from ipaas_dagster.mapping.render import Renderer, Resolve


@dataclass
class Lists:
    """The rendered children of one batch, by the hub id of their parent. `failed`: the first of a parent's children
    that cannot be rendered, which the parent cannot be then either."""

    name: str
    rendered: dict[str, list[Rendered]] = field(default_factory=dict)
    failed: dict[str, RenderError] = field(default_factory=dict)

    def put(self, record: Mapping[str, Any], payload: dict[str, Any]) -> list[tuple[str, str]]:
        """Put the record's list into its payload; returns what its elements refer to. Raises RenderError."""
        hub_id = record["hub_id"]
        if (failed := self.failed.get(hub_id)) is not None:
            raise failed
        elements = self.rendered.get(hub_id, [])
        payload[self.name] = [element.payload for element in elements]
        return [reference for element in elements for reference in element.references]


@dataclass(frozen=True)
class NestedLists:
    """`name` is the target field that holds the list."""

    name: str
    child: Child
    renderer: Renderer

    def of(self, records: Sequence[Mapping[str, Any]], related: Related) -> Lists:
        """The children of all these records; asks the hub once."""
        made = Lists(self.name)
        parents = [record["hub_id"] for record in records]
        children = list(related.children(self.child.collection, parents)) if parents else []
        for child, result in zip(children, self.renderer.many(children, related), strict=True):
            parent = child[self.child.parent_column]
            if isinstance(result, RenderError):
                why = f"{result.reason} ({child['hub_id']})"
                made.failed.setdefault(parent, RenderError(f"{self.name}.{result.field}", why))
            elif result is not None:
                made.rendered.setdefault(parent, []).append(result)
        return made

    def read(self, elements: Any, resolve: Resolve) -> list[dict[str, Any]]:
        """The typed values of a stored list. Raises RenderError."""
        try:
            return [self.renderer.read_fields(element, resolve) for element in elements]
        except RenderError as error:
            raise RenderError(f"{self.name}.{error.field}", error.reason) from None
