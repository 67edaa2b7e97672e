"""The `trace` job: `ipaas trace` in the UI. Its run shows everything that happened to one record."""

import dagster as dg

from ipaas_dagster.orchestration.metadata import Metadata
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import TraceShown, UseCases

TRACE = "trace"
_FENCE = "~~~~"


class TraceConfig(dg.Config):
    """`hub_id` such as instagaze:accounts:42, or accounts/42; or `system` and the `id` that it knows the record by.
    `as_of`: an ISO time, to see what hub and systems had then."""

    hub_id: str = ""
    system: str = ""
    id: str = ""
    collection: str = ""
    as_of: str = ""
    records: bool = False
    bodies: bool = False
    read: bool = False
    deep: bool = False


def trace_job(open_project: OpenProject, use_cases: UseCases) -> dg.JobDefinition:
    @dg.op(name="trace_record", description="Everything that ever happened to one record, in time order.")
    def trace_record(context: dg.OpExecutionContext, config: TraceConfig) -> None:
        with run_project(open_project, context) as project:
            shown = use_cases.trace(project, config.model_dump())
        if not shown.found:
            raise dg.Failure(shown.lines[-1], allow_retries=False)
        context.log.info("\n".join(shown.lines))
        context.add_output_metadata(_metadata(shown))

    @dg.job(
        name=TRACE,
        description="Everything that ever happened to one record: name it in the launchpad as "
        '`{"ops": {"trace_record": {"config": {"hub_id": "instagaze:accounts:42"}}}}`. '
        "The step's output shows the trace as text and as JSON.",
    )
    def trace() -> None:
        trace_record()

    return trace


def _metadata(shown: TraceShown) -> Metadata:
    lines = [line.replace(_FENCE, "~ ~ ~ ~") for line in shown.lines]
    return {
        "record": shown.hub_id,
        "trace": dg.MetadataValue.md("\n".join([_FENCE, *lines, _FENCE])),
        "document": dg.MetadataValue.json(dict(shown.document)),
    }
