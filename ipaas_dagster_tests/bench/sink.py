"""The product's destination for the sink: what the peers do with a batch, behind the destinations' protocol."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ipaas_dagster.destinations.base import Batch, Capabilities, Entry, Outcome, as_one_request
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster_tests.bench.peers.sending import Sender


class Sink:
    """Takes batches of `batch` from so many threads at once; a connection each."""

    def __init__(self, url: str, batch: int, threads: int) -> None:
        self.capabilities = Capabilities(
            batch_size=batch, keeps_hub_ids=True, settles_doubt="resend", in_flight=threads
        )
        self._url, self._mine = url, threading.local()

    def check(self) -> str:
        return "here"

    def requests(self, batch: Batch) -> list[Request]:
        return [as_one_request(batch, "POST", "/sink")]

    def deliver(self, batch: Batch) -> Sequence[Outcome]:
        if not hasattr(self._mine, "sender"):
            self._mine.sender = Sender(self._url)
        self._mine.sender.send([entry.payload for entry in batch.entries])
        return [Outcome(entry.entry_id, "delivered", entry.hub_id) for entry in batch.entries]

    def resolve(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        return [Outcome(entry.entry_id, "retry") for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]:
        return {}

    def ledger_name(self, batch: Batch) -> tuple[str, str] | None:
        return "POST", "/sink"

    def close(self) -> None:
        pass
