"""Stored rows as they are answered."""

from __future__ import annotations

from typing import Any

from ipaas_dagster.sandbox.salesforce.schema import Field, SObject
from ipaas_dagster.sandbox.salesforce.table import Row

_PARTS = ("street", "city", "state", "postalCode", "country", "latitude", "longitude", "geocodeAccuracy")


def value_of(sobject: SObject, row: Row, field: Field) -> Any:
    value = row.get(field.name)
    if value is None and field.type == "address":
        return _address(row, field.name.removesuffix("Address"))
    if value is None and field.name == "Name":
        return " ".join(part for part in (row.get("FirstName"), row.get("LastName")) if part) or None
    return value


def whole(sobject: SObject, row: Row) -> dict[str, Any]:
    """Every field, the null ones too."""
    return {name: value_of(sobject, row, field) for name, field in sobject.fields.items()}


def attributes(sobject: SObject, record_id: str, version: str) -> dict[str, str]:
    return {"type": sobject.name, "url": record_url(sobject, record_id, version)}


def record_url(sobject: SObject, record_id: str, version: str) -> str:
    return f"/services/data/v{version}/sobjects/{sobject.name}/{record_id}"


def _address(row: Row, which: str) -> dict[str, Any] | None:
    parts = {name: row.get(f"{which}{name[0].upper()}{name[1:]}") for name in _PARTS}
    return parts if any(value is not None for value in parts.values()) else None
