from __future__ import annotations

import re
from pathlib import Path

from ipaas_dagster.mapping import load_worksheet
from ipaas_dagster.mapping.kinds import KINDS
from ipaas_dagster.mapping.ready_made import READY_MADE

from .conftest import DATA

DOCS = DATA.parent / "docs" / "mapping.md"


def test_the_examples_of_the_documentation_load_together(config: Path) -> None:
    text = DOCS.read_text()
    worksheet, presets, whole, detailed = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (config / "worksheet.yaml").write_text(worksheet)
    (config / "presets.yaml").write_text(presets)
    (config / "mappings" / "sql.yaml").write_text(whole)
    (config / "mappings" / "sql_emea.yaml").write_text(detailed)
    routes = load_worksheet(config).routes()
    assert [(route.system, route.template.name) for route in routes] == [("sql", "customers"), ("sql_emea", "vip")]


def test_every_ready_made_modifier_and_every_kind_is_documented() -> None:
    text = DOCS.read_text()
    for name in [*(ready.name for ready in READY_MADE), *(kind.name for kind in KINDS)]:
        assert f"`{name}" in text, name
