"""5 Where records go: one small protocol (base), one module or package per kind of system.

Adding one: a module with `connect(setting) -> Destination`, and its name in DESTINATIONS. The conformance suite of
the tests then runs over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from ipaas_dagster.destinations.base import Destination, Setting


@dataclass(frozen=True)
class DestinationKind:
    """`name` as the worksheet says it; `module` is imported only where such a system is used."""

    name: str
    module: str

    def connect(self, setting: Setting) -> Destination:
        """Raises SettingsError for preset fields that cannot be used, Unreachable where nothing answers."""
        destination: Destination = import_module(self.module).connect(setting)
        return destination


DESTINATIONS: tuple[DestinationKind, ...] = (
    DestinationKind("sql", "ipaas_dagster.destinations.sql"),
    DestinationKind("files", "ipaas_dagster.destinations.files"),
    DestinationKind("salesforce", "ipaas_dagster.destinations.salesforce"),
    DestinationKind("quickbooks", "ipaas_dagster.destinations.quickbooks"),
    DestinationKind("intacct", "ipaas_dagster.destinations.intacct"),
    DestinationKind("ipaas_com", "ipaas_dagster.destinations.ipaas_com"),
    DestinationKind("instagaze", "ipaas_dagster.destinations.instagaze"),
    DestinationKind("webhook", "ipaas_dagster.destinations.webhook"),
)


def destination_kind(name: str) -> DestinationKind:
    """Raises KeyError naming those that exist."""
    for kind in DESTINATIONS:
        if kind.name == name:
            return kind
    raise KeyError(f"there is no destination {name!r} (there are {', '.join(k.name for k in DESTINATIONS)})")
