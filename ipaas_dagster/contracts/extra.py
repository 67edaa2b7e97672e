"""`extra`: what is left of a source record once everything that a column reads is taken out of it.

Taken out is only what was really read: where both spellings of a field stand in a record, the second stays. An
object of which everything was read is taken out too; one of which nothing can be read (a text where an object
was expected) stays whole. Keys are sorted, so that the source's order makes no change.
"""

from __future__ import annotations

from collections.abc import Iterable

from ipaas_dagster.contracts.base import Collection, Column
from ipaas_dagster.contracts.cells import cell, containers, json_key, literal, paths, quoted, read_columns
from ipaas_dagster.contracts.values import read


def extra(collection: Collection, rows: str, arrays: Iterable[str], always: Iterable[str]) -> str:
    """SQL that adds `extra` to split rows. `arrays` are the fields of children, which are no part of the
    record; `always` are SQL patches of the collection's own (an id that is read under conditions)."""
    first = ", ".join(["record", *_patches(collection, arrays), *always])
    emptied = [
        f"CASE WHEN json_extract(remains, {literal('$.' + json_key(container))})::VARCHAR = '{{}}' "
        f"THEN {removing(container)} ELSE '{{}}' END"
        for container in containers(collection)
    ]
    second = f"json_merge_patch({', '.join(['remains', *emptied])})" if emptied else "remains"
    return (
        f"SELECT *, sorted_json({second}) AS extra FROM "
        f"(SELECT *, json_merge_patch({first}) AS remains FROM ({rows}))"
    )


def _patches(collection: Collection, arrays: Iterable[str]) -> list[str]:
    below = containers(collection)
    single = {c.source[0] for c in read_columns(collection) if len(c.source) == 1}
    if collection.id_field:
        single.add(collection.id_field)
    top = [p for p in paths(collection) if p in single and "." not in p and p not in below]
    patches = [literal("{" + ",".join(f"{json_key(p)}:null" for p in [*top, *arrays]) + "}")]
    patches += [_of_container(collection, c, [p for p in paths(collection) if p in single]) for c in below]
    for column in read_columns(collection):
        if len(column.source) > 1:
            patches += _of_spellings(collection, column)
    return patches


def _of_container(collection: Collection, container: str, single: list[str]) -> str:
    gone = [p for p in (*single, *collection.never_kept) if p.startswith(container + ".")]
    inner = ",".join(f"{json_key(p.split('.')[1])}:null" for p in dict.fromkeys(gone))
    patch = literal("{" + f"{json_key(container)}:{{{inner}}}" + "}")
    field = f"fields.{quoted(container)}"
    return (
        f"CASE WHEN {field} IS NULL THEN {removing(container)} "
        f"WHEN json_type({field}) = 'OBJECT' THEN {patch} ELSE '{{}}' END"
    )


def _of_spellings(collection: Collection, column: Column) -> list[str]:
    """A path goes if it is the one that was read, or holds nothing."""
    used, below = read(collection, column).used, containers(collection)
    patches = []
    for place, path in enumerate(column.source, start=1):
        gone = f"{used} = {place}"
        if path not in below:
            gone = f"({gone} OR {cell(collection, path)} IS NULL)"
        if "." in path:
            gone += f" AND json_type(fields.{quoted(path.split('.')[0])}) = 'OBJECT'"
        patches.append(f"CASE WHEN {gone} THEN {removing(path)} ELSE '{{}}' END")
    return patches


def removing(path: str) -> str:
    patch = "null"
    for name in reversed(path.split(".")):
        patch = "{" + f"{json_key(name)}:{patch}" + "}"
    return literal(patch)
