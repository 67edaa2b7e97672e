"""Who is refused where: HTTP, control, operation; sessions and their endpoint; how much at a time."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime

import httpx
import pytest
from lxml import etree

from ipaas_dagster.sandbox import Fault, running_sandbox
from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster_tests.sandbox.intacct_client import (
    LOGIN,
    control_errors,
    customer,
    function,
    one,
    operation_errors,
    post,
    request,
    results,
    run,
)

READ = function("f1", "<readByQuery><object>CUSTOMER</object><query/></readByQuery>")
SESSION = function("f1", "<getAPISession/>")
SIGN_IN = [("XL03000006", "Sign-in information is incorrect")]


@pytest.fixture
def intacct() -> Intacct:
    return Intacct()


def opened(intacct: Intacct) -> tuple[str, str]:
    """A session's id and the path of its endpoint."""
    api = results(post(intacct, request(SESSION)))[0].element.find("data/api")
    return api.findtext("sessionid"), api.findtext("endpoint")


def session(name: str) -> str:
    return f"<sessionid>{name}</sessionid>"


@pytest.mark.parametrize("given", [{"sender": "nobody"}, {"password": "wrong"}, {"password": ""}])
def test_a_wrong_sender_is_refused_at_the_control_level(intacct: Intacct, given: dict[str, str]) -> None:
    errors = control_errors(post(intacct, request(READ, **given)))
    assert errors == [("XL03000006", "Incorrect Intacct XML Partner ID or password.")]


def test_a_wrong_sender_may_be_an_http_error_too() -> None:
    answer = post(Intacct(http_errors=True), request(READ, sender="nobody"))
    assert answer.status == 401
    assert control_errors(answer) == [("XMLGW_JPP0002", "")]
    assert etree.fromstring(answer.body).find("control/senderid") is None


@pytest.mark.parametrize(
    "wrong",
    [
        LOGIN.replace("sandbox-user<", "somebody<"),
        LOGIN.replace("sandbox-company", "another"),
        LOGIN.replace("sandbox-user-password", ""),
        LOGIN.replace("</login>", "<locationid>999</locationid></login>"),
        session("never opened"),
        session(""),
        "<oauth>token</oauth>",
    ],
)
def test_a_wrong_login_or_session_is_refused_at_the_operation_level(intacct: Intacct, wrong: str) -> None:
    answer = post(intacct, request(function("f1", customer("C1")), auth=wrong))
    assert control_errors(answer) == []
    assert operation_errors(answer) == SIGN_IN
    assert results(answer) == []
    assert intacct.truth("CUSTOMER") == []


def test_the_endpoint_is_the_host_that_was_asked(intacct: Intacct) -> None:
    name, endpoint = opened(intacct)
    assert endpoint == "https://books.example:8443/ia/xml/xmlgw.phtml"
    assert one(intacct, customer("C1"), auth=session(name)).status == "success"


def test_a_session_is_refused_at_every_other_address() -> None:
    intacct = Intacct(endpoint="/ia/xml/xmlgw-7.phtml")
    name, endpoint = opened(intacct)
    assert endpoint.endswith("/ia/xml/xmlgw-7.phtml")
    assert operation_errors(post(intacct, request(READ, auth=session(name)))) == SIGN_IN
    assert results(post(intacct, request(READ, auth=session(name)), path="xmlgw-7.phtml"))[0].status == "success"


def test_a_session_ends_after_its_time_and_use_moves_the_end_on() -> None:
    clock = SandboxClock()
    clock.stop(datetime(2026, 3, 1, tzinfo=UTC))
    intacct = Intacct(clock=clock, session_seconds=60)
    name, _ = opened(intacct)
    for _ in range(3):
        clock.advance(59)
        assert operation_errors(post(intacct, request(READ, auth=session(name)))) == []
    clock.advance(60)
    assert operation_errors(post(intacct, request(READ, auth=session(name)))) == SIGN_IN


