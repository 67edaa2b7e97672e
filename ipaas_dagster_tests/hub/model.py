"""The merge rules again, record by record in plain Python: slow, obvious, and written apart from the SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ipaas_dagster_tests.hub.staged import Account, Landing

Rows = dict[str, "Row"]


@dataclass
class Row:
    name: str
    parent: str | None
    version: int
    observed_at: datetime
    alive: bool = True


@dataclass
class Model:
    customers: Rows = field(default_factory=dict)
    contacts: Rows = field(default_factory=dict)
    changes: list[tuple[str, str, int]] = field(default_factory=list)

    def merge(self, landing: Landing) -> None:
        latest = self._latest(landing)
        fresh = [
            (line, at, account)
            for line, at, account in latest
            if not self._newer_known(self.customers, f"instagaze:accounts:{account.id}", at)
        ]
        good = [(line, at, account) for line, at, account in fresh if not account.bad]
        for _, at, account in good:
            self._write(self.customers, f"instagaze:accounts:{account.id}", account.name, None, at)
        unread = [account for account in landing.accounts if account.id is None]
        bad = [account for _, _, account in fresh if account.bad]
        seen = {f"instagaze:contacts:{p.id}" for account in [*unread, *bad] for p in account.contacts or ()}
        self._merge_contacts(good, seen)
        self._tombstones(landing)

    def _latest(self, landing: Landing) -> list[tuple[int, datetime, Account]]:
        by_id: dict[int, tuple[int, datetime, Account]] = {}
        for line, account in enumerate(landing.accounts, 1):
            at = landing.time + timedelta(seconds=account.at)
            if account.id is not None:
                known = by_id.get(account.id)
                if known is None or (at, line) >= (known[1], known[0]):
                    by_id[account.id] = (line, at, account)
        return sorted(by_id.values(), key=lambda item: item[0])

    def _merge_contacts(self, good: list[tuple[int, datetime, Account]], seen: set[str]) -> None:
        winners: dict[str, tuple[datetime, int, int]] = {}
        elements = [
            (at, line, place, account, person)
            for line, at, account in good
            for place, person in enumerate(account.contacts or (), 1)
            if person.id is not None
        ]
        for at, line, place, _, person in elements:
            key = f"instagaze:contacts:{person.id}"
            winners[key] = max(winners.get(key, (at, line, place)), (at, line, place))
        present, marked = set(seen), []
        for at, line, place, account, person in elements:
            key, parent = f"instagaze:contacts:{person.id}", f"instagaze:accounts:{account.id}"
            if winners[key] != (at, line, place):
                continue
            if person.bad:
                present.add(key)
            elif not self._newer_known(self.contacts, key, at):
                present.add(key)
                if person.removed:
                    marked.append((key, at))
                else:
                    self._write(self.contacts, key, person.name, parent, at)
        for key, at in marked:
            self._delete(self.contacts, key, at)
        self._absent(good, present)

    def _absent(self, good: list[tuple[int, datetime, Account]], present: set[str]) -> None:
        for _, at, account in good:
            if account.contacts is None or any(p.id is None for p in account.contacts):
                continue
            parent = f"instagaze:accounts:{account.id}"
            for key, row in self.contacts.items():
                if row.alive and row.parent == parent and key not in present and row.observed_at <= at:
                    self._delete(self.contacts, key, at)

    def _tombstones(self, landing: Landing) -> None:
        for hub_id in landing.tombstones:
            if hub_id in self.customers and self._delete(self.customers, hub_id, landing.time):
                for key, row in self.contacts.items():
                    if row.parent == hub_id:
                        self._delete(self.contacts, key, landing.time)
            self._delete(self.contacts, hub_id, landing.time)

    @staticmethod
    def _newer_known(rows: Rows, key: str, at: datetime) -> bool:
        return key in rows and rows[key].observed_at > at

    def _write(self, rows: Rows, key: str, name: str, parent: str | None, at: datetime) -> None:
        row = rows.get(key)
        if row is not None and row.alive and (row.name, row.parent) == (name, parent):
            row.observed_at = at
            return
        version = 1 if row is None else row.version + 1
        operation = "update" if row is not None and row.alive else "insert"
        rows[key] = Row(name, parent, version, at)
        self.changes.append((key, operation, version))

    def _delete(self, rows: Rows, key: str, at: datetime) -> bool:
        row = rows.get(key)
        if row is None or not row.alive or row.observed_at > at:
            return False
        row.alive, row.observed_at, row.version = False, at, row.version + 1
        self.changes.append((key, "delete", row.version))
        return True
