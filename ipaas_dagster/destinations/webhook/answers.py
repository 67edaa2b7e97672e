"""What a receiver's answer means, by the convention and HTTP's own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from ipaas_dagster.destinations.remote import Answer
from ipaas_dagster.destinations.webhook.signing import PREFIX
from ipaas_dagster.http import retry_after

THROTTLED_SECONDS = 5.0
"""After a 429 that does not say how long."""
LONGEST_TEXT = 300

Meaning = Literal["taken", "gone", "throttled", "failing", "not_trusted", "elsewhere", "not_there", "refused"]
"""`failing`: passing trouble, perhaps after the event was taken. `not_trusted`: it does not accept who we are.
`not_there`: the address may be wrong, or just this event. `refused`: this event."""

_NOT_YET = (408, 425)


def meaning(answer: Answer) -> Meaning:
    status = answer.status
    known: dict[int, Meaning] = {
        401: "not_trusted",
        403: "not_trusted",
        404: "not_there",
        405: "not_there",
        410: "gone",
        429: "throttled",
    }
    if status == 503 and retry_after(answer.headers) is not None:
        return "throttled"
    if 200 <= status < 300:
        return "taken"
    if 300 <= status < 400:
        return "elsewhere"
    if status in _NOT_YET or not 400 <= status < 500:
        return "failing"
    return known.get(status, "refused")


def asked_to_wait(answer: Answer) -> float:
    return retry_after(answer.headers) or THROTTLED_SECONDS


def in_words(answer: Answer, secrets: Sequence[str]) -> str:
    """`422 (what its body says)`: one line, bounded, without our secrets if it repeats them."""
    text = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", answer.body[:10_000].decode("utf-8", "replace")).split())
    for secret in secrets:
        text = text.replace(secret, "***").replace(secret.removeprefix(PREFIX), "***")
    text = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
    return f"{answer.status} ({text})" if text else str(answer.status)


def other_address(answer: Answer) -> str:
    """Where a redirect points to, without what may be secret in it."""
    try:
        parts = urlsplit(answer.headers.get("location", ""))
    except ValueError:
        return "elsewhere"
    return (
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else parts.path or "elsewhere"
    )
