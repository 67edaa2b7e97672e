"""Is the org ready: everything that is missing is named at once, with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ipaas_dagster.destinations.base import Unreachable
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sandbox.salesforce.schema import Schema, read_schema
from ipaas_dagster.sandbox.salesforce.state import Salesforce
from ipaas_dagster_tests.destinations.salesforce.stage import Stage


def test_an_org_that_is_ready(stage: Stage) -> None:
    assert stage.org is not None
    with stage.connected() as destination:
        said = destination.check()
    assert said.startswith("7 objects are ready at http://127.0.0.1:")
    assert "v62.0" in said
    assert f"api usage 7/{stage.org.usage.most}" in said


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    schema = read_schema()
    objects = dict(schema.objects)
    del objects["Payment__c"]
    account, product = objects["Account"], objects["Product2"]
    fields = {name: one for name, one in account.fields.items() if name != "Owner_Name__c"}
    fields["Ipaas_Hub_Id__c"] = replace(fields["Ipaas_Hub_Id__c"], external_id=False, unique=False)
    fields["AccountNumber"] = replace(fields["AccountNumber"], readonly=True)
    objects["Account"] = replace(account, fields=fields)
    objects["Product2"] = replace(
        product, fields={name: one for name, one in product.fields.items() if name != "Ipaas_Hub_Id__c"}
    )
    org = Salesforce(schema=Schema(objects))
    with running_sandbox(samples=None, salesforce=org) as sandbox:
        stage = Stage(tmp_path, org, org.environment(sandbox.origin))
        with stage.connected() as destination, pytest.raises(Unreachable) as error:
            destination.check()
    said = str(error.value)
    for words in (
        "no object Payment__c",
        "Account has no field Owner_Name__c",
        "Account.Ipaas_Hub_Id__c is no unique external id: Setup > Object Manager > Account",
        "may not write Account.AccountNumber",
        "Product2 has no field Ipaas_Hub_Id__c: Setup > Object Manager > Product2",
        "docs/salesforce.md",
    ):
        assert words in said
    assert said.count(";") == 4, "nothing else"


def test_a_version_that_is_not_offered_is_named(stage: Stage) -> None:
    with stage.connected(api_version="99.0") as destination, pytest.raises(Unreachable, match="set api_version"):
        destination.check()
    with stage.connected(api_version="v61.0") as destination:
        assert "v61.0" in destination.check()


def test_a_check_writes_nothing(stage: Stage) -> None:
    with stage.connected() as destination:
        destination.check()
    assert {row.direction for row in stage.calls} == {"read"}
