"""A trace as plain JSON values: what `--json` prints and Dagster keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Set
from datetime import date, datetime
from typing import Any

from ipaas_dagster.trace.tracing import Trace


def document(found: Trace) -> dict[str, Any]:
    """Complete; times as ISO 8601 with their offset, bodies as text."""
    return {f.name: plain(getattr(found, f.name)) for f in dataclasses.fields(found)}


def plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | Set):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
