"""Dead letters and rejects as a person meets them: from the command line and from Dagster, one by one and in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from typer.testing import CliRunner

from ipaas_dagster.cli.app import app
from ipaas_dagster.orchestration import build_definitions
from ipaas_dagster.orchestration.mending_jobs import DEAD_LETTERS, REJECTS
from ipaas_dagster.project import Project
from ipaas_dagster.records import new_id
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.settings import load
from ipaas_dagster_tests.flow.world import DATA, copy_declarations

ACCOUNTS = 6
WRONG = {"constant": "no address", "custom": True}
RIGHT = {"from": "owner_email", "custom": True}


@dataclass
class Place:
    """Customers, from the sandbox's Instagaze to its Salesforce alone, by a configuration of its own."""

    sandbox: Sandbox
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        mine = {"IPAAS_STATE": str(self.folder / "state"), "IPAAS_CONFIG": str(self.folder / "config")}
        return {**self.sandbox.environment, **mine, "IPAAS_RETRY_SECONDS": "5"}

    def run(self, *words: str) -> dict[str, Any]:
        said = CliRunner().invoke(app, [*words, "--json"], env=self.environment)
        document: dict[str, Any] = json.loads(said.stdout)
        return document

    def says(self, *words: str) -> str:
        return CliRunner().invoke(app, [*words], env=self.environment).stdout

    def template(self, email: dict[str, Any]) -> None:
        """What goes into a field that takes addresses only."""
        file = self.folder / "config" / "mappings" / "salesforce.yaml"
        templates = yaml.safe_load((DATA / "mappings" / "salesforce.yaml").read_text())
        templates["customers"]["fields"]["Owner_Email__c"] = email
        file.write_text(yaml.safe_dump(templates))

    def job(self, name: str, op: str, **config: Any) -> Any:
        def project(run_id: str | None = None, say: Any = None) -> Project:
            return Project(
                load(self.environment, self.folder / "no"), run_id=run_id or new_id(), say=say or (lambda _: None)
            )

        job = build_definitions(project).resolve_job_def(name)
        with dg.DagsterInstance.ephemeral() as instance:
            return job.execute_in_process(
                run_config={"ops": {op: {"config": config}}}, instance=instance, raise_on_error=False
            )

    def __post_init__(self) -> None:
        config = self.folder / "config"
        copy_declarations(config)
        worksheet = {
            "systems": {"instagaze": {"kind": "instagaze"}, "salesforce": {"kind": "salesforce"}},
            "rows": [
                {"collection": "customers", "system": "instagaze", "direction": "to"},
                {"collection": "items", "system": "instagaze", "direction": "to"},
                {"collection": "customers", "system": "salesforce", "direction": "from"},
            ],
        }
        (config / "worksheet.yaml").write_text(yaml.safe_dump(worksheet))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """All customers are dead, of one cause."""
    yield from _place(tmp_path, ACCOUNTS)


def _place(folder: Path, accounts: int) -> Iterator[Place]:
    with running_sandbox(accounts=accounts, samples=None) as sandbox:
        made = Place(sandbox, folder)
        made.template(WRONG)
        assert made.run("sync", "accounts")["exit_code"] == 1
        yield made


