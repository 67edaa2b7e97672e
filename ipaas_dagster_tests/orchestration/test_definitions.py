"""The names and shapes that users, scripts and the UI rely on."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.orchestration import build_definitions
from ipaas_dagster.orchestration.build import open_installation
from ipaas_dagster.orchestration.use_cases import UseCases
from ipaas_dagster_tests.orchestration.fakes import Played

PARTITIONED = {
    "instagaze": {f"instagaze/{n}" for n in ("accounts", "products", "invoices", "subscriptions", "transactions")},
    "hub": {
        f"hub/{n}" for n in ("customers", "contacts", "items", "invoices", "invoice_lines", "subscriptions", "payments")
    },
}
WITHOUT_SYSTEMS = {"instagaze_changes", "webhook_inbox", "alerts", "run_failures"}
SNAPSHOTS = {
    f"instagaze/{n}"
    for n in (
        "integrations", "salesforce_instances", "intacct_instances", "objects", "schemas", "gateways", "pipelines"
    )
}  # fmt: skip


def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_keys_groups_and_partitions_are_those_of_the_contract(played: Played) -> None:
    found = specs(played.definitions())
    by_group: dict[str, set[str]] = {}
    for name, spec in found.items():
        by_group.setdefault(spec.group_name or "", set()).add(name)
    assert by_group == PARTITIONED | {
        "instagaze_reference": SNAPSHOTS,
        "sql": {"sql/customers", "sql/contacts", "sql/invoices"},
        "crm": {"crm/customers"},
        "ipaas": {"ipaas/report"},
    }
    days = {name for name, spec in found.items() if spec.partitions_def}
    assert days == PARTITIONED["instagaze"] | PARTITIONED["hub"]


def test_a_systems_asset_depends_on_the_hubs_collection_and_on_those_nested_in_it(played: Played) -> None:
    found = specs(played.definitions())
    depends = {name: {dep.asset_key.to_user_string() for dep in found[name].deps} for name in found}
    assert depends["sql/customers"] == {"hub/customers"}
    assert depends["sql/invoices"] == {"hub/invoices", "hub/invoice_lines"}


def test_the_open_day_is_a_partition_and_the_first_is_the_setting(played: Played) -> None:
    days = specs(played.definitions())["hub/invoices"].partitions_def
    assert days is not None
    assert days.get_first_partition_key() == "2026-01-01"
    assert days.get_last_partition_key() == played.now.date().isoformat()


def test_ranges_are_single_runs(played: Played) -> None:
    graph = played.definitions().resolve_asset_graph()
    for name in PARTITIONED["instagaze"] | PARTITIONED["hub"]:
        policy = graph.get(dg.AssetKey(name.split("/"))).backfill_policy
        assert policy == dg.BackfillPolicy.single_run(), name


def test_every_asset_tells_what_it_is(played: Played) -> None:
    for name, spec in specs(played.definitions()).items():
        assert spec.description, name
        assert list(spec.owners) == ["team:finance-operations"], name
        assert spec.kinds, name
        if name.startswith("hub/"):
            columns = {column.name for column in spec.metadata["dagster/column_schema"].columns}
            assert {"hub_id", "extra"} < columns


def test_a_system_that_is_switched_off_says_so_in_the_graph(played: Played) -> None:
    shown = specs(played.definitions())["crm/customers"]
    assert shown.metadata["switched_off"] == "CRM_TOKEN is not set"
    assert "Switched off" in (shown.description or "")


def test_jobs_schedules_and_sensors_are_those_of_the_contract(played: Played) -> None:
    repository = played.definitions().get_repository_def()
    jobs = {name for name in repository.job_names if not name.startswith("__")}
    assert jobs == {
        "sync",
        "snapshots",
        "reconcile",
        "deliver_sql",
        "deliver_crm",
        "trace",
        "prune",
        "report",
        "approve",
        "dead_letters",
        "rejects",
    }
    polls = {f"poll_{n}" for n in ("accounts", "products", "invoices", "subscriptions", "transactions")}
    assert {s.name for s in repository.schedule_defs} == polls | {
        "reconcile_daily",
        "snapshots_daily",
        "prune_daily",
        "report_daily",
    }
    assert {s.name for s in repository.sensor_defs} == {"delivery", *WITHOUT_SYSTEMS}


def test_hub_and_systems_are_checked_for_contract_and_balance(played: Played) -> None:
    checks = {
        (k.asset_key.to_user_string(), k.name) for k in played.definitions().resolve_asset_graph().asset_check_keys
    }
    for name in PARTITIONED["hub"] | SNAPSHOTS:
        assert {(name, "contract"), (name, "balance")} <= checks
    assert {("sql/customers", "delivery"), ("sql/customers", "balance")} <= checks


def test_what_is_read_every_day_may_not_become_stale(played: Played) -> None:
    """What a daily run materialises, however quiet the source; a system that is owed nothing is not stale."""
    fresh = {name for name, spec in specs(played.definitions()).items() if spec.freshness_policy}
    assert fresh == PARTITIONED["instagaze"] | PARTITIONED["hub"] | SNAPSHOTS


def test_a_worksheet_without_destinations_still_loads(played: Played) -> None:
    sensors = played.definitions(systems=()).get_repository_def().sensor_defs
    assert {sensor.name for sensor in sensors} == WITHOUT_SYSTEMS


def test_a_wrong_worksheet_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "worksheet.yaml").write_text("systems:\n  sql: {kind: sqll, preset: sql}\nrows: []\n", encoding="utf-8")
    (tmp_path / "presets.yaml").write_text("sql: {}\n", encoding="utf-8")
    monkeypatch.setenv("IPAAS_CONFIG", str(tmp_path))
    with pytest.raises(DeclarationError, match=r"worksheet\.yaml:2: .*sqll"):
        build_definitions()


def test_loading_makes_nothing_and_imports_nothing_heavy(tmp_path: Path) -> None:
    """The code location as Dagster loads it, in a process of its own."""
    program = (
        "import sys, ipaas_dagster.definitions as d; assert d.defs; "
        "print([m for m in ('pandera', 'duckdb', 'aiohttp') if m in sys.modules])"
    )
    state = tmp_path / "state"
    environment = os.environ | {"IPAAS_STATE": str(state), "INSTAGAZE_BASE_URL": "http://127.0.0.1:1/"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not state.exists()


def test_the_real_use_cases_are_the_default() -> None:
    assert UseCases().pull.__module__ == "ipaas_dagster.orchestration.use_cases"
    assert open_installation("run-7").run_id == "run-7"
