"""The `ipaas` command as its users meet it: words, exit codes, one JSON document, nothing else on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from ipaas_dagster.cli import choose
from ipaas_dagster.cli.app import app
from ipaas_dagster.cli.demo import arrived_in, compare, refuse_foreign_state, refuse_foreign_systems
from ipaas_dagster.cli.progress import Lines
from ipaas_dagster.cli.report import command
from ipaas_dagster.cli.tables import ago
from ipaas_dagster.errors import NotAccounted, UsageError
from ipaas_dagster.operations.tables import outbox, server_facts
from ipaas_dagster.project import Project
from ipaas_dagster.records import Scope
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.settings import load

ROOT = Path(__file__).parents[1]
DAY = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Everything on stdout, which must be one JSON document."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An installation of its own: no `.env`, nothing of the shell that runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("DAGSTER_HOME", "INSTAGAZE_TOKEN", "IPAAS_HUB_URL", "IPAAS_OPERATIONS_URL", "IPAAS_LANDINGS_URL"):
        monkeypatch.delenv(name, raising=False)
    return {"IPAAS_STATE": str(tmp_path / "state"), "IPAAS_CONFIG": str(ROOT / "data"), "IPAAS_RETRY_SECONDS": "1"}


def ipaas(environment: dict[str, str], *words: str) -> Said:
    result = CliRunner().invoke(app, list(words), env=environment)
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(accounts=5, bad_records=True) as server:
        yield server


# Usage


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sync", "customers"), "come from accounts"),
        (("sync", "nothing"), "choose from: accounts"),
        (("sync", "--full", "--from", "2026-01-01", "--to", "2026-01-01"), "--full"),
        (("sync", "--from", "2026-01-01"), "belong together"),
        (("sync", "--from", "yesterday", "--to", "2026-01-01"), "2026-01-31"),
        (("sync", "--from", "2026-02-01", "--to", "2026-01-01"), "after"),
        (("deliver", "salesfarce"), "sql, files"),
        (("approve", "no-such-hold"), "no-such-hold"),
        (("dead", "discard"), "--system"),
        (("sync",), "INSTAGAZE_TOKEN"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(
    environment: dict[str, str], words: tuple[str, ...], says: str
) -> None:
    said = ipaas(environment, *words, "--json")
    assert said.code == 2, said.err
    assert says in said.err
    assert says in said.document["error"]


@pytest.mark.parametrize("words", [("frobnicate",), ("sync", "--frobnicate"), ("sandbox", "--port", "many")])
def test_words_that_do_not_exist_end_with_2(environment: dict[str, str], words: tuple[str, ...]) -> None:
    assert ipaas(environment, *words).code == 2


def test_settings_that_cannot_be_read_end_with_2(environment: dict[str, str]) -> None:
    said = ipaas(environment | {"IPAAS_START_DATE": "soon"}, "status", "--json")
    assert said.code == 2
    assert "IPAAS_START_DATE" in said.document["error"]


def test_every_command_explains_itself(environment: dict[str, str]) -> None:
    for words in ((), ("sync",), ("deliver",), ("reconcile",), ("status",), ("worksheet",), ("check",)):
        assert ipaas(environment, *words, "--help").code == 0
    for words in (("files", "current"), ("rejects", "list"), ("dead", "retry"), ("approve",), ("dev",)):
        assert ipaas(environment, *words, "--help").code == 0


def test_days_are_utc_and_the_last_is_included() -> None:
    scope = choose.window(False, "2026-01-05", "2026-01-06")
    assert scope == Scope.window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 7, tzinfo=UTC))


# How a command ends


def ended(error: BaseException | None, capsys: pytest.CaptureFixture[str], *, debug: bool = False) -> Said:
    code = 0
    try:
        with command(as_json=True, debug=debug) as report:
            report.show({"shown": 1})
            if error is not None:
                raise error
    except Exception as stop:
        code = int(getattr(stop, "exit_code", -1))
    captured = capsys.readouterr()
    return Said(code, captured.out, captured.err)


def test_a_good_end_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    said = ended(None, capsys)
    assert said.code == 0
    assert said.document == {"ok": True, "exit_code": 0, "shown": 1}


def test_new_findings_end_with_1_and_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    said = ended(NotAccounted(["sql: customers 7 is dead"]), capsys)
    assert said.code == said.document["exit_code"] == 1
    assert said.document["findings"] == ["sql: customers 7 is dead"]
    assert "sql: customers 7 is dead" in said.err


def test_an_unexpected_error_ends_with_1_and_shows_its_place_only_when_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = ended(ZeroDivisionError("by zero"), capsys)
    assert (said.code, said.document["error"]) == (1, "unexpected ZeroDivisionError: by zero (--debug shows where)")
    assert "Traceback" not in said.err
    assert "Traceback" in ended(ZeroDivisionError("by zero"), capsys, debug=True).err


def test_an_interrupt_ends_with_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(KeyboardInterrupt(), capsys).code == 130


# An installation that is empty


@pytest.mark.parametrize("words", [("rejects", "list"), ("dead", "list"), ("approve", "list")])
def test_nothing_is_waiting_in_an_empty_installation(environment: dict[str, str], words: tuple[str, ...]) -> None:
    said = ipaas(environment, *words, "--json")
    assert said.code == 0, said.err
    assert [] in said.document.values()


def test_an_empty_installation_has_a_status(environment: dict[str, str]) -> None:
    said = ipaas(environment, "status", "--json")
    assert said.code == 0, said.err
    rows = {row["collection"]: row for row in said.document["collections"]}
    assert len(rows) == 14
    assert (rows["customers"]["source"], rows["customers"]["records"], rows["customers"]["cursor"]) == (
        "accounts",
        0,
        None,
    )
    assert [system["system"] for system in said.document["systems"]][:2] == ["sql", "files"]


def test_the_worksheet_names_every_route(environment: dict[str, str]) -> None:
    rows = ipaas(environment, "worksheet", "--json").document["worksheet"]
    assert {(row["system"], row["direction"]) for row in rows} >= {
        ("instagaze", "to"),
        ("sql", "from"),
        ("files", "from"),
        ("salesforce", "from"),
    }
    assert "invoice_lines" in ipaas(environment, "worksheet").out


def test_dead_letters_are_listed_and_let_go(environment: dict[str, str]) -> None:
    project = Project(load(environment))
    row = {"system": "sql", "collection": "customers", "hub_id": "instagaze:accounts:7", "operation": "upsert"}
    row |= {"state": "dead", "epoch": "e", "seq": 1, "version": 1, "request_key": "k", "reason": "name is too long"}
    with project.operations.write() as connection:
        connection.execute(insert(outbox).values(**row, queued_at=DAY, updated_at=DAY))
    (dead,) = ipaas(environment, "dead", "list", "--json").document["dead"]
    assert (dead["hub_id"], dead["reason"]) == ("instagaze:accounts:7", "name is too long")
    entry = str(dead["entry_id"])
    assert ipaas(environment, "dead", "discard", entry, "--reason", "a test", "--json").document["discarded"] == 1
    assert ipaas(environment, "dead", "list", "--json").document["count"] == 0


# A source that answers


def test_new_rejects_fail_the_first_sync_and_no_later_one(environment: dict[str, str], sandbox: Sandbox) -> None:
    environment |= sandbox.environment
    first = ipaas(environment, "sync", "products", "--no-deliver", "--json")
    assert first.code == 1, first.err
    assert any("instagaze:products:901" in finding and "price" in finding for finding in first.document["findings"])
    again = ipaas(environment, "sync", "products", "--no-deliver", "--json")
    assert again.code == 0, again.err
    assert again.document["findings"] == []
    assert again.document["known"]["rejects"] == {"items": 3}
    listed = ipaas(environment, "rejects", "list", "--collection", "items", "--json")
    assert listed.document["count"] == 3
    assert "open rejects: items 3" in again.err


def test_a_source_that_refuses_the_token_fails_and_never_shows_it(
    environment: dict[str, str], sandbox: Sandbox
) -> None:
    environment |= sandbox.environment | {"INSTAGAZE_TOKEN": "wrong-but-still-a-secret"}
    said = ipaas(environment, "sync", "products", "gateways", "--no-deliver", "--json", "--debug")
    assert said.code == 1
    assert [finding.partition(":")[0] for finding in said.document["findings"]] == ["products", "gateways"]
    assert "wrong-but-still-a-secret" not in said.out + said.err


def test_what_people_see_is_on_stdout_and_the_rest_on_stderr(environment: dict[str, str], sandbox: Sandbox) -> None:
    said = ipaas(environment | sandbox.environment, "sync", "products", "--no-deliver")
    assert "pulled" in said.out
    assert "merged" in said.out
    assert "instagaze:products:901" in said.err


def test_a_sync_with_nothing_new_imports_nothing_heavy(environment: dict[str, str], sandbox: Sandbox) -> None:
    environment |= sandbox.environment
    assert ipaas(environment, "sync", "gateways", "products", "--no-deliver").code == 1
    script = (
        "import sys\nsys.argv = ['ipaas', 'sync', 'gateways', 'products', '--no-deliver']\n"
        "from ipaas_dagster.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "heavy = {'dagster', 'pandas', 'pandera'} & {name.partition('.')[0] for name in sys.modules}\n"
        "assert not heavy, heavy\nsys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Small parts


def test_the_demo_does_not_mix_its_records_with_real_ones(environment: dict[str, str]) -> None:
    project = Project(load(environment))
    fact = {"source_system": "instagaze", "collection": "accounts", "fact": "order", "value": True, "proven_at": DAY}
    with project.operations.write() as connection:
        connection.execute(insert(server_facts).values(base_url="http://127.0.0.1:8800/", **fact))
    refuse_foreign_state(project)
    with project.operations.write() as connection:
        connection.execute(insert(server_facts).values(base_url="https://api.instagaze.com/api/admin/", **fact))
    with pytest.raises(UsageError, match="IPAAS_STATE"):
        refuse_foreign_state(project)


def test_the_demo_sends_its_records_nowhere_else(environment: dict[str, str]) -> None:
    secrets = {"SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": "secret"}
    refuse_foreign_systems(Project(load({**environment, **secrets, "SALESFORCE_URL": "http://127.0.0.1:8800"})))
    with pytest.raises(UsageError, match=r"salesforce at acme\.my\.salesforce\.com"):
        refuse_foreign_systems(Project(load({**environment, **secrets, "SALESFORCE_URL": ACME})))


ACME = "https://acme.my.salesforce.com"


def test_the_demo_judges_salesforce_by_what_is_in_it(environment: dict[str, str]) -> None:
    with running_sandbox(samples=None) as sandbox:
        project = Project(load({**environment, **sandbox.environment}))
        twice = [{"Name": name, "Ipaas_Hub_Id__c": f"instagaze:accounts:{name}"} for name in "12"]
        sandbox.salesforce.command("seed", {"object": "Account", "records": twice})
        live = {"instagaze:accounts:1", "instagaze:accounts:3"}
        assert arrived_in(project, sandbox, "salesforce", "customers", live) == [
            "salesforce.customers: 1 missing: instagaze:accounts:3",
            "salesforce.customers: 1 not expected: instagaze:accounts:2",
        ]


def test_the_demo_names_what_is_missing_and_what_is_too_much() -> None:
    assert compare("hub.items", {"a", "b"}, {"b", "c"}) == [
        "hub.items: 1 missing: a",
        "hub.items: 1 not expected: c",
    ]
    assert compare("hub.items", {"a"}, {"a"}) == []


def test_progress_without_a_terminal_is_a_line_now_and_then() -> None:
    lines: list[str] = []
    seconds = iter([0.0, 1.0, 6.0, 7.0, 12.0])
    progress = Lines(lines.append, lambda: next(seconds))
    for done in range(5):
        progress("accounts", done * 1000, None if done < 4 else 4000)
    assert lines == ["accounts: 2,000", "accounts: 4,000 of 4,000"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (95, "95 s"), (720, "12 min"), (5 * 3600, "5 h"), (3 * 86400, "3 days")]
)
def test_a_lag_is_said_as_a_person_would(seconds: float | None, words: str) -> None:
    assert ago(seconds) == words
