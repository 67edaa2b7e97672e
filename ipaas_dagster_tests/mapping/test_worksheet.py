from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipaas_dagster import contracts
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping import kind_names, load_worksheet
from ipaas_dagster.settings import Settings

from .conftest import CONFIG, DATA, edit, line_of

HUB = tuple(collection.name for collection in contracts.COLLECTIONS)


LOCAL = ("sql", "files")


def test_the_default_worksheet_fills_the_hub_and_sends_all_of_it() -> None:
    worksheet = load_worksheet(DATA)
    assert worksheet.inbound == HUB
    assert [system.name for system in worksheet.systems][:3] == ["instagaze", *LOCAL]
    for name in (*LOCAL, "salesforce"):
        assert tuple(route.collection for route in worksheet.routes(name)) == HUB
    assert {route.deletes for route in worksheet.routes()} == {"delete"}


def test_without_credentials_only_the_local_systems_are_switched_on(settings: Settings) -> None:
    worksheet = load_worksheet(DATA)
    on = [s.name for s in worksheet.destinations if worksheet.switched_off(s.name, settings) is None]
    assert on == list(LOCAL)


def test_every_system_of_the_default_worksheet_says_of_every_collection_what_becomes_of_it() -> None:
    worksheet = load_worksheet(DATA)
    told = [(row.system, row.collection) for row in worksheet.table()]
    assert sorted(told) == sorted((system.name, collection) for system in worksheet.systems for collection in HUB)


def test_default_routes_to_local_systems_carry_every_column_and_the_hub_id_as_key() -> None:
    worksheet = load_worksheet(DATA)
    for route in (*worksheet.routes("sql"), *worksheet.routes("files")):
        columns = [column.name for column in contracts.collection(route.collection).columns]
        assert [target.name for target in route.targets] == ["hub_id", *columns]
        assert (route.key, route.object) == ("hub_id", route.collection)


def test_the_table_has_a_row_for_every_declared_move() -> None:
    rows = [row for row in load_worksheet(DATA).table() if row.system in ("instagaze", *LOCAL)]
    assert len(rows) == 21
    assert [(row.system, row.direction, row.deletes) for row in rows if row.collection == "invoices"] == [
        ("instagaze", "to", ""),
        ("sql", "from", "delete"),
        ("files", "from", "delete"),
    ]


def test_the_table_says_which_records_a_system_is_sent() -> None:
    """Else the hub's 124 invoices beside 73 delivered ones look like a loss."""
    said = {(row.system, row.collection): row.only for row in load_worksheet(DATA).table()}
    assert said["quickbooks", "customers"] == ""
    assert said["quickbooks", "invoices"] == "currency is USD"
    assert said["intacct", "payments"].startswith("paid_minor at least 1, status is none of PENDING PROCESSING")
    assert said["intacct", "payments"].endswith("CHARGEBACK, currency is USD")


def test_parents_come_before_children_whatever_the_order_of_the_rows(config: Path) -> None:
    path = config / "worksheet.yaml"
    head, _, rows = path.read_text().partition("rows:\n")
    backwards = "\n".join(reversed([row for row in rows.splitlines() if row.strip()]))
    path.write_text(f"{head}rows:\n{backwards}\n")
    assert [route.collection for route in load_worksheet(config).routes("sql")] == list(HUB)


def test_two_systems_of_one_kind_have_their_own_preset_and_templates(config: Path, settings: Settings) -> None:
    edit(config / "worksheet.yaml", "rows:", "  sql_emea: {kind: sql, preset: emea, enabled: false}\nrows:")
    edit(
        config / "worksheet.yaml",
        "rows:",
        "rows:\n  - {collection: customers, system: sql_emea, direction: from, template: vip, deletes: keep}",
    )
    (config / "mappings" / "sql_emea.yaml").write_text(
        "vip: {collection: customers, object: vip_customers, fields: {title: name}}\n"
    )
    with (config / "presets.yaml").open("a") as file:
        file.write("emea:\n  url: env:EMEA_URL\n")
    worksheet = load_worksheet(config)
    (route,) = worksheet.routes("sql_emea")
    assert (route.object, route.preset, route.deletes) == ("vip_customers", "emea", "keep")
    assert [target.name for target in route.targets] == ["hub_id", "title"]
    assert "not enabled" in str(worksheet.switched_off("sql_emea", settings))
    assert worksheet.switched_off("sql", settings) is None


