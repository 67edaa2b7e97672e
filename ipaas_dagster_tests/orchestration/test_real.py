"""The definitions with the real use cases against a sandbox: what the UI shows, and what launches what."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import insert, select, update

from ipaas_dagster.operations.tables import cursors, inbox, landings, outbox
from ipaas_dagster.orchestration import UseCases, build_definitions
from ipaas_dagster.project import Project
from ipaas_dagster.records import new_id
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.settings import load
from ipaas_dagster.source.collections import POLLED
from ipaas_dagster_tests.orchestration.conftest import launch
from ipaas_dagster_tests.orchestration.fakes import failure, materializations

DATA = Path(__file__).parents[2] / "data"
ACCOUNTS = ("instagaze/accounts", "hub/customers", "hub/contacts")
SQL = tuple(
    f"sql/{n}" for n in ("customers", "contacts", "items", "invoices", "invoice_lines", "subscriptions", "payments")
)


@dataclass
class Real:
    sandbox: Sandbox
    state: Path
    later: timedelta = timedelta()
    token: str = ""

    def open(self, run_id: str | None = None, say: Callable[[str], None] | None = None) -> Project:
        environment = {"IPAAS_STATE": str(self.state), "IPAAS_CONFIG": str(DATA), "IPAAS_RETRY_SECONDS": "5"}
        environment |= {
            "INSTAGAZE_BASE_URL": self.sandbox.base_url,
            "INSTAGAZE_TOKEN": self.token or self.sandbox.token,
        }
        settings = load(environment, self.state / "no.env")
        return Project(
            settings,
            run_id=run_id or new_id(),
            clock=lambda: datetime.now(UTC) + self.later,
            say=say or (lambda _: None),
        )

    @cached_property
    def definitions(self) -> dg.Definitions:
        return build_definitions(self.open)

    def poll(self, instance: dg.DagsterInstance, *keys: str) -> Any:
        return launch(self.definitions, instance, *keys, day=datetime.now(UTC).date().isoformat())


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    with running_sandbox() as sandbox:
        yield Real(sandbox, tmp_path / "state")


USE = UseCases()


def test_a_first_poll_is_full_and_shows_the_hubs_rows_and_a_sample(real, instance):
    shown = materializations(real.poll(instance, *ACCOUNTS))
    truth = real.sandbox.instagaze.truth("accounts")
    assert shown["instagaze/accounts"]["scope"] == "full"
    assert shown["hub/customers"]["dagster/row_count"] == len(truth)
    assert shown["hub/customers"]["fetched"] >= len(truth)
    sample = [record.data for record in shown["hub/customers"]["sample"].records]
    assert {row["name"] for row in sample} <= {record["account_name"] for record in truth}


def test_the_next_poll_reads_since_the_cursor(real, instance):
    real.poll(instance, *ACCOUNTS)
    assert materializations(real.poll(instance, *ACCOUNTS))["instagaze/accounts"]["scope"].startswith("since ")


def test_new_rejects_fail_once_with_their_reason_and_then_warn(real, instance):
    real.sandbox.instagaze.insert("products", {"price": "twelve dollars"})
    first = real.poll(instance, "instagaze/products", "hub/items")
    assert "twelve dollars" in failure(first)
    (row,) = materializations(first)["hub/items"]["rejects"].records
    assert row.data["new"] == "new"
    assert row.data["reasons"].startswith("price: ")
    again = real.poll(instance, "instagaze/products", "hub/items")
    assert again.success
    assert materializations(again)["hub/items"]["open_rejects"] == 1


def test_the_whole_way_in_one_run_then_nothing_is_owed(real, instance):
    keys = (*ACCOUNTS, "instagaze/products", "hub/items", *SQL)
    result = real.poll(instance, *keys)
    assert result.success
    shown = materializations(result)
    assert shown["sql/customers"]["delivered"] == shown["hub/customers"]["dagster/row_count"]
    assert set(USE.owed(real.open())) == {"files"}


def test_a_change_is_owed_until_it_is_delivered(real, instance):
    assert real.poll(instance, *ACCOUNTS, *SQL).success
    assert "sql" not in USE.owed(real.open())
    first = USE.owed(real.open())["files"]
    real.sandbox.instagaze.change("accounts", real.sandbox.instagaze.truth("accounts")[0]["id"])
    real.poll(instance, *ACCOUNTS)
    owed = USE.owed(real.open())
    assert "sql" in owed
    assert owed["files"] != first
    assert launch(real.definitions, instance, *SQL).success
    assert "sql" not in USE.owed(real.open())


def test_nothing_is_owed_before_there_is_a_hub(real):
    assert USE.owed(real.open()) == {}


def test_what_waits_for_its_time_is_owed_when_it_has_come(real, instance):
    assert real.poll(instance, *ACCOUNTS, *SQL).success
    with real.open().operations.write() as connection:
        entry = connection.scalar(select(outbox.c.entry_id).where(outbox.c.system == "sql").limit(1))
        connection.execute(
            update(outbox)
            .where(outbox.c.entry_id == entry)
            .values(state="waiting", next_attempt_at=datetime.now(UTC) + timedelta(minutes=5))
        )
    assert "sql" not in USE.owed(real.open())
    real.later = timedelta(minutes=6)
    assert "sql" in USE.owed(real.open())


def test_what_is_dead_or_blocked_launches_nothing(real, instance):
    assert real.poll(instance, *ACCOUNTS, *SQL).success
    for state in ("dead", "blocked"):
        with real.open().operations.write() as connection:
            connection.execute(update(outbox).where(outbox.c.system == "sql").values(state=state))
        assert "sql" not in USE.owed(real.open())


def test_one_change_is_named_once(real, instance):
    real.poll(instance, *ACCOUNTS)
    assert USE.changed(real.open(), POLLED) == ()
    real.sandbox.clock.advance(300)
    real.sandbox.instagaze.change("accounts", real.sandbox.instagaze.truth("accounts")[0]["id"])
    assert USE.changed(real.open(), POLLED) == ("accounts",)
    assert USE.changed(real.open(), POLLED) == ()


def test_a_poll_that_did_not_follow_its_launch_is_unfinished(real, instance):
    real.poll(instance, *ACCOUNTS)
    assert "accounts" not in USE.unfinished(real.open(), POLLED)
    real.sandbox.clock.advance(300)
    real.sandbox.instagaze.change("accounts", real.sandbox.instagaze.truth("accounts")[0]["id"])
    USE.changed(real.open(), POLLED)
    assert USE.unfinished(real.open(), POLLED)["accounts"].startswith("the last poll")
    real.poll(instance, *ACCOUNTS)
    assert "accounts" not in USE.unfinished(real.open(), POLLED)


def test_what_was_never_read_or_never_merged_is_unfinished(real, instance):
    assert USE.unfinished(real.open(), ["products"]) == {"products": "it was never read"}
    real.poll(instance, "instagaze/accounts")
    assert "accounts" not in USE.unfinished(real.open(), ["accounts"])
    real.later = timedelta(minutes=11)
    assert USE.unfinished(real.open(), ["accounts"]) == {"accounts": "a landing waits to be merged"}
    with real.open().operations.read() as connection:
        assert connection.scalar(select(landings.c.state)) == "waiting"


def test_pending_webhooks_are_hints_until_done(real):
    project, now = real.open(), datetime.now(UTC)
    rows = [("a", "accounts", "pending"), ("b", "accounts", "done"), ("c", "gateways", "pending")]
    with project.operations.write() as connection:
        for number, (event, collection, state) in enumerate(rows):
            values = {"event_id": event, "system": "instagaze", "collection": collection, "method": "updated"}
            connection.execute(insert(inbox).values(**values, state=state, received_at=now + timedelta(seconds=number)))
    assert USE.hints(project) == {"accounts": now}
    USE.follow(project, "accounts")
    assert USE.hints(project) == {}
    with project.operations.read() as connection:
        states = dict(connection.execute(select(inbox.c.event_id, inbox.c.state)).all())
    assert states == {"a": "landed", "b": "done", "c": "pending"}
    USE.merge(project, ["accounts"])
    with project.operations.read() as connection:
        assert connection.scalar(select(inbox.c.state).where(inbox.c.event_id == "a")) == "done"


def test_a_token_that_is_not_set_is_not_connected(real, tmp_path):
    assert USE.not_connected(real.open()) is None
    fresh = Project(load({"IPAAS_STATE": str(tmp_path)}, tmp_path / "no.env"))
    assert "INSTAGAZE_TOKEN" in (USE.not_connected(fresh) or "")


def test_reconcile_finds_a_delete_and_shows_it(real, instance):
    real.poll(instance, *ACCOUNTS)
    gone = real.sandbox.instagaze.truth("accounts")[-1]["id"]
    real.sandbox.instagaze.delete("accounts", gone)
    job = real.definitions.resolve_job_def("reconcile")
    result = job.execute_in_process(instance=instance, op_selection=["reconcile_accounts"], raise_on_error=False)
    shown = materializations(result)
    assert shown["instagaze/accounts"]["deleted"] == 1
    assert shown["hub/customers"]["dagster/row_count"] == len(real.sandbox.instagaze.truth("accounts"))


def test_a_source_that_is_down_says_so_and_moves_nothing(real, instance):
    real.poll(instance, *ACCOUNTS)
    real.token = "another"
    result = real.poll(instance, *ACCOUNTS)
    assert "INSTAGAZE_TOKEN" in failure(result)
    with real.open().operations.read() as connection:
        assert connection.scalar(select(cursors.c.cursor).where(cursors.c.collection == "accounts"))
