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
from ipaas_dagster.mapping.render import Renderer, RenderError, Resolve, keep_hub_id
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
        """Hub collections whose ids in the system this route's payloads need."""
        return tuple(dict.fromkeys(target.references for target in self.targets if target.references))

    @cached_property
    def digest(self) -> str:
        """Another digest means that the same record may render differently (object, key, fields, modifiers,
        filter)."""
        fields = [
            [
                t.name,
                t.type,
                t.column,
                t.references,
                t.constant,
                t.default,
                t.required,
                [m.words for m in t.modifiers],
            ]
            for t in self.targets
        ]
        conditions = sorted([c.column, c.words] for c in self.filter.conditions)
        words = [DIGEST_FORM, self.collection, self.object, self.key, sorted(fields, key=str), conditions]
        return hashlib.sha256(json.dumps(words, sort_keys=True, default=str).encode()).hexdigest()

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.targets, self.filter)

    def render(self, record: Mapping[str, Any]) -> Rendered | None:
        """The record as the system is sent it, None where the filter leaves it out. Raises RenderError."""
        (result,) = self.render_many([record])
        if isinstance(result, RenderError):
            raise result
        return result

    def render_many(self, records: Iterable[Mapping[str, Any]]) -> list[Rendered | RenderError | None]:
        """As `render`, one result per record in order; errors are results, so that the other records go
        on."""
        return self._renderer.many(records)

    def read_payload(self, payload: bytes, resolve: Resolve = keep_hub_id) -> dict[str, Any]:
        """Typed values by target field from stored bytes, every reference turned by `resolve(collection,
        hub_id)`.

        Times are aware UTC, money and whole numbers int, JSON parsed. Raises RenderError where the template's
        fields are no longer those of the payload.
        """
        return self._renderer.read(payload, resolve)