def test_a_row_may_filter_what_its_template_does_not(config: Path) -> None:
    edit(
        config / "worksheet.yaml",
        "{collection: customers,     system: sql,       direction: from",
        "{collection: customers,     system: sql,       direction: from, filter: {autopay_only: true}",
    )
    worksheet = load_worksheet(config)
    assert worksheet.routes("sql")[0].digest != worksheet.routes("files")[0].digest
    assert worksheet.routes("sql")[1].digest == worksheet.routes("files")[1].digest


CUSTOMERS_TO_SQL = "{collection: customers,     system: sql,       direction: from"


@pytest.mark.parametrize(
    ("old", "new", "says", "allowed"),
    [
        (
            "collection: contacts",
            "collection: contact",
            "unknown hub collection 'contact'; did you mean",
            HUB,
        ),
        ("kind: sql", "kind: sqll", "unknown kind 'sqll'; did you mean 'sql'", kind_names()),
        ("kind: sql", "kind: sql, prset: a", "unknown field 'prset'; did you mean 'preset'", None),
        ("preset: sql", "preset: sgl", "unknown preset 'sgl'; did you mean 'sql'", ("sql", "files")),
        ("system: files,", "system: file,", "unknown system 'file'", ("instagaze", "sql", "files")),
        ("direction: to", "direction: both", "'both' is not supported yet", ("to",)),
        ("direction: to", "direction: from", "'from' is not supported yet", ("to",)),
        (CUSTOMERS_TO_SQL, CUSTOMERS_TO_SQL.replace("from", "to"), "reading from sql .* not supported", None),
        (
            CUSTOMERS_TO_SQL,
            CUSTOMERS_TO_SQL.replace("from", "both"),
            "reading from sql .* not supported",
            None,
        ),
        (
            CUSTOMERS_TO_SQL,
            CUSTOMERS_TO_SQL.replace("from", "form"),
            "none of the allowed",
            ("to", "from", "both", "none"),
        ),
        (CUSTOMERS_TO_SQL, CUSTOMERS_TO_SQL + ", template: vip", "no template 'vip'", HUB),
        (CUSTOMERS_TO_SQL, CUSTOMERS_TO_SQL + ", template: items", "is one of items, not of customers", None),
        (
            CUSTOMERS_TO_SQL,
            CUSTOMERS_TO_SQL + ", filter: {nam: x}",
            "unknown column 'nam'; did you mean",
            None,
        ),
        (CUSTOMERS_TO_SQL, CUSTOMERS_TO_SQL + ", delets: keep", "unknown field 'delets'", None),
        ("deletes: delete", "deletes: never", "none of the allowed words", ("delete", "keep")),
        ("direction: to", "direction: to, deletes: keep", "'deletes' is for rows from the hub", None),
        (
            "  instagaze: {kind: instagaze}",
            "  portal: {kind: instagaze}",
            "unknown preset 'portal'; the source, which has none, is named 'instagaze'",
            ("sql", "files"),
        ),
        ("{kind: instagaze}", "{kind: instagaze, preset: sql}", "the source has no preset", None),
        ("  files: ", "  hub: ", "cannot be a system's name", None),
        ("  files: ", "  Files: ", "cannot be a system's name", None),
        ("  files: ", "  outbox: ", "there is no mapping file mappings/outbox.yaml", None),
        ("systems:", "system:", "unknown field 'system'", ("systems", "rows")),
    ],
)
def test_every_wrong_name_is_refused_with_file_line_and_what_is_allowed(
    config: Path, old: str, new: str, says: str, allowed: tuple[str, ...] | None
) -> None:
    path = config / "worksheet.yaml"
    line = line_of(path, old)
    edit(path, old, new)
    with pytest.raises(DeclarationError, match=says) as caught:
        load_worksheet(config)
    assert (caught.value.file, caught.value.line) == (str(path), line)
    if allowed is not None:
        assert caught.value.allowed == allowed


