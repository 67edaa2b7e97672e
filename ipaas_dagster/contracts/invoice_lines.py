"""Invoice lines: what an invoice charges for. They have no ids; they are numbered in their invoice from 1."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection, Column, Type
from ipaas_dagster.contracts.shorthand import currency, integer, money, reference, text

INVOICE_LINES = Collection(
    name="invoice_lines",
    source="invoices",
    description="What an invoice charges for, line by line.",
    parent="invoices",
    array="products",
    parent_column="invoice_id",
    id_field=None,
    number_column="line_number",
    columns=(
        reference("invoice_id", (), "invoices", "The invoice that the line is part of"),
        Column("line_number", Type.INTEGER, (), "Place of the line in its invoice, counted from 1"),
        text("item_code", "product_code", "Code of the item as it was when invoiced"),
        text("item_name", "product_name", "Name of the item as it was when invoiced"),
        text("description", "product_description", "Description"),
        money("unit_price_minor", "price", "Price of one"),
        # `currency_id` is a number of Instagaze's own that no documented call explains: it stays in `extra`.
        currency(inherits="currency"),
        integer("quantity", "product_quantity", "Quantity"),
        text("tax_code", "tax_code", "Tax code"),
        text("tax_description", "tax_description", "What the tax code means"),
    ),
)
