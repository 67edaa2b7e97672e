"""Secrets and card data are removed here, at the edge, before anything is written or logged.

Removed: every field whose name says that it holds a secret (at any depth, also inside JSON given as text),
card fingerprints and saved-card ids. Masked to the last four digits: card number fields, and full card
numbers in free text; never in columns of numbers, codes, ids or phones, where one in ten would match by
chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from ipaas_dagster.source.cards import mask_cards, mask_number
from ipaas_dagster.source.lenient import loads, stand_in

Report = Counter[str]
"""Field path (`method.card_fingerprint`, `contacts[].name`) -> how often something was removed or masked
there."""

_NEEDLES = (
    b"pass", b"pwd", b"secret", b"token", b"key", b"auth", b"credential", b"fingerprint", b"card", b"cv", b"bearer",
    b"session", b"security", b"\"pin", b"\"pan", b"\"cc",
)  # fmt: skip
_NAMED = {needle: re.compile(re.escape(needle) + rb"(?:[^\"]*\"|[^\"']*')(?:\s|\\+[nrt])*:") for needle in _NEEDLES}
"""The needle inside a name: before the quote and the colon, also where the JSON is escaped in a text."""
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7][0-9a-fA-F]")
_QUOTED_NAME = re.compile(rb"\\\"(?:\s|\\+[nrt])*:|'(?:\s|\\+[nrt])*:")
"""A name and its colon inside a text: of JSON that is only part of it, or cut, or of a program's own notation."""
_QUERY = re.compile(rb"[?&;][^=&;?\s\"]*(?:pass|pwd|secret|token|key|auth|credential|session)[^=&;?\s\"]*=")
_WIDE_DIGITS = re.compile(rb"(?:\xef\xbc[\x90-\x99]){4}")
_USERINFO = re.compile(rb":(?:\\?/){2}[^/\"\s@]*@")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_CARD_LENGTH = b"0" * 13
_BETWEEN = b" -._\xc2\xa0\xe2\x88" + bytes(range(0x80, 0x96)) + b"\xaf"
"""Bytes of the separators that a card number may be written with (see `cards`); without them its digits meet."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_WORD = re.compile(
    r".*passw(or)?d.*|.*passphrase|pass|passcode|pwd|.*secrets?|.*tokens?|.*credentials?|authori[sz]ation|auth|bearer"
    r"|.*api_?key|cvv2?|cvc2?|sessionid|.*fingerprint|savedcardid|.*privatekey|.*accesskey|.*secretkey"
)
_SECRET_PHRASE = re.compile(
    r"(^|_)(api|access|private|secret|account|shared|signing|encryption|auth|license|master|consumer)_key(_|$)"
    r"|^pin$|(^|_)saved_card(_|$)|(^|_)session_id(_|$)|(^|_)security_code(_|$)|(^|_)pass_phrase(_|$)|(^|_)pass_word(_|$)"
)
_ABOUT_A_SECRET = re.compile(r"(_|^)(url|uri|type|expires|expiry|expiration|at|count|name|label|description)$")
_CARD_PHRASE = re.compile(r"(^|_)((credit|debit|payment)_?)?card_?(number|no|num)(_|$)|^pan$|^(cc|card)$")
_NOT_FREE_TEXT = frozenset(
    ("number", "numbers", "no", "num", "code", "codes", "id", "ids", "uuid", "guid", "phone", "mobile", "fax",
     "tel", "cell", "zip",
     "postal", "postcode", "sku", "iban", "ean", "upc", "gtin", "barcode", "imei", "hash",
     "digest", "checksum", "ref", "reference", "serial", "isbn", "vat", "tin", "duns")
)  # fmt: skip
_BEARER = re.compile(r"\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_JSON_STARTS = ("{", "[", '"')
_URL_PASSWORD = re.compile(r"(://[^/\s:@\"]*:)[^/\s@\"]+@")

_COLON, _EQUALS = re.compile(r"[\"']\s*:"), re.compile(r"[?&;][^=&;?\s]+=")
_NAME = re.compile(r"([\w.$ -]{2,64})\\*[\"']\s*:\s*")
_VALUE = re.compile(r"(\\+)\"(?:(?!\1\").)*|\"(?:[^\"\\]|\\.)*|'(?:[^'\\]|\\.)*|[\[{][^}\]]*|[^\s,}\]\"']+", re.DOTALL)
_QUERY_NAME = re.compile(r"(?<=[?&;])([^=&;?\s\"']{2,64})=")
_QUERY_VALUE = re.compile(r"[^&;\s\"'<>]+")

_decode = msgspec.json.Decoder(float_hook=msgspec.Raw).decode  # numbers stay exactly as they were written
_encode = msgspec.json.encode


def suspicious(page: bytes) -> bool:
    """Whether a page may hold something to remove. Never a false no; a false yes only costs time."""
    return suspicious_names(page) or suspicious_texts(page)


def suspicious_names(page: bytes) -> bool:
    lowered = page.lower()
    return any(needle in lowered and _NAMED[needle].search(lowered) for needle in _NEEDLES) or _has_escapes(page)


def suspicious_texts(page: bytes) -> bool:
    return has_long_digits(page) or suspicious_words(page)


def has_long_digits(page: bytes) -> bool:
    """Whether as many digits follow each other, or are only parted by separators, as the shortest card number has."""
    return _CARD_LENGTH in page.translate(_DIGITS, _BETWEEN)


def suspicious_words(page: bytes) -> bool:
    """What is suspicious in a text beside long digits. A single byte is looked for first, at next to no cost."""
    lowered = page.lower()
    return (
        (b"\xef" in page and bool(_WIDE_DIGITS.search(page)))
        or (b"=" in page and bool(_QUERY.search(lowered)))
        or b"bearer" in lowered
        or b"basic " in lowered
        or (b"@" in page and b"/" in page and bool(_USERINFO.search(page)))
        or (b"\\" in page and _suspicious_escapes(page))
    )


def _suspicious_escapes(page: bytes) -> bool:
    if b"\\u" not in page:
        return False
    wide = b"\\uff1" in page or b"\\uFF1" in page
    return wide or _CARD_LENGTH in _unescaped_spaces(page) or _has_escapes(page)


def _has_escapes(page: bytes) -> bool:
    """Plain letters and digits written as escapes, in which anything may hide."""
    return b"\\" in page and b"\\u00" in page and bool(_ESCAPED_ASCII.search(page))


def clean_records(records: Sequence[bytes], report: Report) -> list[bytes]:
    """The records with secrets removed; those without any are the same bytes as before."""
    return [_cleaned_or_left_out(record, report) for record in records]


def _cleaned_or_left_out(record: bytes, report: Report) -> bytes:
    """What cannot be searched for secrets is not kept."""
    try:
        return clean_record(record, report)
    except (ValueError, RecursionError):
        return stand_in(record, "cannot be searched for secrets")


def clean_record(record: bytes, report: Report) -> bytes:
    texts, names = suspicious_texts(record), suspicious_names(record)
    if not texts and not names:
        return record
    texts = texts or bool(_QUOTED_NAME.search(record))
    found = Report()
    cleaned = clean(_parsed(record), found, texts=texts)
    if not found:
        return record
    report.update(found)
    return _encode(cleaned)


def _parsed(record: bytes) -> Any:
    try:
        return _decode(record)
    except msgspec.ValidationError:  # a whole number of thousands of digits
        return loads(record)


def clean(value: Any, report: Report, path: str = "", name: str = "", *, texts: bool = True) -> Any:
    """A parsed value with secrets removed; `report` counts what was done, by field. Without `texts`, plain text
    is known to hold none: only names are looked at."""
    if isinstance(value, dict):
        return _clean_object(value, report, path, texts)
    if isinstance(value, list):
        return [clean(item, report, f"{path}[]", name, texts=texts) for item in value]
    if isinstance(value, str) and (texts or value.lstrip()[:1] in _JSON_STARTS):
        return _clean_text(value, report, path, name)
    return value


def _clean_object(value: dict[str, Any], report: Report, path: str, texts: bool) -> dict[str, Any]:
    kept = {}
    for name, item in value.items():
        rule = rule_of(name)
        kind = type(item)
        if item is None or kind is bool:
            kept[name] = item
        elif rule == "remove":
            report[_below(path, name)] += 1
        elif rule == "mask" and (kind is str or kind is int):
            kept[name] = _masked(item, report, _below(path, name))
        elif kind is dict or kind is list or (kind is str and (texts or item.lstrip()[:1] in _JSON_STARTS)):
            kept[name] = clean(item, report, _below(path, name), name, texts=texts)
        else:
            kept[name] = item
    return kept


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _masked(item: str | int, report: Report, path: str) -> str | int:
    text = str(item)
    if sum(c.isdigit() for c in text) <= 4:
        return item
    report[path] += 1
    return mask_number(text)


def _clean_text(text: str, report: Report, path: str, name: str) -> str:
    if len(text) > 1 and text.lstrip()[:1] in _JSON_STARTS and _looks_worth_parsing(text):
        return _clean_json_text(text, report, path)
    if len(text) < 8:
        return text
    text, count = _clean_named(text)
    if count:
        report[path] += count
    cleaned, masked = (text, 0) if rule_of(name) == "exact" else mask_cards(text)
    if "://" in cleaned:
        cleaned, count = _URL_PASSWORD.subn(r"\1***@", cleaned)
        masked += count
    cleaned, count = _BEARER.subn(r"\1***", cleaned)
    if masked + count:
        report[path] += masked + count
    return cleaned


def _looks_worth_parsing(text: str) -> bool:
    return text.rstrip()[-1:] in ("}", "]", '"')


def _clean_json_text(text: str, report: Report, path: str) -> str:
    """JSON given as text (a list of products, say) is cleaned inside; what has nothing to remove stays as it
    was."""
    try:
        inner = _decode(text.encode())
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        text, named = _clean_named(text)
        cleaned, masked = mask_cards(text)
        if named + masked:
            report[path] += named + masked
        return cleaned
    found = Report()
    cleaned_inner = clean(inner, found, path)
    if not found:
        return text
    report.update(found)
    return _encode(cleaned_inner).decode()


def _clean_named(text: str) -> tuple[str, int]:
    """Names and values that stand somewhere in a text, as JSON writes them or a URL's query, and how many of them
    held a secret."""
    count = 0
    for quick, name, value in ((_COLON, _NAME, _VALUE), (_EQUALS, _QUERY_NAME, _QUERY_VALUE)):
        if quick.search(text):
            text, found = _clean_pairs(text, name, value)
            count += found
    return text, count


def _clean_pairs(text: str, names: re.Pattern[str], values: re.Pattern[str]) -> tuple[str, int]:
    kept, done = [], 0
    for name in names.finditer(text):
        rule = rule_of(name[1])
        value = values.match(text, name.end()) if name.start() >= done and rule in ("remove", "mask") else None
        if value is None or value[0] in ("null", "true", "false"):
            continue
        kept += [text[done : name.end()], "***" if rule == "remove" else mask_number(value[0])]
        done = value.end()
    return "".join([*kept, text[done:]]), len(kept) // 2


@lru_cache(maxsize=4096)
def rule_of(name: str) -> Literal["remove", "mask", "exact", "text"]:
    """What the name of a field says: holds a secret, a card number, an exact number or code, or free text."""
    words = [word.lower() for word in _WORD.findall(name)]
    phrase = "_".join(words)
    if _CARD_PHRASE.search(phrase):
        return "mask"
    if not _ABOUT_A_SECRET.search(phrase) or _SECRET_WORD.fullmatch(words[-1] if words else ""):
        if _SECRET_PHRASE.search(phrase) or any(_SECRET_WORD.fullmatch(word) for word in words):
            return "remove"
        if _SECRET_WORD.fullmatch("".join(words)) and words:
            return "remove"
    return "exact" if any(word in _NOT_FREE_TEXT for word in words) else "text"


def _unescaped_spaces(page: bytes) -> bytes:
    spaced = re.sub(rb"\\u(?:00a0|20[0-2][0-9a-f]|2060|2212)", b" ", page, flags=re.IGNORECASE)
    return spaced.translate(_DIGITS, b" -._")
