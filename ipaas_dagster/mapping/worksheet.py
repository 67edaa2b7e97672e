"""The worksheet: which collection moves in which direction between the hub and which system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ipaas_dagster.mapping.declared import Declared
from ipaas_dagster.mapping.kinds import Kind
from ipaas_dagster.mapping.presets import Preset, Presets
from ipaas_dagster.mapping.route import Route
from ipaas_dagster.records import SOURCE_SYSTEM
from ipaas_dagster.settings import Settings

FILE = "worksheet.yaml"


@dataclass(frozen=True)
class System:
    """One connected instance of a kind. The source has no preset: it is connected by the INSTAGAZE_
    variables."""

    name: str
    kind: Kind
    preset: str | None
    enabled: bool = True
    webhooks: str | None = None
    """The preset by which webhooks from it are taken in; None: there is no address for them."""

    @property
    def is_source(self) -> bool:
        return self.kind.is_source and self.name == SOURCE_SYSTEM


class NotCarried(NamedTuple):
    """A collection that a system does not carry, and why."""

    collection: str
    system: str
    reason: str


class PipelineRow(NamedTuple):
    """A collection that goes to a system as Instagaze's own pipeline maps it: that of this id, or None: the only active
    one that pushes this object there. Without a pinned mapping (`pinned`) it has no route yet."""

    collection: str
    system: str
    pipeline: str | None
    pinned: bool

    @property
    def name(self) -> str:
        return f"{self.system}/{self.collection}"


class Row(NamedTuple):
    """One line of `ipaas worksheet`. `remark`: why the system does not carry it, or in whose records it stands; `only`:
    which records are sent, empty where all are."""

    collection: str
    system: str
    kind: str
    direction: str
    template: str
    preset: str
    deletes: str
    enabled: bool
    remark: str = ""
    only: str = ""


@dataclass(frozen=True)
class Worksheet:
    """Checked in full: every name in it, in its templates and in its presets exists.

    `systems` stand in the order of the file, `inbound` are the hub collections that Instagaze fills.
    """

    file: str
    systems: tuple[System, ...]
    inbound: tuple[str, ...]
    all_routes: tuple[Route, ...]
    presets: Presets = field(repr=False)
    source: str = "instagaze"
    not_carried: tuple[NotCarried, ...] = ()
    pipelines: tuple[PipelineRow, ...] = ()

    def system(self, name: str) -> System:
        """Raises DeclarationError naming the systems there are."""
        for system in self.systems:
            if system.name == name:
                return system
        declared = Declared(self.file, {}, {})
        raise declared.error((), f"unknown system {name!r}", given=name, allowed=tuple(s.name for s in self.systems))

    @property
    def destinations(self) -> tuple[System, ...]:
        return tuple(system for system in self.systems if not system.is_source)

    def routes(self, system: str | None = None) -> tuple[Route, ...]:
        """Routes of one system, or of all, parents before children; those of disabled systems too."""
        return tuple(route for route in self.all_routes if system in (None, route.system))

    def preset(self, system: str, settings: Settings) -> Preset:
        """The connection of a destination, with this environment's values."""
        name = self.system(system).preset
        return Preset("", {}) if name is None else self.presets.resolve(name, settings)

    def webhooks(self, system: str, settings: Settings) -> Preset | None:
        """How webhooks of this system are known and read, with this environment's values; None: it has no address."""
        name = self.system(system).webhooks
        return None if name is None else self.presets.resolve(name, settings)

    def switched_off(self, system: str, settings: Settings) -> str | None:
        """Why nothing is queued for this system or sent to it; None where it is on."""
        if not self.system(system).enabled:
            return f"system {system!r} is not enabled in {self.file}"
        return self.preset(system, settings).switched_off

    def table(self) -> list[Row]:
        """The worksheet's rows, collection by collection, the source first."""
        order = {name: n for n, name in enumerate(_collection_names())}
        rows = [Row(name, self.source, "instagaze", "to", "", "", "", True) for name in self.inbound]
        for route in self.all_routes:
            rows += self._rows(route)
        for waiting in (one for one in self.pipelines if not one.pinned):
            rows.append(self._waiting(waiting))
        for one in self.not_carried:
            system = self.system(one.system)
            preset = system.preset or ""
            rows.append(Row(one.collection, one.system, system.kind.name, "none", "", preset, "", False, one.reason))
        systems = [system.name for system in self.systems]
        return sorted(rows, key=lambda row: (order[row.collection], systems.index(row.system)))

    def _waiting(self, row: PipelineRow) -> Row:
        system = self.system(row.system)
        remark = "waits for its pipeline's mapping (ipaas pipelines diff)"
        own = row.collection, row.system, system.kind.name
        return Row(*own, "from", "instagaze", system.preset or "", "", False, remark)

    def _rows(self, route: Route) -> list[Row]:
        enabled, name, preset = self.system(route.system).enabled, route.template.name, route.preset or ""
        own = Row(route.collection, route.system, route.kind, "from", name, preset, route.deletes, enabled)
        remark = f"nested in {route.collection}"
        return [
            own._replace(only=route.filter.in_words),
            *(own._replace(collection=nested, deletes="", remark=remark) for nested in route.nested),
        ]


def _collection_names() -> list[str]:
    from ipaas_dagster import contracts

    return [collection.name for collection in contracts.COLLECTIONS]


def load_worksheet(folder: Path, trial: Mapping[str, Path] | None = None) -> Worksheet:
    """Read and check `worksheet.yaml`, `presets.yaml` and every mapping file in `folder`.

    `trial` has a mapping file by system: its templates stand for those of the same name, for this reading.
    Raises DeclarationError with file, line and the allowed names for the first thing that is wrong.
    """
    from ipaas_dagster.mapping.reading import read_worksheet

    return read_worksheet(folder, trial)
