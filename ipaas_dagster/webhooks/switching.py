"""Switching a system's webhooks on and off. No system documents a call for it, so it is refused, with what to do.

A system whose API has one gets its own function in `SWITCHES`, by the name of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ipaas_dagster.errors import UsageError
from ipaas_dagster.project import Project

Switch = Callable[[Project, str, bool], str]
"""switch(project, system, on) -> what was done, in words."""

SWITCHES: Mapping[str, Switch] = {}

_BY_HAND: Mapping[str, str] = {
    "instagaze": "its document has no webhooks; ask the vendor, or have something that sees its changes send them",
    "quickbooks": "they are switched on for an app at developer.intuit.com (Webhooks): the address goes there, and the "
    "verifier token shown there into QUICKBOOKS_WEBHOOK_TOKEN",
    "salesforce": "an org sends none by itself: a flow (HTTP callout) or Apex code in the org has to post them",
    "ipaas_com": "its pages say that webhooks exist, and name no call that switches them",
}


def switch(project: Project, system: str, on: bool) -> str:
    """Raises UsageError where the system's API documents no call for it, saying how else it is done."""
    kind = project.worksheet.system(system).kind.name
    if kind in SWITCHES:
        return SWITCHES[kind](project, system, on)
    reason = _BY_HAND.get(kind, f"a system of the kind {kind} sends none by itself")
    raise UsageError(f"{system}: its API documents no call that switches webhooks {'on' if on else 'off'}: {reason}")