def test_a_session_ends_after_so_many_requests() -> None:
    intacct = Intacct(session_requests=2)
    name, _ = opened(intacct)
    refused = [bool(operation_errors(post(intacct, request(READ, auth=session(name))))) for _ in range(4)]
    assert refused == [False, False, True, True]


def test_sessions_end_when_a_test_says_so(intacct: Intacct) -> None:
    name, _ = opened(intacct)
    assert intacct.command("expire_sessions", {}) == {"expired": 1}
    assert operation_errors(post(intacct, request(READ, auth=session(name)))) == SIGN_IN


def test_a_session_may_be_opened_at_a_location_and_from_another(intacct: Intacct) -> None:
    inner = "<getAPISession><locationid>{}</locationid></getAPISession>"
    found = one(intacct, inner.format("100"))
    assert found.element.findtext("data/api/locationid") == "100"
    inherited = one(intacct, "<getAPISession/>", auth=session(found.element.findtext("data/api/sessionid")))
    assert inherited.element.findtext("data/api/locationid") == "100"
    assert one(intacct, inner.format("nowhere")).status == "failure"


def test_authentication_says_when_the_session_ends(intacct: Intacct) -> None:
    found = etree.fromstring(post(intacct, request(READ)).body).find("operation/authentication")
    begun, ends = (datetime.fromisoformat(found.findtext(f"session{part}")) for part in ("timestamp", "timeout"))
    assert (ends - begun).total_seconds() == 8 * 3600


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<request><control>",
        request(READ).replace(b"</content>", b"</contents>"),
        b'<!DOCTYPE request [<!ENTITY x "y">]>' + request(READ, sender="&x;"),
        b'<!DOCTYPE request SYSTEM "file:///etc/passwd">' + request(READ),
        request(READ).decode().replace("c1", "c\x01").encode(),
        request(READ, version="2.1"),
        request(READ, unique="maybe"),
        request(READ, white="maybe"),
    ],
)
def test_what_is_not_a_request_is_malformed(intacct: Intacct, body: bytes) -> None:
    answer = post(intacct, body)
    assert (answer.status, [number for number, _ in control_errors(answer)]) == (200, ["XL03000003"])


def test_entities_are_never_expanded(intacct: Intacct) -> None:
    layers = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};&a{n - 1};">' for n in range(1, 30))
    document = f'<!DOCTYPE request [<!ENTITY a0 "x">{layers}]><request>&a29;</request>'
    assert control_errors(post(intacct, document.encode()))[0][0] == "XL03000003"
    assert control_errors(post(intacct, document.encode("utf-16")))[0][0] == "XL03000003"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"method": "GET"}, 405),
        ({"content-type": "application/json"}, 415),
        ({"path": "other.phtml"}, 404),
        ({"path": "xmlgw.phtml", "content-type": "text/xml; charset=utf-8"}, 200),
    ],
)
def test_the_gateway_refuses_by_status_before_it_reads(intacct: Intacct, given: dict[str, str], status: int) -> None:
    answer = post(intacct, request(READ), **given)
    assert answer.status == status
    assert [number for number, _ in control_errors(answer)] == ([] if status == 200 else ["GW-0011"])


def test_a_body_may_be_too_large() -> None:
    assert post(Intacct(max_bytes=100), request(READ)).status == 413


def test_functions_are_limited_per_request() -> None:
    intacct = Intacct(max_functions=2)
    assert [one.status for one in run(intacct, customer("C1"), customer("C2"))] == ["success"] * 2
    content = "".join(function(f"f{n}", customer(f"D{n}")) for n in range(3))
    assert "3 functions" in control_errors(post(intacct, request(content)))[0][1]
    assert len(intacct.truth("CUSTOMER")) == 2


