"""Which fields of a source record a collection reads, and the SQL of each one's JSON (a cell).

A cell is the JSON text of one field, and SQL NULL where the field is missing or null. Fields lie at the top of
the record or one name deeper (`billing_address.city`); the objects in between are called containers.
"""

from __future__ import annotations

from collections.abc import Iterable

from ipaas_dagster.contracts.base import WHOLE_RECORD, Collection, Column


def quoted(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A SQL string."""
    return "'" + text.replace("'", "''") + "'"


def json_key(name: str) -> str:
    return '"' + name.replace('"', '\\"') + '"'


def read_columns(collection: Collection) -> tuple[Column, ...]:
    """The columns that are read from fields of the record: not those that its place in the parent gives."""
    given = {collection.parent_column, collection.number_column}
    return tuple(c for c in collection.columns if c.name not in given and c.source != (WHOLE_RECORD,))


def paths(collection: Collection) -> tuple[str, ...]:
    """Every path that the collection reads as a value, each once, in order of declaration."""
    special = (collection.id_scope, collection.id_field, collection.removed_field)
    found = [path for path in special if path]
    for column in collection.columns:
        found += [path for path in column.source if path != WHOLE_RECORD]
    return tuple(dict.fromkeys(found))


def containers(collection: Collection) -> dict[str, tuple[str, ...]]:
    """Container -> the names read below it."""
    below: dict[str, list[str]] = {}
    for path in paths(collection):
        if "." in path:
            container, name = path.split(".")
            below.setdefault(container, []).append(name)
    return {container: tuple(names) for container, names in below.items()}


def cell(path: str) -> str:
    """The SQL of the cell at `path`, over a row made by `split`."""
    return quoted("at " + path)


def split(collection: Collection, rows: str, arrays: Iterable[str] = ()) -> str:
    """SQL that adds to `rows` (with a column `record`) its cells, and the struct `fields` with those at the top.

    A record that is no object gives a NULL struct, so that its cells are NULL. Each step stands in a query of
    its own: DuckDB would compute again, in every CASE that needs it, what is not a column yet.
    """
    names = dict.fromkeys([*(p.split(".")[0] for p in paths(collection)), *arrays])
    fields = f"json_transform(record, {_structure(names)})" if names else "NULL"
    nested = "".join(
        f", json_transform(fields.{quoted(c)}, {_structure(below)}) AS {quoted('in ' + c)}"
        for c, below in containers(collection).items()
    )
    cells = "".join(f", {_extracted(collection, p)} AS {cell(p)}" for p in paths(collection))
    return f"SELECT *{cells} FROM (SELECT *{nested} FROM (SELECT *, {fields} AS fields FROM ({rows})))"


def _extracted(collection: Collection, path: str) -> str:
    if "." in path:
        container, name = path.split(".")
        return f"{quoted('in ' + container)}.{quoted(name)}"
    field = f"fields.{quoted(path)}"
    return f"CASE WHEN NOT is_object({field}) THEN {field} END" if path in containers(collection) else field


def _structure(names: Iterable[str]) -> str:
    return literal("{" + ",".join(f'{json_key(name)}:"JSON"' for name in names) + "}")
