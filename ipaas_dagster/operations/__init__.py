"""The operations store: cursors, landings' rows, positions, outbox, attempts, links, calls, inbox, holds."""

from ipaas_dagster.operations.store import Operations

__all__ = ["Operations"]
