"""Looking for secrets in everything below a folder, however they were written down."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import duckdb
import zstandard

ZSTD, GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
LEAST = 8
"""Shorter than that in any form, a hit would tell nothing."""


@dataclass(frozen=True)
class Hit:
    secret: str
    """Its name; the value is not to be printed either."""
    form: str
    where: str


def forms(value: str) -> dict[str, bytes]:
    """Every way in which the value is looked for, by its name."""
    plain = value.encode()
    found = {"plain": plain, "json": json.dumps(value)[1:-1].encode()}
    found |= {"json, unicode kept": json.dumps(value, ensure_ascii=False)[1:-1].encode()}
    found |= {"json in json": json.dumps(json.dumps(value)[1:-1])[1:-1].encode(), "repr": repr(value)[1:-1].encode()}
    found |= {"url": quote(value, safe="").encode(), "url, slashes kept": quote(value).encode()}
    found |= {"form": quote_plus(value).encode(), "url, lower": re.sub(rb"%..", _lower, quote(value, safe="").encode())}
    found |= {"xml": html.escape(value, quote=False).encode(), "html": html.escape(value).encode()}
    found |= {"hex": plain.hex().encode(), "HEX": plain.hex().upper().encode(), "utf-16": value.encode("utf-16-le")}
    for offset in range(3):
        core = _base64_core(plain, offset)
        found[f"base64 at {offset}"] = core
        found[f"base64url at {offset}"] = core.replace(b"+", b"-").replace(b"/", b"_")
    return {name: form for name, form in found.items() if len(form) >= LEAST}


def _lower(match: re.Match[bytes]) -> bytes:
    return match.group().lower()


def _base64_core(plain: bytes, offset: int) -> bytes:
    """What stays the same of its Base64, whatever stands around it, where it begins at `offset` of three bytes."""
    text = base64.b64encode(b"\x00" * offset + plain)
    head, tail = (0, 2, 3)[offset], (offset + len(plain)) % 3
    return text[head : len(text) - (4 if tail else 0)]


class Searcher:
    """`secrets`: name -> value."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names = {form: (name, how) for name, value in secrets.items() for how, form in forms(value).items()}
        self._pattern = re.compile(b"|".join(re.escape(form) for form in sorted(self._names, key=len, reverse=True)))

    def below(self, *folders: Path) -> list[Hit]:
        files = (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file())
        return [hit for file in files for hit in self.in_file(file)]

    def in_file(self, file: Path) -> list[Hit]:
        hits = list(self.in_bytes(file.read_bytes(), str(file)))
        hits += self.in_bytes(file.name.encode(), f"the name of {file}")
        for where, value in contents(file):
            hits += self.in_bytes(value, where)
        return list(dict.fromkeys(hits))

    def in_bytes(self, data: bytes, where: str) -> Iterator[Hit]:
        """Also in what was compressed, wherever it stands."""
        for match in self._pattern.finditer(data):
            yield Hit(*self._names[match.group()], where)
        for unpacked in _unpacked(data):
            yield from self.in_bytes(unpacked, f"{where}, unpacked")


def contents(file: Path) -> Iterator[tuple[str, bytes]]:
    """Every value of a database file, which stores texts in pieces or compressed."""
    with file.open("rb") as opened:
        head = opened.read(16)
    if head.startswith(b"SQLite format 3"):
        yield from _of_sqlite(file)
    elif head[8:12] == b"DUCK":
        yield from _of_duckdb(file)


def _of_sqlite(file: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = bytes
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            table = name.decode()
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from _values(f"{file}: {table}", row)


def _of_duckdb(file: Path) -> Iterator[tuple[str, bytes]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        for schema, table in tables:
            columns = "COLUMNS(*)::VARCHAR"
            for row in connection.execute(f'SELECT {columns} FROM "{schema}"."{table}"').fetchall():
                yield from _values(f"{file}: {schema}.{table}", row)


def _values(where: str, row: Iterable[object]) -> Iterator[tuple[str, bytes]]:
    for value in row:
        if isinstance(value, str):
            yield where, value.encode(errors="surrogatepass")
        elif isinstance(value, bytes):
            yield where, value


def _unpacked(data: bytes) -> Iterator[bytes]:
    if data.startswith(ZSTD):
        try:
            yield zstandard.ZstdDecompressor().decompressobj().decompress(data)
        except zstandard.ZstdError:
            return
    elif data.startswith(GZIP):
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return
    elif data[:1] == b"\x78" and len(data) > 2:
        try:
            yield zlib.decompress(data)
        except zlib.error:
            return
