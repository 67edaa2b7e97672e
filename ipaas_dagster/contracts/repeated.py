"""Records that hold a key twice: which of the two values holds, nobody can say.

To compare the keys of each record with one another is a fifth of the work of reading it. Most records of a landing have
the same keys in the same order, so those of its first records are looked at once, and the others compared with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ipaas_dagster.contracts.cells import literal

if TYPE_CHECKING:
    import duckdb

Keys = tuple[str, ...]

_LOOKED_AT, _KEPT = 500, 8
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def familiar_keys(con: duckdb.DuckDBPyConnection, rows: str) -> list[Keys]:
    """The lists of keys, none with one twice, that the first records of `rows` have."""
    found = con.execute(
        f"SELECT json_keys(record) AS keys FROM (SELECT record FROM ({rows}) LIMIT {_LOOKED_AT}) "
        "WHERE json_type(record) = 'OBJECT' GROUP BY keys ORDER BY count(*) DESC, keys"
    ).fetchall()
    lists = [tuple(keys) for (keys,) in found]
    return [keys for keys in lists if len(set(keys)) == len(keys) and all(map(_PLAIN.fullmatch, keys))][:_KEPT]


def holds_a_key_twice(familiar: Sequence[Keys]) -> str:
    """SQL: whether the object `record` does. `familiar` only makes it faster."""
    once = "list_unique(json_keys(record)) <> len(json_keys(record))"
    lists = ", ".join(f"[{', '.join(map(literal, keys))}]" for keys in familiar if keys)
    return f"json_keys(record) NOT IN ({lists}) AND {once}" if lists else once
