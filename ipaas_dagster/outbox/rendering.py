"""From the hub's records to candidates: rendered by the route's template, hashed with references as hub ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ipaas_dagster.mapping import Related
from ipaas_dagster.mapping.payload import Rendered, payload_bytes, payload_hash
from ipaas_dagster.mapping.render import RenderError, Resolve
from ipaas_dagster.outbox.queue import Candidate, DeleteRule

if TYPE_CHECKING:
    from ipaas_dagster.hub import ChangedRecord

Result = Rendered | RenderError | None


class Renders(Protocol):
    """What the outbox needs of a route. `digest` changes whenever the same record could be rendered otherwise."""

    @property
    def system(self) -> str: ...
    @property
    def collection(self) -> str: ...
    @property
    def object(self) -> str: ...
    @property
    def deletes(self) -> DeleteRule: ...
    @property
    def digest(self) -> str: ...
    @property
    def nested(self) -> tuple[str, ...]: ...

    def render_many(self, records: Iterable[Mapping[str, Any]], related: Related) -> Sequence[Result]: ...
    def read_payload(self, payload: bytes, resolve: Resolve) -> dict[str, Any]: ...


def candidates(route: Renders, changes: Sequence[ChangedRecord], related: Related) -> list[Candidate]:
    """One candidate a record, in the given order. A deleted one is rendered too: what it referred to at last tells
    whose delete must wait for its own. `related` is the hub: nested children are those of now."""
    results = route.render_many((change.record for change in changes), related)
    return [_candidate(change, result) for change, result in zip(changes, results, strict=True)]


def _candidate(change: ChangedRecord, result: Result) -> Candidate:
    if change.operation == "delete":
        refs = result.references if isinstance(result, Rendered) else ()
        return Candidate(
            change.hub_id, change.seq, change.version, deleted=True, refs=refs, changed_us=change.changed_us
        )
    if result is None:
        return Candidate(change.hub_id, change.seq, change.version)
    if isinstance(result, RenderError):
        return Candidate(change.hub_id, change.seq, change.version, error=str(result))
    payload = payload_bytes(result)
    return Candidate(
        change.hub_id,
        change.seq,
        change.version,
        payload=payload,
        payload_hash=payload_hash(payload),
        refs=result.references,
        changed_us=change.changed_us,
    )
