"""Small findings of the hub beside its file, so that asking for them again does not have to open it.

Unlike the head, they are noted by who read them, where that may write there. They are believed as the head is.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ipaas_dagster.hub.noted_head import file_identity, log_path


def recall(path: Path, name: str) -> Any | None:
    """What was noted of this very file, or None."""
    if log_path(path).exists():
        return None
    try:
        note = json.loads(_note_path(path, name).read_text())
        return note["found"] if note["file"] == file_identity(path) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note(path: Path, name: str, found: Any, identity: list[int]) -> None:
    """`identity` is the file's of when `found` was read."""
    target = _note_path(path, name)
    temporary = target.with_name(f"{target.name}.{os.getpid()}")
    with suppress(OSError):  # a reader need not be allowed to write: then it opens the hub each time
        temporary.write_text(json.dumps({"found": found, "file": identity}))
        temporary.replace(target)


def _note_path(path: Path, name: str) -> Path:
    return path.with_name(f"{path.name}.{name}")
