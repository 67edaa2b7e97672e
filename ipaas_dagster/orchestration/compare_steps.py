"""Steps of `reconcile` that compare the systems with the hub, one each, after the source was compared with it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import dagster as dg

from ipaas_dagster.orchestration.metadata import Metadata
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import SystemShown, UseCases

if TYPE_CHECKING:
    from ipaas_dagster.completeness import SystemReconcile

AFTER_THE_SOURCE = {"dagster/priority": "-1"}
"""An executor takes ready steps by priority; none depends on another, so that what fails stops no other."""


def compare_step(
    system: SystemShown, open_project: OpenProject, use_cases: UseCases, step_tags: Mapping[str, str]
) -> dg.OpDefinition:
    @dg.op(
        name=f"compare_{system.name}",
        tags={**AFTER_THE_SOURCE, **step_tags},
        description=f"Every record that {system.name} is sent, beside what it holds now; what differs is sent again.",
    )
    def step(context: dg.OpExecutionContext) -> None:
        with run_project(open_project, context) as project:
            result = use_cases.compare(project, system.name)
            findings = use_cases.comparison_findings(project, result)
        context.add_output_metadata(_metadata(result))
        for line in result.notes:
            context.log.info(line)
        if findings:
            raise dg.Failure("\n".join(findings), _metadata(result), allow_retries=False)

    return step


def _metadata(result: "SystemReconcile") -> Metadata:
    counts = [{"collection": name, **asdict(route)} for name, route in result.routes.items()]
    said = result.switched_off or result.unread
    shown: Metadata = {"different": result.different, "seconds": round(result.seconds, 3)}
    if counts:
        shown["compared"] = _table(counts)
    if result.differences:
        shown["differences"] = dg.MetadataValue.md("\n".join(f"- {one['in_words']}" for one in result.differences))
    return shown | ({"not_compared": said} if said else {})


def _table(rows: Sequence[dict[str, str | int]]) -> dg.TableMetadataValue:
    records = [dg.TableRecord(dict(row)) for row in rows]
    kinds = {name: "string" if isinstance(value, str) else "int" for name, value in rows[0].items()}
    columns = [dg.TableColumn(name, kind) for name, kind in kinds.items()]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=columns))
