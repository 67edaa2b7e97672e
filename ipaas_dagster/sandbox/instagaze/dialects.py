"""How else a server that follows the document may answer. A client must not be tuned to one of them.

The document contradicts itself in places, and real servers differ: each field is one such difference.
The truth that a test compares with is always the stored record, never the dialect's form of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from ipaas_dagster.sandbox.instagaze.answers import dump

CURRENCIES = {
    "USD": {"id": 1, "name": "USD", "prefix": "$"},
    "EUR": {"id": 2, "name": "EUR", "prefix": "€"},
    "GBP": {"id": 3, "name": "GBP", "prefix": "£"},
    "JPY": {"id": 4, "name": "JPY", "prefix": "¥"},
}
_SYMBOLS = {currency["prefix"]: currency for currency in CURRENCIES.values()}


@dataclass(frozen=True)
class Dialect:
    """Deviations from the plain form. The defaults are the plain form."""

    bare_lists: bool = False
    """Lists are arrays where the document shows an envelope."""
    honours_order: bool = True
    honours_modified: bool = True
    honours_offset: bool = True
    """False is a broken server: every page is the first one."""
    count: Literal["right", "missing", "page", "wrong"] = "right"
    """`page`: the length of the page; `wrong`: half of what there is."""
    refuses_unknown_filters: bool = True
    currency: Literal["stored", "symbol", "object"] = "stored"
    postal_code: Literal["stored", "postal_code", "postalCode"] = "stored"
    products_as_text: bool = False
    """`products` is a JSON string of the list."""
    extra_fields: bool = False
    times_with_offsets: bool = False
    """Times are written with +02:00 instead of Z; the moment is the same."""
    ids_as_text: bool = False
    plain_subscription: bool = False
    """A single subscription is answered as itself, not in an envelope."""
    wrapped_errors: bool = False
    deleted_are_gone: bool = False
    """A deleted record answers 410 instead of 404."""
    refuses_undocumented: bool = False
    """What is written may hold only the documented fields, in their documented form."""

    @property
    def reshapes(self) -> bool:
        """Whether records are answered otherwise than stored: then each has to be parsed and written."""
        return any(getattr(self, name) != getattr(_PLAIN, name) for name in _SHAPES)

    def reshape(self, body: bytes) -> bytes:
        """One record in this dialect."""
        record = json.loads(body)
        shaped = self._value(record)
        if self.extra_fields:
            shaped["sandbox_extra"] = {"nested": [1, "é", None], "flag": True}
        return dump(shaped)

    def _value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, list):
            items = [self._value(item) for item in value]
            as_text = name == "products" and self.products_as_text
            return json.dumps(items, ensure_ascii=False) if as_text else items
        if name == "currency":
            return self._currency(value)
        if isinstance(value, dict):
            return {self._name(key): self._value(inner, key) for key, inner in value.items()}
        return self._scalar(value, name)

    def _name(self, name: str) -> str:
        renamed = self.postal_code != "stored" and name in ("postal_code", "postalCode")
        return self.postal_code if renamed else name

    def _currency(self, value: Any) -> Any:
        known = value if isinstance(value, dict) else _SYMBOLS.get(value)
        if known is None or self.currency == "stored":
            return value
        return known if self.currency == "object" else known.get("prefix", value)

    def _scalar(self, value: Any, name: str) -> Any:
        is_id = name == "id" or name.endswith("_id")
        if self.ids_as_text and is_id and isinstance(value, int):
            return str(value)
        if self.times_with_offsets and isinstance(value, str) and _is_time(value):
            return _shift(value)
        return value


_SHAPES = ("currency", "postal_code", "products_as_text", "extra_fields", "times_with_offsets", "ids_as_text")
_PLAIN = Dialect()


def read_dialect(given: dict[str, Any]) -> Dialect:
    """A dialect from JSON. Raises ValueError naming what is not understood."""
    known = [field.name for field in fields(Dialect)]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"a dialect has no {', '.join(unknown)} (it has: {', '.join(known)})")
    return Dialect(**given)


def _is_time(text: str) -> bool:
    return len(text) == 24 and text[4] == "-" and text[10] == "T" and text[-1] == "Z"


def _shift(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.astimezone(timezone(timedelta(hours=2))).isoformat(timespec="milliseconds")
