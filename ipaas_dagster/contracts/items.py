"""Items: Instagaze's products, what is sold."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.shorthand import boolean, currency, integer, money, text

ITEMS = Collection(
    name="items",
    source="products",
    description="What is sold: products and services with their prices.",
    columns=(
        text("name", "product_name", "Name", required=True),
        text("description", "product_description", "Description"),
        text("code", "product_code", "The item's code (SKU)"),
        money("unit_price_minor", "price", "Price of one"),
        currency(),
        integer("default_quantity", "product_quantity", "Quantity that is sold unless said otherwise"),
        boolean("is_active", "is_active", "Whether it is on sale"),
        text("tax_code", "tax_code", "Tax code"),
        text("tax_description", "tax_description", "What the tax code means"),
        text("external_id", "in_product_id", "Id of the product in the system it was integrated with"),
    ),
)
