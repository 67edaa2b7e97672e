"""All landings, merged again into an empty hub, give the same hub; nothing is called and nothing is touched."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from ipaas_dagster import contracts
from ipaas_dagster.errors import UsageError
from ipaas_dagster.mend import retry_rejects
from ipaas_dagster.merge import merge
from ipaas_dagster.replay import Choice, replay
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.replay.history import changed, contents, file_of, fingerprint, lose, must_be, offline, run


def test_replay_of_all_landings_gives_the_same_hub(lived: World, tmp_path: Path) -> None:
    project, before = offline(lived), fingerprint(lived.state)
    result = replay(project, keep=tmp_path / "replayed.duckdb")
    assert result.findings == []
    project.operations.dispose()
    assert fingerprint(lived.state) == before
    now, replayed = contents(file_of(project)), contents(tmp_path / "replayed.duckdb")
    assert len(now["hub.versions"]) > 300
    for table, rows in now.items():
        limits = [row[:-2] for row in rows], [row[:-2] for row in replayed[table]]
        assert limits[0] == limits[1] if table == "hub.merged_landings" else rows == replayed[table], table


def test_past_holds_everything_that_may_go_wrong(lived: World) -> None:
    """The tests of this file mean something only where all of it happened."""
    with duckdb.connect(str(file_of(offline(lived))), read_only=True) as hub:
        holds = {row[0] for row in hub.execute("SELECT state FROM hub.holds").fetchall()}
        scopes = {row[0] for row in hub.execute("SELECT scope FROM hub.merged_landings").fetchall()}
        counts = hub.execute("SELECT sum(stale), sum(rejected), sum(deleted), sum(held) FROM hub.landing_counts")
        assert all(counts.fetchone() or ())
        operations = {row[0] for row in hub.execute("SELECT DISTINCT operation FROM hub.changes").fetchall()}
    assert {"approved", "waiting"} <= holds
    assert {"full", "since", "window", "tombstones", "retry", "snapshot"} == scopes
    assert operations == {"insert", "update", "delete"}


def test_changed_contract_shows_the_records_that_would_differ(lived: World, monkeypatch: pytest.MonkeyPatch) -> None:
    other = changed("items", code={"source": ("product_name",)}, description={"rules": must_be("never")})
    monkeypatch.setattr(contracts, "COLLECTIONS", other)
    (items,) = replay(offline(lived), Choice(collections=("products",))).compared
    assert items.records.only_now == items.now - items.replayed > 0, "they would be rejected"
    assert items.rejects.only_replayed > 0
    assert "must be one of never" in str(items.rejects_shown[0].replayed)


def test_difference_of_a_field_is_shown_old_and_new(lived: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "COLLECTIONS", changed("items", code={"source": ("product_name",)}))
    result = replay(offline(lived), Choice(collections=("products",)), shown=1)
    (items,) = result.compared
    assert items.records.different == items.fields["code"] == items.now > 5
    (shown,) = items.shown
    with duckdb.connect(str(file_of(offline(lived))), read_only=True) as hub:
        row = hub.execute("SELECT code, name FROM hub.items WHERE hub_id = ?", [shown.hub_id]).fetchone()
    assert row == (shown.fields["code"].now, shown.fields["code"].replayed)
    assert shown.versions[0].fields["code"].replayed == row[1]
    assert result.findings == [f"items: {items.now} records, {items.versions.different} versions would differ"]


def test_record_accepted_since_replays_to_the_same_version(past: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was rejected by an older contract; today's takes it at once, at the time when it was observed."""
    project = past.project()
    lose(project)
    with monkeypatch.context() as older:
        older.setattr(contracts, "COLLECTIONS", changed("items", name={"rules": must_be("never")}))
        merge(project, ["products"])
    retry_rejects(project, "items")
    result = replay(project, Choice(collections=("products",)))
    assert result.compared[0].now > 5
    assert result.findings == []


def test_landing_changed_on_disk_is_named(past: World) -> None:
    project = offline(past)
    with duckdb.connect(str(file_of(project)), read_only=True) as hub:
        row = hub.execute("SELECT landing_id FROM hub.merged_landings WHERE collection = 'products'").fetchone()
    assert row
    project.landings.path(row[0]).write_bytes(b"nothing of it is left")
    damaged, differs = replay(project, Choice(collections=("products",))).findings
    assert row[0] in damaged
    assert differs.startswith("items: ")


def test_some_landings_are_compared_by_what_they_brought(lived: World) -> None:
    project = offline(lived)
    with duckdb.connect(str(file_of(project)), read_only=True) as hub:
        (first,) = hub.execute("SELECT landing_id FROM hub.merged_landings WHERE collection = 'invoices'").fetchall()[
            :1
        ]
    result = replay(project, Choice(landing_ids=first))
    invoices = {one.collection: one for one in result.compared}["invoices"]
    assert result.landings == 1
    assert invoices.now == invoices.replayed > 0
    with pytest.raises(UsageError, match="has merged no landing 'x'"):
        replay(project, Choice(landing_ids=("x",)))


def test_command_says_whether_anything_differs(past: World) -> None:
    same = run(past, "products", "--json")
    assert same.exit_code == 0, same.output
    assert json.loads(same.stdout)["equal"] is True
    with past.project().hub.writing() as hub:
        hub.execute("UPDATE hub.items SET name = 'changed by hand' WHERE hub_id = 'instagaze:products:1'")
    other = run(past, "products")
    assert other.exit_code == 1
    assert "items: 1 record would differ" in other.stderr
    assert "changed by hand" in other.stdout
    assert run(past, "--keep", str(past.state / "operations.db")).exit_code == 2
    assert run(past, "--template", "trial.yaml").exit_code == 2


def test_hub_of_an_older_program_is_replayed_in_the_order_of_its_list(items_only: World) -> None:
    project = items_only.project()
    if project.hub.shared:
        pytest.skip("older programs kept no hub on a server")
    with duckdb.connect(str(project.hub.path)) as hub:
        for column in ("number", "hold_share", "hold_records"):
            hub.execute(f"ALTER TABLE hub.merged_landings DROP COLUMN {column}")
    before = fingerprint(items_only.state)["ipaas.duckdb"]
    result = replay(project)
    assert result.landings > 1
    assert result.findings == []
    assert fingerprint(items_only.state)["ipaas.duckdb"] == before
