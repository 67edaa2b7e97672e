"""What the org says about its objects."""

from __future__ import annotations

from typing import Any

from ipaas_dagster.sandbox.salesforce.schema import OWNER, Field, Schema, SObject

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "currency": "xsd:double",
    "double": "xsd:double",
    "percent": "xsd:double",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_NOT_SORTED = frozenset({"textarea", "address"})


def describe_global(schema: Schema, version: str) -> dict[str, Any]:
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(one, version) for one in schema.objects.values()],
    }


def basic(sobject: SObject, version: str) -> dict[str, Any]:
    return {"objectDescribe": summary(sobject, version), "recentItems": []}


def summary(sobject: SObject, version: str) -> dict[str, Any]:
    url = f"/services/data/v{version}/sobjects/{sobject.name}"
    may = ("createable", "updateable", "deletable", "undeletable", "queryable", "retrieveable", "searchable")
    may_too = ("replicateable", "triggerable", "layoutable")
    return {
        "name": sobject.name,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "keyPrefix": sobject.prefix,
        "custom": sobject.custom,
        **dict.fromkeys(may, True),
        **dict.fromkeys(may_too, True),
        "customSetting": False,
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "mergeable": sobject.name in ("Account", "Contact"),
        "mruEnabled": True,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def describe(schema: Schema, sobject: SObject, version: str) -> dict[str, Any]:
    return {
        **summary(sobject, version),
        "recordTypeInfos": [],
        "childRelationships": _children(schema, sobject),
        "fields": [_field(one) for one in sobject.fields.values()],
    }


def _children(schema: Schema, sobject: SObject) -> list[dict[str, Any]]:
    pairs = ((child, one) for child in schema.objects.values() for one in child.references)
    return [
        {
            "childSObject": child.name,
            "field": one.name,
            "relationshipName": one.children,
            "cascadeDelete": one.on_delete == "cascade",
        }
        for child, one in pairs
        if one.reference_to == sobject.name != "User"
    ]


def _field(field: Field) -> dict[str, Any]:
    numeric = field.type in ("currency", "double", "percent")
    sorts = field.type not in _NOT_SORTED
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "length": field.length,
        "byteLength": field.length if field.type in ("id", "reference") else field.length * 3,
        "precision": field.precision if numeric else 0,
        "scale": field.scale if numeric else 0,
        "digits": 9 if field.type == "int" else 0,
        "nillable": field.nillable,
        "createable": not field.readonly,
        "updateable": not field.readonly,
        "defaultedOnCreate": field.defaulted,
        "defaultValue": None if field.default == OWNER else field.default,
        "externalId": field.external_id,
        "idLookup": field.identifies,
        "unique": field.unique,
        "nameField": field.name_field,
        "custom": field.custom,
        "calculated": False,
        "autoNumber": False,
        "caseSensitive": field.case_sensitive,
        "encrypted": False,
        "filterable": field.length <= 255 and field.type != "address",
        "sortable": sorts,
        "groupable": sorts and not numeric,
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "picklistValues": [_choice(value) for value in field.values],
        "referenceTo": [field.reference_to] if field.reference_to else [],
        "relationshipName": field.relationship,
        "cascadeDelete": field.on_delete == "cascade",
        "compoundFieldName": field.compound,
        "htmlFormatted": False,
        "permissionable": field.custom or field.nillable,
        "deprecatedAndHidden": False,
    }


def _choice(value: str) -> dict[str, Any]:
    return {"active": True, "defaultValue": False, "label": value, "validFor": None, "value": value}
