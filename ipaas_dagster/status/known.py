"""What was open before a run, or is known after it: it is counted, and fails no run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ipaas_dagster.outbox.pauses import read_pauses
from ipaas_dagster.project import Project
from ipaas_dagster.status.hub_side import count_hub_open
from ipaas_dagster.status.systems import open_states, read_open_entries


@dataclass(frozen=True)
class KnownOpen:
    """What is open from this or earlier runs, by collection or system; being there, it fails no run."""

    rejects: Mapping[str, int]
    dead: Mapping[str, int]
    blocked: Mapping[str, int]
    in_doubt: Mapping[str, int]
    holds: int
    paused: Sequence[str] = ()

    def in_words(self) -> list[str]:
        said = [
            _counted("open rejects", self.rejects, "ipaas rejects list"),
            _counted("dead letters", self.dead, "ipaas dead list"),
            _counted("blocked deliveries", self.blocked, "ipaas status"),
            _counted("deliveries in doubt", self.in_doubt, "ipaas deliver"),
        ]
        if self.holds:
            said.append(f"holds waiting for a person: {self.holds} (ipaas approve list)")
        if self.paused:
            said.append(f"paused: {', '.join(self.paused)} (ipaas resume)")
        return [line for line in said if line]


def _counted(what: str, counts: Mapping[str, int], command: str) -> str:
    if not counts:
        return ""
    return f"{what}: {', '.join(f'{name} {count:,}' for name, count in counts.items())} ({command})"


def known_open(project: Project) -> KnownOpen:
    """Counts only, in the time that what is open takes, not what was ever delivered."""
    states = {system: open_states(entries) for system, entries in read_open_entries(project).items()}
    rejects, holds = count_hub_open(project)

    def of(state: str) -> dict[str, int]:
        return {system: counts[state] for system, counts in states.items() if counts.get(state)}

    with project.operations.read() as connection:
        paused = [pause.name for pause in read_pauses(connection)]
    return KnownOpen(rejects, of("dead"), of("blocked"), of("in_doubt"), holds, paused)
