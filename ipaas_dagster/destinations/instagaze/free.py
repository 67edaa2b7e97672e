"""Records of a portal that belong to no record of the hub: what a lost answer left there, and what others made.

A list has no filter by number. So it is read once when something is to be made, and again after an answer was lost;
of it only records without a link are kept, with the values that are compared: in a portal that the hub fills, few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ipaas_dagster.destinations.instagaze.api import Api, Record, path_of
from ipaas_dagster.destinations.instagaze.comparing import Form, equal, fits, form_of, key_of
from ipaas_dagster.destinations.instagaze.lists import all_of, id_of
from ipaas_dagster.destinations.instagaze.objects import Written

Taken = Callable[[str], Iterable[str]]
"""taken(object) -> ids that records of the hub are linked to."""


@dataclass
class Free:
    """Of one object."""

    written: Written
    api: Api
    taken: Taken
    page_size: int
    claimed: set[str] = field(default_factory=set)
    """Became ours in this run; their links may not be committed yet."""
    forms: dict[str, Form] = field(default_factory=dict)
    by_key: dict[Form, list[str]] = field(default_factory=dict)
    known: bool = False

    def look(self) -> None:
        """Read the list, if what is known of it does not hold (any more). Raises Unreachable, Throttled."""
        if self.known:
            return
        self.forms.clear()
        self.by_key.clear()
        taken = {*self.taken(self.written.name), *self.claimed}
        for record in all_of(self.api, path_of(self.written.name), self.page_size):
            if (its_id := id_of(record)) is not None and its_id not in taken:
                self.add(its_id, record)
        self.known = True

    def doubt(self) -> None:
        """An answer was lost: there may be a record that is not known."""
        self.known = False

    def add(self, its_id: str, record: Record) -> None:
        form = form_of(self.written, record)
        self.forms[its_id] = form
        if (key := key_of(self.written, form)) is not None:
            self.by_key.setdefault(key, []).append(its_id)

    def claim(self, its_id: str) -> None:
        """It is the copy of a record of the hub from now on."""
        self.claimed.add(its_id)
        self.forget(its_id)

    def forget(self, its_id: str) -> None:
        form = self.forms.pop(its_id, None)
        key = None if form is None else key_of(self.written, form)
        if key in self.by_key:
            self.by_key[key].remove(its_id)

    def candidates(self, form: Form, but: Iterable[str] = ()) -> list[str]:
        """Ids of those that could be the record of this form."""
        key = key_of(self.written, form)
        return [its_id for its_id in self.by_key.get(key, ()) if its_id not in but] if key is not None else []

    def same(self, form: Form, among: Sequence[str]) -> str | None:
        """The first that holds what this form says: exactly, else but for defaults."""
        exact = (its_id for its_id in among if equal(form, self.forms[its_id]))
        filled = (its_id for its_id in among if fits(form, self.forms[its_id]))
        return next(exact, None) or next(filled, None)
