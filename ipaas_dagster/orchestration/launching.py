"""What schedules and sensors share: run requests, and whether such a run is under way. Run keys are not used:
a failed run would block its key for ever."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import dagster as dg

from ipaas_dagster.orchestration.jobs import SYNC, family_keys
from ipaas_dagster.orchestration.partitions import open_partition
from ipaas_dagster.orchestration.run import poll_tags
from ipaas_dagster.records import utc_now

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
LOST_AFTER = timedelta(hours=12)
"""A run whose process was killed may stay `started` for ever; after this it holds up nothing here."""


def poll_request(
    collections: Sequence[str], now: datetime, reason: str, tags: Mapping[str, str] | None = None
) -> dg.RunRequest:
    """One run of `sync` that polls only these source collections, on the open partition."""
    return dg.RunRequest(
        job_name=SYNC,
        partition_key=open_partition(now),
        asset_selection=[key for source in collections for key in family_keys(source)],
        tags={**poll_tags(collections), "ipaas/because": reason[:200], **(tags or {})},
    )


def in_flight(instance: dg.DagsterInstance, tags: Mapping[str, str], *, job: str | None = None) -> bool:
    """Whether a run with these tags (and of this job) waits or runs."""
    filters = dg.RunsFilter(job_name=job, tags=dict(tags), statuses=UNDER_WAY, created_after=utc_now() - LOST_AFTER)
    return bool(instance.get_run_records(filters, limit=1))
