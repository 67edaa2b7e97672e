"""`instagaze/<snapshot>`: what has no modified filter, or is small: read whole and merged in one step."""

from typing import Any

import dagster as dg

from ipaas_dagster import contracts
from ipaas_dagster.orchestration.metadata import OWNERS, column_schema, of_merge, of_pull
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.source_assets import source_key
from ipaas_dagster.orchestration.use_cases import UseCases

GROUP = "instagaze_reference"


def snapshot_asset(name: str, open_project: OpenProject, use_cases: UseCases) -> dg.AssetsDefinition:
    """A reference collection: the same content again makes no landing."""
    (collection,) = contracts.of_source(name)

    @dg.asset(
        key=source_key(name),
        group_name=GROUP,
        kinds={"python", "instagaze", "duckdb"},
        owners=OWNERS,
        tags={"ipaas/collection": name},
        metadata=column_schema(collection),
        description=f"{collection.description}\n\nRead whole into the table `instagaze.{name}` of the hub.",
    )
    def snapshot(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        with run_project(open_project, context) as project:
            pulled = use_cases.pull(project, name, None)
            results = use_cases.merge(project, [name])
            seen = use_cases.look(project, [name], [result.landing_id for result in results])
            findings = use_cases.merge_findings(project, results)
        figures = of_pull(pulled) | of_merge(results, name, seen[name], findings)
        figures.pop("dagster/partition_row_count")
        return dg.MaterializeResult(metadata=figures)

    return snapshot
