"""Folders beside the hub into which DuckDB writes what does not fit into memory."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipaas_dagster.errors import NotSetUp
from ipaas_dagster.locks import Locks

PREFIX = "spill-"


@contextmanager
def spill_folder(beside: Path, locks: Locks) -> Iterator[str]:
    """A folder of this block's own in `beside`. What killed processes left there goes first: it may be large.

    Each folder is locked by its process for as long as that lives, so an unlocked one is nobody's. Making
    and locking one is a single step for the others: `locks` holds `spill` meanwhile.
    """
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with locks.hold("spill"):
            _remove_orphans(beside)
            folder = tempfile.mkdtemp(prefix=PREFIX, dir=beside)
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise NotSetUp(
            f"the state folder {beside} cannot be written ({error.strerror}); "
            "set IPAAS_STATE to a folder that this user may write"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove_orphans(beside: Path) -> None:
    for folder in beside.glob(f"{PREFIX}*"):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:  # its owner has just removed it
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
