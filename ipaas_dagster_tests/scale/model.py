"""Sizes and times by arithmetic: what one portal and all of them need. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ipaas_dagster_tests.scale import constants as c
from ipaas_dagster_tests.scale.vendors import Vendor

MINUTE, HOUR, DAY, MONTH = 60.0, 3_600.0, 86_400.0, 30 * 86_400.0


@dataclass(frozen=True)
class Load:
    """A first load of so many hub records of one portal: seconds, calls and bytes."""

    records: float

    @property
    def pages(self) -> float:
        return self.records / c.HUB_PER_SOURCE.value / c.PAGE.value

    @property
    def source_seconds(self) -> float:
        """While the source is waited for, and nothing else is."""
        return self.pages * c.SOURCE_SECONDS.value / c.CONNECTIONS.value

    @property
    def scan_cpu(self) -> float:
        return self.records / c.HUB_PER_SOURCE.value * c.SCAN_CPU.value

    @property
    def merge_cpu(self) -> float:
        return self.records * c.MERGE_CPU.value

    @property
    def served_cpu(self) -> tuple[float, float]:
        """Into PostgreSQL: of ours, and of the server's."""
        return self.records * c.SERVED_CPU.value, self.records * c.SERVER_CPU.value

    @property
    def bytes(self) -> dict[str, float]:
        landings = self.records / c.HUB_PER_SOURCE.value * c.LANDING_BYTES.value
        return {
            "landings": landings,
            "hub, DuckDB": self.records * c.DUCKDB_BYTES.value,
            "hub, PostgreSQL": self.records * c.POSTGRESQL_BYTES.value,
            "operations, a system": self.records * c.OUTBOX_BYTES.value,
        }


def delivery_seconds(vendor: Vendor, records: float) -> tuple[float, str]:
    """How long one deliverer takes for one company, and what holds it up: ours, the vendor's answers, its limit."""
    bounds = {
        "our processor": records * vendor.cpu,
        "its answers": records * vendor.calls * vendor.seconds,
        "its limit a minute": records / vendor.a_minute * MINUTE if vendor.a_minute else 0.0,
        "its limit a day": records / vendor.a_day * DAY if vendor.a_day else 0.0,
        "its plan a month": records / vendor.a_month * MONTH if vendor.a_month else 0.0,
    }
    what = max(bounds, key=lambda name: bounds[name])
    return bounds[what], what


def polls_a_day(seconds: float) -> float:
    """Requests of all portals, where nothing is new, with a look at each collection every so many seconds."""
    return c.PORTALS.value * c.POLLED.value * DAY / seconds


def month_of_storage() -> float:
    """$ a month for what all portals hold, landings in an object store, the rest in PostgreSQL."""
    sizes = Load(c.RECORDS.value).bytes
    rows = sizes["hub, PostgreSQL"] + c.SYSTEMS.value * sizes["operations, a system"]
    return rows / 1e9 * c.DATABASE_MONTH.value + sizes["landings"] / 1e9 * c.OBJECT_MONTH.value
