"""How old an asset may become. Only of what is read every day: nothing new at the source materialises nothing, but the
daily `reconcile` and `snapshots` do. A system that is owed nothing is not stale, so systems have none."""

from collections.abc import Iterable
from datetime import timedelta

import dagster as dg


def read_daily(assets: Iterable[dg.AssetsDefinition], stale_hours: int) -> list[dg.AssetsDefinition]:
    """A warning where `ipaas status` calls a collection stale, a failure after twice that time."""
    warn = timedelta(hours=stale_hours)
    policy = dg.FreshnessPolicy.time_window(warn_window=warn, fail_window=2 * warn)
    return [one.map_asset_specs(lambda spec: dg.apply_freshness_policy(spec, policy)) for one in assets]