def test_the_same_row_twice_names_the_first_one(config: Path) -> None:
    path = config / "worksheet.yaml"
    first = line_of(path, CUSTOMERS_TO_SQL)
    with path.open("a") as file:
        file.write("  - {collection: customers, system: sql, direction: from}\n")
    with pytest.raises(DeclarationError, match=f"a row already, on line {first}"):
        load_worksheet(config)


def test_a_field_of_another_kind_in_a_preset_is_refused_where_it_stands(config: Path) -> None:
    path = config / "presets.yaml"
    edit(path, "  url:", "  folder: here\n  url:")
    with pytest.raises(DeclarationError, match="a sql preset has no field 'folder'") as caught:
        load_worksheet(config)
    assert (caught.value.file, caught.value.allowed) == (str(path), ("url", "schema"))
    assert caught.value.line == line_of(path, "folder: here")


def test_a_preset_without_a_needed_field_is_refused(config: Path) -> None:
    edit(config / "presets.yaml", "  url: ", "  schema: ")
    with pytest.raises(DeclarationError, match="needs the field 'url'"):
        load_worksheet(config)


def test_asking_for_an_unknown_system_names_those_there_are() -> None:
    with pytest.raises(DeclarationError, match=r"unknown system 'sqll'; did you mean 'sql'"):
        load_worksheet(DATA).system("sqll")


def test_loading_imports_nothing_heavy() -> None:
    program = (
        "import sys; from pathlib import Path; from ipaas_dagster.mapping import load_worksheet; "
        f"load_worksheet(Path({str(CONFIG)!r})); "
        "print(*{'pandas', 'pandera', 'duckdb', 'dagster', 'sqlalchemy', 'quickjs'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


NESTED = """\
invoices:
  fields: {Name: number}
  children: {Lines: {collection: invoice_lines, fields: all}}
"""


def _nest(config: Path, *, rows: str) -> None:
    (config / "worksheet.yaml").write_text(
        "systems:\n  instagaze: {kind: instagaze}\n  sql: {kind: sql}\nrows:\n"
        "  - {collection: invoices, system: sql, direction: from}\n" + rows
    )
    (config / "mappings" / "sql.yaml").write_text(NESTED + "invoice_lines: {fields: all}\n")


@pytest.mark.parametrize("row", ["direction: from", "direction: none, reason: no"])
def test_a_nested_collection_can_have_no_row_of_its_own_there(config: Path, row: str) -> None:
    _nest(config, rows=f"  - {{collection: invoice_lines, system: sql, {row}}}\n")
    says = r"'invoices' nests invoice_lines in invoices; .* no row beside it \(line 6\)"
    with pytest.raises(DeclarationError, match=says) as caught:
        load_worksheet(config)
    assert caught.value.line == 5


def test_the_table_shows_a_nested_collection_in_its_parent(config: Path) -> None:
    _nest(config, rows="")
    assert [(row.collection, row.direction, row.remark) for row in load_worksheet(config).table()] == [
        ("invoices", "from", ""),
        ("invoice_lines", "from", "nested in invoices"),
    ]


def test_a_row_that_moves_nothing_says_why_and_is_no_route(config: Path) -> None:
    path = config / "worksheet.yaml"
    edit(path, "  - {collection: payments,      system: files,     direction: from, deletes: delete}", "")
    row = "  - {collection: payments, system: files, direction: none, reason: kept in the bank's books}\n"
    path.write_text(path.read_text() + row)
    worksheet = load_worksheet(config)
    assert "payments" not in [route.collection for route in worksheet.routes("files")]
    (told,) = [row for row in worksheet.table() if (row.system, row.collection) == ("files", "payments")]
    assert (told.direction, told.template, told.remark) == ("none", "", "kept in the bank's books")
    for old, new, says in (
        (", reason: kept in the bank's books", "", "say why files does not carry payments"),
        ("direction: none", "direction: none, deletes: keep", "'deletes' is for rows that move something"),
        ("direction: none", "direction: from", "`reason` is for rows that move nothing"),
    ):
        text = path.read_text()
        edit(path, old, new)
        with pytest.raises(DeclarationError, match=says):
            load_worksheet(config)
        path.write_text(text)
