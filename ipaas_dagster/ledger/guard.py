"""The last guard before anything of a call is written down: what bears a secret's name, and what is one.

Destinations hand over bodies whose credentials were never filled in; this is for what they overlook, and for systems
that repeat a credential in their answer. Works on bytes, so that cut and malformed bodies are masked as well.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from html import escape
from json import dumps
from urllib.parse import quote, quote_plus, unquote, urlsplit

MASK = b"***"
SHORTEST = 4
"""Characters of a secret value that is looked for; a shorter one stands everywhere by chance."""

_NEEDLES = (b"pass", b"pwd", b"secret", b"token", b"key", b"auth", b"credential", b"session", b"assertion", b"private")
_WORDS = (
    rb"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|api_?key|access_?key|private_?key|authori[sz]ation|credential|"
    rb"session_?id|assertion)"
)
_NO_SECRET = re.compile(rb"synctoken|token_?type|token_?url|page_?token|expires|key_?id$", re.IGNORECASE)
"""Names that only sound like it: QuickBooks' SyncToken is a counter, page tokens are places in a list."""
_NAME = rb"[\w.:$-]*" + _WORDS + rb"[\w.:$-]*"
_JSON = re.compile(rb"(\\*\"(" + _NAME + rb")\\*\"\s*:\s*)(\\*\"(?:\\.|[^\"\\])*\\*\"?|[^\s,}\]\"\\]+)", re.IGNORECASE)
_XML = re.compile(rb"(<(" + _NAME + rb")(?:\s[^<>]*)?>)([^<]+)", re.IGNORECASE)
_FORM = re.compile(rb"((?:^|(?<=[?&;\s]))(" + _NAME + rb")=)([^&;\s\"'<>]+)", re.IGNORECASE)
_USERINFO = re.compile(rb"(://[^/\s:@\"<>]*:)([^/\s@\"<>]+)(?=@)")
_HEADER = re.compile(rb"(\b(?:bearer|basic)\s+)([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)


class Guard:
    """Masks by name, and the given secret values in their usual spellings. Its repr shows none of them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._values = re.compile(b"|".join(map(re.escape, longest_first))) if spellings else None

    def mask(self, body: bytes) -> bytes:
        """The same bytes where there is nothing to mask."""
        if self._values is not None:
            body = self._values.sub(MASK, body)
        lowered = body.lower()
        if any(needle in lowered for needle in _NEEDLES):
            body = _JSON.sub(_masked_json, body)
            body = _XML.sub(_masked, body)
            body = _FORM.sub(_masked, body)
        if b"bearer" in lowered or b"basic" in lowered:
            body = _HEADER.sub(rb"\1***", body)
        return _USERINFO.sub(rb"\1***", body) if b"@" in body else body

    def mask_text(self, text: str) -> str:
        return self.mask(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


NAMES_ONLY = Guard()


def secret_parts(values: Iterable[str]) -> list[str]:
    """Secret preset values and, of those that are addresses, the password and the query's values in them."""
    found = []
    for value in values:
        found.append(value)
        if "://" in value:
            try:
                parts = urlsplit(value)
            except ValueError:
                continue
            found += [unquote(parts.password)] if parts.password else []
            found += [unquote(part.partition("=")[2]) for part in parts.query.split("&")]
    return found


def _masked(match: re.Match[bytes]) -> bytes:
    return match[0] if _NO_SECRET.search(match[2]) else match[1] + MASK


def _masked_json(match: re.Match[bytes]) -> bytes:
    if _NO_SECRET.search(match[2]) or match[3] in (b"null", b"true", b"false"):
        return match[0]
    escapes = match[3][: len(match[3]) - len(match[3].lstrip(b"\\"))]
    return match[1] + escapes + b'"***' + escapes + b'"'


def _spellings(secret: str) -> set[bytes]:
    """As it is, in a URL, a form, JSON, XML, and in Base64, alone or in the middle of something."""
    if len(secret) < SHORTEST:
        return set()
    raw = secret.encode()
    json_text = (dumps(secret)[1:-1], dumps(secret, ensure_ascii=False)[1:-1])
    texts = (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), *json_text, escape(secret))
    found = {text.encode() for text in texts} | {escape(secret, quote=False).encode()}
    return found | {one for one in _in_base64(raw) if len(one) >= SHORTEST}


def _in_base64(raw: bytes) -> set[bytes]:
    """Its Base64 at each of the three places it can begin at; without the letters that its neighbours share."""
    found = set()
    for shift in range(3):
        first = (0, 2, 3)[shift]
        coded = b64encode(b"\0" * shift + raw)
        whole = (shift + len(raw)) * 8 // 6  # letters that nothing behind it changes
        core = coded[first:whole]
        if len(core) >= 6:
            found |= {core, core.replace(b"+", b"-").replace(b"/", b"_"), quote(core, safe="").encode()}
    return found
