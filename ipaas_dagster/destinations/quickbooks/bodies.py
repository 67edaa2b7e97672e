"""A rendered record as QuickBooks is sent it.

Three names of a template are no fields of QuickBooks but become what it has instead:
    Invoice  DiscountAmt  -> a discount line      NetAmt -> the one line of an invoice that has none of its own
    Payment  InvoiceRef   -> a line that links the payment to that invoice
and an Invoice's TotalAmt is compared with what QuickBooks computes, not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from ipaas_dagster.destinations.base import Entry
from ipaas_dagster.destinations.quickbooks.company import Facts
from ipaas_dagster.destinations.quickbooks.entities import Entity, stays

Body = dict[str, Any]
SALE = "SalesItemLineDetail"
_NO_ITEM = (
    "the item of the line '{}' is not in QuickBooks, which ignores the amount of a line without one: set the preset's "
    "field default_item to an item that stands in"
)

encode = msgspec.json.Encoder(decimal_format="number").encode


class Refused(Exception):
    """This record cannot be sent as it is: which field, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True)
class Bodies:
    """`facts` are asked for where a record needs them."""

    facts: Facts

    def create(self, entity: Entity, entry: Entry) -> Body:
        """Raises Refused. Empty values are left out."""
        made = self._made(entity, entry)
        if entity.name == "Item" and not made.get("IncomeAccountRef") and (account := self.facts.income_account):
            made["IncomeAccountRef"] = {"value": account["value"]}
        return _without_empty(made)

    def update(self, entity: Entity, entry: Entry, id: str, token: str) -> Body:
        """Sparse: what is not named stays, what is empty is emptied."""
        made = self._made(entity, entry)
        kept = {name: value for name, value in made.items() if not stays(entity, name, value, entry)}
        return {"Id": id, "SyncToken": token, "sparse": True, **kept}

    def inactive(self, id: str, token: str) -> Body:
        return {"Id": id, "SyncToken": token, "sparse": True, "Active": False}

    def _made(self, entity: Entity, entry: Entry) -> Body:
        made = dict(entry.payload or {})
        self._check_currency(made)
        if entity.name == "Invoice":
            made = self._invoice(made)
        elif entity.name == "Payment":
            made = _payment(made)
        return {**made, "Active": True} if entity.lists else made

    def _check_currency(self, made: Body) -> None:
        """Sent where the company uses several currencies; else it must be the only one."""
        code = (made.get("CurrencyRef") or {}).get("value")
        if self.facts.company.multicurrency:
            return
        made.pop("CurrencyRef", None)
        if code and code != self.facts.home_currency:
            only = f"this company keeps its books in {self.facts.home_currency} only"
            raise Refused("CurrencyRef", f"{code} cannot be booked: {only} (the preset's field multicurrency)")

    def _invoice(self, given: Body) -> Body:
        made = {name: value for name, value in given.items() if name not in ("TotalAmt", "DiscountAmt", "NetAmt")}
        taxed = bool(_amount((made.get("TxnTaxDetail") or {}).get("TotalTax")))
        net = _amount(given.get("NetAmt"))
        lines = given.get("Line") or ([{"Amount": net}] if net is not None else [])
        made["Line"] = [self._sale(line, taxed) for line in lines]
        if discount := _amount(given.get("DiscountAmt")):
            made["Line"].append(self._discount(discount))
        return made

    def _sale(self, line: Body, taxed: bool) -> Body:
        """A line of an item; its amount is price times quantity where it names none."""
        if line.get("DetailType", SALE) != SALE:
            return _without_empty(line)
        detail = _without_empty(line.get(SALE) or {})
        if "ItemRef" not in detail and (item := self.facts.default_item):
            detail["ItemRef"] = {"value": item["value"]}
        code = self.facts.company.tax_code if taxed else self.facts.company.no_tax_code
        if "ItemRef" not in detail:
            raise Refused("ItemRef", _NO_ITEM.format(line.get("Description") or "without description"))
        if "TaxCodeRef" not in detail and code:
            detail["TaxCodeRef"] = {"value": code}
        amount = _amount(line.get("Amount"))
        if amount is None and (price := _amount(detail.get("UnitPrice"))) is not None:
            amount = price * (_amount(detail.get("Qty", 1)) or Decimal(0))
        if amount is None:
            raise Refused("Amount", "a line has neither an amount nor a price")
        return _without_empty({**line, "Amount": amount, "DetailType": SALE, SALE: detail})

    def _discount(self, amount: Decimal) -> Body:
        detail: Body = {"PercentBased": False}
        if account := self.facts.discount_account:
            detail["DiscountAccountRef"] = {"value": account["value"]}
        return {"Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def expected_total(entry: Entry) -> Decimal | None:
    """What the hub says an invoice comes to; None for other records."""
    return _amount(entry.payload.get("TotalAmt")) if entry.payload and entry.object == "Invoice" else None


def _payment(given: Body) -> Body:
    made = {name: value for name, value in given.items() if name != "InvoiceRef"}
    invoice = (given.get("InvoiceRef") or {}).get("value")
    link = [{"TxnId": str(invoice), "TxnType": "Invoice"}]
    made["Line"] = [{"Amount": given.get("TotalAmt"), "LinkedTxn": link}] if invoice else []
    return made


def _amount(value: Any) -> Decimal | None:
    """Exact; payloads that were read back without their template hold amounts as text."""
    return None if value is None or value == "" else Decimal(value)


def _without_empty(given: Mapping[str, Any]) -> Body:
    """Also within objects; an object that is empty then is left out."""
    made = {name: _without_empty(value) if isinstance(value, dict) else value for name, value in given.items()}
    return {name: value for name, value in made.items() if value is not None and value != {}}
