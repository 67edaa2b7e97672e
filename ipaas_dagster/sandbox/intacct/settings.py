"""What differs between companies, and what no document says: each is a setting, none is believed blindly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

MAIN_ENDPOINT = "/ia/xml/xmlgw.phtml"


@dataclass(frozen=True)
class Settings:
    """The defaults are a plain company, and our best guess where the vendor's documents are silent."""

    sender_id: str = "sandbox-sender"
    sender_password: str = field(default="sandbox-sender-password", repr=False)
    company_id: str = "sandbox-company"
    user_id: str = "sandbox-user"
    user_password: str = field(default="sandbox-user-password", repr=False)

    endpoint: str = MAIN_ENDPOINT
    """Path of the address that getAPISession answers. Its sessions are refused at every other path."""
    session_seconds: float = 8 * 3600.0
    """A session ends so long after its last request, by the sandbox clock."""
    session_requests: int | None = None
    """A session ends after so many requests."""

    max_functions: int = 100
    """Functions per request. Unconfirmed: a secondary source recommends 100."""
    too_many_functions_errorno: str = "XL03000004"
    """Unconfirmed."""
    max_bytes: int = 10_000_000
    requests_per_window: int | None = None
    window_seconds: float = 60.0
    concurrent_requests: int | None = None
    """More requests at the same moment are answered 429."""
    policies: tuple[str, ...] = ("sandbox-policy",)
    """Transport policies of asynchronous requests; the work is done at once, its response is kept for tests."""
    http_errors: bool = False
    """A wrong sender is answered with HTTP 401; else with 200 and an error at the control level. Both were seen."""

    repeated_errorno: str = "XL03000007"
    """errorno of a function whose control id was executed before. Unconfirmed: no document names it."""
    control_ids_kept_seconds: float | None = None
    """How long executed control ids are remembered; None: for ever. Unconfirmed."""

    partial_functions: bool = True
    """A function that fails at its second object leaves the first one written, and lists it in `data`."""
    unknown_fields: Literal["refuse", "ignore"] = "refuse"
    """Fields that an object does not have. Unconfirmed."""
    custom_fields: tuple[str, ...] = ()
    """Fields that this company has added: OBJECT.NAME."""
    unique_invoice_numbers: Literal["customer", "company", "no"] = "customer"
    """Among what an invoice number may occur once. Real companies configure it."""
    number_invoices: bool = True
    """An invoice without a number gets one."""
    number_customers: bool = False
    """A customer without CUSTOMERID gets one."""
    display_contacts: bool = False
    """A customer's display contact is also a CONTACT, NAME(CCUSTOMERID). Unconfirmed."""
    currencies: tuple[str, ...] = ("USD:1", "EUR:1.10", "GBP:1.25", "CAD:0.75")
    """Currencies, each with its rate into the first, which is the company's own."""
    support_ids: bool = True
    """The first text of an error ends in [Support ID: ...], as the vendor's do."""

    @property
    def base_currency(self) -> str:
        return self.currencies[0].partition(":")[0]

    def changed(self, given: Mapping[str, Any]) -> Settings:
        """With these instead. Raises ValueError for a name that there is not."""
        known = [one.name for one in fields(self)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ValueError(f"intacct has no setting {', '.join(unknown)} (it has: {', '.join(known)})")
        chosen: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in given.items()}
        return replace(self, **chosen)
