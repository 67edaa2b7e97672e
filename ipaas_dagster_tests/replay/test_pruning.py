"""Old landings are pruned; what stays in their place gives the same hub when all is replayed, or the hub is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import select

from ipaas_dagster import contracts
from ipaas_dagster.mend import retry_rejects
from ipaas_dagster.merge import merge
from ipaas_dagster.operations.tables import landings
from ipaas_dagster.project import Project
from ipaas_dagster.records import utc_now
from ipaas_dagster.replay import Choice, replay
from ipaas_dagster.replay.pruning import prune_landings
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.replay.history import changed, contents, file_of, lose, must_be, offline


def middle(project: Project, collection: str = "accounts") -> datetime:
    """A moment between the landings of a collection."""
    with project.operations.read() as store:
        mine = landings.c.collection == collection
        seen = list(store.scalars(select(landings.c.observed_to).where(mine).order_by(landings.c.number)))
    return seen[len(seen) // 2]


def without_landings(found: dict[str, list[object]]) -> dict[str, list[object]]:
    return {name: rows for name, rows in found.items() if name != "hub.merged_landings"}


def gone(project: Project, *, kept: bool) -> list[str]:
    """Ids of pruned landings; with `kept` those that open rejects or holds still name."""
    with duckdb.connect(str(file_of(project)), read_only=True) as hub:
        owed = hub.execute("""
            SELECT landing_id FROM hub.rejects WHERE resolved_at IS NULL
            UNION SELECT landing_id FROM hub.holds WHERE state = 'waiting'""").fetchall()
    with project.operations.read() as store:
        pruned = store.scalars(select(landings.c.landing_id).where(landings.c.state == "pruned")).all()
    return [i for i in pruned if ((i,) in owed) is kept]


def test_hub_is_the_same_after_pruning_whether_replayed_or_lost(recent: World, tmp_path: Path) -> None:
    project = offline(recent)
    before, moment = contents(file_of(project)), middle(project)
    pruned = {one.collection: one for one in prune_landings(project, moment)}
    assert pruned["accounts"].landings >= 1
    assert pruned["accounts"].baseline
    assert not any(project.landings.path(i).exists() for i in gone(project, kept=False))
    assert pruned["accounts"].kept == len(gone(project, kept=True)) > 0
    assert all(project.landings.path(i).exists() for i in gone(project, kept=True)), "open rejects need their lines"
    assert not any(one.landings for one in prune_landings(project, moment)), "nothing is left to prune"
    assert without_landings(contents(file_of(project))) == without_landings(before)
    result = replay(project, keep=tmp_path / "replayed.duckdb")
    assert result.findings == []
    assert without_landings(contents(tmp_path / "replayed.duckdb")) == without_landings(before)
    later = {one.collection: one for one in prune_landings(project, utc_now() + timedelta(days=1))}
    assert later["accounts"].baseline, "a baseline of a baseline and of what came after it"
    recent.check_books()
    lose(project)
    lost = recent.project()
    assert not any(result.damaged for result in merge(lost))
    assert without_landings(contents(file_of(lost))) == without_landings(before)
    recent.check_books()
    retried = retry_rejects(lost)
    assert retried
    assert not any(result.new_rejects for result in retried)


def test_what_was_merged_by_an_older_contract_stays_as_it_was(
    items_only: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = items_only.project()
    before = contents(file_of(project))['hub."items"']
    with monkeypatch.context() as newer:
        trial = changed("items", code={"source": ("product_name",)}, description={"rules": must_be("never")})
        newer.setattr(contracts, "COLLECTIONS", trial)
        prune_landings(project, utc_now() + timedelta(days=1), ["products"])
    lose(project)
    merge(items_only.project(), ["products"])
    assert contents(file_of(project))['hub."items"'] == before


def test_prune_that_was_killed_before_it_was_noted(items_only: World, monkeypatch: pytest.MonkeyPatch) -> None:
    project, tomorrow = items_only.project(), utc_now() + timedelta(days=1)

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr("ipaas_dagster.replay.pruning.add_landing", killed)
        with pytest.raises(Killed):
            prune_landings(project, tomorrow, ["products"])
    before = without_landings(contents(file_of(project)))
    assert merge(items_only.project(), ["products"]) == [], "the baseline is noted, and changes nothing"
    assert without_landings(contents(file_of(project))) == before
    assert sum(one.landings for one in prune_landings(project, tomorrow, ["products"])) > 0
    assert replay(project, Choice(collections=("products",))).findings == []
