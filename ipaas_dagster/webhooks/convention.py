"""How the webhooks of one system are signed, and where they say what changed: its preset, checked.

Three conventions, each changeable field by field: `standard` (Standard Webhooks), `intuit` (QuickBooks) and `hmac`,
which takes everything from the preset.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from ipaas_dagster.errors import SettingsError

WHSEC = "whsec_"
SHORTEST = 16
"""Bytes of a secret; a shorter one could be guessed."""
Signed = Literal["id.timestamp.body", "timestamp.body", "body"]
Encoding = Literal["base64", "hex"]


@dataclass(frozen=True)
class Convention:
    """Header names are lower case, an empty one: there is none. `names`: what it calls a collection -> ours."""

    system: str
    name: str = "standard"
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    signature_header: str = "webhook-signature"
    id_header: str = "webhook-id"
    timestamp_header: str = "webhook-timestamp"
    signature_prefix: str = "v1,"
    encoding: Encoding = "base64"
    signed: Signed = "id.timestamp.body"
    tolerance_seconds: int = 300
    events_path: str = ""
    event_id_path: str = ""
    collection_path: str = "type"
    record_path: str = "data.id"
    method_path: str = ""
    account: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_time(self) -> bool:
        """Whether the time of sending is signed, so that an old request that somebody recorded is refused."""
        return self.signed != "body"


_STANDARD = Convention("")
_BARE = replace(_STANDARD, id_header="", timestamp_header="", signature_prefix="", signed="body")
_CONVENTIONS: Mapping[str, Convention] = {
    "standard": _STANDARD,
    "intuit": replace(_BARE, name="intuit", signature_header="intuit-signature"),
    "hmac": replace(_BARE, name="hmac"),
}
_TEXTS = (
    "signature_prefix",
    "events_path",
    "event_id_path",
    "collection_path",
    "record_path",
    "method_path",
    "account",
)
_HEADERS = ("signature_header", "id_header", "timestamp_header")


def read_convention(system: str, fields: Mapping[str, str]) -> Convention:
    """Raises SettingsError naming the field, never its value where that is a secret."""
    start = _CONVENTIONS.get(fields.get("convention") or "standard")
    if start is None:
        raise _wrong(system, "convention", f"must be one of: {', '.join(_CONVENTIONS)}")
    given: dict[str, Any] = {name: fields[name] for name in _TEXTS if name in fields}
    given |= {name: fields[name].strip().lower() for name in _HEADERS if name in fields}
    given |= {"keys": _keys(system, fields), "names": _names(system, fields.get("names", ""))}
    for name, choices in (("encoding", get_args(Encoding)), ("signed", get_args(Signed))):
        if value := fields.get(name):
            if value not in choices:
                raise _wrong(system, name, f"must be one of: {', '.join(choices)}")
            given[name] = value
    if seconds := fields.get("tolerance_seconds"):
        given["tolerance_seconds"] = _seconds(system, seconds)
    return _whole(replace(start, system=system, **given))


def _whole(convention: Convention) -> Convention:
    """What is signed must be there to be checked."""
    needed = {"signature_header": convention.signature_header}
    if "id" in convention.signed.split("."):
        needed["id_header"] = convention.id_header
    if convention.has_time:
        needed["timestamp_header"] = convention.timestamp_header
    for name, value in needed.items():
        if not value:
            raise _wrong(convention.system, name, f"is needed where {convention.signed} is signed")
    return convention


def _keys(system: str, fields: Mapping[str, str]) -> tuple[bytes, ...]:
    named = [(name, fields.get(name, "").strip()) for name in ("secret", "second_secret")]
    return tuple(_key(system, name, secret) for name, secret in named if secret)


def _key(system: str, name: str, secret: str) -> bytes:
    text = secret.removeprefix(WHSEC)
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True) if secret.startswith(WHSEC) else secret.encode()
    except ValueError:
        key = b""
    if len(key) < SHORTEST:
        raise _wrong(system, name, f"must be {WHSEC} and base64, or a text, of at least {SHORTEST} bytes") from None
    return key


def _names(system: str, text: str) -> Mapping[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not there or not name.strip() or not ours.strip() for name, there, ours in pairs):
        raise _wrong(system, "names", "must be written as account=accounts, bill=invoices")
    return {name.strip().lower(): ours.strip() for name, _, ours in pairs}


def _seconds(system: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 86_400):
        raise _wrong(system, "tolerance_seconds", "must be a whole number from 1 to 86,400")
    return int(text)


def _wrong(system: str, field: str, says: str) -> SettingsError:
    return SettingsError(f"{system}: the field {field} of its webhooks' preset {says}")
