"""The seven reference collections: snapshots of what Instagaze is set up with, kept whole as JSON."""

from __future__ import annotations

from ipaas_dagster.contracts.base import WHOLE_RECORD, Collection, Column, Type
from ipaas_dagster.contracts.shorthand import text

RECORD = Column("record", Type.JSON, (WHOLE_RECORD,), "The record as Instagaze gave it, without secrets")


def _snapshot(name: str, description: str, *columns: Column, id_scope: str | None = None) -> Collection:
    return Collection(
        name=name,
        source=name,
        description=description,
        columns=(*columns, RECORD),
        schema="instagaze",
        versioned=False,
        id_scope=id_scope,
    )


NAME = text("name", "name", "Name")

REFERENCE: tuple[Collection, ...] = (
    _snapshot("integrations", "The kinds of system that Instagaze can be integrated with.", NAME),
    _snapshot("salesforce_instances", "The Salesforce organisations connected.", NAME, text("url", "url", "Address")),
    _snapshot(
        "intacct_instances",
        "The Sage Intacct companies connected.",
        NAME,
        text("company_id", "company_id", "Company at Intacct"),
    ),
    _snapshot(
        "objects",
        "The objects that pipelines can move.",
        NAME,
        text("description", "description", "Description"),
    ),
    _snapshot(
        "schemas",
        "The fields of each object.",
        text("ppobject_id", "ppobject_id", "Id of the object that the field belongs to"),
        text("field", "field", "Name of the field"),
        text("label", "label", "What people call it"),
        id_scope="ppobject_id",
    ),
    _snapshot("gateways", "The payment gateways that can be used.", NAME),
    _snapshot(
        "pipelines",
        "What Instagaze itself moves to and from other systems, field by field.",
        text("module", "module", "The kind of system"),
        text("mode", "mode", "PULL or PUSH"),
        text("external_object", "external_object", "The object in the other system"),
    ),
)
