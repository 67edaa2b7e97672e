"""The candidates of a collection: every landed record as typed columns, with what could not be read of it.

Beside the columns of `staged_<collection>` a candidate has: `reasons` (why it cannot be read; NULL where it
can), `noted` (field and reason of each warning found while reading), `deleted` (a tombstone's hub id) and
`array_<child>` (the array of a child's records). `private` names them; they are dropped in the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.contracts import collection as declared
from ipaas_dagster.contracts.base import WHOLE_RECORD, Collection, Column
from ipaas_dagster.contracts.cells import cell, containers, literal, quoted, read_columns, split
from ipaas_dagster.contracts.extra import extra, removing
from ipaas_dagster.contracts.landed import array_column, array_field, source_id
from ipaas_dagster.contracts.repeated import Keys, holds_a_key_twice
from ipaas_dagster.contracts.types import duckdb_type
from ipaas_dagster.contracts.values import Value, hub_prefix, read, reason, with_values
from ipaas_dagster.records import UNREADABLE


def private(children: Sequence[Collection]) -> tuple[str, ...]:
    return ("reasons", "noted", "deleted", *(array_column(child) for child in children))


def candidates(
    collection: Collection, rows: str, children: Sequence[Collection] = (), familiar: Sequence[Keys] = ()
) -> str:
    """SQL of the candidates in `rows` (see `landed`), in the columns and order of the staged table; `familiar` are
    the keys that most of their records have."""
    arrays = [array_field(child) for child in children]
    values = {c.name: read(c, _prefix(c)) for c in read_columns(collection)}
    body = _with_extra(collection, split(collection, rows, arrays), arrays)
    body = with_values(body, values.values())
    columns = ", ".join(
        f"({_value(collection, c, values)})::{duckdb_type(c.type)} AS {quoted(c.name)}" for c in collection.columns
    )
    stated = "".join(f", {_array(child)} AS {array_column(child)}" for child in children)
    typed = (
        f"SELECT line, element, observed_at, {source_id(collection)} AS source_id, parent_hub_id, "
        f"{_removed(collection)} AS removed, {columns}, extra, "
        f"{_reasons(collection, values, children, familiar)} AS reasons, "
        f"{_noted(collection, children)} AS noted, deleted{stated} FROM ({body})"
    )
    names = ", ".join(quoted(c.name) for c in collection.columns)
    return (
        f"SELECT line, element, observed_at, {literal(hub_prefix(collection.source))} || source_id AS hub_id, "
        f"source_id, parent_hub_id, removed, {names}, extra, {_content_hash(collection)} AS content_hash, "
        f"{', '.join(private(children))} FROM ({typed})"
    )


def _prefix(column: Column) -> str | None:
    return hub_prefix(declared(column.references).source) if column.references else None


def _with_extra(collection: Collection, rows: str, arrays: Sequence[str]) -> str:
    if any(c.source == (WHOLE_RECORD,) for c in collection.columns):
        return f"SELECT *, '{{}}'::JSON AS extra FROM ({rows})"
    own = [
        f"CASE WHEN {c} IS NULL OR read_id({c}) = parent_source_id THEN {removing(path)} ELSE '{{}}' END"
        for path, c in _stated_parents(collection)
    ]
    return extra(collection, rows, arrays, own)


def _stated_parents(collection: Collection) -> list[tuple[str, str]]:
    """(path, cell) of what a child's record itself says of its parent: the enclosing record holds."""
    if collection.parent_column is None:
        return []
    return [(p, cell(p)) for p in collection.column(collection.parent_column).source]


def _value(collection: Collection, column: Column, values: dict[str, Value]) -> str:
    if column.name == collection.parent_column:
        return "parent_hub_id"
    if column.name == collection.number_column:
        return "element"
    if column.source == (WHOLE_RECORD,):
        return "sorted_json(record)"
    value = values[column.name]
    if column.inherits:
        return f"CASE WHEN {value.raw} IS NULL THEN {quoted('from ' + column.name)} ELSE {value.name} END"
    return value.name


def _content_hash(collection: Collection) -> str:
    """Over the values as a JSON list, which tells null, empty and the borders between values apart."""
    values = ", ".join(quoted(c.name) for c in collection.columns)
    return f"sha256(json_array({values}, extra)::VARCHAR)"


def _removed(collection: Collection) -> str:
    if collection.removed_field is None:
        return "false"
    return f"coalesce(read_boolean({cell(collection.removed_field)}), false)"


