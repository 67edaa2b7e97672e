"""An answer's body -> records as slices of bytes, without parsing the records themselves.

Lists come as `{"count": n, "results": [...]}` or as a bare list; both are read everywhere. Bodies are
UTF-8; other encodings are recoded where they say what they are. A body that is nearly JSON (NaN, a lone
surrogate, a raw control character, a record nested too deep) is read record by record (`lenient`), which says so.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from ipaas_dagster.source.lenient import LARGEST, NotWhole, is_handy, members, parts, readable
from ipaas_dagster.source.redaction import has_long_digits

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_MULTIBYTE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")
"""A letter in UTF-8: where a page has one, it is not in an older encoding, but only partly wrong."""
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


class BrokenBody(Exception):
    """The body is not what the protocol promises: cut, not JSON, or of another shape. Worth another try."""


class _Envelope(msgspec.Struct, gc=False):
    results: list[msgspec.Raw]
    count: msgspec.Raw = msgspec.Raw(b"null")


_envelope = msgspec.json.Decoder(_Envelope).decode


class _WithId(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"null")


@dataclass(frozen=True)
class Body:
    """`records` as received (compacted to one line each); `count` as the server says, None where it says
    nothing readable; `enveloped` tells `{"results"}` from a bare list, `single` one record by itself."""

    records: Sequence[bytes]
    count: int | None = None
    enveloped: bool = False
    single: bool = False
    notes: tuple[str, ...] = ()
    text: bytes = b""
    """The body as UTF-8, of which the records are slices."""
    redacted: Mapping[str, int] = field(default_factory=dict)
    """Field -> how often something was removed there."""
    familiar: bool = False
    """Its names are known to be harmless, its records are no deeper than usual, and it has no long digits."""


Knows = Callable[[bytes], bool]
"""knows(page) -> whether all its names are known to be harmless (`familiar`)."""


def _knows_nothing(page: bytes) -> bool:
    return False


def parse_list(body: bytes, content_type: str = "", *, lenient: bool = False, knows: Knows = _knows_nothing) -> Body:
    """Raises BrokenBody where the body is no list of records."""
    found = _parse(body, content_type, lenient, knows)
    if found.single:
        raise BrokenBody("an object without `results` where a list was expected")
    return found


def parse_any(body: bytes, content_type: str = "", *, lenient: bool = False) -> Body:
    """As `parse_list`, but an object without `results` is one record."""
    return _parse(body, content_type, lenient)


def record_id(record: bytes) -> str | None:
    """The record's `id` as text (`42`, `abc`); None where it has none."""
    try:
        raw = bytes(msgspec.json.decode(record, type=_WithId).id)
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if raw == b"null" else raw.strip(b'"').decode(errors="replace")


def _parse(body: bytes, content_type: str, lenient: bool, knows: Knows = _knows_nothing) -> Body:
    text, notes = _utf8(body, content_type, lenient)
    try:
        found = _sliced(text, notes) if not lenient else _leniently(text, notes)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BrokenBody(f"not JSON: {error}") from None
    except NotWhole:
        raise BrokenBody("cut, or not JSON") from None
    if not lenient and len(text) <= LARGEST and knows(text) and not has_long_digits(text):
        return replace(found, familiar=True)
    return replace(found, records=[r if is_handy(r) else readable(r)[0] for r in found.records])


def _leniently(text: bytes, notes: tuple[str, ...]) -> Body:
    start = text.lstrip()[:1]
    if start not in (b"[", b"{"):
        raise BrokenBody("neither a JSON object nor a list" if start else "an empty body")
    envelope = members(text) if start == b"{" else {}
    results = envelope.get(b"results", text)
    results = b"[]" if results == b"null" else results
    single = start == b"{" and b"results" not in envelope
    if not single and results[:1] != b"[":
        raise BrokenBody("`results` is not a list")
    read = [readable(record) for record in ([text.strip()] if single else parts(results))]
    done = ", ".join(sorted({said for _, said in read if said})) or "which changed nothing"
    notes = (*notes, f"a page was not valid JSON; it was read leniently, {done}")
    records = _lines([msgspec.Raw(record) for record, _ in read])
    count = _count(msgspec.Raw(envelope[b"count"])) if b"count" in envelope else None
    return Body(records, count, enveloped=b"results" in envelope, single=single, notes=notes, text=b"\n".join(records))


def _sliced(text: bytes, notes: tuple[str, ...]) -> Body:
    start = text.lstrip()[:1]
    if start == b"[":
        return Body(_lines(_list(text)), notes=notes, text=text)
    if start != b"{":
        raise BrokenBody("neither a JSON object nor a list" if start else "an empty body")
    try:
        usual = _envelope(text)
        return Body(_lines(usual.results), _count(usual.count), enveloped=True, notes=notes, text=text)
    except msgspec.ValidationError:
        pass  # of another shape: taken apart step by step
    envelope = _object(text)
    if "results" not in envelope:
        return Body(_lines([msgspec.Raw(text.strip())]), single=True, notes=notes, text=text)
    results, count = bytes(envelope["results"]), _count(envelope.get("count"))
    if results == b"null":
        if count:  # a server in trouble; one that means it says so again, and is then read leniently
            raise BrokenBody(f"`results` is null, although `count` is {count}")
        results = b"[]"
    if results[:1] != b"[":
        raise BrokenBody("`results` is not a list")
    return Body(_lines(_list(results)), count, enveloped=True, notes=notes, text=text)


def _lines(records: Sequence[msgspec.Raw]) -> list[bytes]:
    """Line breaks stand only between the tokens of valid JSON, never inside its strings."""
    return [_one_line(line) if b"\n" in line or b"\r" in line else line for line in map(bytes, records)]


def _one_line(line: bytes) -> bytes:
    return line.replace(b"\r", b" ").replace(b"\n", b" ")


def _count(raw: msgspec.Raw | None) -> int | None:
    try:
        count = int(bytes(raw).strip(b'"')) if raw is not None else None
    except ValueError:
        return None
    return count if count is not None and count >= 0 else None


def _utf8(body: bytes, content_type: str, lenient: bool) -> tuple[bytes, tuple[str, ...]]:
    if body.isascii() and b"\x00" not in body[:4]:
        return body, ()
    name: str = "utf-8-sig" if body.startswith(codecs.BOM_UTF8) else json.detect_encoding(body)
    declared = _CHARSET.search(content_type)
    if name == "utf-8" and declared and _known(declared[1]) not in ("utf-8", None):
        name = declared[1]
    try:
        text = body.decode(name)
    except (UnicodeDecodeError, LookupError):
        if not lenient:
            raise BrokenBody(f"the text is not {name}") from None
        if name.startswith("utf-8") and _MULTIBYTE.search(body):
            return body, ("a record was not UTF-8; what is no character was replaced",)
        return body.decode("cp1252", errors="replace").encode(), ("a page was not UTF-8; read as Windows-1252",)
    return (body, ()) if name == "utf-8" else (text.encode("utf-8", errors="replace"), ())


def _known(charset: str) -> str | None:
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return None
