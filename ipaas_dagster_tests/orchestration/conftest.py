"""A played installation and a Dagster instance of its own for every test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ipaas_dagster_tests.orchestration.fakes import Played


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return Played(tmp_path)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def launch(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    *keys: str,
    day: str | None = None,
    days: tuple[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> Any:
    """As `dg launch --assets KEYS --partition DAY` or `--partition-range`."""
    chosen = [dg.AssetKey(key.split("/")) for key in keys]
    job = definitions.get_repository_def().get_implicit_job_def_for_assets(chosen)
    assert job is not None
    range_tags = (
        {"dagster/asset_partition_range_start": days[0], "dagster/asset_partition_range_end": days[1]} if days else {}
    )
    return job.execute_in_process(
        instance=instance,
        partition_key=day,
        asset_selection=chosen,
        tags={**range_tags, **(tags or {})},
        raise_on_error=False,
    )
