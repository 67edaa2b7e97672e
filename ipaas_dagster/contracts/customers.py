"""Customers: Instagaze's accounts, without their contacts (see contacts)."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection, Rule
from ipaas_dagster.contracts.shorthand import EMAIL, boolean, real, text, time

LATITUDE = (
    Rule("at_least", -90, "is no latitude (-90 to 90)", soft=True),
    Rule("at_most", 90, "is no latitude (-90 to 90)", soft=True),
)
LONGITUDE = (
    Rule("at_least", -180, "is no longitude (-180 to 180)", soft=True),
    Rule("at_most", 180, "is no longitude (-180 to 180)", soft=True),
)

CUSTOMERS = Collection(
    name="customers",
    source="accounts",
    description="Who is charged: the accounts of the payments team's customers.",
    columns=(
        text("name", "account_name", "Name of the account", required=True),
        text("number", "account_number", "The account's number in the customer's own books"),
        text("owner_name", "account_owner", "Who looks after the account"),
        text("owner_email", "account_owner_email", "E-mail address of the owner", EMAIL),
        text("invoice_prefix", "invoice_prefix", "What the numbers of the account's invoices begin with"),
        # An address given as one text is its street; the parts stay empty.
        text("billing_street", ("billing_address.street", "billing_address"), "Street of the billing address"),
        text("billing_city", "billing_address.city", "City of the billing address"),
        text("billing_state", "billing_address.state", "State of the billing address"),
        text(
            "billing_postal_code",
            ("billing_address.postal_code", "billing_address.postalCode"),
            "Postal code of the billing address",
        ),
        text("billing_country", "billing_address.country", "Country of the billing address"),
        real("billing_latitude", "billing_address.latitude", "Latitude in degrees, north positive", *LATITUDE),
        real(
            "billing_longitude",
            "billing_address.longitude",
            "Longitude in degrees, east positive",
            *LONGITUDE,
        ),
        boolean("autopay_only", "autopay_only", "Whether the account may pay by autopay only"),
        boolean("is_autopay", "is_autopay", "Whether autopay is on"),
        text("external_id", "in_account_id", "Id of the account in the system it was integrated with"),
        time("external_updated_at", "in_updated_at", "When the integrated system last changed it"),
    ),
)
