"""Both ways of signing in, tokens that end, and what a person is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.sandbox import Fault, Sandbox
from ipaas_dagster.sandbox.ipaas_com import IpaasCom
from ipaas_dagster_tests.destinations.ipaas_com.world import Company, customer, item, one

KEY = {"api_key": "env:IPAAS_COM_API_KEY"}
USER = ("email", "password", "company_id")


@pytest.mark.parametrize("form", ["raw", "bearer"])
@pytest.mark.parametrize("by", ["key", "user"])
def test_signed_in_either_way_with_the_header_in_either_form(
    sandbox: Sandbox, tmp_path: Path, by: str, form: str
) -> None:
    sandbox.ipaas_com.configure(authorization=form)
    given = {"without": USER, **KEY} if by == "key" else {}
    world = Company(tmp_path, sandbox.environment, authorization=form, **given)  # type: ignore[arg-type]
    item(world, 1)
    world.delivered()
    assert len(sandbox.ipaas_com.truth("product")) == 1
    assert sandbox.ipaas_com.tokens.issued == ([] if by == "key" else ["login", "company"])


def test_the_only_company_is_found_and_several_have_to_be_chosen_from(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment, without=("company_id",))
    assert "subscription 7001 (Instagaze)" in world.destination().check()
    first = sandbox.ipaas_com.settings.companies[0]
    sandbox.ipaas_com.configure(companies=(first, ("11111111-1111-1111-1111-111111111111", "Other Ltd")))
    with pytest.raises(Unreachable, match=r"2 companies: Sandbox Trading .*Other Ltd.*company_id"):
        world.destination().check()


def test_a_token_is_refreshed_before_it_ends_and_again_by_login_where_that_is_refused(
    sandbox: Sandbox, world: Company, there: IpaasCom
) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    sandbox.clock.stop(now)
    destination = world.destination()
    destination.check()
    for _ in range(2):
        sandbox.clock.advance(3580)
        world.clock.wait(3580)
        destination.check()
    assert there.tokens.issued == ["login", "company", "refresh", "refresh"]
    there.command("change_roles", {})
    sandbox.clock.advance(3580)
    world.clock.wait(3580)
    destination.check()
    assert there.tokens.issued[4:] == ["login", "company"]


def test_a_clock_that_is_wrong_does_not_matter(sandbox: Sandbox, world: Company, there: IpaasCom) -> None:
    """Here it is days behind; a token's life is counted by the server's own times."""
    sandbox.clock.stop(datetime(2020, 1, 1, tzinfo=UTC))
    destination = world.destination()
    destination.check()
    destination.check()
    assert there.tokens.issued == ["login", "company"]


def test_a_change_of_roles_in_the_middle_wants_a_new_login_and_gets_it(world: Company, there: IpaasCom) -> None:
    destination = world.destination()
    destination.check()
    there.command("change_roles", {})
    destination.check()
    assert there.tokens.issued == ["login", "company"] * 2


def test_a_key_that_has_to_be_made_anew_stops_the_system_in_words(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, sandbox.environment, without=USER, **KEY)
    hub_id = customer(world, 1)
    sandbox.ipaas_com.command("change_roles", {"api_key": True})
    stopped = world.deliver().stopped
    assert stopped is not None
    assert "AUTZ-1002" in stopped
    assert "api_key" in stopped
    assert sandbox.ipaas_com.settings.api_key not in stopped
    assert (world.entry(hub_id).state, world.entry(hub_id).attempts) == ("pending", 0)


@pytest.mark.parametrize("form", ["coded", "plain", "json"])
def test_a_wrong_password_is_told_without_repeating_it(sandbox: Sandbox, tmp_path: Path, form: str) -> None:
    sandbox.ipaas_com.configure(errors=form)
    world = Company(tmp_path, {**sandbox.environment, "IPAAS_COM_PASSWORD": "hunter2-hunter2"})
    with pytest.raises(Unreachable) as raised:
        world.destination().check()
    assert "is not correct" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_every_base_path_is_where_the_preset_says(sandbox: Sandbox, tmp_path: Path) -> None:
    apis = ("sso", "customers", "products", "transactions", "subscriptions")
    sandbox.ipaas_com.configure(base_paths={api: f"{api}-eu" for api in apis})
    world = Company(tmp_path, sandbox.environment, **{f"{api}_path": f"{api}-eu" for api in apis})
    item(world, 1)
    world.delivered()
    assert "1 of Product" in world.destination().check()
    lost = Company(tmp_path / "lost", sandbox.environment, **{f"{api}_path": f"{api}-eu" for api in apis[:2]})
    with pytest.raises(Unreachable, match="subscriptions_path"):
        lost.destination().check()
    hub_id = item(lost, 2)
    assert "products_path" in str(lost.deliver().stopped)
    assert (lost.entry(hub_id).state, lost.entry(hub_id).attempts) == ("pending", 0)


@pytest.mark.parametrize("pages", ["correct", "malformed", "none"])
def test_check_says_what_is_there_and_its_queue_if_it_has_one(world: Company, there: IpaasCom, pages: str) -> None:
    there.configure(pagination=pages)
    item(world, 1)
    item(world, 2)
    world.delivered()
    said = world.destination().check()
    assert ("2 of Product" if pages != "none" else "Product readable") in said
    assert "no queue of events" in said
    there.configure(events=True)
    said = world.destination().check()
    assert ("2 events in its queue view" if pages != "none" else "at least 1 events") in said


def test_check_of_a_system_id_that_is_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Company(tmp_path, {**sandbox.environment, "IPAAS_COM_SYSTEM_ID": "5"})
    with pytest.raises(Unreachable, match=r"no subscription 5.*system_id"):
        world.destination().check()


def test_check_while_it_is_throttled_or_used_up(world: Company, there: IpaasCom) -> None:
    there.faults.set([Fault("status", status=429, retry_after="7", path="/subscriptions")])
    with pytest.raises(Unreachable, match="volume"):
        world.destination().check()
    there.faults.clear()
    there.command("monthly_limit", {"after": 0})
    with pytest.raises(Unreachable, match="month"):
        world.destination().check()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("system_id", "abc", "system_id must be a whole number"),
        ("authorization", "basic", "authorization must be one of: bearer, raw"),
        ("api_key", "env:IPAAS_COM_API_KEY", "give either it or both"),
        ("updates", "some", "updates must be one of"),
    ],
)
def test_a_preset_that_cannot_be_used_names_its_field(
    sandbox: Sandbox, tmp_path: Path, field: str, value: str, says: str
) -> None:
    world = Company(tmp_path, sandbox.environment, **{field: value})
    with pytest.raises(SettingsError, match=says):
        world.destination()
    half = Company(tmp_path / "half", sandbox.environment, without=("password",))
    with pytest.raises(SettingsError, match="password is missing"):
        half.destination()


def test_no_secret_in_the_ledger(world: Company, there: IpaasCom, tmp_path: Path) -> None:
    customer(world, 1)
    world.delivered()
    assert one(there, "company")["name"] == "Customer 1"
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    secrets = [there.settings.password, *there.tokens.values()]
    assert len(secrets) == 5
    assert not any(secret.encode() in kept for secret in secrets)
