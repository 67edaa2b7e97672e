"""A rendered record as iPaaS.com is sent it.

Four names of a template are no fields of iPaaS.com but become what it has instead:
    Customer      Company         -> a Company of its own beside the Customer
    any           custom_fields.X -> an element of custom_fields
    lines[]       external_id     -> the line's external id
    Transaction   system_id       -> ours, unless the template says another
and a line's extended_price is its quantity times its price, unless the template says another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import Entry, Shape
from ipaas_dagster.destinations.ipaas_com.api import Record
from ipaas_dagster.destinations.ipaas_com.objects import COMPANY, CUSTOMER, TRANSACTION, Object

OF_SERVER = frozenset({"id", "external_ids", "created_datetime", "updated_datetime"})
"""Never sent back as they were read."""

encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True)
class Bodies:
    """`system_id` is whose external ids are ours; `whole`: an update holds all that is there, with ours over it."""

    system_id: int
    whole: bool

    def fields(self, object_: Object, entry: Entry, shape: Shape) -> Record:
        """The record's own fields, empty ones as null; what stands beside it (Company) is left out."""
        made = {name: _value(name, value, shape) for name, value in (entry.payload or {}).items()}
        if object_ is CUSTOMER:
            made.pop(COMPANY.name, None)
        if "custom_fields" in made:
            made["custom_fields"] = _custom(made["custom_fields"])
        if "lines" in made:
            made["lines"] = [self._line(line) for line in made["lines"]]
        if object_ is TRANSACTION:
            made.setdefault("system_id", self.system_id)
        return made

    def company(self, entry: Entry) -> Record | None:
        """That of a Customer whose template has one."""
        found = (entry.payload or {}).get(COMPANY.name)
        return dict(found) if isinstance(found, Mapping) else None

    def create(self, fields: Record, external_id: str) -> bytes:
        """Empty fields are left out."""
        made = _filled(fields)
        if "lines" in made:
            made["lines"] = [_filled(line) for line in made["lines"]]
        return encode({**made, "external_ids": self.external_ids(external_id)})

    def update(self, object_: Object, fields: Record, there: Record, external_id: str) -> bytes:
        """With the ids of the lines that are there. Our external id goes along only where it is missing."""
        ours = {**fields, **self._known_lists(object_, fields, there)}
        around = {name: value for name, value in there.items() if name not in OF_SERVER} if self.whole else {}
        if "custom_fields" in ours:
            ours["custom_fields"] = _merged(there.get("custom_fields"), ours["custom_fields"])
        links = {} if self.has(there, external_id) else {"external_ids": self.external_ids(external_id)}
        return encode({"id": there["id"], **around, **ours, **links})

    def same(self, fields: Record, there: Record) -> bool:
        """Whether an update would change nothing."""
        return all(_plain(there.get(name)) == _plain(value) for name, value in fields.items())

    def external_ids(self, external_id: str) -> list[Record]:
        return [{"system_id": self.system_id, "external_id": external_id}]

    def has(self, there: Mapping[str, Any], external_id: str) -> bool:
        return self.external_id_of(there) == external_id

    def external_id_of(self, there: Mapping[str, Any]) -> str | None:
        """That of our system."""
        for one in there.get("external_ids") or ():
            if isinstance(one, dict) and str(one.get("system_id")) == str(self.system_id):
                return str(one.get("external_id"))
        return None

    def _line(self, line: Mapping[str, Any]) -> Record:
        made = dict(line)
        if (external_id := made.pop("external_id", None)) is not None:
            made["external_ids"] = self.external_ids(str(external_id))
        if "extended_price" not in made:
            made["extended_price"] = _product(made.get("qty"), made.get("unit_price"))
        return made

    def _known_lists(self, object_: Object, fields: Record, there: Record) -> Record:
        return {name: self._known(fields[name], there.get(name) or []) for name in object_.lists if name in fields}

    def _known(self, elements: list[Record], there: list[Record]) -> list[Record]:
        """Each over the one that has its external id, and with its id."""
        known = {external_id: one for one in there if (external_id := self.external_id_of(one)) and one.get("id")}
        return [self._as_known(one, known.get(self.external_id_of(one) or "")) for one in elements]

    def _as_known(self, element: Record, there: Record | None) -> Record:
        if there is None:
            return _filled(element)
        around = {name: value for name, value in there.items() if name not in OF_SERVER} if self.whole else {}
        ours = {name: value for name, value in element.items() if name != "external_ids"}
        return {"id": there["id"], **around, **ours}


def as_id(value: Any) -> Any:
    """A reference: the number that it is, or, where a plan only promises it, its marker in place of a number."""
    text = str(value)
    if text.isascii() and text.isdigit():
        return int(text)
    return msgspec.Raw(text.encode()) if text.startswith("hole:") else value


def _value(name: str, value: Any, shape: Shape) -> Any:
    return as_id(value) if name in shape.references and value is not None else value


def _custom(given: Any) -> list[Record]:
    return [{"custom_field_name": name, "value": value} for name, value in (given or {}).items()]


def _merged(there: Any, ours: list[Record]) -> list[Record]:
    """Custom fields of others stay."""
    names = {one["custom_field_name"] for one in ours}
    listed = there if isinstance(there, list) else []
    return [*(one for one in listed if one.get("custom_field_name") not in names), *ours]


def _filled(fields: Mapping[str, Any]) -> Record:
    return {name: value for name, value in fields.items() if value is not None}


def _product(quantity: Any, price: Any) -> Decimal | None:
    return Decimal(quantity) * price if isinstance(quantity, int) and isinstance(price, Decimal) else None


def _plain(value: Any) -> Any:
    """Numbers by value, empty text as nothing."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    return None if value == "" else value
