"""Records that no program should send: each is merged or rejected, none stops its page, its run or a delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.ledger import balance
from ipaas_dagster.project import Project
from ipaas_dagster.settings import load
from ipaas_dagster.sync import sync
from ipaas_dagster_tests.flow.world import DATA
from ipaas_dagster_tests.source.world import World, serving

BAD: dict[int, bytes] = {
    2: b'{"id": 2, "account_name": "lone \\ud800 half"}',
    3: b'{"id": 3, "account_name": "bytes \xff\xfe"}',
    4: b'{"id": 4, "account_name": "nan", "x": NaN}',
    5: b'{"id": 5, "account_name": "deep", "x": %b}' % (b"[" * 1000 + b"]" * 1000),
    6: b'{"id": 6, "account_name": "less deep", "token": "T", "x": %b}' % (b"[" * 600 + b"]" * 600),
    7: b'{"id": 7, "account_name": "long", "x": %b}' % (b"9" * 5000),
    8: b'{"id": 8, "account_name": "large", "x": 1e999, "y": 123456789012345678901234567890}',
    9: b'{"id": 9, "account_name": "control \x01 \n"}',
    10: b'{"id": 10, "account_name": "comma",}',
    11: b'{"id": 11, "account_name": 5, "contacts": "none"}',
    12: b"null",
    13: b'"text"',
    14: b'{"id": 14, "account_name": "nul", "x": "a\\u0000b", "contacts": [{"id": 1, "name": "\\u0000"}, '
    b'{"id": 2, "name": "kept", "y": "a\\u0000b"}]}',
    15: b'{"id": 15, "account_name": "n\\u0000l"}',
    16: b'{"id": 16, "account_name": "names", "\\u0000": 1, "a\\\\b": 2, "\\"": 3, "": 4, "\\u0001": {"\\n": []}}',
}
REJECTED = {None, "instagaze:contacts:1", *(f"instagaze:accounts:{n}" for n in (5, 6, 10, 11, 15))}


def _encode(value: Any) -> bytes:
    """As a server writes it, with blanks; a record with `raw` stands for those very bytes."""
    if isinstance(value, dict) and "raw" in value:
        return BAD[value["raw"]]
    if isinstance(value, dict):
        return b"{" + b", ".join(json.dumps(k).encode() + b": " + _encode(v) for k, v in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b", ".join(map(_encode, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


@pytest.fixture
def project(tmp_path: Path, hub_url: str) -> Iterator[Project]:
    world = World(largest_page=6, encode=_encode)
    good = [{"id": 100 + n, "account_name": f"Zürich {n}"} for n in range(len(BAD))]
    world.seed("accounts", [record for n, bad in enumerate(BAD) for record in (good[n], {"raw": bad})])
    with serving(world) as base_url:
        given = {"IPAAS_STATE": str(tmp_path / "state"), "IPAAS_CONFIG": str(DATA), "INSTAGAZE_TOKEN": world.token}
        given |= {"INSTAGAZE_BASE_URL": base_url, "IPAAS_RETRY_SECONDS": "20"}
        given["IPAAS_HUB_URL"] = hub_url
        project = Project(load(given, tmp_path / "no.env"))
        yield project
        project.operations.dispose()


def test_no_bad_record_stops_a_good_one(project: Project) -> None:
    outcome = sync(project, [("accounts", None)], ["sql", "files"])
    assert not outcome.unexpected
    assert not [finding for finding in outcome.findings if "was rejected" not in finding]
    with project.hub.reading() as connection:
        assert connection is not None
        names = dict(connection.execute("SELECT source_id, name FROM hub.customers").fetchall())
        rejects = connection.execute("SELECT hub_id, reasons::VARCHAR FROM hub.rejects").fetchall()
    assert {names[str(100 + n)] for n in range(len(BAD))} == {f"Zürich {n}" for n in range(len(BAD))}
    assert names["2"] == "lone \ufffd half"
    assert names["16"] == "names"
    assert names["9"] == "control \x01 \n"
    assert {hub_id for hub_id, _ in rejects} == REJECTED
    assert "nested deeper" in dict(rejects)["instagaze:accounts:5"]
    assert "NUL" in dict(rejects)["instagaze:accounts:15"]
    (contact,) = project.hub.records("contacts", ["instagaze:contacts:2"]).values()
    assert contact.record["extra"] == {"y": "a\0b"}
    head = project.hub.head().seq
    assert project.hub.touched("contacts", 0, 100, head, head).parents == ("instagaze:accounts:14",)
    assert balance(project).true
    assert sum(route.delivered for one in outcome.delivered for route in one.routes.values()) == 2 * (len(names) + 1)
