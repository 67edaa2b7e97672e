"""The hub's head beside its file, so that asking how far the hub is does not have to open it.

The note is believed only while the file is the very one it was written for (inode, size, time of change in
nanoseconds) and no write-ahead log lies beside it; anything else means: open the hub and look.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.hub.changes import HubHead


def write_note(path: Path, head: HubHead) -> None:
    """Called with the hub closed, by the process that holds its lock."""
    note = _note_path(path)
    temporary = note.with_name(f"{note.name}.{os.getpid()}")
    temporary.write_text(json.dumps({"epoch": head.epoch, "seq": head.seq, "file": file_identity(path)}))
    crash_point("hub.head_written")
    temporary.replace(note)
    crash_point("hub.head_noted")


def read_note(path: Path) -> HubHead | None:
    """The head, or None where the note is missing, broken, or of another file."""
    if log_path(path).exists():
        return None
    try:
        note = json.loads(_note_path(path).read_text())
        return HubHead(note["epoch"], note["seq"]) if note["file"] == file_identity(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def file_identity(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _note_path(path: Path) -> Path:
    return path.with_name(path.name + ".head")


def log_path(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
