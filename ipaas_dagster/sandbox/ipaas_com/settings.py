"""How this iPaaS.com behaves. What no document states is a setting; its default is the stricter reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

APIS = (
    "sso",
    "customers",
    "products",
    "transactions",
    "subscriptions",
    "giftcards",
    "integrators",
    "employees",
    "messages",
    "listener",
    "hookapi",
)


@dataclass(frozen=True)
class Settings:
    """Times in seconds. None switches a limit off."""

    email: str = "sync@example.com"
    password: str = field(default="sandbox-ipaas-password", repr=False)
    api_key: str = field(default="sandbox-ipaas-api-key", repr=False)
    companies: tuple[tuple[str, str], ...] = (("6f1c7a52-0b1e-4f5b-9d6e-3a7a1f0c9e11", "Sandbox Trading"),)
    """Of the user: (id, name). The first is the one whose records are here, and the API key's."""
    system_id: int = 7001
    """The subscription, as iPaaS.com calls a connected integration, that external ids are kept for."""
    base_paths: Mapping[str, str] = field(default_factory=dict)
    """API -> the path it is served below, where that is another than its name."""

    token_seconds: float = 3600
    authorization: Literal["both", "raw", "bearer"] = "both"
    """How the Authorization header has to carry a token."""
    errors: Literal["coded", "json", "plain"] = "coded"
    """Text with its code, JSON with its code, or the older text without one."""

    volume_calls: int | None = None
    volume_seconds: float = 10
    """At most so many calls in so many seconds; then 429 until there is room, with Retry-After below 60."""
    monthly_calls: int | None = None
    """So many calls a month; then 429 for the rest of it."""
    monthly_retry_after: int | None = None
    """What a monthly 429 says in Retry-After; None: it has none."""

    put: Literal["replace", "merge"] = "replace"
    """What a PUT does to fields that it does not name: empty them, or leave them."""
    put_path: Literal["id", "body"] = "id"
    """Whether the id of what is changed stands in the path, or in the body only."""
    created_status: int = 201
    deletes: bool = True
    """Off: DELETE of a record answers 405."""
    events: bool = False
    """Whether subscriptions/v2/Events is there."""
    ids_unique: Literal["table", "system"] = "table"
    """An external id is there once a system and table, or once a system."""
    deleted_ids_block: bool = False
    """Whether the external id of a deleted record can be taken by no other."""
    unknown_fields: Literal["refused", "ignored"] = "refused"
    longest_text: int | None = None
    company_table: str = "customer company"

    page_size: int = 100
    largest_page: int = 500
    pagination: Literal["correct", "malformed", "none"] = "correct"
    """malformed: as the overview prints it, an opening brace where the closing one should be."""
    pagination_keys: Literal["documented", "lower", "pascal"] = "documented"

    def changed(self, given: Mapping[str, Any]) -> Settings:
        """Raises ValueError naming what is not known."""
        known = [one.name for one in fields(self)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(f"ipaas_com has no setting {', '.join(unknown)} (it has: {', '.join(known)})")
        return replace(self, **given)

    def api_of(self, base_path: str) -> str | None:
        """The API that is served below this path."""
        return next((api for api in APIS if self.base_paths.get(api, api) == base_path), None)
