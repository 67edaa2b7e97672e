"""What mends each kind of trouble, as a person would type it."""

from __future__ import annotations

import shlex

from ipaas_dagster.status.causes import MASK, OTHER_CAUSES
from ipaas_dagster.status.model import Stuck

LONGEST = 40
"""So many letters of a cause tell it from others."""


def mend_of(stuck: Stuck) -> str:
    """One sentence; commands stand in backquotes."""
    match stuck.state:
        case "rejected":
            return (
                "Correct it at the source: the next poll takes it. After a change of contracts: `ipaas rejects retry`"
            )
        case "dead":
            chosen = f"--system {stuck.where}{_of_one(stuck, ' --collection ')}{_saying(stuck.cause)}"
            return (
                f"Mend the cause, then `ipaas dead retry {chosen} --deliver`. "
                f"To let them go instead: `ipaas dead discard {chosen}`"
            )
        case "blocked":
            return f"Mend what it waits for; `ipaas trace {stuck.example}` names it. Then it goes by itself"
        case "paused":
            return f"Once the system takes records again: `ipaas resume {stuck.where}{_of_one(stuck, '/')}`"
        case "switched_off":
            return "Set what is missing in the environment; then it goes by itself"
        case "held":
            return f"If it is meant: `ipaas approve {stuck.example}`. `ipaas approve list` shows all holds"


def _of_one(stuck: Stuck, before: str) -> str:
    """The collection, where it is only one."""
    return before + next(iter(stuck.collections)) if len(stuck.collections) == 1 else ""


def _saying(cause: str) -> str:
    """The option that chooses those of this cause by the beginning of its words."""
    words = cause.replace(MASK, "*").replace("`", "*")
    if cause == OTHER_CAUSES or not words.strip("* "):
        return ""
    return f" --says {shlex.quote(words[:LONGEST].rstrip())}"
