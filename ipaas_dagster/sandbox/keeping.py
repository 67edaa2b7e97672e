"""What the stand-ins hold, kept from one run of the demo to the next: a system that forgot its records between two
runs would be none that anybody knows.

Only records are kept, and the tokens that QuickBooks gave out, which a company would be locked out without; neither
passwords nor what a test switched on. The file is pickled, so it is read from a
folder of this user's own and from nowhere else.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import zstandard

from ipaas_dagster.sandbox.below import Below
from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import StandIn
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.journal import Journal

KEPT: Mapping[str, tuple[str, ...]] = {
    "salesforce": ("org",),
    "salesforce_b": ("org",),
    "quickbooks": ("books", "tokens"),
    "intacct": ("company", "executed"),
    "ipaas_com": ("records",),
    "webhook": ("fold",),
    "portal_b": ("shelves", "_next_child"),
}
"""Attributes by stand-in. The source is not among them: its records are made from the seed."""

_FORMAT = 1
_LIVING = {"clock": SandboxClock, "journal": Journal, "faults": Faults}


class CannotBeRead(Exception):
    """The file is of another version, or damaged."""


def keep(stand_ins: Sequence[StandIn], file: Path) -> None:
    """Write the records of all stand-ins; the file is there wholly, or as it was."""
    found = {
        one.name: {name: vars(_real(one))[name] for name in KEPT[one.name]} for one in stand_ins if one.name in KEPT
    }
    made = BytesIO()
    _Pickler(made, protocol=5).dump((_FORMAT, found))
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(zstandard.compress(made.getvalue()))
    os.replace(part, file)


def restore(stand_ins: Sequence[StandIn], file: Path) -> None:
    """Give the stand-ins the records of an earlier run; none where there is no file. Raises CannotBeRead."""
    if not file.exists():
        return
    for one in stand_ins:
        found = _read(file, _real(one)).get(one.name, {})
        for name, value in found.items():
            setattr(_real(one), name, value)


def _read(file: Path, owner: Any) -> dict[str, dict[str, Any]]:
    try:
        version, found = _Unpickler(BytesIO(zstandard.decompress(file.read_bytes())), owner).load()
    except Exception as error:  # whatever a pickle of other classes may raise
        raise CannotBeRead(f"{type(error).__name__}: {error}") from None
    if version != _FORMAT:
        raise CannotBeRead(f"it is of format {version}")
    return dict(found)


def _real(one: StandIn) -> Any:
    return one.stand_in if isinstance(one, Below) else one


class _Pickler(pickle.Pickler):
    """Leaves out what belongs to the running process: it is that of the stand-in which is restored."""

    def persistent_id(self, thing: Any) -> str | None:
        if isinstance(thing, type(threading.Lock())):
            return "a lock"
        if isinstance(thing, type(threading.RLock())):
            return "a lock that its holder may take again"
        if type(thing).__name__ == "Settings":
            return "settings"
        return next((name for name, kind in _LIVING.items() if isinstance(thing, kind)), None)

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, MappingProxyType):
            return _proxy, (dict(thing),)
        return NotImplemented


def _proxy(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    """The type itself cannot be named in a pickle."""
    return MappingProxyType(values)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BytesIO, owner: Any) -> None:
        super().__init__(file)
        self._owner = owner

    def persistent_load(self, name: str) -> Any:
        made = {"a lock": threading.Lock, "a lock that its holder may take again": threading.RLock}
        return made[name]() if name in made else getattr(self._owner, name, None)
