"""Python's search for cyclic garbage, less often while many records are read, rendered and sent.

Nothing of an entry refers to itself, so that searching after every 700 objects finds nothing, and looks at each chunk
of records again and again: measured, a seventh of a delivery's CPU.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 50_000
"""What a search would find may grow to so many objects, a few megabytes."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """For the block, whatever thread it runs in; where several overlap, the last one to end restores what it found."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _OBJECTS) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
