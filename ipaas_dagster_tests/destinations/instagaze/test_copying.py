"""A portal copied into an empty one is equal in every field that can be written, ids aside, and nothing is twice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ipaas_dagster.sandbox import Fault, running_sandbox
from ipaas_dagster_tests.destinations.instagaze.other import OtherPortal, other_portal
from ipaas_dagster_tests.destinations.instagaze.world import Copy, pictures
from ipaas_dagster_tests.flow.world import World


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"loses": 0.2},
        {"loses": 0.2, "bare": True, "texts": False, "page": 1000},
        {"loses": 0.4, "patch_says": True, "page": 2},
    ],
)
def test_into_a_portal_of_another_hand(tmp_path: Path, settings: dict[str, object]) -> None:
    with other_portal(**settings) as plain, other_portal() as without_faults:
        for portal, folder in ((plain, "a"), (without_faults, "b")):
            world = Copy(tmp_path / folder, portal.environment)
            world.business(25)
            world.delivered()
            assert world.deliver().calls == 0
            world.project.operations.dispose()
        assert bool(plain.lost) == bool(settings.get("loses"))
        assert pictures(plain.truth) == pictures(without_faults.truth)
        counts = {name: len(plain.records[name]) for name in plain.records}
    assert counts == {"accounts": 25, "products": 3, "invoices": 25, "subscriptions": 30}


def test_the_written_form_is_the_documents(copy: Copy, other: OtherPortal) -> None:
    copy.customer(1, owner_name="Ada", billing_postal_code="69001", extra={"billing_address": {"geocodeAccuracy": "x"}})
    copy.contact(1, 1)
    copy.item(1, tax_code="SW", currency="EUR")
    copy.invoice(1, 1)
    copy.subscription(1, 1, 1, contract_start=None)
    copy.delivered()
    (account,), (product,) = other.truth("accounts"), other.truth("products")
    assert account["billing_address"] == {
        "city": "Lyon", "country": None, "geocodeAccuracy": "x", "latitude": None, "longitude": None,
        "postalCode": "69001", "state": None, "street": None,
    }  # fmt: skip
    assert [(one["name"], one["email"]) for one in account["contacts"]] == [("Person 1", "p1@example.com")]
    assert (account["account_owner"], account["account_number"], account["autopay_only"]) == ("Ada", "N-1", False)
    assert (product["price"], product["currency"], product["tax_code"]) == (1000, "€", "SW")
    (invoice,), (subscription,) = other.truth("invoices"), other.truth("subscriptions")
    assert (invoice["account_id"], invoice["payment_due_date"]) == (501, "2026-08-01T05:09:18.000Z")
    assert invoice["products"] == [
        {
            "price": 1000, "tax_code": None, "portal_id": 1, "currency_id": 1, "product_code": "P-1",
            "product_name": "Plan 1", "tax_description": None, "product_quantity": 2, "product_description": None,
        }
    ]  # fmt: skip
    assert (subscription["billing_frequency"], subscription["product_id"]) == ({"id": 6}, 501)
    assert (subscription["contract_start_date"], subscription["total"]) == (None, 1000)


def test_lines_say_the_portal_of_the_preset(tmp_path: Path, other: OtherPortal) -> None:
    world = Copy(tmp_path, other.environment, INSTAGAZE_B_PORTAL_ID="77")
    world.customer(1)
    world.invoice(1, 1)
    world.delivered()
    assert other.truth("invoices")[0]["products"][0]["portal_id"] == 77


def test_a_whole_sandbox_through_the_hub_with_lost_answers_and_a_kill(tmp_path: Path) -> None:
    """The real way: synchronised, delivered by the command, killed in the middle, delivered to the end."""
    with running_sandbox(accounts=60, seed=3) as sandbox:
        world = World(sandbox, tmp_path / "state", tuple(sandbox.portal_b.environment(sandbox.origin).items()))
        sandbox.portal_b.faults.set([Fault("lost_answer", 0.2)], seed=5)
        process = world.command("sync", "--full")
        while process.poll() is None and len(sandbox.portal_b.truth("accounts")) < 30:
            time.sleep(0.02)
        process.kill()
        process.communicate()
        killed_with = len(sandbox.portal_b.truth("accounts"))
        again = world.command("deliver")
        out, _ = again.communicate(timeout=120)
        assert again.returncode == 0, out
        assert 30 <= killed_with < len(sandbox.instagaze.truth("accounts"))
        assert sandbox.portal_b.faults.struck()["lost_answer"] > 10
        assert pictures(sandbox.portal_b.truth) == pictures(sandbox.instagaze.truth)
        world.check_books()
