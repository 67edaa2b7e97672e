"""The preset of an Instagaze portal, checked: what is missing or malformed is named by field, never by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.errors import SettingsError

BATCH_SIZE = 50
"""Records between two commits; each is a call of its own."""
PAGE_SIZE = 100
ON_CHANGE = ("replace", "reject")


@dataclass(frozen=True)
class Portal:
    """`portal_id` goes into invoice lines; None: they keep what the source's say. `requests_per_second` None: nothing
    is known of a limit. `subscription_changes`: there is no documented change of a subscription."""

    system: str
    url: str
    token: str = field(repr=False)
    portal_id: int | None
    batch_size: int
    page_size: int
    requests_per_second: int | None
    subscription_changes: Literal["replace", "reject"]


def read_portal(setting: Setting) -> Portal:
    """Raises SettingsError naming the field."""
    fields = {name: value.strip() for name, value in setting.fields.items() if value.strip()}
    for name in ("url", "token"):
        if name not in fields:
            raise _wrong(setting, name, "is missing")
    if not (fields["token"].isascii() and fields["token"].isprintable()):
        raise _wrong(setting, "token", "holds characters that no header can carry; copy it anew")
    change = fields.get("subscription_changes", "replace")
    if change not in ON_CHANGE:
        raise _wrong(setting, "subscription_changes", f"must be one of: {', '.join(ON_CHANGE)}")
    return Portal(
        setting.system,
        fields["url"].rstrip("/"),
        fields["token"],
        _number(setting, fields, "portal_id"),
        _number(setting, fields, "batch_size") or BATCH_SIZE,
        _number(setting, fields, "page_size") or PAGE_SIZE,
        _number(setting, fields, "requests_per_second"),
        cast(Literal["replace", "reject"], change),
    )


def _number(setting: Setting, fields: Mapping[str, str], name: str) -> int | None:
    text = fields.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000_000):
        raise _wrong(setting, name, "must be a whole number above 0")
    return int(text)


def _wrong(setting: Setting, name: str, says: str) -> SettingsError:
    return SettingsError(f"{setting.system}: its preset's field {name} {says}")
