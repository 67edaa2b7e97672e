from __future__ import annotations

import re
from pathlib import Path

import yaml

from ipaas_dagster.mapping import load_worksheet
from ipaas_dagster.mapping.kinds import KINDS, kind
from ipaas_dagster.mapping.ready_made import READY_MADE

from .conftest import DATA

DOCS = DATA.parent / "docs" / "mapping.md"


BOOKS = """\
systems: {books: {kind: quickbooks}}
rows:
  - {collection: customers, system: books, direction: from}
  - {collection: items, system: books, direction: from}
  - {collection: invoices, system: books, direction: from}
"""
PRESETS = {"books": {field.name: f"env:{field.name.upper()}" for field in kind("quickbooks").fields if field.required}}


def test_the_examples_of_the_documentation_load_together(config: Path) -> None:
    text = DOCS.read_text()
    worksheet, presets, whole, detailed, nested = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (config / "worksheet.yaml").write_text(worksheet)
    (config / "presets.yaml").write_text(presets)
    (config / "mappings" / "sql.yaml").write_text(whole)
    (config / "mappings" / "sql_emea.yaml").write_text(detailed)
    routes = load_worksheet(config).routes()
    assert [(route.system, route.template.name) for route in routes] == [("sql", "customers"), ("sql_emea", "vip")]
    (config / "worksheet.yaml").write_text(BOOKS)
    (config / "presets.yaml").write_text(yaml.safe_dump(PRESETS))
    (config / "mappings" / "books.yaml").write_text(nested)
    (invoices,) = [route for route in load_worksheet(config).routes() if route.collection == "invoices"]
    assert (invoices.nested, invoices.references) == (("invoice_lines",), ("customers", "items"))


def test_every_ready_made_modifier_and_every_kind_is_documented() -> None:
    text = DOCS.read_text()
    for name in [*(ready.name for ready in READY_MADE), *(one.name for one in KINDS)]:
        assert f"`{name}" in text, name
