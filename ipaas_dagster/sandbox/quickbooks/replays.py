"""Request ids: the same id gets the same answer, and nothing is done again."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from ipaas_dagster.sandbox.exchange import Answer, Call

LONGEST = 50
LONGEST_IN_BATCH = 36
LONGEST_BATCH_ITEM = 10


class Replays:
    """Answers by request id. `other_bodies` counts ids that came again with another body: a client's mistake."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[datetime, Answer, bytes]] = {}
        self.replayed = 0
        self.other_bodies = 0

    def find(self, request_id: str, call: Call, now: datetime, seconds: float) -> Answer | None:
        """The answer that was given to this id within so many seconds."""
        known = self._answers.get(request_id)
        if known is None:
            return None
        at, answer, digest = known
        if now - at >= timedelta(seconds=seconds):
            del self._answers[request_id]
            return None
        self.replayed += 1
        self.other_bodies += digest != _digest(call)
        return answer

    def keep(self, request_id: str, call: Call, answer: Answer, now: datetime) -> None:
        self._answers[request_id] = (now, answer, _digest(call))

    def forget(self) -> int:
        count = len(self._answers)
        self._answers.clear()
        return count


def _digest(call: Call) -> bytes:
    return sha256("/".join(call.path).encode() + b"\0" + call.body).digest()
