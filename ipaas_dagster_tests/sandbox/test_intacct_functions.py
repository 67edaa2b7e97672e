"""Functions of a request: each control id once, all or nothing, what counts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster.sandbox.intacct.objects import OBJECTS
from ipaas_dagster_tests.sandbox.intacct_client import (
    customer,
    function,
    invoice,
    line,
    one,
    payment,
    post,
    request,
    results,
    run,
)

ABORTED = ("XL03000009", "The entire transaction in this operation has been rolled back due to an error.")
REPEATED = "The function with the control ID 'f1' was already executed and completed."


@pytest.fixture
def intacct() -> Intacct:
    return Intacct()


def keys(intacct: Intacct) -> list[str]:
    return [record["CUSTOMERID"] for record in intacct.truth("CUSTOMER")]


def everything(intacct: Intacct) -> dict[str, list[dict[str, Any]]]:
    return {name: intacct.truth(name) for name in OBJECTS}


@pytest.mark.parametrize("unique", ["true", None])
def test_a_function_is_executed_once_per_control_id(intacct: Intacct, unique: str | None) -> None:
    """true is the default. The control id of the request, always c1 here, does not matter."""
    assert one(intacct, customer("C1"), unique=unique).status == "success"
    again = one(intacct, customer("C2"), unique=unique)
    assert (again.status, again.errors) == ("failure", [("XL03000007", REPEATED)])
    assert keys(intacct) == ["C1"]
    assert one(intacct, customer("C3"), unique="false").status == "success"


def test_a_control_id_is_used_up_within_its_request_too(intacct: Intacct) -> None:
    content = function("same", customer("C1")) + function("same", customer("C2"))
    assert [result.status for result in results(post(intacct, request(content, unique="true")))] == [
        "success",
        "failure",
    ]
    assert keys(intacct) == ["C1"]


def test_a_function_that_failed_may_come_again(intacct: Intacct) -> None:
    assert one(intacct, invoice("I1"), unique="true").status == "failure"
    one(intacct, customer("C1"))
    assert one(intacct, invoice("I1"), unique="true").status == "success"


def test_the_number_of_that_error_is_a_setting() -> None:
    intacct = Intacct(repeated_errorno="XX1")
    run(intacct, customer("C1"), unique="true")
    assert one(intacct, customer("C1"), unique="true").errors[0][0] == "XX1"


def test_control_ids_are_forgotten_after_a_time_or_when_a_test_says_so() -> None:
    clock = SandboxClock()
    clock.stop(datetime(2026, 3, 1, tzinfo=UTC))
    intacct = Intacct(clock=clock, control_ids_kept_seconds=3600)
    one(intacct, customer("C1"), unique="true")
    clock.advance(3599)
    assert one(intacct, customer("C2"), unique="true").status == "failure"
    clock.advance(1)
    assert one(intacct, customer("C2"), unique="true").status == "success"
    assert intacct.command("forget_control_ids", {"controlids": ["f1", "f9"]}) == {"forgotten": 1}
    assert one(intacct, customer("C3"), unique="true").status == "success"
    assert intacct.command("forget_control_ids", {}) == {"forgotten": 1}


def test_results_stand_in_the_order_of_the_functions(intacct: Intacct) -> None:
    found = run(intacct, customer("C1"), invoice("I1", key="nobody"), invoice("I2"))
    assert [(result.controlid, result.status) for result in found] == [
        ("f1", "success"),
        ("f2", "failure"),
        ("f3", "success"),
    ]
    assert [record["RECORDID"] for record in intacct.truth("ARINVOICE")] == ["I2"]


def test_a_transaction_is_all_or_nothing(intacct: Intacct) -> None:
    one(intacct, customer("C1"))
    before = everything(intacct)
    inners = (customer("C2"), invoice("I1"), payment("99", ("1", "10.01")), customer("C3"))
    found = run(intacct, *inners, unique="true", transaction=True)
    assert [result.status for result in found] == ["aborted", "aborted", "failure", "aborted"]
    assert [result.errors for result in found[:2]] == [[ABORTED]] * 2
    assert found[2].errors[-1] == ABORTED
    assert "10.01" in found[2].errors[0][1]
    assert everything(intacct) == before
    assert intacct.command("counters", {})["control_ids"] == 0
    assert [one.status for one in run(intacct, *inners[:2], unique="true", transaction=True)] == ["success"] * 2


def test_a_repeat_aborts_a_transaction(intacct: Intacct) -> None:
    content = function("same", customer("C1")) + function("same", customer("C2"))
    found = results(post(intacct, request(content, unique="true", transaction=True)))
    assert [result.status for result in found] == ["aborted", "failure"]
    assert keys(intacct) == []


BOTH = customer("C1").replace("</create>", "") + customer("C1").replace("<create>", "")


@pytest.mark.parametrize("partial", [True, False])
def test_what_stays_of_a_function_that_fails_at_its_second_object(partial: bool) -> None:
    intacct = Intacct(partial_functions=partial)
    failed = one(intacct, BOTH)
    assert failed.status == "failure"
    assert failed.attributes() == {"listtype": "objects", "count": str(int(partial))}
    assert keys(intacct) == (["C1"] if partial else [])
    assert intacct.command("counters", {})["transactions"] in ({_month(): int(partial)}, {_month(): 0})
    assert run(intacct, customer("C9"), BOTH, transaction=True)[0].status == "aborted"
    assert keys(intacct) == (["C1"] if partial else [])


def test_each_object_written_counts_lines_do_not(intacct: Intacct) -> None:
    run(intacct, customer("C1"), invoice("I1", line("1"), line("2")), payment("3", ("1", "3")))
    run(intacct, customer("C1"), "<readByQuery><object>CUSTOMER</object><query/></readByQuery>")
    counted = intacct.command("counters", {"reset": True})
    assert counted["transactions"] == {_month(): 3}
    assert counted["functions"] == {"create": 1, "create_invoice": 1, "create_arpayment": 1, "readByQuery": 1}
    assert intacct.command("counters", {})["requests"] == 0


def _month() -> str:
    return f"{datetime.now(UTC):%Y-%m}"


STEPS = st.lists(
    st.one_of(
        st.builds(customer, st.sampled_from(["C1", "C2", "bad name that is far too long"])),
        st.builds(invoice, st.sampled_from(["I1", "I2", ""]), st.sampled_from([line("5.00"), line("x"), line("7.01")])),
        st.builds(payment, st.sampled_from(["5.00", "0"]), st.sampled_from([("1", "5.00"), ("2", "1.50")])),
        st.sampled_from(['<delete_invoice key="1"/>', '<delete_customer customerid="C1"/>']),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(STEPS, STEPS)
def test_whatever_a_transaction_holds_it_changes_all_or_nothing(first: list[str], second: list[str]) -> None:
    clock = SandboxClock()
    clock.stop()
    intacct, twin = Intacct(clock=clock), Intacct(clock=clock)
    for company in (intacct, twin):
        run(company, *first)
    before = everything(intacct)
    found = {result.status for result in run(intacct, *second, transaction=True)}
    run(twin, *second)
    assert found == {"success"} or "success" not in found
    assert everything(intacct) == (everything(twin) if found == {"success"} else before)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_the_books_balance_after_anything(steps: list[str]) -> None:
    intacct = Intacct()
    run(intacct, *steps)
    applied = {record["RECORDNO"]: Decimal(0) for record in intacct.truth("ARINVOICE")}
    for detail in intacct.truth("ARPYMTDETAIL"):
        applied[detail["RECORDKEY"]] += Decimal(detail["TRX_PAYMENTAMOUNT"])
    for record in intacct.truth("ARINVOICE"):
        entered, paid, due = (Decimal(record[name]) for name in ("TOTALENTERED", "TOTALPAID", "TOTALDUE"))
        assert entered == paid + due
        assert due >= 0
        assert paid == applied[record["RECORDNO"]]
        assert entered == sum(Decimal(row["AMOUNT"]) for row in record["LINES"])
        assert paid == sum(Decimal(row["TOTALPAID"]) for row in record["LINES"])
