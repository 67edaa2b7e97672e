from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from ipaas_dagster.mapping.schemas import schema_text, schemas

from .conftest import DATA

FILES = {
    "worksheet.yaml": "worksheet.schema.json",
    "presets.yaml": "presets.schema.json",
    "mappings/sql.yaml": "mapping.schema.json",
    "mappings/files.yaml": "mapping.schema.json",
}


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_files_for_editors_are_those_the_program_makes(name: str) -> None:
    made = schema_text(schemas()[name])
    assert (DATA / "schemas" / name).read_text() == made, "run: python -m ipaas_dagster.mapping.schemas data/schemas"
    jsonschema.Draft202012Validator.check_schema(json.loads(made))


@pytest.mark.parametrize("file", sorted(FILES))
def test_the_declared_files_name_their_schema_and_meet_it(file: str) -> None:
    path = DATA / file
    first = path.read_text().splitlines()[0]
    named = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
    assert named == (DATA / "schemas" / FILES[file]).resolve()
    jsonschema.validate(yaml.safe_load(path.read_text()), schemas()[FILES[file]])


TEMPLATE = """\
contacts:
  object: Contact
  key: Hub_Id__c
  filter: {is_active: true, email: {not_null: true}}
  fields:
    LastName: name
    Email: {from: email, modifier: lower}
    Short: {from: name, modifier: [{truncate: 15}, "data => data.trim()"], required: true}
    AccountId: {reference: customer_id}
    Source: {constant: Instagaze}
    Active: {from: is_active, modifier: {lookup: {values: {"true": yes}, otherwise: null}}}
vip: {collection: customers, fields: all}
invoices:
  fields:
    CustomerRef.value: {reference: customer_id}
    Total: {from: total_minor, modifier: [minor_to_decimal, as_text]}
  children:
    Line:
      collection: invoice_lines
      filter: {quantity: {at_least: 1}}
      fields:
        Item: {reference: {collection: items, by: code, from: item_code}, default: "1"}
        Text: description
"""


def test_a_template_with_every_word_meets_the_schema() -> None:
    document = yaml.safe_load(TEMPLATE.replace(": yes", ": 'yes'"))
    jsonschema.validate(document, schemas()["mapping.schema.json"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LastName: name", "LastName: nam"),
        ("from: email", "from: mail"),
        ("modifier: lower", "modifier: loser"),
        ("reference: customer_id", "reference: name"),
        ("object:", "objekt:"),
        ("{email: ", "{mail: "),
        ("truncate: 15", "truncate: 0"),
        ("collection: invoice_lines", "collection: contacts"),
        ("Text: description", "Text: descripton"),
        ("collection: items", "collection: item"),
        ("by: code, ", ""),
        ("{quantity: ", "{quantty: "),
    ],
)
def test_the_schema_marks_the_mistakes_that_loading_refuses(old: str, new: str) -> None:
    text = TEMPLATE.replace(": yes", ": 'yes'").replace("{is_active: true, ", "{")
    assert old in text
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text.replace(old, new)), schemas()["mapping.schema.json"])
