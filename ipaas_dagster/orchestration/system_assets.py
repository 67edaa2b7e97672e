"""`<system>/<hub collection>`: one multi-asset per system of the worksheet, which also keeps the order
between its collections (customers before their invoices)."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from ipaas_dagster import contracts
from ipaas_dagster.orchestration.hub_assets import hub_key
from ipaas_dagster.orchestration.metadata import OWNERS, materialized, of_delivery
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import SystemShown, UseCases


def system_key(system: str, collection: str) -> dg.AssetKey:
    return dg.AssetKey([system, collection])


def system_assets(
    system: SystemShown, open_project: OpenProject, use_cases: UseCases, step_tags: Mapping[str, str]
) -> dg.AssetsDefinition:
    """All routes to one system. Any of them delivers the whole queue, in order."""

    @dg.multi_asset(
        name=f"deliver_to_{system.name}",
        specs=[_spec(system, collection) for collection in system.collections],
        can_subset=True,
        op_tags=step_tags,
    )
    def deliver(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        with run_project(open_project, context) as project:
            result = use_cases.deliver(project, system.name)
            findings = use_cases.delivery_findings(project, result)
            standing = use_cases.standing(project, system.name)
        for collection in system.collections:
            if system_key(system.name, collection) in context.selected_asset_keys:
                figures = of_delivery(result, collection, findings, standing.get(collection))
                yield materialized(context, [system.name, collection], figures)

    return deliver


def _spec(system: SystemShown, collection: str) -> dg.AssetSpec:
    state = f"**Switched off**: {system.switched_off}" if system.switched_off else "Switched on"
    return dg.AssetSpec(
        system_key(system.name, collection),
        deps=[hub_key(collection), *(hub_key(inner) for outer, inner in system.nested if outer == collection)],
        group_name=system.name,
        skippable=True,
        kinds={"python", system.kind},
        owners=OWNERS,
        tags={"ipaas/system": system.name, "ipaas/switched_off": "yes" if system.switched_off else "no"},
        metadata={"switched_off": system.switched_off or "no"},
        description=f"{contracts.collection(collection).description}\n\nDelivered to `{system.name}` "
        f"({system.kind}): what changed, in order, through the outbox. {state}.",
    )
