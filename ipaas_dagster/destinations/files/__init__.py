"""`files`: immutable batches in a folder, as JSON lines, CSV or Parquet, with a manifest each."""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.files.destination import CAPABILITIES, FilesDestination, current

__all__ = ["CAPABILITIES", "FilesDestination", "connect", "current"]


def connect(setting: Setting) -> FilesDestination:
    """Fields: `folder`, `format` (jsonl, csv or parquet). The folder is made on first use."""
    return FilesDestination(setting)
