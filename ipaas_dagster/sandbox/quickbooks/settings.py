"""How this QuickBooks behaves. What the vendor does not state is a setting; its default is the stricter reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Settings:
    """Times in seconds. None switches a limit off."""

    realm_id: str = "9341453000000001"
    client_id: str = "sandbox-client"
    client_secret: str = field(default="sandbox-client-secret", repr=False)
    refresh_token: str = field(default="sandbox-refresh-token", repr=False)
    """The first one: always the same, so that a fresh sandbox can be used with the same environment."""

    access_seconds: float = 3600
    access_requests: int | None = None
    """An access token is good for so many requests."""
    refresh_seconds: float = 8_726_400
    rotate_seconds: float = 0
    """A refresh token is replaced when a refresh comes so long after it was issued; 0: at each refresh."""
    refresh_grace_seconds: float = 3600
    """How long a replaced refresh token stays good; 0: not at all, so that a lost answer locks the client out."""

    requests_per_minute: int | None = 500
    requests_per_second: int | None = 10
    batches_per_minute: int | None = 40
    throttled_in_xml: bool = True
    """429 is answered in XML whatever was asked for."""
    gateway_authentication_fault: bool = False
    """401 has the lower-case body that the vendor's gateway is reported to send, not the documented fault."""

    batch_items: int = 30
    batch_query_items: int = 5
    minimum_minorversion: int = 75
    request_id_seconds: float = 86_400
    """How long an answer is replayed for its request id. The vendor does not say."""

    multicurrency: bool = False
    custom_doc_numbers: bool = False
    """On: an invoice without DocNumber has none. Off: it gets the next number. A given one is used in both."""
    duplicate_doc_numbers: Literal["refused", "allowed"] = "refused"
    duplicate_doc_number_code: str = "6140"
    inactive_names: Literal["renamed", "kept"] = "renamed"
    """A record made inactive: ` (deleted)` is added to its name, as recorded; or it keeps, and blocks, its name."""
    payment_moves_invoice: bool = True
    """Applying, changing or deleting a payment moves the SyncToken of its invoices."""
    utc_offset_hours: int = -8
    """The zone of the company: its times carry this offset, and its dates are of this zone."""

    def changed(self, given: Mapping[str, Any]) -> Settings:
        """Raises ValueError naming what is not known."""
        known = [one.name for one in fields(self)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(f"quickbooks has no setting {', '.join(unknown)} (it has: {', '.join(known)})")
        return replace(self, **given)
