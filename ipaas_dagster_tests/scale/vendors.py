"""What a system takes: calls a record by how we send, and the limits that its vendor publishes for one company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Vendor:
    """`cpu`: seconds of ours a record, measured (a portal's taken to be as iPaaS.com's, which also is sent one record a
    request); `calls` a record, look-ups included; `seconds`: of the vendor's for a call, assumed;
    `a_minute`, `a_day`, `a_month`: records that the published limits let through, None: none is published."""

    name: str
    cpu: float
    calls: float
    seconds: float
    a_minute: float | None = None
    a_day: float | None = None
    a_month: float | None = None
    limit: str = ""


VENDORS = (
    Vendor("sql", 108e-6, 1 / 5_000, 1.0, limit="none"),
    Vendor("files", 96e-6, 1 / 10_000, 0.1, limit="none"),
    Vendor("webhook", 1_505e-6, 1.0, 0.05, limit="the receiver's; one event after the other"),
    Vendor(
        *("salesforce (bulk)", 153e-6, 8 / 20_000, 60.0),
        a_day=150e6,
        limit="150 M rows and 15,000 batches of 10,000 rows in 24 h; 100,000+ calls in 24 h by edition",
    ),
    Vendor(
        *("quickbooks", 764e-6, 2 / 30, 1.0),
        a_minute=40 * 30,
        limit="40 batches of 30 a minute and company and app",
    ),
    Vendor(
        *("intacct", 177e-6, 3 / 100, 10.0),
        a_month=100_000,
        limit="100,000 transactions a month in tier 1, more is billed; one request at a time",
    ),
    Vendor("ipaas_com", 8_460e-6, 2.5, 0.2, limit="by monthly plan, not published; one record a request"),
    Vendor("instagaze (a portal)", 8_460e-6, 1.5, 0.2, limit="none is published"),
)
