"""The rows of a landing: SQL that reads its lines, and the records or array elements that stand on them.

Both kinds of rows have the same shape: line, element, observed_at, record, deleted, parent_hub_id,
parent_source_id and, for a child, one column `from <name>` per column inherited from its parent.
"""

from __future__ import annotations

from pathlib import Path

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.cells import cell, literal, quoted, split
from ipaas_dagster.contracts.values import hub_prefix, read


def lines(path: Path) -> str:
    """SQL of (line, observed_at, record, deleted); a line that is no JSON is a row of NULLs."""
    return (
        "SELECT line, make_timestamptz(observed_at) AS observed_at, record, deleted "
        f"FROM read_json({literal(str(path))}, format='newline_delimited', ignore_errors=true, "
        "columns={'line':'BIGINT','observed_at':'BIGINT','record':'JSON','deleted':'VARCHAR'})"
    )


def record_rows(landing: str) -> str:
    """One row per line of `landing` (see `lines`), tombstones and unreadable lines included."""
    return (
        "SELECT line, 0::INTEGER AS element, observed_at, record, deleted, "
        f"NULL::VARCHAR AS parent_hub_id, NULL::VARCHAR AS parent_source_id FROM ({landing})"
    )


def element_rows(parent: Collection, child: Collection, landing: str) -> str:
    """One row per element of the child's array, in every record of `landing` that has one."""
    inherited = [c for c in child.columns if c.inherits]
    fields = split(parent, f"SELECT * FROM ({landing}) WHERE json_type(record) = 'OBJECT'", [_array(child)])
    taken = "".join(
        f", {read(parent, parent.column(str(c.inherits))).value} AS {quoted('from ' + c.name)}"
        for c in inherited
    )
    kept = "".join(f", {quoted('from ' + c.name)}" for c in inherited)
    arrays = (
        f"SELECT line, observed_at, {source_id(parent)} AS parent_source_id{taken}, "
        f"json_transform(stated_array(fields.{quoted(_array(child))}), '[\"JSON\"]') AS elements FROM ({fields})"
    )
    return (
        "SELECT line, generate_subscripts(elements, 1)::INTEGER AS element, observed_at, "
        "unnest(elements) AS record, NULL::VARCHAR AS deleted, "
        f"{literal(hub_prefix(parent.source))} || parent_source_id AS parent_hub_id, parent_source_id{kept} "
        f"FROM ({arrays})"
    )


def source_id(collection: Collection) -> str:
    """SQL of the id of a split row as text; NULL where it cannot be read."""
    if collection.id_field is None:
        return "parent_source_id || '#' || element"
    read_id = f"read_id({cell(collection, collection.id_field)})"
    if collection.id_scope is None:
        return read_id
    return f"read_id({cell(collection, collection.id_scope)}) || ':' || {read_id}"


def _array(child: Collection) -> str:
    if child.array is None:
        raise ValueError(f"{child.name} has a parent and must name the array it stands in")
    return child.array
