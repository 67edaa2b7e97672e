"""Hub and system compared: what is held for a person, what is told and not repaired, what is deleted there again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.completeness import SystemReconcile, approve, last_reconcile, reconcile_system
from ipaas_dagster.destinations.base import Entry, Unreachable
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.outbox import change_holds, differences
from ipaas_dagster_tests.outbox.world import FakeSystem, World, customers


@dataclass
class Readable(FakeSystem):
    """`keeps` is the form in which it keeps a name; `others` are what its users made: (hub id it claims, id there)."""

    compared_at_once: int = 7
    keeps: Callable[[Any], Any] = lambda name: name
    others: list[tuple[str, str]] = field(default_factory=list)
    silent_after: int | None = None

    def held(self, entries: Sequence[Entry]) -> Mapping[int, Held]:
        if self.silent_after is not None:
            self.silent_after -= 1
            if self.silent_after < 0:
                raise Unreachable("it does not answer")
        found = {}
        for entry in entries:
            there = self.records.get((entry.collection, str(entry.external_id)))
            if there is not None:
                found[entry.entry_id] = Held(str(entry.external_id), entry.payload or {}, self._kept(there))
        return found

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        mine = [(hub_id, its) for (name, hub_id), its in self._ids.items() if name == collection]
        yield from ((hub_id, its) for hub_id, its in mine if (collection, its) in self.records)
        yield from (other for other in self.others if collection == "customers")

    def _kept(self, there: Mapping[str, Any]) -> dict[str, Any]:
        return {**there, "name": self.keeps(there.get("name"))}

    def of(self, hub_id: str) -> tuple[str, str]:
        return "customers", self._ids["customers", hub_id]


@pytest.fixture
def system() -> Readable:
    return Readable()


@pytest.fixture
def world(tmp_path: Path, system: Readable) -> World:
    world = World(tmp_path, system=system)
    customers(world.hub, 20)
    world.deliver()
    return world


def _reconcile(world: World) -> SystemReconcile:
    return reconcile_system(world.project, "sql", means=world.means)


def test_a_value_that_a_system_keeps_in_its_own_form_is_told_once_and_not_sent_for_ever(
    world: World, system: Readable
) -> None:
    system.keeps = str.upper
    first = _reconcile(world)
    assert (first.routes["customers"].changed, first.routes["customers"].queued) == (20, 20)
    assert len(first.notes) == 20
    assert "right after its repair" in first.notes[0]
    entries = len(world.entries())
    for _ in range(2):
        again = _reconcile(world)
        assert (again.different, again.routes["customers"].remarks, again.notes) == (0, 20, ())
    assert len(world.entries()) == entries

    changed = "instagaze:accounts:000003"
    system.records[system.of(changed)]["name"] = "Somebody else's"
    repaired = _reconcile(world)
    assert [one["hub_id"] for one in repaired.differences] == [changed]  # another difference is repaired as any
    system.keeps = lambda name: name
    assert _reconcile(world).routes["customers"].remarks == 0
    assert differences.listed(world.project.operations) == []
    world.assert_balanced()


def test_a_deleted_record_that_is_there_again_is_deleted_again(world: World, system: Readable) -> None:
    hub_id = "instagaze:accounts:000005"
    key = system.of(hub_id)
    there = system.records[key]
    world.hub.drop("customers", hub_id)
    world.deliver()
    assert key not in system.records
    system.records[key] = there
    system.others.append(("instagaze:accounts:999999", "C-77"))  # ours by its mark, known to nobody here
    system.records["customers", "C-77"] = {"name": "left behind"}
    system.records["customers", "C-78"] = {"name": "their own"}
    found = _reconcile(world)
    assert (found.routes["customers"].extra, found.routes["customers"].queued) == (2, 2)
    assert key not in system.records
    assert ("customers", "C-77") not in system.records
    assert system.records["customers", "C-78"] == {"name": "their own"}
    system.others.clear()
    assert _reconcile(world).different == 0
    world.assert_balanced()


def test_a_system_that_lost_most_is_filled_again_only_on_a_persons_word(world: World, system: Readable) -> None:
    world.project.settings = replace(world.project.settings, hold_change_records=10)
    before, held_then = dict(system.records), system.holds("customers")
    system.records.clear()
    for _ in range(2):
        held = _reconcile(world)
        assert (held.routes["customers"].missing, held.routes["customers"].queued) == (20, 0)
    (hold,) = change_holds.waiting(world.project.operations)
    assert hold.hold_id == "sql/customers.repairs"
    assert system.records == {}
    system.records.update(list(before.items())[:8])  # some came back meanwhile
    approve(world.project, hold.hold_id, world.means)
    assert system.holds("customers") == held_then
    assert len(world.entries()) == 20 + 12
    assert change_holds.waiting(world.project.operations) == []
    assert _reconcile(world).different == 0


def test_a_record_that_is_there_twice_is_told_and_left_to_a_person(world: World, system: Readable) -> None:
    system.others.append(("instagaze:accounts:000002", "C-90"))
    system.records["customers", "C-90"] = {"name": "a second one"}
    found = _reconcile(world)
    assert (found.different, found.routes["customers"].doubles) == (0, 1)
    assert found.notes == ("instagaze:accounts:000002 is there twice: as C-90 too; delete one of them there",)
    assert ("customers", "C-90") in system.records


def test_what_is_owed_or_dead_is_no_difference(world: World, system: Readable) -> None:
    system.refuses = lambda entry: "no such currency" if entry.hub_id.endswith("07") else None
    world.hub.put("customers", "instagaze:accounts:000007", name="Refused")
    found = _reconcile(world)
    assert (found.routes["customers"].compared, found.routes["customers"].owed, found.different) == (19, 1, 0)


def test_what_cannot_be_read_to_the_end_is_said_and_what_was_read_is_kept(world: World, system: Readable) -> None:
    system.silent_after = 1
    found = _reconcile(world)
    assert found.trouble == "not compared: it could not be read to the end: it does not answer"
    (last,) = last_reconcile(world.project)
    assert last.unread == "it could not be read to the end: it does not answer"


def test_without_delivery_repairs_stay_queued(world: World, system: Readable) -> None:
    key = system.of("instagaze:accounts:000001")
    del system.records[key]
    found = reconcile_system(world.project, "sql", deliver_too=False, means=world.means)
    assert found.routes["customers"].queued == 1
    assert key not in system.records
    world.deliver()
    assert len(system.holds("customers")) == 20
    world.assert_balanced()
