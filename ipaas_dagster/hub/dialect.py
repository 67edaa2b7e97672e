"""The few expressions that stores write differently; all other SQL of the hub is the same in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ipaas_dagster.contracts.base import Collection, Type

Fields = Sequence[tuple[str, Type]]
"""Columns of a hub table, with what they hold."""


def record_fields(collection: Collection) -> list[tuple[str, Type]]:
    """What a version's record JSON is made of, in its order."""
    declared = [(column.name, column.type) for column in collection.columns]
    return [("hub_id", Type.TEXT), ("source_id", Type.TEXT), *declared, ("extra", Type.JSON)]


class Dialect(Protocol):
    """Each method gives SQL. Its words: `time`, `text` are expressions, `row` is a table's alias."""

    text: str
    """The type of text columns: its order is that of the bytes."""

    json: str
    """The type of JSON columns, with how they are to be stored."""

    arrival: str
    """A column of every table that orders rows as they were written, where none was changed since."""

    place: str
    """What finds a row of a table again in the transaction that has read it, as long as it was not changed."""

    def micros(self, time: str) -> str:
        """Microseconds since 1970, a BIGINT."""

    def sha256(self, text: str) -> str:
        """The digest of a text in UTF-8, as hexadecimal text."""

    def bits(self, double: str) -> str:
        """The 64 bits of a double, as text of 0 and 1."""

    def number(self, digits: str) -> str:
        """A BIGINT of fifteen hexadecimal digits."""

    def json_text(self, row: str, fields: Fields) -> str:
        """These columns as one JSON object, its text; times as `2026-01-31 12:00:00+00`."""

    def named(self, record: str, column: str) -> str:
        """The text that a record's JSON holds under `column`."""

    def staged_record(self, collection: Collection) -> str:
        """The record JSON of the staged row `s`."""

    def ended_record(self, collection: Collection) -> str:
        """The record JSON of the row `s` of the collection that is deleted by the change `v`: its last live state."""

    def unpacked(self, table: str, columns: Mapping[str, str]) -> str:
        """A FROM item of `table`, whose JSON object `fields` is there as columns of text, `fields."name"`."""


class DuckDB:
    # Left to itself, DuckDB compresses records to twice this size, in twice the time.
    text, json, arrival = "VARCHAR", "JSON USING COMPRESSION zstd", "rowid"
    place = "rowid"  # there is no index, and to look through texts takes five times as long

    def micros(self, time: str) -> str:
        return f"epoch_us({time})"

    def sha256(self, text: str) -> str:
        return f"sha256({text})"

    def bits(self, double: str) -> str:
        return f"{double}::BIT::VARCHAR"

    def number(self, digits: str) -> str:
        return f"('0x' || {digits})::BIGINT"

    def json_text(self, row: str, fields: Fields) -> str:
        packed = ", ".join(f'"{name}" := {row}."{name}"' for name, _ in fields)
        return f"to_json(struct_pack({packed}))::VARCHAR"

    def named(self, record: str, column: str) -> str:
        return f"{record} ->> '$.{column}'"

    def staged_record(self, collection: Collection) -> str:
        return self.json_text("s", record_fields(collection))

    def ended_record(self, collection: Collection) -> str:
        return self.json_text("s", record_fields(collection))

    def unpacked(self, table: str, columns: Mapping[str, str]) -> str:
        form = ", ".join(f'"{column}":"VARCHAR"' for column in columns)
        return f"(SELECT * EXCLUDE (fields), from_json(fields, '{{{form}}}') AS fields FROM {table})"


STAGED_RECORD = "version_record"
"""Staged rows travel to another store with their record JSON, so that its text is the same in every store."""

# PostgreSQL takes no U+0000 out of JSON: `->>` would fail on a record that holds one in any field. Ids hold none.
_NO_NUL = r"regexp_replace({}::text, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g')::json"


class PostgreSQL:
    text, json, arrival = 'VARCHAR COLLATE "C"', "JSON", "ctid"
    place = "hub_id"

    def micros(self, time: str) -> str:
        return f"(extract(epoch FROM {time}) * 1000000)::BIGINT"

    def sha256(self, text: str) -> str:
        return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"

    def bits(self, double: str) -> str:
        return f"('x' || encode(float8send({double}), 'hex'))::bit(64)::text"

    def number(self, digits: str) -> str:
        return f"('x0' || {digits})::bit(64)::BIGINT"

    def json_text(self, row: str, fields: Fields) -> str:
        shown = ", ".join(f'{row}."{name}"{"::text" if kind is Type.TIME else ""} AS "{name}"' for name, kind in fields)
        return f"(SELECT row_to_json(r) FROM (SELECT {shown}) r)::text"

    def named(self, record: str, column: str) -> str:
        return (
            f"CASE WHEN strpos({record}::text, '\\u0000') = 0 THEN {record} ->> '{column}' "
            f"ELSE {_NO_NUL.format(record)} ->> '{column}' END"
        )

    def staged_record(self, collection: Collection) -> str:
        return f"s.{STAGED_RECORD}"

    def ended_record(self, collection: Collection) -> str:
        return (
            f"(SELECT p.record FROM hub.versions p WHERE p.collection = '{collection.name}' "
            "AND p.hub_id = s.hub_id AND p.version = v.version - 1)"
        )

    def unpacked(self, table: str, columns: Mapping[str, str]) -> str:
        form = ", ".join(f'"{column}" text' for column in columns)
        return f"{table}, json_to_record({table}.fields) AS fields({form})"
