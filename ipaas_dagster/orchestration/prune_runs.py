"""Dagster's own history: runs that are over and old are deleted with their logs.

Kept whatever its age: a run that made the latest materialization of an asset or of one of its partitions. Without it
the UI would call that day missing.
"""

from datetime import datetime

import dagster as dg
from dagster import DagsterEventType, RunsFilter

CHUNK = 500
OVER = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def prune_runs(instance: dg.DagsterInstance, before: datetime) -> tuple[int, int]:
    """Returns how many runs that were made before `before` are deleted, and how many are kept as the latest."""
    old = [record.dagster_run.run_id for record in _old(instance, before)]
    needed = _latest(instance) if old else set()
    gone = [run_id for run_id in old if run_id not in needed]
    for run_id in gone:
        instance.delete_run(run_id)
    return len(gone), len(old) - len(gone)


def _old(instance: dg.DagsterInstance, before: datetime) -> list[dg.RunRecord]:
    found: list[dg.RunRecord] = []
    cursor: str | None = None
    while True:
        which = RunsFilter(statuses=OVER, created_before=before)
        page = list(instance.get_run_records(which, limit=CHUNK, cursor=cursor, ascending=True))
        found += page
        if len(page) < CHUNK:
            return found
        cursor = page[-1].dagster_run.run_id


def _latest(instance: dg.DagsterInstance) -> set[str]:
    """Runs of the latest materializations, of every partition."""
    found: set[str] = set()
    kind = DagsterEventType.ASSET_MATERIALIZATION
    for key in instance.all_asset_keys():
        last = instance.get_latest_materialization_event(key)
        found |= {last.run_id} if last else set()
        by_partition = instance.event_log_storage.get_latest_storage_id_by_partition(key, kind)
        ids = sorted(by_partition.values())
        for start in range(0, len(ids), CHUNK):
            some = dg.AssetRecordsFilter(asset_key=key, storage_ids=ids[start : start + CHUNK])
            found |= {record.run_id for record in instance.fetch_materializations(some, limit=CHUNK).records}
    return found
