"""Whoever sends webhooks: an installation that takes them, and requests signed by another's implementation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook as Signer

DATA = Path(__file__).parents[2] / "data"
SECRET = "whsec_" + b64encode(b"a secret of thirty-two bytes ok!").decode()
SECOND = "whsec_" + b64encode(b"the one that will be used later!").decode()
TOKEN = "verifier-token-of-the-app"


def environment(state: Path, **more: str) -> dict[str, str]:
    return {
        "IPAAS_STATE": str(state),
        "IPAAS_CONFIG": str(DATA),
        "INSTAGAZE_WEBHOOK_SECRET": SECRET,
        "QUICKBOOKS_WEBHOOK_TOKEN": TOKEN,
        **more,
    }


def event(collection: str, record: int | str, what: str = "updated") -> bytes:
    return json.dumps({"type": f"{collection}.{what}", "data": {"id": record}}).encode()


def signed(event_id: str, body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    """The headers of the convention, as its own package makes them."""
    when = at or datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Signer(secret).sign(event_id, when, body.decode()),
        "content-type": "application/json",
    }


@dataclass
class Process:
    """`ipaas webhooks` in a process of its own."""

    process: subprocess.Popen[str]
    addresses: Mapping[str, str]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def start(given: Mapping[str, str], port: int = 0) -> Process:
    """Waits until it takes webhooks."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ipaas_dagster.cli", "webhooks", "--port", str(port)],
        env={"PATH": os.environ["PATH"], **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    addresses: dict[str, str] = {}
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.strip() == "ready":
            return Process(process, addresses)
        if line.startswith("http"):
            address = line.split()[0]
            addresses[address.rsplit("/", 1)[1]] = address
    raise AssertionError(f"it ended: {''.join(lines)}")


@contextmanager
def receiving(given: Mapping[str, str]) -> Iterator[Process]:
    running = start(given)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.communicate(timeout=30)


def said(document: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document)
    return found