def test_requests_are_limited_per_window() -> None:
    clock = SandboxClock()
    clock.stop()
    intacct = Intacct(clock=clock, requests_per_window=2, window_seconds=10)
    answers = [post(intacct, request(READ)) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert control_errors(answers[2]) == [("GW-0010", "")]
    control = etree.fromstring(answers[2].body).find("control")
    assert [(part.tag, part.text) for part in control] == [("status", "failure")]
    clock.advance(10)
    assert post(intacct, request(READ)).status == 200


def test_requests_are_limited_at_the_same_moment() -> None:
    intacct = Intacct(concurrent_requests=1)
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(post(intacct, request(READ)).status)

    with intacct.lock:  # the first waits for the company, and counts as running
        first = threading.Thread(target=ask)
        first.start()
        while not intacct.limits.running_now:
            pass
        assert post(intacct, request(READ)).status == 429
    first.join()
    assert statuses == [200]
    assert post(intacct, request(READ)).status == 200


def test_an_asynchronous_request_is_acknowledged_and_its_response_kept(intacct: Intacct) -> None:
    answer = post(intacct, request(function("f1", customer("C1")), policy="sandbox-policy"))
    root = etree.fromstring(answer.body)
    assert root.findtext("acknowledgement/status") == root.findtext("control/status") == "success"
    assert root.find("operation") is None
    kept = intacct.command("asynchronous", {})["responses"]
    assert etree.fromstring(kept[0].encode()).findtext("operation/result/status") == "success"
    unknown = post(intacct, request(READ, policy="mine"))
    assert control_errors(unknown) == [("XL03000006", "mine is not a valid transport policy.")]


def test_white_space_is_as_asked_for(intacct: Intacct) -> None:
    plain, white = (post(intacct, request(READ, white=word)).body for word in ("false", "true"))
    assert b">\n  <" not in plain
    assert b">\n  <" in white
    assert _names(plain) == _names(white)


def _names(body: bytes) -> list[str]:
    return [element.tag for element in etree.fromstring(body).iter()]


def test_an_answer_that_is_not_xml_does_nothing(intacct: Intacct) -> None:
    intacct.command("next_answer", {"body": "<html>busy", "times": 1})
    answer = post(intacct, request(function("f1", customer("C1"))))
    assert (answer.status, answer.body) == (200, b"<html>busy")
    assert intacct.truth("CUSTOMER") == []
    assert one(intacct, customer("C1")).status == "success"


def test_failures_have_the_gateways_bodies(intacct: Intacct) -> None:
    assert b"GW-0010" in intacct.failure(429).body
    assert b"XMLGW_JPP0002" in intacct.failure(401).body
    assert intacct.failure(503).content_type.startswith("text/html")


def test_over_http_and_https_with_faults() -> None:
    with running_sandbox(https=True) as sandbox:
        environment = sandbox.environment
        intacct = sandbox.intacct
        assert environment["INTACCT_URL"] == f"{sandbox.origin}/ia/xml/xmlgw.phtml"
        trusted = ssl.create_default_context(cafile=str(sandbox.ca_file))
        with httpx.Client(verify=trusted, trust_env=False) as client:
            headers = {"content-type": "application/xml"}
            for origin in (sandbox.origin, sandbox.https_origin or ""):
                address = f"{origin}/ia/xml/xmlgw.phtml"
                answer = client.post(address, content=request(SESSION), headers=headers)
                assert etree.fromstring(answer.content).findtext(".//endpoint") == address
            intacct.faults.set([Fault("lost_answer", times=1)])
            with pytest.raises(httpx.TransportError):
                client.post(address, content=request(function("f1", customer("C1"))), headers=headers)
        assert [record["CUSTOMERID"] for record in intacct.truth("CUSTOMER")] == ["C1"]


def test_no_password_is_shown(intacct: Intacct) -> None:
    said = f"{intacct.settings!r} {intacct.command('settings', {})} {intacct.journal.entries()!r}"
    assert "sandbox-user-password" not in said
    assert "sandbox-sender-password" not in said
