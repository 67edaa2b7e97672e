"""What goes wrong above a record: gateway, control, operation; sessions; what `ipaas check` says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ipaas_dagster.deliver import setting
from ipaas_dagster.destinations.base import Entry, Setting, TellsLimits, Throttled, Unreachable
from ipaas_dagster.destinations.intacct import connect
from ipaas_dagster.destinations.intacct.judging import Judge
from ipaas_dagster.destinations.intacct.objects import BY_NAME
from ipaas_dagster.destinations.intacct.preset import read_company
from ipaas_dagster.destinations.intacct.replies import reply_of
from ipaas_dagster.destinations.intacct.work import Ground, Work
from ipaas_dagster.destinations.remote import Answer, AnswerLost
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.findings import of_delivery
from ipaas_dagster.sandbox import Fault, Sandbox, running_sandbox
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.destinations.intacct.world import Company, assert_exactly_once, customer, trade

WRITES = "<uniqueid>true"
GATEWAY = (
    "<control><status>failure</status></control><errormessage><error><errorno>{}</errorno>{}</error></errormessage>"
)


def answer(errorno: str, inner: str = "<description>no</description>", **more: Any) -> dict[str, Any]:
    body = f"<?xml version='1.0'?><response>{GATEWAY.format(errorno, inner)}</response>"
    return {"body": body, "content_type": "text/xml", **more}


def test_throttling_inside_a_200_and_by_status(world: Company, intacct: Intacct) -> None:
    trade(world, 5)
    intacct.command("next_answer", answer("GW-0010"))
    intacct.faults.set([Fault("status", status=429, times=1, body=WRITES)])
    world.delivered()
    assert len(world.clock.waited) >= 2
    assert {entry.attempts for entry in world.entries()} == {1}


@pytest.mark.parametrize("errorno", ["GW-0099", "PL04000055"])
def test_a_gateway_that_refuses_stops_the_system_and_nothing_is_lost(
    world: Company, intacct: Intacct, errorno: str
) -> None:
    hub_id = customer(world, 1)
    intacct.command("next_answer", answer(errorno))
    assert errorno in (world.deliver().stopped or "")
    assert (world.entry(hub_id).state, world.entry(hub_id).attempts) == ("pending", 0)
    world.delivered()


EVIL = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><response>&x;</response>'
BOMB = b"<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><response>&b;</response>"


@pytest.mark.parametrize(
    "body", [b"<html>502</html>", b"", EVIL, BOMB, b"<response/>", b'{"a": 1}', b"<response><control>", b"\xff\xfe\x00"]
)
def test_an_answer_that_is_none_of_intacct_s_leaves_it_open_whether_it_was_done(world: Company, body: bytes) -> None:
    company = read_company(setting(world.project, "intacct"))
    with pytest.raises((AnswerLost, Unreachable)) as said:
        reply_of(Answer(200, {}, body), company)
    assert isinstance(said.value, AnswerLost) or body == b"<response/>"
    with pytest.raises(AnswerLost):
        reply_of(Answer(502, {}, body), company)


def test_a_write_answered_by_a_page_is_done_once(world: Company, intacct: Intacct) -> None:
    trade(world, 5)
    intacct.faults.set([Fault("broken_json", times=3, body=WRITES), Fault("truncated", times=2, body=WRITES)])
    world.delivered()
    assert_exactly_once(world, intacct)


def test_results_are_matched_by_control_id_in_whatever_order_they_come(world: Company) -> None:
    results = "".join(
        f"<result><status>success</status><function>create</function><controlid>{n}</controlid><data><customer>"
        f"<RECORDNO>{n}</RECORDNO></customer></data></result>"
        for n in (3, 1)
    )
    signed = "<authentication><status>success</status></authentication>"
    body = f"<response><control><status>success</status></control><operation>{signed}{results}</operation></response>"
    reply = reply_of(Answer(200, {}, body.encode()), read_company(setting(world.project, "intacct")))
    assert {name: result.records[0]["RECORDNO"] for name, result in reply.results.items()} == {"3": "3", "1": "1"}
    entries = [Entry(n, str(n), "invoices", "ARINVOICE", f"h{n}", "upsert", n, 1, {}, None) for n in (1, 2, 3)]
    work = Work(BY_NAME["ARINVOICE"])
    for entry in entries:
        work.add(entry, "create", None)
    outcomes = Judge(cast("Ground", SimpleNamespace(company=read_company(setting(world.project, "intacct")))), work)
    assert [(o.entry_id, o.kind, o.external_id) for o in outcomes.outcomes(reply.results)] == [
        (1, "delivered", "1"),
        (2, "in_doubt", None),
        (3, "delivered", "3"),
    ]


@pytest.mark.parametrize(
    ("variables", "fields"),
    [
        ({"INTACCT_SENDER_PASSWORD": "wrong-sender-word"}, "sender_id, sender_password"),
        ({"INTACCT_USER_PASSWORD": "wrong-user-word"}, "company_id, user_id, user_password"),
        ({"INTACCT_COMPANY_ID": "another"}, "company_id, user_id, user_password"),
    ],
)
@pytest.mark.parametrize("http_errors", [True, False])
def test_refused_credentials_stop_the_system_and_name_the_fields(
    sandbox: Sandbox, tmp_path: Path, variables: dict[str, str], fields: str, http_errors: bool
) -> None:
    sandbox.intacct.command("settings", {"http_errors": http_errors})
    world = Company(tmp_path, {**sandbox.environment, **variables})
    hub_id = customer(world, 1)
    stopped = world.deliver().stopped or ""
    assert fields in stopped
    assert not any(value in stopped for value in variables.values())
    assert (world.entry(hub_id).state, world.entry(hub_id).attempts) == ("pending", 0)


def test_an_ended_session_is_renewed_once_and_then_the_fields_are_named(world: Company, intacct: Intacct) -> None:
    customer(world, 1)
    destination = world.destination()
    destination.check()
    intacct.command("expire_sessions", {})
    destination.check()
    intacct.command("settings", {"session_requests": 0})
    with pytest.raises(Unreachable, match="company_id, user_id, user_password"):
        destination.check()
    destination.close()


def test_a_session_that_is_too_old_is_not_even_tried(world: Company, intacct: Intacct) -> None:
    destination = world.destination()
    destination.check()
    before = intacct.journal.total
    world.clock.wait(8 * 3600)
    destination.check()
    assert intacct.journal.total == before + 2, "a session and the question"
    destination.close()


def test_calls_go_to_the_endpoint_that_the_session_names(world: Company, intacct: Intacct) -> None:
    intacct.command("settings", {"endpoint": "/ia/xml/xmlgw-7.phtml"})
    customer(world, 1)
    world.delivered()
    paths = [entry.path for entry in intacct.journal.entries()]
    assert paths[0] == "/ia/xml/xmlgw.phtml"
    assert set(paths[1:]) == {"/ia/xml/xmlgw-7.phtml"}


def test_over_https_with_its_own_authority_at_a_location(tmp_path: Path) -> None:
    with running_sandbox(samples=None, https=True, ca_folder=tmp_path) as sandbox:
        environment = sandbox.intacct.environment(str(sandbox.https_origin))
        world = Company(tmp_path, environment, ca_file=str(sandbox.ca_file), location_id="100")
        customer(world, 1)
        world.delivered()
        assert ", location 100" in world.destination().check()


def test_more_functions_than_intacct_takes_go_in_halves(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.intacct.command("settings", {"max_functions": 10})
    world = Company(tmp_path, sandbox.environment, batch_size="40")
    for number in range(40):
        customer(world, number)
    world.delivered()
    assert len(sandbox.intacct.truth("CUSTOMER")) == 40


def test_check_names_the_company_and_every_account_that_is_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    good = Company(tmp_path / "good", sandbox.environment)
    assert good.destination().check() == "company sandbox-company; there: GLACCOUNT 1099, 2200, 4000"
    wrong = {'net.glaccountno: {constant: "4000"}': 'net.glaccountno: {constant: "4999"}', '"2200"': '"7777"'}
    bad = Company(tmp_path / "bad", sandbox.environment, wrong)
    with pytest.raises(Unreachable, match=r"GLACCOUNT 4999 is not active; there is no GLACCOUNT 7777"):
        bad.destination().check()


def test_limits_tell_what_this_installation_wrote_this_month(world: Company) -> None:
    trade(world, 5)
    world.delivered()
    destination = world.destination()
    assert isinstance(destination, TellsLimits)
    assert destination.limits() == [
        "one request at a time, of up to 100 functions, each a transaction",
        "100,000 transactions a month, 17 of them by this installation in 2026-11",
    ]
    world.clock.wait(31 * 86_400)
    assert "0 of them by this installation in 2026-12" in destination.limits()[1]


def test_what_the_preset_lacks_or_says_wrongly_is_named_by_field() -> None:
    fields = {
        "url": "https://api.intacct.com/ia/xml/xmlgw.phtml",
        **{name: "a-word" for name in ("sender_id", "sender_password", "company_id", "user_id", "user_password")},
    }
    wrong = {"url": "api.intacct.com", "on_delete": "maybe", "batch_size": "0", "repeated_text": "(", "user_id": ""}
    for name, value in wrong.items():
        with pytest.raises(SettingsError, match=f"field {name} ") as said:
            connect(Setting("intacct", {**fields, name: value}, {}, _no_clock, lambda call: None))
        assert "a-word" not in str(said.value)


def _no_clock() -> Any:
    raise AssertionError


def test_one_request_at_a_time_is_what_one_delivery_needs(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.intacct.command("settings", {"concurrent_requests": 1})
    world = Company(tmp_path, sandbox.environment)
    trade(world, 10)
    world.delivered()
    assert sandbox.intacct.command("counters", {})["throttled"] == 0


def test_a_limit_of_requests_is_waited_for(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.intacct.faults.set([Fault("status", status=429, retry_after="7")])
    world = Company(tmp_path, sandbox.environment)
    with pytest.raises(Throttled) as asked:
        world.destination().check()
    assert asked.value.seconds == 7


def test_trouble_is_told_once_by_name_and_with_the_field_to_look_at(sandbox: Sandbox, tmp_path: Path) -> None:
    nowhere = sandbox.environment["INTACCT_URL"].replace("xmlgw", "nowhere")
    world = Company(tmp_path, {**sandbox.environment, "INTACCT_URL": nowhere})
    customer(world, 1)
    (finding,) = of_delivery(world.project, world.deliver())
    assert finding.startswith("intacct: the gateway refuses the request (404")
    assert "look at the preset's field url" in finding
