"""`sql`: SQLite or PostgreSQL through SQLAlchemy Core, one table per route."""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.sql.destination import CAPABILITIES, SqlDestination

__all__ = ["CAPABILITIES", "SqlDestination", "connect"]


def connect(setting: Setting) -> SqlDestination:
    """Fields: `url`, `schema` (PostgreSQL; the database's default if absent). Connects on first use."""
    return SqlDestination(setting)
