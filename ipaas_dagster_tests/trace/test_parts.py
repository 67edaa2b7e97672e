"""Of a request or an answer for many records, a trace shows the part that names its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipaas_dagster.trace.parts import part_of

HUB_ID = "instagaze:accounts:2"
OTHER, MINE = {"attributes": {"type": "A"}, "Hub__c": "instagaze:accounts:1"}, {"Hub__c": HUB_ID, "Name": "B"}


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (json.dumps({"allOrNone": False, "records": [OTHER, MINE]}), MINE),
        (json.dumps({"BatchItemRequest": [{"bId": "1", "Customer": MINE}]}), MINE),
        (json.dumps([{"url": f"/sobjects/Account/Hub__c/{HUB_ID}", "method": "PATCH"}]), {"method": "PATCH"}),
        (f"Hub__c,Name\ninstagaze:accounts:1,A\n{HUB_ID},B\n", f"Hub__c,Name\n{HUB_ID},B"),
        (f"<c><customer><id>1</id></customer><customer><id>{HUB_ID}</id><n>B</n></customer></c>", "<n>B</n>"),
        (json.dumps({"records": [OTHER]}), None),
        ("", None),
        ("{cut " + HUB_ID, None),
    ],
)
def test_the_part_of_one_record(body: str, part: Any) -> None:
    found = part_of(body.encode(), [HUB_ID])
    if isinstance(part, dict):
        assert part.items() <= found.items()
    elif part is None:
        assert found is None
    else:
        assert part in found
