"""What a test may ask by name: the words of the control paths /_sandbox/webhook/...

configure  {"status": 410}    change settings by name; answers all of them but the secrets
events     {"after": 0}       the events that were new, in their order; with how many requests came of each
counters   {}                 events, requests, and those that could not be verified
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.webhook.receiver import Webhook

Given = dict[str, Any]
_SECRET = ("secret", "second_secret")


def run(receiver: Webhook, name: str, given: Given) -> Given:
    """Raises ValueError for a command that there is not."""
    if name not in COMMANDS:
        raise ValueError(f"webhook has no command {name} (it has: {', '.join(COMMANDS)})")
    return COMMANDS[name](receiver, given)


def _configure(receiver: Webhook, given: Given) -> Given:
    receiver.configure(**given)
    return {name: value for name, value in asdict(receiver.settings).items() if name not in _SECRET}


def _events(receiver: Webhook, given: Given) -> Given:
    arrivals, events = receiver.fold.arrivals, receiver.fold.events[int(given.get("after", 0)) :]
    return {"events": [{**asdict(event), "arrivals": arrivals[event.id]} for event in events]}


def _counters(receiver: Webhook, given: Given) -> Given:
    fold = receiver.fold
    return {"events": len(fold.events), "requests": fold.arrivals.total(), "refused": receiver.refused}


COMMANDS: dict[str, Callable[[Webhook, Given], Given]] = {
    "configure": _configure,
    "events": _events,
    "counters": _counters,
}
