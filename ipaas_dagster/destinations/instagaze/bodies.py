"""A rendered record as Instagaze is sent it: the written form, which is not the one that is read.

address      every field of it, the empty ones as null, so that nothing of an earlier one stays
products     a list when an invoice is made, a JSON text when it is changed
frequency    {"id": 5}; a name alone becomes the id where that is documented
references   numbers, as the portal's ids are
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import Shape

Body = dict[str, Any]
FREQUENCIES = {"monthly": 5}
"""The only one that the document names with its id."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_PROMISED = re.compile(rb'"(hole:created_id:[0-9a-f-]{36}:[0-9]+)"')


class Refused(Exception):
    """This record cannot be sent as it is: which field, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True)
class Bodies:
    """`shapes` by hub collection; `portal_id`: what lines say of their portal, None: what the source's lines say."""

    shapes: Mapping[str, Shape]
    portal_id: int | None = None

    def of(self, collection: str, payload: Mapping[str, Any], ids: Mapping[tuple[str, str], str] | None = None) -> Body:
        """Raises Refused. `ids` turn references that are still hub ids; without an id there they stay."""
        shape = self.shapes.get(collection)
        references = shape.references if shape else {}
        made: Body = {}
        for name, value in payload.items():
            if name in references:
                value = _number((ids or {}).get((references[name], str(value)), value))
            made[name] = _time(value) if isinstance(value, datetime) else value
        if "billing_address" in made:
            made["billing_address"] = {**self._address(shape), **(made["billing_address"] or {})}
        if "billing_frequency" in made:
            made["billing_frequency"] = _frequency(made["billing_frequency"])
        if "products" in made:
            made["products"] = [self._line(line) for line in made["products"] or ()]
        return made

    def _address(self, shape: Shape | None) -> Body:
        names = (name.partition("billing_address.")[2] for name in (shape.fields if shape else ()))
        return {name: None for name in names if name}

    def _line(self, line: Mapping[str, Any]) -> Body:
        if self.portal_id is not None and "portal_id" in line:
            return {**line, "portal_id": self.portal_id}
        return dict(line)


def for_post(body: Body) -> bytes:
    return _bytes(body)


def for_patch(body: Body) -> bytes:
    """An invoice's lines are a text in a change."""
    if "products" in body:
        return _bytes({**body, "products": _encode(body["products"]).decode()})
    return _bytes(body)


def _bytes(body: Body) -> bytes:
    """The marker of an id that is only promised yet stands where a number will: without quotes."""
    return _PROMISED.sub(rb"\1", _encode(body))


def _number(value: Any) -> Any:
    text = "" if value is None else str(value)
    return int(text) if text.isascii() and text.isdigit() else value


def _time(moment: datetime) -> str:
    """`2018-10-01T05:09:18.000Z`, as the document writes it; finer than that only where the moment is."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds" if utc.microsecond % 1000 else "milliseconds") + "Z"


def _frequency(value: Any) -> Body | None:
    if not isinstance(value, dict):
        return None
    its_id, name = value.get("id"), value.get("name")
    if its_id is None and name:
        its_id = FREQUENCIES.get(str(name).lower())
        if its_id is None:
            raise Refused("billing_frequency", f"the id of {name!r} is not known; let the template say it")
    return None if its_id is None else {"id": its_id}
