"""How a landing's files are named: `<day>/<landing_id>.ndjson.zst`, and its manifest beside it."""

from __future__ import annotations

from datetime import UTC, datetime

SUFFIX = ".ndjson.zst"


def day_of(landing_id: str) -> str:
    """The id begins with the milliseconds of its making; so its day is known from it."""
    try:
        return datetime.fromtimestamp(int(landing_id[:12], 16) / 1000, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "undated"


def data_name(landing_id: str) -> str:
    return f"{day_of(landing_id)}/{landing_id}{SUFFIX}"


def manifest_name(landing_id: str) -> str:
    return f"{day_of(landing_id)}/{landing_id}.json"


def landing_of_manifest(name: str) -> str | None:
    """The landing's id, where this is the name of a manifest."""
    file = name.rpartition("/")[2]
    return file.removesuffix(".json") if file.endswith(".json") and not file.startswith(".") else None


def landing_of_data(name: str) -> str:
    """The landing's id by the name of its data."""
    return name.rpartition("/")[2].removesuffix(SUFFIX)
