"""What QuickBooks holds beside what an update would send: what an update leaves alone is not compared.

An invoice's lines are those that are sent, sales and discount; QuickBooks adds subtotals of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.quickbooks.bodies import SALE, Bodies, Refused
from ipaas_dagster.destinations.quickbooks.entities import Entity

_SENT = (SALE, "DiscountLineDetail")
_OURS = ("Id", "SyncToken", "sparse")


def held_of(bodies: Bodies, entity: Entity, entry: Entry, record: Mapping[str, Any]) -> Held:
    """A record that could not be sent as it is now is only looked for."""
    number = str(record["Id"])
    try:
        body = bodies.update(entity, entry, number, "") if entry.payload else {}
    except Refused:
        body = {}
    wanted = {name: value for name, value in body.items() if name not in _OURS}
    found = {name: record.get(name) for name in wanted}
    if entity.name == "Invoice" and "Line" in wanted:
        found["Line"] = [line for line in record.get("Line") or () if line.get("DetailType") in _SENT]
    if "TxnTaxDetail" in wanted:
        wanted["TxnTaxDetail"], found["TxnTaxDetail"] = _tax(wanted["TxnTaxDetail"]), _tax(found["TxnTaxDetail"])
    return Held(number, wanted, found)


def _tax(detail: Any) -> dict[str, Any]:
    """No tax is a tax of nothing."""
    return {"TotalTax": (detail or {}).get("TotalTax") or 0}
