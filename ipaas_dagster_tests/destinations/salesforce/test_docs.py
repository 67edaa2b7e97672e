"""The documentation's list of what an org must have is what the ready templates need."""

from __future__ import annotations

import re
from pathlib import Path

from ipaas_dagster.destinations.salesforce.layout import read_layouts
from ipaas_dagster_tests.destinations.salesforce.stage import Stage

DOCS = Path(__file__).parents[3] / "docs" / "salesforce.md"


def test_every_custom_field_of_the_templates_is_listed_with_its_object(alone: Stage) -> None:
    section = DOCS.read_text(encoding="utf-8").partition("## What the org must have")[2].partition("\n## ")[0]
    listed = {
        object_: set(re.findall(r"`(\w+__c)`", fields))
        for object_, fields in re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    }
    needed = {
        layout.object: {f.name for f in layout.fields if f.name.endswith("__c")} - {layout.key}
        for layout in read_layouts(alone.setting()).values()
    }
    assert listed == needed
    assert {layout.key for layout in read_layouts(alone.setting()).values()} == {"Ipaas_Hub_Id__c"}
