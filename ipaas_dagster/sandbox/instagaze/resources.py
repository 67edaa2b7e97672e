"""The documented resources: where they are, what may be done to them, and in which shape they answer.

Source: the "HTTP Request" lines of the admin API's document. Its curl examples contradict them in places (a
GET shown as PATCH, an update shown as POST to the list); the lines are taken as true.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """One documented kind of record. `path` is lower case: `Intacct` is also written with a capital."""

    name: str
    path: tuple[str, ...]
    list_verbs: frozenset[str]
    record_verbs: frozenset[str] = frozenset()
    envelope: bool = False
    """Lists are {"count", "results"} and take created, modified, limit, offset and order; otherwise a bare
    array without filters. For pipelines only the envelope is documented, and taken to mean the rest."""
    one_in_envelope: bool = False
    """A single record is answered as a list of one: the document shows this for subscriptions only."""
    patch_answers: bool = False
    """PATCH answers with the record (200); otherwise with no content (204)."""
    required: tuple[str, ...] = ()


ALL = frozenset({"GET", "PATCH", "DELETE"})
BOTH = frozenset({"GET", "POST"})
READ = frozenset({"GET"})

RESOURCES: tuple[Resource, ...] = (
    Resource(
        "accounts",
        ("accounts",),
        BOTH,
        ALL,
        envelope=True,
        patch_answers=True,
        required=("account_name",),
    ),
    Resource("products", ("products",), BOTH, ALL, envelope=True, required=("product_name", "price")),
    Resource("invoices", ("invoices",), BOTH, ALL - READ, envelope=True, required=("account_id", "number")),
    Resource(
        "subscriptions",
        ("subscriptions",),
        BOTH,
        ALL - {"PATCH"},
        envelope=True,
        one_in_envelope=True,
        required=("account_id", "product_id"),
    ),
    Resource("transactions", ("transactions",), READ, envelope=True),
    Resource("integrations", ("integrations",), READ),
    Resource(
        "salesforce_instances",
        ("integrations", "salesforce"),
        BOTH,
        ALL,
        required=("name", "url", "username", "password"),
    ),
    Resource("intacct_instances", ("integrations", "intacct"), BOTH, ALL, required=("name",)),
    Resource("objects", ("instagaze", "objects"), READ),
    Resource("schemas", ("instagaze", "schema"), READ),
    Resource("gateways", ("gateways",), READ),
    Resource(
        "pipelines",
        ("pipelines",),
        BOTH,
        ALL,
        envelope=True,
        required=("mode", "external_object", "integration", "pp_object"),
    ),
)

BY_PATH = {resource.path: resource for resource in RESOURCES}
