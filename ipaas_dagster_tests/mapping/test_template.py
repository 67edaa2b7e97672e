from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.contracts import Type
from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping import load_worksheet

from .conftest import RouteOf, edit, line_of


def refused(route_of: RouteOf, config: Path, collection: str, template: str, says: str, at: str) -> DeclarationError:
    with pytest.raises(DeclarationError, match=says) as caught:
        route_of(collection, template)
    path = config / "mappings" / "sql.yaml"
    assert (caught.value.file, caught.value.line) == (str(path), line_of(path, at))
    return caught.value


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("Name: nam", "customers has no column 'nam'; did you mean 'name'"),
        ("Name: {from: nmae, custom: true}", "no column 'nmae'; did you mean 'name'"),
        ("Name: {form: name}", "unknown field 'form'; did you mean 'from'"),
        ("Name: {from: name, constant: x}", "exactly one of from, reference and constant"),
        ("Name: {required: true}", "exactly one of from, reference and constant"),
        ("Name: {reference: name}", "'name' refers to no other record"),
        ("Name: {from: name, modifier: uper}", "unknown modifier 'uper' .*; did you mean 'upper'"),
        ("Name: {from: name, modifier: iso_date}", "'iso_date' works on time columns, not on text"),
        ("Name: {from: name, modifier: {truncate: many}}", "truncate needs the number"),
        ("Name: {from: name, modifier: {truncate: true}}", "truncate needs the number"),
        ("Name: {from: name, modifier: truncate}", "truncate needs the number"),
        ("Name: {from: name, modifier: {upper: 3}}", "'upper' has no argument"),
        ("Name: {from: name, modifier: {lookup: {a: b}}}", "lookup needs `values"),
        ("Name: {from: name, modifier: {lookup: {values: {a: 1}}}}", "lookup gives text"),
        ("Name: {from: name, modifier: []}", "list of modifiers is empty"),
        ("Name: {from: name, modifier: {upper: null, lower: null}}", "a modifier is a name"),
        ("Name: {from: name, modifier: 'data =>'}", "JavaScript cannot be used"),
        ("Name: {from: name, modifier: '(() => 5)()'}", "it is not a function"),
        ("Name: {from: name, modifier: '(() => { for (;;); })()'}", "JavaScript cannot be used"),
        ("Name: {from: name, default: 5}", "the default of 'Name' must be text"),
        ("Name: {from: autopay_only, default: 'yes'}", "the default of 'Name' must be boolean"),
        ("Name: {from: name, type: integer}", "'Name' has the type of its column"),
        ("Name: {from: name, required: maybe}", "'required' is wrong"),
        ("Name: {constant: x, modifier: upper}", "the constant 'Name' can have no modifier"),
        ("Name: [name]", "fields .* must stand here"),
        ("Name: {reference: {collection: item, by: code, from: number}}", "unknown hub collection 'item'; did you"),
        ("Name: {reference: {collection: items, by: cod, from: number}}", "items has no column 'cod'; did you mean"),
        ("Name: {reference: {collection: items, by: code, from: nuber}}", "customers has no column 'nuber'; did"),
        ("Name: {reference: {collection: items, by: is_active, from: autopay_only}}", "both must be text, or both"),
        ("Name: {reference: {collection: items, by: default_quantity, from: number}}", "both must be text, or both"),
        ("Name: {reference: {collection: items, from: number}}", "the field 'by' is missing"),
        ("Name: {reference: {collection: items, by: code, frm: number}}", "unknown field 'frm'; did you mean 'from'"),
        ("Name: {reference: {collection: items, by: code, from: number}, modifier: upper}", "can have no modifier"),
        ("Name: {reference: customer_id, default: x}", "can have no default, unless it is found by a value"),
    ],
)
def test_a_wrong_field_is_refused_at_its_line(config: Path, route_of: RouteOf, field: str, says: str) -> None:
    refused(
        route_of,
        config,
        "customers",
        f"  key: id\n  fields:\n    Number: number\n    {field}",
        says,
        "Name: ",
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("fields: every", "`all` or the target fields"),
        ("fields: {}", "`all` or the target fields"),
        ("feilds: all", "unknown field 'feilds'; did you mean 'fields'"),
        ("filter: {nam: x}\n  fields: all", "unknown column 'nam'; did you mean 'name'"),
        ("filter: {name: {like: x}}\n  fields: all", "unknown field 'like'"),
        ("filter: {name: {}}\n  fields: all", "says nothing"),
        ("filter: {name: 5}\n  fields: all", "must be text"),
        ("filter: {name: null}\n  fields: all", "not_null: false"),
        ("filter: {name: {in: null}}\n  fields: all", "has no value"),
        ("filter: {name: {at_least: a}}\n  fields: all", "needs a column with an order"),
        ("filter: {autopay_only: 1}\n  fields: all", "must be true or false"),
        ("filter: {external_updated_at: soon}\n  fields: all", "must be a time"),
        ("filter: {extra: {equals: x}}\n  fields: all", "cannot look into a JSON column"),
        ("children: {Lines: {collection: invoice_lines, fields: all}}\n  fields: all", "are no children of customers"),
        ("children: {name: {collection: contacts, fields: all}}\n  fields: all", "a field of this template already"),
        ("children: {C: {collection: contacts, fields: {A: nam}}}\n  fields: all", "contacts has no column 'nam'"),
        ("collection: customer\n  fields: all", "unknown hub collection 'customer'; did you mean"),
    ],
)
def test_a_wrong_template_is_refused_at_its_line(config: Path, route_of: RouteOf, line: str, says: str) -> None:
    refused(route_of, config, "customers", f"  object: accounts\n  {line}", says, line.partition(":")[0])


