"""Records as they are sent, in JSON or as rows of a CSV, to writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ipaas_dagster.sandbox.salesforce.org import Org, Writes
from ipaas_dagster.sandbox.salesforce.problems import Refusal, parser_error
from ipaas_dagster.sandbox.salesforce.schema import Field, SObject
from ipaas_dagster.sandbox.salesforce.table import Table
from ipaas_dagster.sandbox.salesforce.values import NotThisType, Reader, json_reader

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    id: str
    created: bool


class Reading:
    """Reads the records of one object; keeps how each field is read."""

    def __init__(self, org: Org, sobject: SObject) -> None:
        self.org, self.sobject = org, sobject
        self._readers: dict[str, tuple[Field, Reader]] = {}

    def values(self, record: Mapping[str, Any], without: Collection[str] = ()) -> Values:
        """The values of a JSON record. Raises Refusal, or Problem for what the whole request fails of."""
        values: Values = {}
        for name, given in record.items():
            if name == "attributes" or name in without:
                continue
            known = self._readers.get(name) or self._learn(name)
            if known is None:
                self._follow(name, given, values)
                continue
            field, read = known
            try:
                values[field.name] = read(given)
            except NotThisType:
                raise parser_error(_badly_typed(field.type, given)) from None
        return values

    def _learn(self, name: str) -> tuple[Field, Reader] | None:
        field = self.sobject.find(name)
        if field is None:
            return None
        refuse_readonly(field)
        known = (field, json_reader(field))
        self._readers[name] = known
        return known

    def _follow(self, name: str, given: Any, values: Values) -> None:
        """A relationship with the parent's external id. One that is null is passed over."""
        field = self.sobject.relationships.get(name.lower())
        if field is None:
            raise no_such_column(name, self.sobject)
        if given is None:
            return
        if not isinstance(given, dict):
            raise parser_error(_badly_typed(field.reference_to or "reference", given))
        named = {one: value for one, value in given.items() if one != "attributes"}
        if len(named) != 1:
            raise Refusal("INVALID_FIELD", f"{name} must name its record by exactly one external id field", (name,))
        ((key, value),) = named.items()
        values[field.name] = resolve(self.org, self.sobject, field, key, value)


def resolve(org: Org, sobject: SObject, field: Field, key: str, value: Any) -> str:
    """The id of the parent that an external id names. Raises Refusal if it names none, or several."""
    target = org.schema.find(field.reference_to or "")
    by = target.find(key) if target else None
    if target is None or by is None or not by.identifies:
        message = f"Field name provided, {key} does not match an External ID for {field.reference_to}"
        raise Refusal("INVALID_FIELD", message)
    found = org.table(target).find(by, str(value)) if (sobject.name, field.name) not in org.broken else []
    if not found:
        message = f"Foreign key external ID: {value} not found for field {by.name} in entity {target.name}"
        raise Refusal("INVALID_FIELD", message)
    if len(found) > 1:
        raise several(found)
    return found[0]


def upsert(writes: Writes, table: Table, by: Field, key: Any, values: Values, *, only_update: bool = False) -> Written:
    """Insert, or update the one record with that external id. Raises Refusal if several have it."""
    if key is None or key == "":
        if by.name != "Id":
            raise Refusal("MISSING_ARGUMENT", f"{by.name} not specified", (by.name,))
        return Written(writes.insert(table, values), True)
    found = table.find(by, key)
    if len(found) > 1:
        raise several(found)
    if found:
        writes.update(table, found[0], values)
        return Written(found[0], False)
    if by.name == "Id":
        writes.update(table, key, values)  # says whether it was deleted or never there
    if only_update:
        raise Refusal("NOT_FOUND", "The requested resource does not exist", status=404)
    return Written(writes.insert(table, {**values, by.name: key}), True)


def several(ids: list[str]) -> Refusal:
    return Refusal("DUPLICATE_EXTERNAL_ID", f"more than one record found for external id field: [{', '.join(ids)}]")


def no_such_column(name: str, sobject: SObject) -> Refusal:
    return Refusal("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")


def refuse_readonly(field: Field) -> None:
    if field.readonly:
        message = (
            f"Unable to create/update fields: {field.name}. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set."
        )
        raise Refusal("INVALID_FIELD_FOR_INSERT_UPDATE", message, (field.name,))


_TOKENS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: f"VALUE_{str(value).upper()} value {str(value).lower()}"),
    (int, lambda value: f"VALUE_NUMBER_INT value {value}"),
    (str, lambda value: f"VALUE_STRING value {value}"),
    (dict, lambda value: "START_OBJECT value {"),
    (list, lambda value: "START_ARRAY value ["),
    (type(None), lambda value: "VALUE_NULL value null"),
)


def _badly_typed(wanted: str, given: Any) -> str:
    shown = next(
        (show(given) for kind, show in _TOKENS if isinstance(given, kind)), f"VALUE_NUMBER_FLOAT value {given}"
    )
    return f"Cannot deserialize instance of {wanted} from {shown} or request may be missing a required field"