def dead(place: Place, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.run("dead", "list", "--limit", "1000", *words)["dead"]
    return found


def metadata(result: Any) -> dict[str, Any]:
    (step,) = [event.step_output_data for event in result.all_events if event.is_successful_output]
    return {name: value.value for name, value in step.metadata.items()}


@pytest.mark.parametrize("accounts", [500])
def test_five_hundred_of_one_cause_are_mended_by_one_change_and_one_command(tmp_path: Path, accounts: int) -> None:
    for place in _place(tmp_path, accounts):
        assert len(dead(place, "--says", "email*no address")) == accounts
        place.template(RIGHT)
        done = place.run("dead", "retry", "--system", "salesforce", "--deliver")
        assert (done["exit_code"], done["retried"]) == (0, accounts)
        assert dead(place) == []
        resolved = dead(place, "--resolved")
        assert len(resolved) == accounts
        assert {"no address" in one["reason"] and bool(one["resolved_by"]) for one in resolved} == {True}
        org = place.sandbox.salesforce.truth("Account")
        emails = {one["account_owner_email"] for one in place.sandbox.instagaze.truth("accounts")}
        assert {one["Owner_Email__c"] for one in org} == emails
        assert len(org) == accounts
        assert place.run("status")["exit_code"] == 0


def test_a_letter_shows_what_was_sent_and_answered_and_how_to_go_on(place: Place) -> None:
    letter = dead(place)[0]
    shown = place.run("dead", "show", str(letter["entry_id"]))["letters"][0]
    (sent,) = shown["sent"]
    assert "no address" in json.dumps(sent["request"])
    assert "INVALID_EMAIL_ADDRESS" in json.dumps(sent["answer"])
    assert [attempt["outcome"] for attempt in shown["tried"]] == ["rejected"]
    assert shown["trace"] == f"ipaas trace {letter['hub_id']}"
    told = place.says("dead", "show", str(letter["entry_id"]))
    assert letter["reason"] in told
    assert "attempt 1" in told
    place.template(RIGHT)
    place.run("dead", "retry", str(letter["entry_id"]), "--deliver")
    later = place.run("dead", "show", str(letter["entry_id"]))["letters"][0]
    assert (later["entry"]["state"], later["entry"]["died_of"]) == ("superseded", letter["reason"])
    assert [one["state"] for one in later["later"]] == ["delivered"]


@pytest.mark.parametrize("words", [("dead", "show", "999999"), ("rejects", "show", "instagaze:products:1")])
def test_what_is_not_there_is_wrong_usage(place: Place, words: tuple[str, ...]) -> None:
    assert place.run(*words)["exit_code"] == 2


def test_letters_are_chosen_by_every_filter(place: Place) -> None:
    letters = dead(place)
    one = letters[2]
    assert [d["hub_id"] for d in dead(place, "--record", one["hub_id"])] == [one["hub_id"]]
    assert len(dead(place, "--collection", "customers", "--system", "salesforce")) == ACCOUNTS
    assert dead(place, "--collection", "contacts") == []
    assert len(dead(place, "--says", "NO ADDRESS")) == ACCOUNTS
    assert dead(place, "--says", "no_address") == []
    assert dead(place, "--since", "2099-01-01") == []
    assert len(dead(place, "--since", letters[0]["died_at"])) == ACCOUNTS


def test_what_was_let_go_is_told_no_more_and_not_taken_up_in_bulk(place: Place) -> None:
    one = dead(place)[0]
    assert place.run("dead", "discard", "--record", one["hub_id"], "--reason", "a test account")["discarded"] == 1
    assert len(dead(place)) == ACCOUNTS - 1
    (let_go,) = dead(place, "--discarded")
    assert let_go["reason"].startswith("discarded: a test account (was: ")
    assert place.run("dead", "retry", "--system", "salesforce")["retried"] == ACCOUNTS - 1
    assert place.run("dead", "retry", str(one["entry_id"]))["retried"] == 1


def test_dagster_lists_shows_retries_and_discards_letters(place: Place) -> None:
    letters = dead(place)
    shown = metadata(place.job(DEAD_LETTERS, "mend_dead_letters", action="show", says="no address"))
    assert shown["count"] == ACCOUNTS
    assert "INVALID_EMAIL_ADDRESS" in json.dumps(shown["details"])
    refused = place.job(DEAD_LETTERS, "mend_dead_letters", action="retry")
    assert not refused.success
    done = place.job(DEAD_LETTERS, "mend_dead_letters", action="discard", entries=[letters[0]["entry_id"]], why="no")
    assert metadata(done)["count"] == 1
    place.template(RIGHT)
    done = place.job(DEAD_LETTERS, "mend_dead_letters", action="retry", system="salesforce")
    assert metadata(done)["count"] == ACCOUNTS - 1
    assert place.run("deliver", "salesforce")["exit_code"] == 0
    assert len(place.sandbox.salesforce.truth("Account")) >= ACCOUNTS - 1


@pytest.fixture
def rejecting(tmp_path: Path) -> Iterator[Place]:
    """Three products that no contract accepts."""
    with running_sandbox(accounts=2, samples=None) as sandbox:
        made = Place(sandbox, tmp_path)
        for number in range(3):
            sandbox.instagaze.insert("products", {"price": f"{number} dollars"})
        assert made.run("sync", "products")["exit_code"] == 1
        yield made


def rejects(place: Place, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = place.run("rejects", "list", *words)["rejects"]
    return found


def test_rejects_are_chosen_shown_and_let_go(rejecting: Place) -> None:
    (one,) = rejects(rejecting, "--says", "price*1 dollars")
    assert len(rejects(rejecting, "--collection", "items")) == 3
    assert rejects(rejecting, "--since", "2099-01-01") == []
    shown = rejecting.run("rejects", "show", one["hub_id"])["rejects"][0]
    assert shown["received"]["price"] == "1 dollars"
    assert f"ipaas trace {one['hub_id']}" in rejecting.says("rejects", "show", one["reject_id"][:12])
    assert rejecting.run("rejects", "discard")["exit_code"] == 2
    assert rejecting.run("rejects", "discard", one["hub_id"], "--reason", "never paid")["discarded"] == 1
    assert len(rejects(rejecting)) == 2
    assert rejects(rejecting, "--discarded")[0]["resolution"] == "discarded: never paid"
    assert "rejected" not in json.dumps(rejecting.run("sync", "products", "--full")["findings"])
    assert rejecting.run("sync", "products", "--full")["known"]["rejects"] == {"items": 2}


def test_a_good_version_resolves_a_reject_that_was_let_go(rejecting: Place) -> None:
    one = rejects(rejecting)[0]
    rejecting.run("rejects", "discard", one["hub_id"])
    rejecting.sandbox.instagaze.change("products", int(one["source_id"]), {"price": 12.0})
    rejecting.run("sync", "products")
    assert rejects(rejecting, "--discarded") == []
    assert len(rejects(rejecting)) == 2


def test_dagster_lists_judges_and_discards_rejects(rejecting: Place) -> None:
    listed = metadata(rejecting.job(REJECTS, "mend_rejects", action="list"))
    assert listed["count"] == 3
    judged = metadata(rejecting.job(REJECTS, "mend_rejects", action="retry", everything=True))
    assert judged["count"] == 3
    one = rejects(rejecting)[0]["hub_id"]
    assert metadata(rejecting.job(REJECTS, "mend_rejects", action="discard", records=[one]))["count"] == 1
    assert len(rejects(rejecting)) == 2
    assert not rejecting.job(REJECTS, "mend_rejects", action="forget").success
