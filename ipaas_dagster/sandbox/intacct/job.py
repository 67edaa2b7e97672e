"""What a function works with: the company, the session it runs in, the time; and what it used."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ipaas_dagster.sandbox.intacct.company import Company, Shelf
from ipaas_dagster.sandbox.intacct.fields import Record
from ipaas_dagster.sandbox.intacct.results import Results
from ipaas_dagster.sandbox.intacct.sessions import Session, Sessions
from ipaas_dagster.sandbox.intacct.settings import Settings


@dataclass
class Job:
    """One request's surroundings. `origin` is the scheme, host and port that the client asked."""

    company: Company
    settings: Settings
    sessions: Sessions
    results: Results
    session: Session
    now: datetime
    origin: str
    written: Counter[str] = field(default_factory=Counter)

    def shelf(self, name: str) -> Shelf:
        return self.company[name]

    def add(self, name: str, record: Record) -> Record:
        return self.company.add(name, record, self.now)

    def put(self, name: str, record: Record) -> Record:
        return self.company.put(name, record, self.now)

    def wrote(self, name: str) -> None:
        """One transaction, as it is billed: an object, its lines not counted."""
        self.written[name] += 1
