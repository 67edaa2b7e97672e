"""Every request of the document is answered in the document's shape. Skipped where the document is not at hand."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster_tests.sandbox.conftest import client_of

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = Path(os.environ.get("IPAAS_REFERENCE", ROOT.parent / "shared" / "reference"))
EXAMPLES_FILE = REFERENCE / "instagaze_examples.json"
EXAMPLES: list[dict[str, Any]] = json.loads(EXAMPLES_FILE.read_bytes()) if EXAMPLES_FILE.is_file() else []
pytestmark = pytest.mark.skipif(not EXAMPLES, reason="the document's examples are not beside the checkout")

COLLECTIONS = {"salesforce": "salesforce_instances", "Intacct": "intacct_instances", "intacct": "intacct_instances"}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


def shape_problems(documented: Any, answered: Any, place: str = "") -> list[str]:
    """Where an answer has not the documented form. A null may stand for anything: the document shows them so."""
    if documented is None or answered is None:
        return []
    if isinstance(documented, dict) and isinstance(answered, dict):
        missing = [f"{place}.{name} is missing" for name in documented if name not in answered]
        both = [name for name in documented if name in answered]
        return missing + [
            problem for name in both for problem in shape_problems(documented[name], answered[name], f"{place}.{name}")
        ]
    if isinstance(documented, list) and isinstance(answered, list):
        return shape_problems(documented[0], _counterpart(documented[0], answered), f"{place}[0]") if documented else []
    same = type(documented) is type(answered)
    return [] if same else [f"{place} is {type(answered).__name__}, not {type(documented).__name__}"]


def _counterpart(documented: Any, answered: list[Any]) -> Any:
    """The record of the same id, else the first: free objects as `custom` have other names in every record."""
    number = documented.get("id") if isinstance(documented, dict) else None
    same = [one for one in answered if isinstance(one, dict) and one.get("id") == number]
    return next(iter(same or answered), None)


def ready_path(sandbox: Sandbox, documented: str) -> str:
    """The documented path with the id of a record that is there, made for this one request."""
    path = documented.partition("/api/admin")[2]
    path = path.replace("{{ppobject_id}}", "1")
    found = re.search(r"/(\w+)/\{+\w+\}+", path)
    if found is None:
        return path
    collection = COLLECTIONS.get(found[1], found[1])
    copy = {name: value for name, value in sandbox.instagaze.truth(collection)[0].items() if name != "id"}
    return path.replace(found[0], f"/{found[1]}/{sandbox.instagaze.put(collection, copy)}")


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{e['documented_request']}"[:60] for e in EXAMPLES])
def test_the_documented_request_gets_the_documented_answer(running: Sandbox, example: dict[str, Any]) -> None:
    method, _, documented = example["documented_request"].partition(" ")
    path = ready_path(running, documented)
    with client_of(running) as api:
        answer = api.request(method, path_url(running, path), json=example["request_body"])
    if example["response"] is None:
        assert (answer.status_code, answer.content) == (204, b"")
    else:
        assert answer.is_success, answer.text
        assert shape_problems(example["response"], answer.json()) == []


@pytest.mark.parametrize(
    "example",
    [e for e in EXAMPLES if e["documented_request"].startswith("POST")],
    ids=lambda example: str(example["documented_request"]),
)
def test_what_a_documented_post_sends_is_what_can_then_be_read(running: Sandbox, example: dict[str, Any]) -> None:
    path = example["documented_request"].partition("/api/admin")[2]
    with client_of(running) as api:
        created = api.post(path_url(running, path), json=example["request_body"]).json()
    collection = COLLECTIONS.get(path.rpartition("/")[2], path.rpartition("/")[2])
    assert running.instagaze.record(collection, created["id"]) == created
    plain = {name: value for name, value in example["request_body"].items() if "password" not in name}
    kept = {name: created[name] for name in plain}
    assert {n: v for n, v in kept.items() if not isinstance(v, (dict, list))} == {
        n: v for n, v in plain.items() if not isinstance(v, (dict, list))
    }


def test_the_examples_cover_every_resource(running: Sandbox) -> None:
    words = {word for example in EXAMPLES for word in re.findall(r"[a-z]+", example["documented_request"])}
    assert {"accounts", "products", "invoices", "subscriptions", "transactions", "pipelines", "gateways"} <= words
    assert len(EXAMPLES) >= 38


def path_url(sandbox: Sandbox, path: str) -> httpx.URL:
    return httpx.URL(sandbox.base_url.rstrip("/") + path)
