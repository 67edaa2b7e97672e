"""Declarations as a user meets them on the command line, against a sandbox that counts what it is asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.mapping.conftest import edit, line_of
from ipaas_dagster_tests.test_cli import ROOT, environment, ipaas

__all__ = ["environment"]

Environment = dict[str, str]
TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(accounts=3) as server:
        yield server


@pytest.fixture(scope="module")
def synced_once(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of an installation that has read and delivered everything there is of three collections."""
    folder = tmp_path_factory.mktemp("synced")
    variables = {"IPAAS_STATE": str(folder / "state"), "IPAAS_CONFIG": str(TESTS / "mapping" / "config")}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        said = ipaas(sandbox.environment | variables, "sync", "accounts", "invoices", "products", "--json")
    assert said.code == 0, said.err
    return folder / "state"


@pytest.fixture
def mine(environment: Environment, sandbox: Sandbox, tmp_path: Path) -> Environment:
    """The sandbox's variables, and a configuration of one's own: everything to `sql` and `files`."""
    shutil.copytree(TESTS / "mapping" / "config", tmp_path / "config")
    return environment | sandbox.environment | {"IPAAS_CONFIG": str(tmp_path / "config")}


def folder(mine: Environment) -> Path:
    return Path(mine["IPAAS_CONFIG"])


BROKEN = "  fields: {A: {from: name, modifier: 'd => d.x.y'}}"


def asked(sandbox: Sandbox) -> int:
    return sum(stand_in.journal.total for stand_in in sandbox.stand_ins)


def test_a_wrong_field_name_stops_the_sync_before_its_first_request(mine: Environment, sandbox: Sandbox) -> None:
    path = folder(mine) / "mappings" / "sql.yaml"
    edit(path, "customers:\n  object: customers\n  key: hub_id\n  fields: all", "customers:\n  fields: {Name: nmae}")
    before = asked(sandbox)
    for words in (("sync",), ("template", "check"), ("status",), ("check",)):
        said = ipaas(mine, *words, "--json")
        assert said.code == 2
        line = line_of(path, "nmae")
        wanted = f"{path.name}:{line}: customers has no column 'nmae'; did you mean 'name'? (allowed: name, number"
        assert wanted in said.document["error"]
    assert asked(sandbox) == before


def test_a_missing_variable_is_named_with_preset_and_field_before_anything_is_sent(
    mine: Environment, sandbox: Sandbox
) -> None:
    edit(folder(mine) / "presets.yaml", "env:IPAAS_SQL_URL?sqlite:///${IPAAS_STATE}/sql.db", "env:WAREHOUSE_URL")
    says = "preset 'sql': field 'url' needs the environment variable WAREHOUSE_URL"
    checked = ipaas(mine, "check", "--json").document["connections"]
    assert {"system": "sql", "state": "switched off", "says": says} in checked
    systems = {one["system"]: one for one in ipaas(mine, "status", "--json").document["systems"]}
    assert (systems["sql"]["switched_off"], systems["files"]["switched_off"]) == (says, None)
    said = ipaas(mine, "sync", "gateways", "--json")
    assert said.code == 0, said.err
    assert says in said.out
    rows = ipaas(mine, "worksheet", "--json").document["worksheet"]
    assert {row["switched_off"] for row in rows if row["system"] == "sql"} == {says}


@pytest.fixture
def synced(mine: Environment, synced_once: Path) -> Environment:
    shutil.copytree(synced_once, mine["IPAAS_STATE"])
    return mine


def test_check_lists_each_routes_fields_and_renders_a_record_of_the_hub(synced: Environment) -> None:
    mine = synced
    said = ipaas(mine, "template", "check", "sql", "--json")
    assert said.code == 0, said.err
    routes = {route["collection"]: route for route in said.document["routes"]}
    assert len(routes) == 7
    assert routes["customers"]["sample"].startswith("instagaze:accounts:")
    assert routes["payments"]["sample"] is None
    assert {"name": "total_minor", "type": "money", "from": "total_minor", "says": ""} in routes["invoices"]["fields"]
    assert "total_minor" in ipaas(mine, "template", "check").out
    assert ipaas(mine, "template", "check", "sqll").code == 2


def test_check_fails_where_a_record_of_the_hub_cannot_be_rendered(synced: Environment) -> None:
    mine = synced
    path = folder(mine) / "mappings" / "sql.yaml"
    edit(path, "  object: customers\n  key: hub_id\n  fields: all", BROKEN)
    said = ipaas(mine, "template", "check", "--json")
    assert said.code == 1
    (finding,) = said.document["findings"]
    assert finding.startswith("sql/customers: instagaze:accounts:")
    assert "A: the modifier failed: TypeError" in finding


