"""How old an asset may become. Only of what is read every day: nothing new at the source materialises nothing, but the
daily `reconcile` and `snapshots` do. A system that is owed nothing is not stale, so systems have none."""

from datetime import timedelta

import dagster as dg

from ipaas_dagster.status.model import STALE_SECONDS

READ_DAILY = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(seconds=STALE_SECONDS), fail_window=timedelta(seconds=2 * STALE_SECONDS)
)
