"""What the hub must hold for the source's records, written field by field apart from the product's contracts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
Rows = dict[str, Row]

CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP"}


def expected(truth: Callable[[str], Iterable[Row]]) -> dict[str, Rows]:
    """Live hub records by collection and hub id, of good source records; `truth` gives a source collection."""
    hub: dict[str, Rows] = {name: {} for name in ("customers", "contacts", "items", "invoices", "invoice_lines")}
    hub |= {"subscriptions": {}, "payments": {}}
    for account in truth("accounts"):
        key = f"instagaze:accounts:{account['id']}"
        hub["customers"][key] = customer(account)
        for contact in account["contacts"]:
            if not contact["is_deleted"]:
                hub["contacts"][f"instagaze:contacts:{contact['id']}"] = person(contact, key)
    for product in truth("products"):
        hub["items"][f"instagaze:products:{product['id']}"] = item(product)
    for invoice in truth("invoices"):
        key = f"instagaze:invoices:{invoice['id']}"
        hub["invoices"][key] = invoice_row(invoice)
        for number, line in enumerate(invoice["products"], 1):
            hub["invoice_lines"][f"{key}#{number}"] = line_row(line, number, key, currency(invoice["currency"]))
    for subscription in truth("subscriptions"):
        hub["subscriptions"][f"instagaze:subscriptions:{subscription['id']}"] = subscription_row(subscription)
    for transaction in truth("transactions"):
        hub["payments"][f"instagaze:transactions:{transaction['id']}"] = payment(transaction)
    return hub


def customer(account: Row) -> Row:
    address = account["billing_address"]
    return {
        "name": account["account_name"],
        "number": account["account_number"],
        "owner_name": account["account_owner"],
        "owner_email": account["account_owner_email"],
        "invoice_prefix": account["invoice_prefix"],
        "billing_street": address.get("street"),
        "billing_city": address.get("city"),
        "billing_state": address.get("state"),
        "billing_postal_code": address.get("postal_code", address.get("postalCode")),
        "billing_country": address.get("country"),
        "billing_latitude": number(address.get("latitude")),
        "billing_longitude": number(address.get("longitude")),
        "autopay_only": account["autopay_only"],
        "is_autopay": account["is_autopay"],
        "external_id": account["in_account_id"],
        "external_updated_at": moment(account["in_updated_at"]),
    }


def person(contact: Row, customer_id: str) -> Row:
    return {
        "customer_id": customer_id,
        "name": contact["name"],
        "email": contact["email"],
        "is_active": contact["is_active"],
        "is_enrolled": contact["is_enrolled"],
        "created_at": moment(contact["created_at"]),
        "updated_at": moment(contact["updated_at"]),
    }


def item(product: Row) -> Row:
    return {
        "name": product["product_name"],
        "description": product["product_description"],
        "code": product["product_code"],
        "unit_price_minor": product["price"],
        "currency": currency(product["currency"]),
        "default_quantity": product["product_quantity"],
        "is_active": product.get("is_active"),
        "tax_code": product["tax_code"],
        "tax_description": product.get("tax_description"),
        "external_id": product.get("in_product_id"),
    }


def invoice_row(invoice: Row) -> Row:
    return {
        "number": invoice["number"],
        "customer_id": f"instagaze:accounts:{invoice['account_id']}",
        "currency": currency(invoice["currency"]),
        **amounts(invoice),
        **contract(invoice),
        "salesperson": invoice.get("salesperson"),
        "due_at": moment(invoice["payment_due_date"]),
        "is_forgiven": invoice["forgiven"],
        "is_paid": invoice["paid"],
        "custom": invoice.get("custom"),
    }


def line_row(line: Row, number: int, invoice_id: str, of_invoice: str) -> Row:
    return {
        "invoice_id": invoice_id,
        "line_number": number,
        "item_code": line["product_code"],
        "item_name": line["product_name"],
        "description": line["product_description"],
        "unit_price_minor": line["price"],
        "currency": of_invoice,
        "quantity": line["product_quantity"],
        "tax_code": line["tax_code"],
        "tax_description": line["tax_description"],
    }


def subscription_row(subscription: Row) -> Row:
    return {
        "customer_id": f"instagaze:accounts:{subscription['account_id']}",
        "item_id": f"instagaze:products:{subscription['product_id']}",
        "currency": currency(subscription["currency"]),
        **amounts(subscription),
        **contract(subscription),
        "billing_frequency": subscription["billing_frequency"]["name"],
    }


def payment(transaction: Row) -> Row:
    method = transaction.get("method") or {}
    number = method.get("card_number")
    return {
        "customer_id": f"instagaze:accounts:{transaction['account_id']}",
        "contact_id": identity("contacts", transaction["contact_id"]),
        "invoice_id": identity("invoices", transaction["invoice_id"]),
        "invoice_number": transaction["invoice_number"],
        "status": transaction["status"],
        "currency": currency(transaction["currency"]),
        **amounts(transaction),
        **contract(transaction),
        "paid_minor": transaction["paid_amount"],
        "refunded_minor": transaction["refund"],
        "salesperson": transaction["salesperson"],
        "due_at": moment(transaction["payment_due_date"]),
        "charge_message": transaction["charge_message"],
        "charged_at": moment(transaction["charge_date"]),
        "is_autopay": transaction["is_autopay"],
        "payee_name": transaction["payee_name"],
        "payee_email": transaction["payee_email"],
        "source": transaction["source"],
        "card_brand": method.get("card_type"),
        "card_last4": number[-4:] if number else None,
        "card_exp_month": method.get("card_exp_month"),
        "card_exp_year": method.get("card_exp_year"),
    }


def amounts(record: Row) -> Row:
    names = {"price": "price_minor", "net_amount": "net_amount_minor", "discount": "discount_minor"}
    names |= {"tax": "tax_minor", "total": "total_minor", "quantity": "quantity"}
    return {column: record[field] for field, column in names.items()}


def contract(record: Row) -> Row:
    return {
        "contract_start": moment(record.get("contract_start_date")),
        "contract_end": moment(record.get("contract_end_date")),
    }


def currency(value: Any) -> str:
    name = value["name"] if isinstance(value, dict) else value
    return CURRENCIES.get(name, name)


def identity(collection: str, source_id: Any) -> str | None:
    return None if source_id is None else f"instagaze:{collection}:{source_id}"


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def number(value: Any) -> float | None:
    return None if value is None else float(value)


def plain(value: Any) -> Any:
    """JSON as its text with sorted keys, so that rows compare."""
    return json.dumps(value, sort_keys=True) if isinstance(value, (dict, list)) else value
