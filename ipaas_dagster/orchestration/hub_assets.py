"""`hub/<collection>`: landings through their contract into the hub; one multi-asset per source collection."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.orchestration.metadata import OWNERS, column_schema, materialized, of_merge
from ipaas_dagster.orchestration.partitions import daily
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.source_assets import last_day, source_key
from ipaas_dagster.orchestration.use_cases import UseCases

GROUP = "hub"


def hub_key(collection: str) -> dg.AssetKey:
    return dg.AssetKey(["hub", collection])


def hub_assets(source: str, first_day: date, open_project: OpenProject, use_cases: UseCases) -> dg.AssetsDefinition:
    """The hub collections that one source collection becomes. Any of them does the work of all."""
    family = contracts.of_source(source)

    @dg.multi_asset(
        name=f"merge_{source}",
        specs=[_spec(collection, source, first_day) for collection in family],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def merge(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        chosen = [c.name for c in family if hub_key(c.name) in context.selected_asset_keys]
        with run_project(open_project, context) as project:
            results = use_cases.merge(project, [source])
            seen = use_cases.look(project, chosen, [result.landing_id for result in results])
            findings = use_cases.merge_findings(project, results)
        for name in chosen:
            figures = of_merge(results, name, seen[name], findings)
            yield materialized(context, ["hub", name], figures, last_day=last_day(context))

    return merge


def _spec(collection: Collection, source: str, first_day: date) -> dg.AssetSpec:
    return dg.AssetSpec(
        hub_key(collection.name),
        deps=[source_key(source)],
        group_name=GROUP,
        partitions_def=daily(first_day),
        skippable=True,
        kinds={"duckdb", "pandera", "python"},
        owners=OWNERS,
        tags={"ipaas/collection": source},
        metadata=column_schema(collection),
        description=f"{collection.description}\n\nAll waiting landings of `{source}`, checked by contract "
        "and merged: versions, changes, rejects with reasons.",
    )
