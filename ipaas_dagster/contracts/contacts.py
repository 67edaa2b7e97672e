"""Contacts: the people of an account. They stand in its `contacts` and have ids of their own."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.contracts.shorthand import EMAIL, boolean, expected, reference, text, time

CONTACTS = Collection(
    name="contacts",
    source="contacts",
    description="The people of a customer who receive and pay invoices.",
    parent="customers",
    array="contacts",
    parent_column="customer_id",
    removed_field="is_deleted",
    columns=(
        reference("customer_id", "account_id", "customers", "The customer in whose account the contact stands"),
        text("name", "name", "Full name", expected("is missing")),
        text("email", "email", "E-mail address", EMAIL),
        boolean("is_active", "is_active", "Whether the contact is active"),
        boolean("is_enrolled", "is_enrolled", "Whether the contact has enrolled in the payment portal"),
        time("created_at", "created_at", "When the contact was made"),
        time("updated_at", "updated_at", "When the contact was last changed"),
    ),
)