def test_a_template_that_no_row_uses_is_checked_too(config: Path) -> None:
    path = config / "mappings" / "files.yaml"
    with path.open("a") as file:
        file.write("\nvip_customers:\n  collection: customers\n  fields: {Name: nam}\n")
    with pytest.raises(DeclarationError, match="no column 'nam'"):
        load_worksheet(config)


def test_a_template_of_an_unknown_name_must_say_its_collection(config: Path) -> None:
    edit(config / "mappings" / "files.yaml", "items:", "item:")
    with pytest.raises(DeclarationError, match="unknown hub collection 'item'; a template of another name says"):
        load_worksheet(config)


def test_targets_know_their_types_and_what_they_refer_to(route_of: RouteOf) -> None:
    route = route_of(
        "invoices",
        """\
  object: Invoice__c
  key: Hub_Id__c
  fields:
    Name: number
    Account__c: {reference: customer_id, custom: true}
    AccountText__c: customer_id
    Total__c: {from: total_minor, modifier: minor_to_decimal}
    Minor__c: total_minor
    Due__c: due_at
    Day__c: {from: due_at, modifier: iso_date}
    Paid__c: is_paid
    Custom__c: custom
    Source__c: {constant: Instagaze}
    Rank__c: {constant: 3}
    Count__c: {from: quantity, modifier: 'n => n + 1', type: integer}
    Created__c: {from: due_at, read_only: true}
""",
    )
    assert {target.name: target.type for target in route.targets} == {
        "Hub_Id__c": Type.TEXT,
        "Name": Type.TEXT,
        "Account__c": Type.REFERENCE,
        "AccountText__c": Type.TEXT,
        "Total__c": Type.DECIMAL,
        "Minor__c": Type.MONEY,
        "Due__c": Type.TIME,
        "Day__c": Type.TEXT,
        "Paid__c": Type.BOOLEAN,
        "Custom__c": Type.JSON,
        "Source__c": Type.TEXT,
        "Rank__c": Type.INTEGER,
        "Count__c": Type.INTEGER,
    }
    assert (route.object, route.key, route.references) == ("Invoice__c", "Hub_Id__c", ("customers",))
    assert [target.name for target in route.targets if target.custom] == ["Account__c"]


def test_a_chain_of_modifiers_is_checked_step_by_step(config: Path, route_of: RouteOf) -> None:
    template = "  fields:\n    Day: {from: due_at, modifier: [iso_date, {truncate: 7}, minor_to_decimal]}"
    refused(
        route_of,
        config,
        "invoices",
        template,
        "'minor_to_decimal' works on money columns, not on text",
        "Day:",
    )


def test_money_is_never_a_fraction_of_binary_places(config: Path, route_of: RouteOf) -> None:
    field = "Total: {from: total_minor, modifier: 'n => n / 100', type: real}"
    refused(route_of, config, "invoices", f"  fields:\n    {field}", "say `type: decimal`", "Total:")
