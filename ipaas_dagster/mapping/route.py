"""A route: one hub collection going to one system through a template."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from ipaas_dagster.mapping.conditions import Filter
from ipaas_dagster.mapping.payload import Rendered
from ipaas_dagster.mapping.related import NOTHING, Related
from ipaas_dagster.mapping.render import Renderer, Resolve, keep_hub_id
from ipaas_dagster.mapping.rendered_value import RenderError
from ipaas_dagster.mapping.template import TargetField, Template

DIGEST_FORM = 1
"""Raise it when the same template begins to render differently, so that every route is compared again."""


@dataclass(frozen=True)
class Route:
    """`deletes` is what happens there when the hub's record is deleted; `filter` is the row's and the
    template's."""

    system: str
    kind: str
    collection: str
    template: Template
    preset: str | None
    deletes: Literal["delete", "keep"]
    filter: Filter

    @property
    def object(self) -> str:
        """Table, folder or object there."""
        return self.template.object

    @property
    def key(self) -> str | None:
        """The target field that identifies a record there; in `sql` and `files` it holds the hub id."""
        return self.template.key

    @cached_property
    def targets(self) -> tuple[TargetField, ...]:
        """The fields that are sent, in the order of the template, with the types of their values in a
        payload."""
        return tuple(target for target in self.template.targets if not target.read_only)

    @property
    def references(self) -> tuple[str, ...]:
        """Hub collections whose ids in the system this route's payloads need, those of nested records too."""
        below = [one for target in self.targets if target.child for one in target.child.targets if not one.read_only]
        return tuple(dict.fromkeys(one.references for one in (*self.targets, *below) if one.references))

    @property
    def nested(self) -> tuple[str, ...]:
        """Hub collections whose records stand in this route's payloads; they have no route of their own here."""
        return tuple(target.child.collection for target in self.targets if target.child)

    @cached_property
    def digest(self) -> str:
        """Another digest means that the same record may render differently (object, key, fields, modifiers,
        filter)."""
        fields = sorted((target.words for target in self.targets), key=str)
        words = [DIGEST_FORM, self.collection, self.object, self.key, fields, self.filter.words]
        return hashlib.sha256(json.dumps(words, sort_keys=True, default=str).encode()).hexdigest()

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.targets, self.filter, nests=self.template.nests)

    def render(self, record: Mapping[str, Any], related: Related = NOTHING) -> Rendered | None:
        """The record as the system is sent it, None where the filter leaves it out. Raises RenderError."""
        (result,) = self.render_many([record], related)
        if isinstance(result, RenderError):
            raise result
        return result

    def render_many(
        self, records: Iterable[Mapping[str, Any]], related: Related = NOTHING
    ) -> list[Rendered | RenderError | None]:
        """As `render`, one result per record in order; errors are results, so that the other records go
        on. `related` answers for nested children and for references by a value, in a question each."""
        return self._renderer.many(records, related)

    def read_payload(self, payload: bytes, resolve: Resolve = keep_hub_id) -> dict[str, Any]:
        """Typed values by target field from stored bytes, every reference turned by `resolve(collection,
        hub_id)`.

        Times are aware UTC, money and whole numbers int, JSON parsed. Raises RenderError where the template's
        fields are no longer those of the payload.
        """
        return self._renderer.read(payload, resolve)
