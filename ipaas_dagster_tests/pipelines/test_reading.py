"""A pipeline's record as a template: what is taken of it, and what is refused with the reason."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster import contracts
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping import Route, kind
from ipaas_dagster.mapping.pins import Pin, pin_file, pin_of, read_pin, template_of, write_pin
from ipaas_dagster.mapping.pipeline import MappedField, Pipeline, Unusable, digest_of, read_pipeline
from ipaas_dagster.mapping.template import Template, hub_columns
from ipaas_dagster.pipelines.trying import try_modifiers
from ipaas_dagster.sandbox.instagaze.pipelines import PUSHES_ACCOUNTS

SALESFORCE = kind("salesforce")
DATA = Path(__file__).parents[2] / "data"


def pipeline(**changes: Any) -> Pipeline:
    return read_pipeline({**copy.deepcopy(PUSHES_ACCOUNTS), **changes}, lambda *ids: None, lambda id_: None)


def template(
    *fields: MappedField, object_: str = "Account", collection: str = "customers", to: str = "salesforce"
) -> Template:
    pin = Pin("7", "Salesforce", object_, "Account" if object_ == "Account" else "Contact", "", fields)
    made = template_of(pin, collection, kind(to))
    try_modifiers(made, hub_columns(contracts.collection(collection)), [])
    return made


def rendered(made: Template, record: Mapping[str, Any]) -> dict[str, Any]:
    route = Route("s", "salesforce", made.collection, made, None, "delete", made.filter)
    columns = {column.name: None for column in contracts.collection(made.collection).columns}
    found = route.render({**columns, "hub_id": "instagaze:accounts:1", **record})
    assert found is not None
    return found.payload


def test_fields_modifiers_required_read_only_and_custom_are_taken() -> None:
    made = template_of(pin_of(pipeline()), "customers", SALESFORCE)
    targets = {target.name: target for target in made.targets}
    assert list(targets) == ["Ipaas_Hub_Id__c", "Id", "Name", "AccountNumber", "Owner_Name__c"]
    assert targets["Id"].read_only
    assert (targets["Name"].required, targets["Owner_Name__c"].custom) == (True, True)
    payload = rendered(made, {"name": "x" * 100, "number": " a-1 ", "owner_name": "Ada"})
    assert payload == {
        "Ipaas_Hub_Id__c": "instagaze:accounts:1", "Name": "x" * 80, "AccountNumber": "A-1", "Owner_Name__c": "Ada",
    }  # fmt: skip


def test_nothing_of_the_instance_but_its_name_and_address_is_read() -> None:
    instance = {"name": "Org", "url": "https://x", "username": "U-secret", "password": "P-secret", "token": "T-secret"}
    assert "secret" not in repr(pipeline(instance=instance))


def test_ids_times_and_the_instance_do_not_make_a_change() -> None:
    same = pipeline(id=99, instance=None, updated_at="2030-01-01T00:00:00.000Z", last_push=None)
    assert same.digest == pipeline().digest
    backwards = pipeline(mappings=list(reversed(PUSHES_ACCOUNTS["mappings"])))
    assert backwards.digest == pipeline().digest
    assert pipeline(external_object="Lead").digest != pipeline().digest


def test_a_field_that_is_named_by_its_id_only_is_looked_up() -> None:
    mapping = {"external": "Name", "pp_field": {"id": 2}}
    names = {(1, 2): "account_name"}
    record = {**PUSHES_ACCOUNTS, "mappings": [mapping], "pp_object": {"id": 1}}
    found = read_pipeline(record, lambda *ids: names.get(ids), lambda id_: "Account")
    assert (found.object, found.fields[0].field) == ("Account", "account_name")
    with pytest.raises(Unusable, match=r"Name from \?"):
        read_pipeline(record, lambda *ids: None, lambda id_: "Account")


def test_a_contacts_account_is_a_reference_under_the_name_that_can_be_written() -> None:
    made = template(
        MappedField("Account.Id", "in_contact_account_id"),
        MappedField("LastName", "name"),
        object_="Contact",
        collection="contacts",
    )
    (reference,) = [target for target in made.targets if target.references]
    assert (reference.name, reference.references) == ("AccountId", "customers")


WRONG = [
    (MappedField("Name", "account_nam"), "nothing for Account's field 'account_nam'"),
    (MappedField("LastModifiedDate", "account_name"), "salesforce fills Account.LastModifiedDate itself"),
    (MappedField("Nmae", "account_name"), "no field 'Nmae'"),
    (MappedField("Name'; --", "account_name"), "is no name of a field"),
    (MappedField("Name", "account_name", "upper"), "is no function"),
    (MappedField("Name", "account_name", "data => data.)"), "JavaScript cannot be used"),
    (MappedField("Name", "account_name", "data => { while (true) {} }"), "longer than its"),
    (MappedField("Name", "account_name", "data => { for (let a = [];;) a.push(Array(1e6)) }"), "more memory|longer"),
    (MappedField("Name", "account_name", "data => fetch('https://x.example.com')"), "fails on every value.*fetch"),
    (MappedField("Name", "account_name", "data => require('fs').readFileSync('/etc/passwd')"), "fails on every value"),
    (MappedField("Name", "account_name", "data => '" + "x" * 20_000 + "'"), "longer than 10,000"),
    (MappedField("Name", "account_name", "data => 'x'.repeat(2e6)"), "more than 1000000 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "says"), WRONG, ids=lambda one: None)
def test_what_cannot_be_used_is_refused_with_the_reason(field: MappedField, says: str) -> None:
    with pytest.raises((Unusable, DeclarationError), match=says):
        template(field)


def test_two_fields_cannot_go_to_one_and_none_is_no_mapping() -> None:
    with pytest.raises(DeclarationError, match="two of its fields"):
        template(MappedField("Name", "account_name"), MappedField("Name", "account_owner"))
    with pytest.raises(DeclarationError, match="maps no fields"):
        template()


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_the_default_worksheets_pin_is_the_sandboxs_pipeline() -> None:
    found = read_pin(DATA, "salesforce_b", "customers")
    assert found is not None
    assert found[0] == pin_of(pipeline())


@given(modifier=st.none() | TEXT.map(lambda text: f"data => {text}"), flags=st.tuples(*[st.booleans()] * 3))
def test_a_pin_is_read_as_it_was_written(tmp_path_factory: Any, modifier: str | None, flags: Any) -> None:
    folder = tmp_path_factory.mktemp("pins")
    fields = (MappedField("No", "account_name", modifier, *flags), MappedField("True", "account_number"))
    pin = Pin("007", "Salesforce", "Account", "Account", digest_of("Salesforce", "Account", "Account", fields), fields)
    write_pin(folder, "org", "customers", pin)
    found = read_pin(folder, "org", "customers")
    assert found is not None
    assert found[0] == pin


def test_a_pin_that_was_edited_is_refused_and_wrong_words_are_named_by_line(tmp_path: Path) -> None:
    path = write_pin(tmp_path, "org", "customers", pin_of(pipeline()))
    assert path == pin_file(tmp_path, "org", "customers")
    text = path.read_text()
    path.write_text(text.replace("substring(0, 80)", "substring(0, 90)"))
    with pytest.raises(
        DeclarationError, match="changed after it was approved; `ipaas pipelines approve org/customers`"
    ):
        read_pin(tmp_path, "org", "customers")
    path.write_text(text.replace("required:", "requird:", 1))
    with pytest.raises(DeclarationError, match="unknown field 'requird'") as error:
        read_pin(tmp_path, "org", "customers")
    assert error.value.line == text.splitlines().index("    required: true") + 1
