"""One batch's work: what is sent for each record, and what nothing need be sent for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ipaas_dagster.destinations.base import Entry, Outcome, Setting
from ipaas_dagster.destinations.intacct.api import Api
from ipaas_dagster.destinations.intacct.envelope import Function
from ipaas_dagster.destinations.intacct.markup import Element, Refused
from ipaas_dagster.destinations.intacct.objects import Kind
from ipaas_dagster.destinations.intacct.preset import Company
from ipaas_dagster.destinations.requests import Request

Operation = Literal["create", "update", "delete", "inactivate", "reverse"]
MADE_ANEW = "it was gone in Intacct and was made anew"


@dataclass(frozen=True)
class Ground:
    """What planning and judging stand on."""

    api: Api
    company: Company
    setting: Setting


@dataclass(frozen=True)
class Item:
    """`id` is what Intacct knows the record by, where that is known before; `note` what a person is told beside its
    success."""

    entry: Entry
    operation: Operation
    function: Function
    id: str | None = None
    note: str = ""


@dataclass
class Work:
    """`outcomes` are of entries that nothing is sent for."""

    kind: Kind
    items: list[Item] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    request: Request | None = None

    def add(self, entry: Entry, operation: Operation, body: Element, id: str | None = None, note: str = "") -> None:
        """Under the entry's own key, once for ever; what must precede it in Intacct has another."""
        controlid = f"{entry.request_key}:reverse" if operation == "reverse" else entry.request_key
        self.items.append(Item(entry, operation, Function(controlid, body), id, note))

    def done(self, entry: Entry, id: str | None) -> None:
        self.outcomes.append(Outcome(entry.entry_id, "delivered", external_id=id))

    def refuse(self, entry: Entry, refused: Refused) -> None:
        kind: Literal["retry", "rejected"] = "retry" if refused.passing else "rejected"
        self.outcomes.append(Outcome(entry.entry_id, kind, reason=refused.reason, field=refused.field))


def note_of(entry: Entry) -> str:
    """Names the note that Intacct did not let a record go, so that its next attempt makes it inactive."""
    return f"inactive:{entry.request_key}"
