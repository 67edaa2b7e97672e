"""The three formats of a batch. Each line says hub_id, operation, seq and version; an upsert has the record's fields.

    jsonl     {"hub_id":..,"operation":"upsert","seq":..,"version":..,"record":{..}}; a delete has no record
    csv       columns hub_id, operation, seq, version, then the fields; text always in quotes, a null is nothing
              between the commas, so that it differs from the empty text ""; JSON as JSON text; UTF-8, RFC 4180
    parquet   the same columns with their types (BIGINT, DOUBLE, BOOLEAN, TIMESTAMPTZ, text)

Times are ISO 8601 in UTC where the format has no times; decimals are text. In `csv` and `parquet` the record's key
field is the column hub_id; another field named as one of the first four is written as `record_<name>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.contracts.types import duckdb_type
from ipaas_dagster.destinations.base import Entry, Shape

FORMATS = ("jsonl", "csv", "parquet")
_LINE: dict[str, Type] = {
    "hub_id": Type.TEXT,
    "operation": Type.TEXT,
    "seq": Type.INTEGER,
    "version": Type.INTEGER,
}

Line = tuple[str, str, dict[str, Any] | None]
"""(hub id, operation, record or None for a delete)"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def write_batch(format: str, path: Path, shape: Shape, entries: Sequence[Entry]) -> None:
    _WRITERS[format](path, shape, entries)


def read_batch(format: str, path: Path, shape: Shape | None) -> Iterator[Line]:
    """Lines in the batch's order. `shape` gives JSON fields of csv and parquet their values back; without it they
    stay text."""
    return _read_jsonl(path) if format == "jsonl" else _read_columns(format, path, shape)


def _write_jsonl(path: Path, shape: Shape, entries: Sequence[Entry]) -> None:
    with path.open("wb") as file:
        for entry in entries:
            line = _head(entry)
            if entry.payload is not None:
                line["record"] = entry.payload
            file.write(_encode(line) + b"\n")


def _read_jsonl(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for text in file:
            line = _decode(text)
            yield line["hub_id"], line["operation"], line.get("record")


def columns(shape: Shape) -> dict[str, tuple[str, Type]]:
    """Column of csv and parquet -> (field of the record, type), without those of every line."""
    fields = {name: type_ for name, type_ in shape.fields.items() if name != (shape.key or "hub_id")}
    return {f"record_{name}" if name in _LINE else name: (name, type_) for name, type_ in fields.items()}


def _write_csv(path: Path, shape: Shape, entries: Sequence[Entry]) -> None:
    named = columns(shape)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(map(_csv, [*_LINE, *named])) + "\r\n")
        for entry in entries:
            payload = entry.payload or {}
            values = [payload.get(name) for name, _ in named.values()]
            file.write(",".join(map(_csv, [*_head(entry).values(), *values])) + "\r\n")


def _csv(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return '"' + _text(value).replace('"', '""') + '"'


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else _encode(value).decode()


def _write_parquet(path: Path, shape: Shape, entries: Sequence[Entry]) -> None:
    """Through a csv beside it, which DuckDB reads with the types given."""
    import duckdb

    types = {**_LINE, **{column: type_ for column, (_, type_) in columns(shape).items()}}
    between = path.with_name(path.name + ".csv")
    try:
        _write_csv(between, shape, entries)
        with duckdb.connect(config={"threads": 1}) as connection:
            declared = ", ".join(f"{_name(name)}: '{_duckdb(type_)}'" for name, type_ in types.items())
            connection.execute(
                f"COPY (FROM read_csv({_name(str(between))}, {_CSV}, columns = {{{declared}}})) "
                f"TO {_name(str(path))} (FORMAT parquet, COMPRESSION zstd)"
            )
    finally:
        between.unlink(missing_ok=True)


_CSV = (
    "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false, "
    "auto_detect = false, max_line_size = 64000000, parallel = false"
)


def _read_columns(format: str, path: Path, shape: Shape | None) -> Iterator[Line]:
    import duckdb

    named = columns(shape) if shape else {}
    source = f"read_parquet({_name(str(path))})"
    if format == "csv":
        source = f"read_csv({_name(str(path))}, {_CSV}, columns = {{{_declared(path, named)}}})"
    with duckdb.connect(config={"threads": 1}) as connection:
        rows = connection.execute(f"FROM {source}")
        names = [column[0] for column in rows.description or ()]
        while some := rows.fetchmany(2_000):
            for row in some:
                yield _line(dict(zip(names, row, strict=True)), named, shape)


def _declared(path: Path, named: dict[str, tuple[str, Type]]) -> str:
    """The columns that the file's own header names, with the types they were written from."""
    with path.open(encoding="utf-8", newline="") as file:
        header = file.readline().strip()[1:-1].split('","')
    types = {**_LINE, **{column: type_ for column, (_, type_) in named.items()}}
    return ", ".join(f"{_name(n)}: '{_duckdb(types.get(n, Type.TEXT))}'" for n in header)


def _line(row: dict[str, Any], named: dict[str, tuple[str, Type]], shape: Shape | None) -> Line:
    hub_id, operation = str(row["hub_id"]), str(row["operation"])
    if operation == "delete":
        return hub_id, operation, None
    key = (shape.key if shape else None) or "hub_id"
    record: dict[str, Any] = {key: hub_id}
    for column, value in row.items():
        if column in _LINE:
            continue
        name, type_ = named.get(column, (column.removeprefix("record_"), Type.TEXT))
        record[name] = _decode(value) if type_ is Type.JSON and value is not None else _plain(value)
    return hub_id, operation, record


def _plain(value: Any) -> Any:
    """Times as the ISO text that jsonl has, so that the three formats fold to the same records."""
    from datetime import UTC

    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _duckdb(type_: Type) -> str:
    return "VARCHAR" if type_ is Type.JSON else duckdb_type(type_)


def _name(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _head(entry: Entry) -> dict[str, Any]:
    return {"hub_id": entry.hub_id, "operation": entry.operation, "seq": entry.seq, "version": entry.version}


_WRITERS: dict[str, Callable[[Path, Shape, Sequence[Entry]], None]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "parquet": _write_parquet,
}