def _array(child: Collection) -> str:
    return f"stated_array(fields.{quoted(array_field(child))})"


def _reasons(
    collection: Collection, values: dict[str, Value], children: Sequence[Collection], familiar: Sequence[Keys]
) -> str:
    """A list of texts, or NULL. A record that says it is gone needs only its id: it may be deleted anyhow."""
    needed = _id_reasons(collection)
    others = [reason(value) for value in values.values()]
    others += [_of_container(collection, c) for c in containers(collection) if not _is_value(collection, c)]
    others += [_of_array(child) for child in children]
    unreadable = literal(f'"{UNREADABLE}":"')
    return (
        "CASE WHEN deleted IS NOT NULL THEN NULL "
        "WHEN record IS NULL THEN ['record: null is not an object'] "
        "WHEN NOT is_object(record) THEN ['record: ' || shown(record) || ' is not an object'] "
        f"WHEN contains(record::VARCHAR, {unreadable}) THEN ['record: ' || (record->>{literal('$.' + UNREADABLE)})] "
        f"WHEN {holds_a_key_twice(familiar)} THEN ['record: holds a key twice'] "
        f"WHEN {_removed(collection)} THEN {_listed(needed)} ELSE {_listed([*needed, *others])} END"
    )


def _listed(reasons: Sequence[str]) -> str:
    if not reasons:
        return "NULL"
    found = f"list_filter([{', '.join(reasons)}], lambda r: r IS NOT NULL)"
    return f"CASE WHEN coalesce({', '.join(reasons)}, NULL) IS NOT NULL THEN {found} END"


def _id_reasons(collection: Collection) -> list[str]:
    reasons = []
    for path in (collection.id_scope, collection.id_field):
        if path is not None:
            c = cell(path)
            reasons.append(
                f"CASE WHEN {c} IS NULL THEN {literal(path + ': is missing')} WHEN read_id({c}) IS NULL "
                f"THEN {literal(path + ': ')} || shown({c}) || ' is not an id (a whole number above 0, or text)' END"
            )
    if collection.removed_field is not None:
        c, path = cell(collection.removed_field), collection.removed_field
        reasons.append(
            f"CASE WHEN {c} IS NOT NULL AND read_boolean({c}) IS NULL "
            f"THEN {literal(path + ': ')} || shown({c}) || ' is neither true nor false' END"
        )
    return reasons


def _is_value(collection: Collection, path: str) -> bool:
    return any(path in column.source for column in collection.columns)


def _of_container(collection: Collection, container: str) -> str:
    field = f"fields.{quoted(container)}"
    return (
        f"CASE WHEN NOT is_object({field}) AND NOT is_text({field}) "
        f"THEN {literal(container + ': ')} || shown({field}) || ' is not an object' END"
    )


def _of_array(child: Collection) -> str:
    field = f"fields.{quoted(array_field(child))}"
    return (
        f"CASE WHEN {field} IS NOT NULL AND {_array(child)} IS NULL "
        f"THEN {literal(f'{child.array}: ')} || shown({field}) || ' is not a list' END"
    )


def _noted(collection: Collection, children: Sequence[Collection]) -> str:
    notes = [
        (
            container,
            f"is_text(fields.{quoted(container)})",
            "'is text, not an object: kept in extra'",
        )
        for container in containers(collection)
        if not _is_value(collection, container)
    ]
    notes += [
        (
            path,
            f"read_id({c}) <> parent_source_id",
            f"shown({c}) || ' is not the record it stands in (' || parent_source_id || '), which holds'",
        )
        for path, c in _stated_parents(collection)
    ]
    notes += [
        (
            str(child.array),
            f"record IS NOT NULL AND fields.{quoted(array_field(child))} IS NULL",
            literal(f"is missing or null: the {child.name} are left as they are"),
        )
        for child in children
    ]
    if not notes:
        return "NULL::STRUCT(field VARCHAR, reason VARCHAR)[]"
    listed = ", ".join(
        f"CASE WHEN {when} THEN {{'field': {literal(field)}, 'reason': {reason}}} END" for field, when, reason in notes
    )
    return (
        f"CASE WHEN {' OR '.join(f'coalesce({w}, false)' for _, w, _ in notes)} "
        f"THEN list_filter([{listed}], lambda n: n IS NOT NULL) END"
    )
