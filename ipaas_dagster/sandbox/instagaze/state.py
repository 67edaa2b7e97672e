"""Instagaze, the stand-in: its records, and what a test may do with them behind a client's back."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock, iso
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.faults import Faults
from ipaas_dagster.sandbox.instagaze.answers import dump, error
from ipaas_dagster.sandbox.instagaze.bad import BAD_RECORDS
from ipaas_dagster.sandbox.instagaze.dialects import Dialect
from ipaas_dagster.sandbox.instagaze.filters import Paging
from ipaas_dagster.sandbox.instagaze.generator import Generator
from ipaas_dagster.sandbox.instagaze.mutation import Mutation, changed_fields, fresh
from ipaas_dagster.sandbox.instagaze.pipelines import PUSHES_ACCOUNTS
from ipaas_dagster.sandbox.instagaze.population import FIRST_ID, Population, populate
from ipaas_dagster.sandbox.instagaze.resources import RESOURCES
from ipaas_dagster.sandbox.instagaze.samples import SAMPLES, read_samples
from ipaas_dagster.sandbox.instagaze.shelf import Shelf
from ipaas_dagster.sandbox.instagaze.telling import Teller, Telling
from ipaas_dagster.sandbox.instagaze.writing import Record, Surroundings
from ipaas_dagster.sandbox.journal import Journal

DEFAULT_TOKEN = "sandbox-token-not-a-secret"
_NOW: Any = object()
_BAD_IDS = {(bad.collection, bad.id) for bad in BAD_RECORDS}
_LARGEST_GAP = 1_000_000


@dataclass(frozen=True)
class Portal:
    """Which one it is: its stand-in's name, the segment of its addresses, the prefix of its variables, its id."""

    name: str = "instagaze"
    segment: str | None = None
    variables: str = "INSTAGAZE"
    number: int = 1


SECOND = Portal("portal_b", "b", "INSTAGAZE_B", 2)
SECOND_TOKEN = "second-portal-token-not-a-secret"


