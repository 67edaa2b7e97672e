"""Reasons as causes: what differs only in ids, numbers and quoted values is one cause."""

from __future__ import annotations

import re

LONGEST = 300
OTHER_CAUSES = "other causes"
"""What is beyond the reasons that are told apart."""

_VALUES = re.compile(
    r"""instagaze:[a-z_]+:[^\s,;:)]+(\#\d+)?        # a hub id
      | [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,27}    # a UUID
      | '[^']*' | "[^"]*"                           # a value
      | \b(?=[A-Za-z]*\d)[0-9A-Za-z]{15,}\b         # an id of a system
      | \b\d+[.,:]\d[\d.,:]*\b                      # an amount, a time
      | (?<!ISO\ )\b\d{4,}\b                        # a number; codes such as 503 stay, and the names of standards
    """,
    re.VERBOSE,
)
MASK = "…"
_BEHIND_ANOTHER = re.compile(rf"waits for \w+ {MASK}, which is blocked: (?=waits for)")


def cause_of(reason: str) -> str:
    """The reason with every value as `…`, shortened; equal for records that fail alike."""
    text = _VALUES.sub(MASK, " ".join(reason.split()))
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def root_of(cause: str) -> str:
    """What waits for a record that is itself blocked waits for what blocks that one."""
    return _BEHIND_ANOTHER.sub("", cause)
