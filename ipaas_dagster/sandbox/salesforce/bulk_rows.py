"""The rows of a bulk job's CSV: what the header names, and the values of a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from ipaas_dagster.sandbox.salesforce.ids import whole_id
from ipaas_dagster.sandbox.salesforce.org import Org
from ipaas_dagster.sandbox.salesforce.problems import Refusal
from ipaas_dagster.sandbox.salesforce.schema import Field, SObject
from ipaas_dagster.sandbox.salesforce.values import NotThisType, Reader, text_reader
from ipaas_dagster.sandbox.salesforce.writing import Values, refuse_readonly, resolve

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
NULL = "#N/A"


class BadUpload(Exception):
    """The upload as a whole cannot be done; the job fails with this message."""


def read_rows(body: bytes, delimiter: str, line_ending: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows. Raises BadUpload."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadUpload("ClientInputError : the upload is not UTF-8") from None
    first_line = text.partition("\n")[0]
    if first_line.endswith("\r") != (line_ending == "CRLF"):
        message = f"LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
        raise BadUpload(f"ClientInputError : {message}")
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter], strict=True)
    except (csv.Error, ValueError) as error:
        raise BadUpload(f"InvalidBatch : {error}") from None
    rows = [row for row in rows if row]
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise BadUpload(f"InvalidBatch : row {number} has {len(row)} columns, the header has {len(header)}")
    return header, rows


def write_rows(header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str, line_ending: str) -> bytes:
    """Everything in quotes."""
    text = io.StringIO(newline="")
    ending = LINE_ENDINGS[line_ending]
    writer = csv.writer(text, delimiter=DELIMITERS[delimiter], lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


class Columns:
    """What the columns of an upload are. An empty cell is passed over; #N/A empties the field."""

    def __init__(self, org: Org, sobject: SObject, header: Sequence[str]) -> None:
        """Raises BadUpload for a column that names nothing."""
        self._org, self._sobject = org, sobject
        self._plain: list[tuple[int, Field, Reader]] = []
        self._parents: list[tuple[int, Field, str]] = []
        for place, name in enumerate(header):
            self._add(place, name.strip())

    def names(self, name: str) -> bool:
        return any(field.name == name for _, field, _ in self._plain)

    def values(self, row: Sequence[str]) -> Values:
        """Raises Refusal."""
        values: Values = {}
        for place, field, read in self._plain:
            text = row[place]
            if not text:
                continue
            if text == NULL and field.type != "boolean":
                values[field.name] = None
                continue
            try:
                values[field.name] = read(text)
            except NotThisType:
                message = f"{field.label}: value not of required type: {text}"
                raise Refusal("INVALID_TYPE_ON_FIELD_IN_RECORD", message, (field.name,)) from None
        for place, field, key in self._parents:
            text = row[place]
            if text:
                values[field.name] = None if text == NULL else resolve(self._org, self._sobject, field, key, text)
        return values

    def _add(self, place: int, name: str) -> None:
        relationship, dot, key = name.partition(".")
        field = self._sobject.relationships.get(relationship.lower()) if dot else self._sobject.find(name)
        if field is None:
            raise BadUpload(f"InvalidBatch : Field name not found : {name}")
        if dot:
            self._parents.append((place, field, key))
        else:
            self._plain.append((place, field, _reader(field)))


def _reader(field: Field) -> Reader:
    if field.name == "Id":
        return _read_id
    if field.readonly:
        return lambda text: refuse_readonly(field)
    return text_reader(field)


def _read_id(text: str) -> str:
    found = whole_id(text)
    if found is None:
        raise Refusal("MALFORMED_ID", f"malformed id {text}", ("Id",))
    return found