class Instagaze:
    """The admin API over records in memory. Safe to use from several threads; every call is whole.

    A deleted record is really gone; what referred to it still does. A copy embedded in another record (a
    subscription's account and product) is as it was when that record was written.
    """

    def __init__(
        self,
        *,
        portal: Portal = Portal(),
        accounts: int = 0,
        seed: int = 1,
        bad_records: bool = False,
        clock: SandboxClock | None = None,
        token: str = DEFAULT_TOKEN,
        paging: Paging = Paging(),  # noqa: B008 - frozen
        dialect: Dialect = Dialect(),  # noqa: B008 - frozen
        samples: Path | None = SAMPLES,
    ) -> None:
        """`samples` None leaves the documented records out; `accounts` are generated beside them."""
        self.portal = portal
        self.clock = clock or SandboxClock()
        self.token, self.paging, self.dialect = token, paging, dialect
        self.faults, self.journal = Faults(), Journal()
        self.lock = threading.RLock()
        self.shelves = {resource.name: Shelf() for resource in RESOURCES}
        self._next_child = {"contacts": FIRST_ID, "mappings": FIRST_ID}
        self._teller: Teller | None = None
        self._seed(accounts, seed, bad_records, samples)

    def _seed(self, accounts: int, seed: int, bad_records: bool, samples: Path | None) -> None:
        generator = Generator(seed, self.clock.milliseconds(), contact=FIRST_ID)
        for collection, records in read_samples(samples) if samples else ():
            for record in records:
                self._store(collection, record, generator.stamp())
        if samples:
            self._store("pipelines", PUSHES_ACCOUNTS, None)
        for bad in BAD_RECORDS if bad_records else ():
            self._store(bad.collection, bad.record, generator.stamp())
        populate(Population(accounts), generator, self.shelves)
        self._next_child["contacts"] = generator.next_contact

    @property
    def name(self) -> str:
        return self.portal.name

    # What a test may do

    def truth(self, collection: str) -> list[Record]:
        """Every record there is now, by id, as stored: no dialect is applied."""
        with self.lock:
            return [json.loads(body) for body in self.shelves[collection]]

    def stored(self, collection: str, first: int = 0, limit: int | None = None) -> tuple[int, list[bytes]]:
        """How many records there are, and the bodies of some of them: what `truth` has, unread."""
        shelf = self.shelves[collection]
        with self.lock:
            chosen = shelf.ids()[first : None if limit is None else first + limit]
            return len(shelf), [body for number in chosen if (body := shelf.get(number)) is not None]

    def record(self, collection: str, number: int) -> Record | None:
        with self.lock:
            body = self.shelves[collection].get(number)
        return None if body is None else json.loads(body)

    def modified(self, collection: str, number: int) -> int | None:
        """When a record was last modified, in milliseconds since 1970; None if it has no such time."""
        with self.lock:
            return self.shelves[collection].modified(number)

    def put(self, collection: str, record: Mapping[str, Any], *, modified: int | None = _NOW) -> int:
        """Store a record exactly as it is, right or wrong; returns its id, which is given if it has none."""
        with self.lock:
            whole = {"id": self.shelves[collection].next_id, **record}
            if not isinstance(whole["id"], int) or whole["id"] > self.shelves[collection].next_id + _LARGEST_GAP:
                raise ValueError(f"the sandbox keeps records by small integer ids, not {whole['id']!r}")
            self._store(collection, whole, self.clock.milliseconds() if modified is _NOW else modified)
            return int(whole["id"])

    def insert(self, collection: str, fields: Mapping[str, Any] | None = None, *, seed: int | None = None) -> Record:
        """A new record, good but for the fields that are given."""
        with self.lock:
            number, now = self.shelves[collection].next_id, self.clock.milliseconds()
            generator = Generator(number if seed is None else seed, now, contact=self._next_child["contacts"])
            record = {**fresh(collection, number, generator, now, self), **(fields or {})}
            self._next_child["contacts"] = generator.next_contact
            self.put(collection, record)
            return record

    def change(self, collection: str, number: int, fields: Mapping[str, Any] | None = None) -> Record:
        """Replace fields of a record, or without any make some change to it. It is modified now."""
        with self.lock:
            record = self.record(collection, number)
            if record is None:
                raise KeyError(f"{collection} has no record {number}")
            new = changed_fields(collection, record, random.Random(number)) if fields is None else fields
            changed = {**record, **new}
            self.put(collection, changed)
            return changed

    def delete(self, collection: str, number: int) -> None:
        with self.lock:
            if self.shelves[collection].get(number) is None:
                raise KeyError(f"{collection} has no record {number}")
            self.shelves[collection].remove(number)
            self._tell(collection, number, "deleted")

    def mutate(self, collection: str, *, insert: int = 0, change: int = 0, delete: int = 0, seed: int = 0) -> Mutation:
        """Insert so many, change and delete so many others, chosen by seed. Bad records stay as they are."""
        dice = random.Random(f"{collection} {seed}")
        with self.lock:
            ids = self.usable_ids(collection)
            chosen = dice.sample(ids, min(len(ids), change + delete))
            changed, deleted = chosen[:change], chosen[change:]
            for number in changed:
                record = self.record(collection, number) or {}
                self.change(collection, number, changed_fields(collection, record, dice))
            for number in deleted:
                self.delete(collection, number)
            inserted = [self.insert(collection, seed=dice.getrandbits(32))["id"] for _ in range(insert)]
        return Mutation(tuple(inserted), tuple(changed), tuple(deleted))

    def webhooks(self, telling: Telling | None) -> Teller | None:
        """From now on tell each change to that address; None: to nobody, and what is owed is forgotten."""
        with self.lock:
            before, self._teller = self._teller, None
            if telling is not None:
                self._teller = Teller(telling, lambda: self.clock.now().timestamp())
        if before is not None:
            before.close()
        return self._teller

    @property
    def teller(self) -> Teller | None:
        return self._teller

    def command(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        """The same by name, as the control paths do it."""
        from ipaas_dagster.sandbox.instagaze.commands import run

        return run(self, name, given)

    def usable_ids(self, collection: str) -> list[int]:
        """Ids of all records that are not bad on purpose."""
        return [number for number in self.shelves[collection].ids() if (collection, number) not in _BAD_IDS]

    # What the server needs

    def serves(self, path: tuple[str, ...]) -> bool:
        """A portal's own addresses have its name between `api` and `admin`, as some of the document's have."""
        if self.portal.segment is None:
            return path[:1] == ("api",) and path[1:2] != (SECOND.segment,)
        return path[:2] == ("api", self.portal.segment)

    def answer(self, call: Call) -> Answer:
        from ipaas_dagster.sandbox.instagaze.routes import respond

        with self.lock:
            return respond(self, call)

    def failure(self, status: int) -> Answer:
        return error(status, wrapped=self.dialect.wrapped_errors)

    def environment(self, origin: str) -> dict[str, str]:
        segment = f"{self.portal.segment}/" if self.portal.segment else ""
        prefix = self.portal.variables
        return {f"{prefix}_BASE_URL": f"{origin}/api/{segment}admin/", f"{prefix}_TOKEN": self.token}

    def surroundings(self) -> Surroundings:
        strict = self.dialect.refuses_undocumented
        return Surroundings(iso(self.clock.milliseconds()), self.record, self._take_child, self.portal.number, strict)

    def _take_child(self, kind: str) -> int:
        number = self._next_child[kind]
        self._next_child[kind] += 1
        return number

    def _store(self, collection: str, record: Record, modified: int | None) -> None:
        shelf, number = self.shelves[collection], record["id"]
        known = shelf.get(number) is not None
        created = shelf.created(number) if known else self.clock.milliseconds() if modified is None else modified
        shelf.put(number, dump(record), created, modified)
        self._tell(collection, number, "updated" if known else "created")

    def _tell(self, collection: str, number: int, happened: str) -> None:
        if self._teller is not None:
            self._teller.tell(collection, number, happened)


def second_portal(clock: SandboxClock | None = None) -> Instagaze:
    """An empty portal that takes only what the document shows, in the form that it shows."""
    strict = Dialect(refuses_undocumented=True)
    return Instagaze(portal=SECOND, clock=clock, token=SECOND_TOKEN, dialect=strict, samples=None)
