"""What every contestant's sink does with a batch: one POST of JSON on a connection that is kept."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit


class Sender:
    """One connection; for one thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path, self._connection = parts.path, http.client.HTTPConnection(parts.hostname or "", parts.port)

    def send(self, records: Sequence[Mapping[str, Any]]) -> None:
        self._connection.request("POST", self._path, json.dumps(records, default=str).encode())
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"the sink answered {answer.status}")
