"""How a webhook is connected: what is refused, in words that name the field and never its value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.destinations.base import Setting, Shape, Unreachable
from ipaas_dagster.destinations.webhook import connect
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.sandbox.webhook import DEFAULT_SECRET
from ipaas_dagster_tests.destinations.webhook.stage import OTHER_SECRET, Fault, Stage

GOOD = {"url": "https://receiver.example/events?token=s3cr3t", "secret": DEFAULT_SECRET}


def setting(*shapes: Shape, **fields: str) -> Setting:
    routes = {shape.collection: shape for shape in shapes}
    return Setting("hook", {**GOOD, **fields}, routes, lambda: datetime.now(UTC), lambda call: None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", ""),
        ("url", "receiver.example"),
        ("url", "ftp://receiver.example"),
        ("url", "https://"),
        ("url", "https://h:port/"),
        ("url", "https://user:pw@receiver.example/"),
        ("url", "https://receiver.example/#part"),
        ("url", "http://receiver.example/"),
        ("url", "http://10.0.0.7/"),
        ("secret", ""),
        ("secret", "hunter2-hunter2"),
        ("second_secret", "whsec_aHVudGVyMg=="),
        ("content", "everything"),
        ("ping", "perhaps"),
        ("timeout_seconds", "0"),
        ("batch_size", "-1"),
        ("requests_per_second", "many"),
    ],
)
def test_a_field_that_cannot_be_used_is_named_without_its_value(field: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        connect(setting(**{field: value}))
    assert f"hook: its preset's field {field}" in str(error.value)
    assert "pw" not in str(error.value)
    assert not any(secret in str(error.value) for secret in ("hunter2", "aHVudGVyMg", "s3cr3t"))
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8800/hook",
        "http://[::1]/",
        "http://localhost/x",
        "http://a.localhost",
        "https://10.0.0.7/hook",
        "https://receiver.internal:8443/",
    ],
)
def test_this_machine_by_http_and_private_networks_by_https_are_taken(url: str) -> None:
    assert url.rstrip("/") in connect(setting(url=url)).check()


def test_http_to_another_machine_has_to_be_wanted() -> None:
    assert "http://receiver.example/" in connect(setting(url="http://receiver.example/", insecure="true")).check()


def test_a_check_sends_nothing_unless_the_preset_wants_a_ping(stage: Stage) -> None:
    destination = stage.connected()
    assert "is not asked" in destination.check()
    destination.close()
    assert stage.there.journal.total == 0
    destination = stage.connected(ping="true")
    assert "answered 200 to ipaas.ping" in destination.check()
    destination.close()
    assert [(event.type, event.data) for event in stage.events] == [("ipaas.ping", {"system": "webhook"})]
    assert stage.there.fold.records == {}


@pytest.mark.parametrize("fault", [Fault("status", status=500), Fault("reset"), Fault("status", status=410)])
def test_a_ping_that_is_not_taken_says_why(stage: Stage, fault: Fault) -> None:
    stage.there.faults.set([fault])
    destination = stage.connected(ping="true")
    with pytest.raises(Unreachable, match="webhook"):
        destination.check()
    destination.close()


def test_what_a_check_says_and_what_it_is_hold_no_secret() -> None:
    destination = connect(setting(second_secret=OTHER_SECRET))
    shown = f"{destination.check()} {destination!r} {destination.__dict__!r}"
    assert "two secrets" in shown
    assert not any(secret in shown for secret in ("s3cr3t", DEFAULT_SECRET[6:], OTHER_SECRET[6:]))


SHAPE = Shape("customers", "customers", "hub_id", {"hub_id": Type.TEXT, "name": Type.TEXT}, hub_id_field="hub_id")


@pytest.mark.parametrize("object_", ["customers!", "", "crm..customer", ".x", "Kunden Ä"])
def test_an_object_that_cannot_begin_an_event_s_type_is_refused(object_: str) -> None:
    with pytest.raises(SettingsError, match="begins the event's type"):
        connect(setting(replace(SHAPE, object=object_)))


@pytest.mark.parametrize("name", ["version", "epoch"])
def test_a_template_cannot_take_a_name_that_every_event_has(name: str) -> None:
    with pytest.raises(SettingsError, match=f"has a field '{name}'"):
        connect(setting(replace(SHAPE, fields={**SHAPE.fields, name: Type.TEXT})))


def test_objects_of_a_template_s_own_are_taken() -> None:
    connect(setting(replace(SHAPE, object="crm.v2.customer")))


@pytest.mark.parametrize("path", ["", "/", "/hook", "/hook/", "/hook?x=1/"])
def test_the_address_is_asked_exactly_as_it_is_given(path: str) -> None:
    destination = connect(setting(url=f"https://receiver.example{path}"))
    assert destination._client.base_url + destination._path == f"https://receiver.example{path}"
