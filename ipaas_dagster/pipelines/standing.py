"""How each row that follows a pipeline stands: its approved mapping against what the pipeline says now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from ipaas_dagster import contracts
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping.pins import Pin, pin_of, read_pin, template_of
from ipaas_dagster.mapping.pipeline import MappedField, Pipeline, Unusable
from ipaas_dagster.mapping.template import hub_columns
from ipaas_dagster.pipelines.choosing import choose
from ipaas_dagster.pipelines.trying import try_modifiers
from ipaas_dagster.pipelines.upstream import Upstream, read_upstream, samples

if TYPE_CHECKING:
    from ipaas_dagster.mapping import PipelineRow
    from ipaas_dagster.project import Project

State = Literal["as approved", "changed", "new", "refused", "gone"]


@dataclass(frozen=True)
class Difference:
    """One fact of one field (`field` empty: of the pipeline). None: it is not there."""

    field: str
    what: str
    approved: Any
    now: Any


@dataclass(frozen=True)
class Standing:
    """`new`: nothing is approved yet. `refused`: what the pipeline says now cannot be used, and `reason` says why.
    `gone`: there is no such pipeline (any more). In the last three the approved mapping, if there is one, goes on."""

    system: str
    collection: str
    state: State
    pin: Pin | None
    pipeline: Pipeline | None
    differences: tuple[Difference, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        return f"{self.system}/{self.collection}"

    @property
    def waits(self) -> bool:
        """A person has to look."""
        return self.state != "as approved"

    def in_words(self) -> str:
        goes_on = "; the approved mapping goes on" if self.pin else "; nothing is sent of it"
        match self.state:
            case "as approved":
                return f"{self.name}: as approved"
            case "new":
                return f"{self.name}: {self.pipeline} is not approved yet (ipaas pipelines approve {self.name})"
            case "changed":
                fields = ", ".join(dict.fromkeys(one.field or one.what for one in self.differences))
                return f"{self.name}: {self.pipeline} changed ({fields}){goes_on} (ipaas pipelines diff)"
            case _:
                return f"{self.name}: {self.reason}{goes_on}"


def standings(project: Project, system: str | None = None) -> list[Standing]:
    """Of all rows, or of one system's. Opens the hub for reading where there are any."""
    rows = [row for row in project.worksheet.pipelines if system in (None, row.system)]
    upstream = read_upstream(project) if rows else Upstream((), {})
    return [_standing(project, row, upstream) for row in rows]


def _standing(project: Project, row: PipelineRow, upstream: Upstream) -> Standing:
    found = read_pin(project.settings.config, row.system, row.collection)
    pin, kind = found[0] if found else None, project.worksheet.system(row.system).kind
    url = project.worksheet.preset(row.system, project.settings).fields.get("url", "")
    own = row.system, row.collection
    try:
        pipeline = choose(row, kind.name, url, upstream)
    except Unusable as unusable:
        return Standing(*own, "gone", pin, None, reason=str(unusable))
    if pin is not None and pin.digest == pipeline.digest:
        return Standing(*own, "as approved", pin, pipeline)
    differences = tuple(_differences(pin, pin_of(pipeline)))
    try:
        template = template_of(pin_of(pipeline), row.collection, kind)
        try_modifiers(template, hub_columns(contracts.collection(row.collection)), samples(project, row.collection))
    except (Unusable, DeclarationError) as wrong:
        reason = f"{pipeline} cannot be used: {wrong}"
        return Standing(*own, "refused", pin, pipeline, differences, reason)
    return Standing(*own, "changed" if pin else "new", pin, pipeline, differences)


def _differences(pin: Pin | None, now: Pin) -> Iterator[Difference]:
    """Field by field; a field that is new or gone is one difference."""
    for what in ("module", "object", "external_object"):
        before = getattr(pin, what) if pin else None
        if before != getattr(now, what):
            yield Difference("", what, before, getattr(now, what))
    old = {field.external: field for field in pin.fields} if pin else {}
    new = {field.external: field for field in now.fields}
    for name in dict.fromkeys([*new, *old]):
        if name not in old or name not in new:
            yield Difference(name, "field", _shown(old.get(name)), _shown(new.get(name)))
            continue
        before, after = asdict(old[name]), asdict(new[name])
        for what in before:
            if before[what] != after[what]:
                yield Difference(name, what, before[what], after[what])


def _shown(field: MappedField | None) -> str | None:
    """What goes there, in a line."""
    if field is None:
        return None
    flags = [name for name in ("required", "read_only", "custom") if getattr(field, name)]
    return ", ".join([field.field, *([field.push_modifier] if field.push_modifier else []), *flags])
