"""`extra`: what is left of a source record once everything that a column reads is taken out of it.

Taken out is only what was really read: where both spellings of a field stand in a record, the second stays. An
object of which everything was read is taken out too; one of which nothing can be read (a text where an object
was expected) stays whole. Keys are sorted, so that the source's order makes no change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ipaas_dagster.contracts.base import Collection, Column, Reading
from ipaas_dagster.contracts.cells import containers, json_key, literal, paths, quoted, read_columns
from ipaas_dagster.contracts.values import read


def extra(collection: Collection, rows: str, arrays: Iterable[str], always: Iterable[str]) -> str:
    """SQL that adds `extra` to split rows. `arrays` are the fields of children, which are no part of the
    record; `always` are SQL patches of the collection's own (an id that is read under conditions)."""
    first = ", ".join(["record", *_patches(collection, arrays), *always])
    emptied = [
        f"CASE WHEN is_empty(remains, {literal('$.' + json_key(container))}) THEN {removing(container)} ELSE '{{}}' END"
        for container in containers(collection)
    ]
    second = "remains"
    if emptied:  # told from the text first, which is cheaper than parsing it
        patched = f"json_merge_patch({', '.join(['remains', *emptied])})"
        second = f"CASE WHEN contains(remains::VARCHAR, ':{{}}') THEN {patched} ELSE remains END"
    return (
        f"SELECT *, sorted_json({second}) AS extra FROM (SELECT *, json_merge_patch({first}) AS remains FROM ({rows}))"
    )


def _patches(collection: Collection, arrays: Iterable[str]) -> list[str]:
    below = containers(collection)
    single = {c.source[0] for c in read_columns(collection) if len(c.source) == 1}
    if collection.id_field:
        single.add(collection.id_field)
    top = [p for p in paths(collection) if p in single and "." not in p and p not in below]
    patches = [removing(*top, *arrays)]
    patches += [_of_container(collection, c, [p for p in paths(collection) if p in single]) for c in below]
    for column in read_columns(collection):
        if len(column.source) > 1:
            patches.append(_of_spellings(collection, column))
    return patches


def _of_container(collection: Collection, container: str, single: list[str]) -> str:
    gone = [p for p in (*single, *collection.never_kept) if p.startswith(container + ".")]
    patch = removing(*gone) if gone else "'{}'"
    field = f"fields.{quoted(container)}"
    return f"CASE WHEN {field} IS NULL THEN {removing(container)} WHEN is_object({field}) THEN {patch} ELSE '{{}}' END"


def _of_spellings(collection: Collection, column: Column) -> str:
    """Takes out the path that was read, and those that hold nothing before it; all, where none holds anything."""
    used, below = read(column).used, containers(collection)
    whens = []
    for place, path in enumerate(column.source, start=1):
        before = [p for p in column.source[: place - 1] if _holder(p) in (None, _holder(path)) and p not in below]
        gone = [path] if column.reading is Reading.CURRENCY else [*before, path]
        whens.append(f"WHEN {used} = {place} {_in_objects(gone)} THEN {removing(*gone)}")
    inner = [p for p in column.source if p not in below]
    if inner:
        whens.append(f"WHEN {used} IS NULL {_in_objects(inner)} THEN {removing(*inner)}")
    return f"CASE {' '.join(whens)} ELSE '{{}}' END"


def _holder(path: str) -> str | None:
    return path.split(".")[0] if "." in path else None


def _in_objects(paths_: Iterable[str]) -> str:
    """A patch below a text would replace the text: only objects are patched."""
    holders = dict.fromkeys(holder for p in paths_ if (holder := _holder(p)))
    return "".join(f"AND is_object(fields.{quoted(holder)}) " for holder in holders)


def removing(*gone: str) -> str:
    """SQL of the patch that takes these paths out of a record."""
    patch: dict[str, Any] = {}
    for path in gone:
        *holders, name = path.split(".")
        place = patch
        for holder in holders:
            place = place.setdefault(holder, {})
        place[name] = None
    return literal(json.dumps(patch))
