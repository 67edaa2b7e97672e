"""`instagaze/<collection>`: a scan into a landing, by day of modification."""

from datetime import date
from typing import Any

import dagster as dg

from ipaas_dagster.orchestration.metadata import OWNERS, materialized, of_followed, of_pull
from ipaas_dagster.orchestration.partitions import daily, scope_of
from ipaas_dagster.orchestration.run import INBOX_TAG, OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import UseCases

GROUP = "instagaze"


def source_key(collection: str) -> dg.AssetKey:
    return dg.AssetKey(["instagaze", collection])


def source_asset(
    collection: str, first_day: date, open_project: OpenProject, use_cases: UseCases
) -> dg.AssetsDefinition:
    """A polled collection. One day or a range of days is one scan."""

    @dg.asset(
        key=source_key(collection),
        group_name=GROUP,
        partitions_def=daily(first_day),
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"python", "instagaze"},
        owners=OWNERS,
        tags={"ipaas/collection": collection},
        description=(
            f"Instagaze's {collection}, read into a landing file as received (secrets removed). A closed "
            "day, or a range of days, reads the records modified then; today's open day reads what is new "
            "since the cursor (everything, if there is none), or the records that webhooks named. "
            f"The first day, {first_day}, also takes everything older."
        ),
    )
    def pull(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        with run_project(open_project, context) as project:
            if context.run.tags.get(INBOX_TAG):
                figures = of_followed(use_cases.follow(project, collection))
            else:
                scope = scope_of(context.partition_time_window, now=project.clock(), tags=context.run.tags)
                figures = of_pull(use_cases.pull(project, collection, scope))
        return materialized(context, ["instagaze", collection], figures, last_day=last_day(context))

    return pull


def last_day(context: dg.AssetExecutionContext) -> str | None:
    """The last day of a run over several, None for one day."""
    days = context.partition_key_range
    return days.end if days.start != days.end else None
