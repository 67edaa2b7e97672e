"""One owed delivery as a pure state machine: no store, no clock, no chance but what is passed in.

    pending ──────────► sending ──────► delivered
      ▲  ▲ │               │ │ └──────► dead ───────► superseded
      │  │ └► blocked ─┐   │ └────────► in_doubt ───► delivered | pending | waiting | dead | sending
      │  └─────────────┘   ▼
      └──────────────── waiting

`pending`, `waiting` and `blocked` may be superseded by a newer entry of the same record; `sending` and `in_doubt`
never: what the system may already have done must be known first.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1


class State(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    WAITING = "waiting"  # for its next attempt
    BLOCKED = "blocked"  # by a record that the system must know first
    IN_DOUBT = "in_doubt"  # sent, answer lost
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"  # a newer entry, or the end of the record, stands for it
    DEAD = "dead"


REPLACEABLE = (State.PENDING, State.WAITING, State.BLOCKED)
BUSY = (State.SENDING, State.IN_DOUBT)
OPEN = (*REPLACEABLE, *BUSY)

OPERATIONS = ("upsert", "delete")

TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.SENDING, State.BLOCKED, State.SUPERSEDED, State.DEAD}),
    State.WAITING: frozenset({State.PENDING, State.SUPERSEDED}),
    State.BLOCKED: frozenset({State.PENDING, State.SUPERSEDED}),
    State.SENDING: frozenset({State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.PENDING}),
    State.IN_DOUBT: frozenset(
        {State.DELIVERED, State.WAITING, State.DEAD, State.IN_DOUBT, State.PENDING, State.SENDING}
    ),
    State.DEAD: frozenset({State.SUPERSEDED}),
    State.DELIVERED: frozenset(),
    State.SUPERSEDED: frozenset(),
}


@dataclass(frozen=True)
class Next:
    """What becomes of an entry after an answer. `attempts` is how many are used up by then."""

    state: State
    attempts: int
    reason: str = ""


def after_answer(kind: str, attempts: int, limit: int, reason: str = "") -> Next:
    """`kind` is an Outcome's; `attempts` those used up before it. A retry beyond `limit` attempts is dead;
    a doubt never is: the record may be there."""
    used = attempts + 1
    if kind == "delivered":
        return Next(State.DELIVERED, used)
    if kind == "in_doubt":
        return Next(State.IN_DOUBT, used, reason or "its answer was lost")
    if kind == "rejected":
        return Next(State.DEAD, used, reason or "refused without a reason")
    if used >= limit:
        return Next(State.DEAD, used, f"gave up after {used} attempts: {reason}")
    return Next(State.WAITING, used, reason)


def after_question(kind: str, attempts: int, reason: str = "") -> Next:
    """What becomes of a doubt once the system was asked. `retry` means proven not to have arrived: it is owed as
    before, and the lost attempt counts no more."""
    if kind == "retry":
        return Next(State.PENDING, attempts, reason)
    return after_answer(kind, attempts, limit=attempts + 2, reason=reason)


_NAMESPACE = uuid.UUID("7c1f4b0e-55a8-5d0b-9a57-1d4c6f0c2b11")

_NAMESPACE_BYTES = _NAMESPACE.bytes


def request_key(system: str, collection: str, hub_id: str, epoch: str, seq: int, operation: str, after: int = 0) -> str:
    """The idempotency key of one owed delivery: the same for every attempt of it, and for nothing else.

    `after` is the entry that this one renews (a dead letter's retry, a template changed): the same change is then
    another delivery, and a system that replays answers by key must not answer with the old one.
    """
    return _uuid5("\x1f".join((system, collection, hub_id, epoch, str(seq), operation, str(after or ""))))


def batch_id(request_keys: Iterable[str]) -> str:
    """Deterministic: the same entries in the same order are the same batch, also after a crash."""
    return _uuid5("\n".join(request_keys))


def _uuid5(name: str) -> str:
    """`str(uuid.uuid5(namespace, name))`, four times as fast; there is one for every entry."""
    digest = sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"
