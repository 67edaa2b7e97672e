"""`reconcile` finds every delete and every missed record; a mass delete waits for a person and is checked again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ipaas_dagster.mend import approve, retry_rejects
from ipaas_dagster.project import Project
from ipaas_dagster.records import utc_now
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sync import reconcile_all
from ipaas_dagster_tests.flow.world import World

COLLECTIONS = ("accounts", "products", "invoices", "subscriptions", "transactions")
SYSTEMS = ("sql", "files")


def test_every_delete_is_found_everywhere(tmp_path: Path) -> None:
    with running_sandbox(accounts=60, seed=1, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        world.sync()
        for name in COLLECTIONS:
            gone = sandbox.instagaze.mutate(name, delete=3 if name != "products" else 1, seed=5).deleted
            assert gone
        outcome = reconcile_all(world.project(), COLLECTIONS, SYSTEMS)
        assert outcome.findings == []
        assert [result.deleted for result in outcome.reconciled] == [3, 1, 3, 3, 3]
        assert world.hub() == world.truth()
        assert world.sql() == world.hub()
        assert world.files() == world.hub()
        world.check_books()


def test_record_that_polls_cannot_show_is_found_as_missed(tmp_path: Path) -> None:
    with running_sandbox(accounts=30, seed=2, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        world.sync()
        account = sandbox.instagaze.truth("accounts")[0]
        sandbox.instagaze.put("accounts", {**account, "account_name": "changed behind our back"}, modified=None)
        assert world.sync().findings == []
        assert world.hub() != world.truth()
        (result,) = reconcile_all(world.project(), ["accounts"], SYSTEMS).reconciled
        assert result.missed == 1
        assert world.hub() == world.truth() == world.sql()


def test_mass_delete_is_held_then_approved_and_checked_again(tmp_path: Path) -> None:
    settings = (("IPAAS_HOLD_RECORDS", "10"), ("IPAAS_LAG_SECONDS", "0"))
    with running_sandbox(accounts=60, seed=3, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", settings)
        world.sync()
        deleted = sandbox.instagaze.mutate("accounts", delete=36, seed=4).deleted
        survivor = deleted[0]
        outcome = reconcile_all(world.project(), ["accounts"], SYSTEMS)
        (hold,) = outcome.reconciled[0].holds
        assert any(hold in finding for finding in outcome.findings), "it asks"
        assert len(world.hub()["customers"]) == 60, "nothing was deleted"
        # one comes back before the person decides
        back = {**sandbox.instagaze.truth("accounts")[0], "id": survivor, "contacts": []}
        sandbox.instagaze.put("accounts", back)
        approve(world.project(), hold)
        world.sync()
        assert world.hub()["customers"] == world.truth()["customers"]
        assert len(world.hub()["customers"]) == 25
        assert world.sql() == world.hub()
        world.check_books()


def test_source_that_answers_empty_deletes_nothing_at_once(tmp_path: Path) -> None:
    with running_sandbox(accounts=40, seed=5, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_HOLD_RECORDS", "10"),))
        world.sync()
        for account in sandbox.instagaze.truth("accounts"):
            sandbox.instagaze.delete("accounts", account["id"])
        outcome = reconcile_all(world.project(), ["accounts"], SYSTEMS)
        assert outcome.reconciled[0].holds
        assert len(world.hub()["customers"]) == 40


def test_rejects_judged_again_stay_until_the_source_is_mended(tmp_path: Path) -> None:
    with running_sandbox(accounts=5, seed=6, bad_records=True) as sandbox:
        world = World(sandbox, tmp_path / "state", (("IPAAS_LAG_SECONDS", "0"),))
        world.sync()
        results = retry_rejects(world.project())
        assert results
        assert all(result.new_rejects == 0 for result in results)
        world.check_books()


def test_changes_and_deletes_count_although_our_clock_was_set_back(tmp_path: Path) -> None:
    with running_sandbox(accounts=20, seed=5, samples=None) as sandbox:
        world = World(sandbox, tmp_path / "state")
        world.sync()
        sandbox.instagaze.mutate("accounts", insert=2, change=3, delete=2, seed=6)
        earlier = Project(world.settings, clock=lambda: utc_now() - timedelta(days=3))
        (result,) = reconcile_all(earlier, ["accounts"], SYSTEMS).reconciled
        assert result.deleted == 2
        assert world.hub()["customers"] == world.truth()["customers"] == world.sql()["customers"]
        world.check_books()
