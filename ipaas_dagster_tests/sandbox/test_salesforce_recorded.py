"""The stand-in against what was recorded of real orgs: the same shapes, and the same outcome when played again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.salesforce import Salesforce
from ipaas_dagster.sandbox.salesforce.ids import lengthen
from ipaas_dagster_tests.sandbox.salesforce_client import HUB_ID, Client, read

FOLDER = Path(__file__).parents[3] / "shared" / "reference" / "salesforce"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the recordings are not beside this checkout")
UNKNOWN = ("Opportunity", "Opportunities")


def document(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


SESSIONS = ["update_by_id", "upsert_by_email", "upsert_by_id_complex_key", "upsert_duplicate_key_situation"]


@pytest.mark.parametrize("name", SESSIONS)
def test_a_recorded_session_goes_the_same_way(name: str) -> None:
    """Ids and the records that the org had before differ; statuses, outcomes and shapes do not."""
    server = Salesforce()
    api, ids = Client(server), dict[str, str]()
    for one in document(f"recorded/collections_{name}.json")["interactions"]:
        request, recorded = one["request"], one["response"]
        if any(word in json.dumps(one) for word in UNKNOWN) or "/job" in request["path"]:
            continue
        path, _, query = request["path"].partition("/vxx.0/")[2].partition("?")
        sent = json.loads(translated(json.dumps(request["body"]), ids)) if request["body"] else None
        answer = api.ask(request["method"], path, sent, **dict(parse_qsl(query)))
        assert answer.status == recorded["status"], answer.body
        assert answer.content_type == recorded["headers"]["Content-Type"]
        if request["method"] == "GET":
            seed(api, recorded["body"], ids)
        else:
            assert shape(read(answer)) == shape(recorded["body"])
            learn(recorded["body"], read(answer), ids)


def seed(api: Client, found: Any, ids: dict[str, str]) -> None:
    """Make the records that the recorded org had before, as soon as a query shows that it had them."""
    for one in found.get("records", ()):
        if "Id" in one and one["Id"] not in ids:
            ids[one["Id"]] = api.create(one["attributes"]["type"], Name=one.get("Name", "known before"))


def translated(text: str, ids: dict[str, str]) -> str:
    return re.sub(r"\b00\dxx\w{13}\b", lambda found: ids.get(found[0], found[0]), text)


def learn(recorded: Any, ours: Any, ids: dict[str, str]) -> None:
    """Which of our ids stands for which recorded one."""
    if isinstance(recorded, list):
        for one, other in zip(recorded, ours, strict=True):
            if one.get("success"):
                ids[one["id"]] = other["id"]
                assert one.get("created") == other.get("created")


def shape(value: Any) -> Any:
    """Names and types: of a list, of each of its members but for repeats."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(shape(one)) for one in value})
    return type(value).__name__


def failing(answer: Answer) -> tuple[int, Any]:
    return answer.status, shape(read(answer))


@pytest.mark.parametrize(
    ("recorded", "status", "method", "path", "body"),
    [
        ("upsert_error", 404, "PATCH", "sobjects/Account/Namez/1", {"Name": "A"}),
        ("delete_error", 404, "DELETE", "sobjects/Account/rid/1", None),
        ("sobject_describe_error", 404, "GET", "sobjects/Bar/describe", None),
        ("write_error", 400, "POST", "sobjects/Account", {"Name": "A", "foo": 1}),
        ("query_error", 400, "GET", "query", None),
    ],
)
def test_refusals_have_the_recorded_shape(recorded: str, status: int, method: str, path: str, body: Any) -> None:
    expected = document(f"restforce/{recorded}_response.json")
    answer = Client(Salesforce()).ask(method, path, body, q="SELECT foo FROM Account")
    assert failing(answer) == (status, shape(expected))
    assert read(answer)[0]["errorCode"] == expected[0]["errorCode"]
    if recorded != "query_error":
        assert without_names(read(answer)[0]["message"]) == without_names(expected[0]["message"])


def without_names(message: str) -> str:
    return re.sub(r"(on sobject of type) \w+|(accessible:) \w+", r"\1\2", message)


def test_an_expired_session_and_a_refused_grant_are_word_for_word() -> None:
    server = Salesforce()
    answer = Client(server, token="no-such-token").ask("GET", "limits")
    assert (answer.status, read(answer)) == (401, document("restforce/expired_session_response.json"))
    assert server.failure(401).body == answer.body


def test_several_matches_are_listed_as_recorded() -> None:
    api = Client(Salesforce())
    for name in "AB":
        api.create("Account", Name=name, External_Id__c="x")
    answer = api.ask("PATCH", "sobjects/Account/External_Id__c/x", {"Name": "C"})
    assert failing(answer) == (300, shape(document("restforce/upsert_multiple_error_response.json")))


def test_made_records_and_queries_are_answered_as_recorded() -> None:
    api = Client(Salesforce())
    made = api.ask("POST", "sobjects/Account", {"Name": "A"})
    assert shape(read(made)) == shape(document("restforce/create_success_response.json"))
    upserted = api.ask("PATCH", f"sobjects/Account/{HUB_ID}/1", {"Name": "A"})
    assert set(document("restforce/upsert_created_success_response.json")) <= set(read(upserted))
    empty = api.ask("GET", "query", q="SELECT Id FROM Contact")
    assert read(empty) == document("restforce/query_empty_response.json")


def test_the_recorded_message_of_an_unknown_object_is_word_for_word() -> None:
    exchange = document("recorded/composite_error_invalid_type.json")["interactions"][0]
    answer = Client(Salesforce()).ask("POST", "composite", exchange["request"]["body"])
    ours, recorded = read(answer)["compositeResponse"], exchange["response"]["body"]["compositeResponse"]
    assert ours[1] == recorded[1]
    assert shape(ours[0]) == shape(recorded[0])


def test_an_unknown_resource_within_a_composite_is_word_for_word() -> None:
    exchange = document("recorded/composite_error_not_found.json")["interactions"][0]
    answer = Client(Salesforce()).ask("POST", "composite", exchange["request"]["body"])
    assert read(answer) == exchange["response"]["body"]


@pytest.mark.parametrize("name", ["Account", "Contact"])
def test_standard_fields_are_described_as_recorded(name: str) -> None:
    ours = {one["name"]: one for one in read(Client(Salesforce()).ask("GET", f"sobjects/{name}/describe"))["fields"]}
    same = ("type", "length", "precision", "scale", "nillable", "createable", "externalId", "idLookup", "unique")
    for field in document(f"describe_{name}.json")["fields"]:
        described = ours[field["name"]]
        assert {word: described[word] for word in same} == {word: field[word] for word in same}, field["name"]
        assert set(field) - {"picklistValues"} <= set(described)
        assert described["referenceTo"] == field["referenceTo"][:1]


def test_long_ids_are_made_as_everywhere() -> None:
    for long in re.findall(
        r"\b0\w{2}D0{5}\w{6}\w{3}\b", json.dumps(document("restforce/query_aggregate_success_response.json"))
    ):
        assert lengthen(long[:15]) == long
    assert lengthen("701E0000000JuFH") == "701E0000000JuFHIA0"