def test_render_shows_what_would_be_sent_and_a_template_of_another_file(synced: Environment, sandbox: Sandbox) -> None:
    mine = synced
    name = ipaas(mine, "files", "current", "customers", "--json").document["records"][0]
    before = asked(sandbox)
    shown = ipaas(mine, "template", "render", name["hub_id"], "sql", "--json")
    assert shown.code == 0, shown.err
    assert (shown.document["outcome"], shown.document["delivered"]) == ("sent", "same")
    assert shown.document["payload"]["name"] == name["name"]
    trial = folder(mine).parent / "trial.yaml"
    trial.write_text("customers: {object: Kunden, fields: {Name: {from: name, modifier: upper}}}\n")
    tried = ipaas(mine, "template", "render", name["hub_id"], "sql", "--template", str(trial), "--json")
    assert (tried.document["object"], tried.document["delivered"]) == ("Kunden", "differs")
    assert tried.document["payload"] == {"hub_id": name["hub_id"], "Name": name["name"].upper()}
    assert name["name"] in ipaas(mine, "template", "render", name["hub_id"], "sql").out
    assert ipaas(mine, "template", "render", "instagaze:accounts:99999", "sql", "--json").code == 2
    assert asked(sandbox) == before


def test_the_worksheet_says_how_far_each_row_is(synced: Environment) -> None:
    mine = synced
    rows = {(r["system"], r["collection"]): r for r in ipaas(mine, "worksheet", "--json").document["worksheet"]}
    customers = rows["sql", "customers"]
    assert customers["records"] == customers["delivered"] > 0
    assert (customers["open"], customers["dead"]) == (0, 0)
    assert customers["last_success"] is not None
    landed = rows["instagaze", "contacts"]
    assert (landed["delivered"], landed["last_success"] is not None) == (None, True)
    assert rows["sql", "payments"]["last_success"] is None
    assert "last success" in ipaas(mine, "worksheet").out


ORGS = """\
systems:
  instagaze: {kind: instagaze}
  salesforce: {kind: salesforce}
  salesforce_emea: {kind: salesforce, preset: emea, templates: mappings/emea.yaml}
rows:
  - {collection: customers, system: instagaze, direction: to}
  - {collection: customers, system: salesforce, direction: from}
  - {collection: customers, system: salesforce_emea, direction: from, deletes: keep}
  - {collection: payments, system: salesforce_emea, direction: none, reason: booked by hand}
"""
PRESET = """\
{name}:
  url: env:{prefix}URL
  client_id: env:{prefix}CLIENT_ID
  client_secret: env:{prefix}CLIENT_SECRET
"""


def test_two_orgs_of_salesforce_have_their_own_presets_and_templates(mine: Environment) -> None:
    config = folder(mine)
    (config / "worksheet.yaml").write_text(ORGS)
    presets = PRESET.format(name="salesforce", prefix="SALESFORCE_"), PRESET.format(name="emea", prefix="EMEA_")
    (config / "presets.yaml").write_text("\n".join(presets))
    (config / "mappings" / "salesforce.yaml").write_text("customers: {object: Account, fields: {Name: name}}\n")
    emea = "{Name: {from: name, modifier: [upper, {truncate: 255}]}, AccountNumber: number}"
    (config / "mappings" / "emea.yaml").write_text(f"customers: {{object: Account, fields: {emea}}}\n")
    with running_sandbox() as other:
        theirs = {name.replace("SALESFORCE_", "EMEA_"): value for name, value in other.environment.items()}
        both = {name: value for name, value in theirs.items() if name.startswith("EMEA_")} | mine
        checked = {one["system"]: one["state"] for one in ipaas(both, "check", "--json").document["connections"]}
        assert checked == {"instagaze": "works", "salesforce": "works", "salesforce_emea": "works"}
        said = ipaas(both, "sync", "accounts", "--json")
        assert said.code == 0, said.err
        rows = {(r["system"], r["collection"]): r for r in ipaas(both, "worksheet", "--json").document["worksheet"]}
        shown = ipaas(both, "template", "render", "accounts/1001", "salesforce_emea", "--json").document
        again = ipaas(both, "deliver", "--json")
    assert rows["salesforce", "customers"]["delivered"] == rows["salesforce_emea", "customers"]["delivered"] > 0
    assert rows["salesforce_emea", "customers"]["preset"] == "emea"
    assert (rows["salesforce_emea", "payments"]["direction"], rows["salesforce_emea", "payments"]["remark"]) == (
        "none",
        "booked by hand",
    )
    assert (shown["delivered"], shown["payload"]["Name"]) == ("same", shown["payload"]["Name"].upper())
    assert again.code == 0, again.err


def test_the_default_templates_all_pass_the_check(environment: Environment) -> None:
    said = ipaas(environment | {"IPAAS_CONFIG": str(ROOT / "data")}, "template", "check", "--json")
    assert said.code == 0, said.err
    assert [(r["system"], r["collection"], r["error"]) for r in said.document["routes"] if r["error"]] == []
