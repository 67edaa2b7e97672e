"""What may be wrong with the machine, for one process."""

from __future__ import annotations

import os
import resource

NOBODY = 65534


def small_files(most: str) -> None:
    """No file may grow beyond so many bytes, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))


def nobody() -> None:
    """A user who may write nowhere. Only root can become it."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
