"""What every use case is given: the settings and the opened stores of one installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ipaas_dagster.locks import Exclusive, Locks
from ipaas_dagster.operations import Operations
from ipaas_dagster.records import Clock, Progress, new_id, no_progress, utc_now
from ipaas_dagster.settings import Settings

if TYPE_CHECKING:
    from ipaas_dagster.hub import Hub
    from ipaas_dagster.mapping import Worksheet
    from ipaas_dagster.source.landing import LandingStore


@dataclass
class Project:
    """Stores open on first use, so that a run with nothing to do opens nothing. `run_id` names this run
    (Dagster's run id, or a fresh one) in landings, changes, outbox, ledger."""

    settings: Settings
    run_id: str = field(default_factory=new_id)
    clock: Clock = utc_now
    progress: Progress = no_progress
    say: Callable[[str], None] = lambda text: None
    """One line for a person, about something noticed (never a secret)."""

    @cached_property
    def locks(self) -> Exclusive:
        """Exclusive work of this installation: on one machine, or by leases where several share operations."""
        if not self.operations.shared:
            return self.local_locks
        from ipaas_dagster.operations.leases import Leases

        return Leases(self.operations, self.settings.lease_seconds, self.settings.lock_seconds)

    @cached_property
    def local_locks(self) -> Locks:
        """For what is of this machine alone: the hub's file, folders to spill into."""
        return Locks(self.settings.locks_folder, self.settings.lock_seconds)

    @cached_property
    def operations(self) -> Operations:
        return Operations(self.settings.operations_url)

    @cached_property
    def landings(self) -> LandingStore:
        from ipaas_dagster.source.landing import LandingStore

        return LandingStore(self.settings.landings_url, self.settings.state / "spool")

    @cached_property
    def hub(self) -> Hub:
        from ipaas_dagster.hub import Hub

        settings = self.settings
        return Hub(settings.hub_url, self.local_locks, memory_limit=settings.memory_limit, folder=settings.state)

    @cached_property
    def worksheet(self) -> Worksheet:
        from ipaas_dagster.mapping import load_worksheet

        return load_worksheet(self.settings.config)

    def beside(self, operations: Operations, locks: Exclusive, clock: Clock) -> Project:
        """The same installation and run, but with this operations store, for a rehearsal; the hub stays shared."""
        other = replace(self, clock=clock)
        other.__dict__ |= {"hub": self.hub, "worksheet": self.worksheet, "locks": locks, "operations": operations}
        return other
