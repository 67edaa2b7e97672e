"""Fences: what work under a lease passes before it writes, so that a holder who wakes up late cannot commit.

A lease has a name and a token that grows whenever somebody takes it. The hub remembers the greatest token that wrote
under each name, in the same transaction as what was written, and refuses smaller ones. So the clocks of two machines
decide nothing here: once a successor has written, its predecessor never does.
"""

from __future__ import annotations

from dataclasses import dataclass

from ipaas_dagster.errors import LeaseLost
from ipaas_dagster.hub.store import HubConnection


@dataclass(frozen=True)
class Fence:
    """The lease under which something is written."""

    name: str
    token: int


def pass_fence(connection: HubConnection, fence: Fence | None) -> None:
    """First thing in the caller's transaction; from its commit on, smaller tokens are refused. None: no lease.

    Raises LeaseLost where a greater token has written already; then nothing of the transaction may be kept.
    """
    if fence is None:
        return
    connection.lock(f"fence {fence.name}")
    known = connection.execute("SELECT token FROM hub.fences WHERE name = ?", [fence.name]).fetchone()
    if known is None:
        connection.execute("INSERT INTO hub.fences (name, token) VALUES (?, ?)", [fence.name, fence.token])
    elif known[0] > fence.token:
        raise LeaseLost(
            f"the lease {fence.name!r} expired and another process has written since (it holds number {known[0]}, this "
            f"process number {fence.token}); nothing was written here: what is left waits for the next run"
        )
    elif known[0] < fence.token:
        connection.execute("UPDATE hub.fences SET token = ? WHERE name = ?", [fence.token, fence.name])
