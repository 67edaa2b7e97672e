"""Which pipeline a row of the worksheet means."""

from __future__ import annotations

from urllib.parse import urlsplit

from ipaas_dagster.mapping.pipeline import Pipeline, Unusable
from ipaas_dagster.mapping.pipeline_fields import MODULES, OBJECTS
from ipaas_dagster.mapping.worksheet import PipelineRow
from ipaas_dagster.pipelines.upstream import Upstream


def choose(row: PipelineRow, kind: str, url: str, upstream: Upstream) -> Pipeline:
    """The one that is named; else the only active one that pushes this object to such a system, or of several the one
    whose instance is at this system's address. Raises Unusable with what to do."""
    if row.pipeline is not None:
        return _named(row, upstream)
    wanted, module = {name for name, to in OBJECTS.items() if to == row.collection}, MODULES.get(kind)
    if module is None:
        raise Unusable(f"Instagaze has no pipelines for {kind} systems; name one in the row: `pipeline: <id>`")
    fitting = [one for one in upstream.pipelines if one.object in wanted and one.module.lower() == module]
    pushing = [one for one in fitting if one.mode == "PUSH" and one.active]
    chosen = [one for one in pushing if _host(one.url) == _host(url)] if len(pushing) > 1 else pushing
    if len(chosen) == 1:
        return chosen[0]
    if not pushing:
        raise Unusable(_none(row, kind, fitting, upstream))
    ids = ", ".join(one.id for one in pushing)
    raise Unusable(f"several active pipelines push {row.collection} to {kind} ({ids}): say `pipeline: <id>` in the row")


def _named(row: PipelineRow, upstream: Upstream) -> Pipeline:
    found = next((one for one in upstream.pipelines if one.id == row.pipeline), None)
    if found is None:
        why = upstream.unusable.get(str(row.pipeline), "the hub has no such pipeline (ipaas sync pipelines)")
        raise Unusable(f"pipeline {row.pipeline}: {why}")
    if OBJECTS.get(found.object) != row.collection:
        raise Unusable(f"{found} moves {found.object or 'nothing known'}, not {row.collection}")
    if found.mode != "PUSH" or not found.active:
        raise Unusable(f"{found} is not an active one that pushes ({_state(found)})")
    return found


def _none(row: PipelineRow, kind: str, fitting: list[Pipeline], upstream: Upstream) -> str:
    others = "; ".join(f"{one} is {_state(one)}" for one in fitting[:5])
    broken = "; ".join(upstream.unusable.values())
    beside = "; ".join(text for text in (others, broken) if text)
    said = f"no active pipeline pushes {row.collection} to {kind}"
    return f"{said} ({beside})" if beside else f"{said}: the hub has none (ipaas sync pipelines)"


def _state(pipeline: Pipeline) -> str:
    return f"{pipeline.mode or 'of no mode'}, {'active' if pipeline.active else 'not active'}"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
