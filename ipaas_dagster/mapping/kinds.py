"""What can be connected, as far as declarations need to know it: the connection fields a preset of that
kind has, and what its templates are given by default. A test holds these equal to what the destinations
declare of themselves.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PresetField:
    name: str
    description: str
    required: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Kind:
    """`fields` are what its presets may hold. `keeps_hub_ids`: references are stored as hub ids, so that
    nothing waits for a parent there. `key`: the target field that holds the hub id, where a template names
    none."""

    name: str
    description: str
    is_source: bool = False
    fields: tuple[PresetField, ...] = ()
    keeps_hub_ids: bool = False
    key: str | None = None


KINDS: tuple[Kind, ...] = (
    Kind("instagaze", "the source; it is connected by INSTAGAZE_BASE_URL and INSTAGAZE_TOKEN", is_source=True),
    Kind(
        "sql",
        "tables of a SQL database",
        fields=(
            PresetField("url", "SQLAlchemy URL, such as sqlite:///file.db or postgresql+psycopg://...", True),
            PresetField("schema", "schema the tables stand in; the database's default if absent"),
        ),
        keeps_hub_ids=True,
        key="hub_id",
    ),
    Kind(
        "files",
        "immutable batches of files in a folder",
        fields=(
            PresetField("folder", "folder below which <collection>/ folders are written", True),
            PresetField("format", "jsonl, csv or parquet"),
        ),
        keeps_hub_ids=True,
        key="hub_id",
    ),
)


def kind_names() -> tuple[str, ...]:
    return tuple(kind.name for kind in KINDS)


def kind(name: str) -> Kind:
    """Raises KeyError for a kind that is not there."""
    for one in KINDS:
        if one.name == name:
            return one
    raise KeyError(name)
