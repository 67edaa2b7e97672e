"""Records found by others: children of parents, holders of a value, parents whose children changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipaas_dagster.hub import Hub, Touched
from ipaas_dagster_tests.hub.staged import Account, Landing, Person, merge_into, open_hub

A, B, C = (f"instagaze:accounts:{n}" for n in (1, 2, 3))


@pytest.fixture
def hub(tmp_path: Path, hub_url: str) -> Hub:
    """Three accounts; contact 1 moved from the first to the second, contact 3 was deleted. Seqs from 1."""
    made = open_hub(tmp_path, hub_url)
    people = (Person(10, "x"), Person(9, "y"), Person(3, "z"), Person(1, "moves"))
    merge_into(made, Landing("first", 0, [Account(1, "a", people), Account(2, "b"), Account(3, "a")]))
    second = [Account(1, "a", (Person(10, "x"), Person(9, "y"))), Account(2, "b", (Person(1, "moves"),))]
    merge_into(made, Landing("second", 1, second))
    return made


def test_children_are_the_live_ones_of_their_parents_typed(hub: Hub) -> None:
    found = hub.children("contacts", [A, C])
    assert [(one["hub_id"], one["customer_id"], one["name"], one["version"]) for one in found] == [
        ("instagaze:contacts:10", A, "x", 1),
        ("instagaze:contacts:9", A, "y", 1),
    ]
    assert [one["hub_id"] for one in hub.children("contacts", [B])] == ["instagaze:contacts:1"]
    assert hub.children("contacts", []) == []


def test_children_of_before_are_those_that_were_alive_then(hub: Hub) -> None:
    """Contact 3 is gone by now, and was there at first."""
    last = max(change.seq for change in hub.changes("contacts", 0, 4))
    found = hub.children_at("contacts", [A], last)
    assert [one["hub_id"] for one in found] == [f"instagaze:contacts:{n}" for n in (10, 3, 9)]
    assert hub.children_at("contacts", [A, B], hub.head().seq) == hub.children("contacts", [A, B])
    assert hub.children_at("contacts", [A], 0) == []


def test_lines_come_by_their_number_not_by_the_text_of_their_id(hub: Hub) -> None:
    with hub.writing() as connection:
        for number in (10, 9, 2):
            connection.execute(
                "INSERT INTO hub.invoice_lines (hub_id, invoice_id, line_number, version) VALUES (?, ?, ?, 1)",
                [f"instagaze:invoices:1#{number}", "instagaze:invoices:1", number],
            )
    assert [one["line_number"] for one in hub.children("invoice_lines", ["instagaze:invoices:1"])] == [2, 9, 10]


def test_sizes_count_the_live(hub: Hub) -> None:
    sizes = hub.sizes()
    assert (sizes["customers"], sizes["contacts"], sizes["payments"]) == (3, 3, 0)


def test_holders_of_a_value_are_live_and_all_of_them_told(hub: Hub) -> None:
    assert hub.holders("customers", "name", ["a", "none"]) == [("a", A), ("a", C)]
    assert hub.holders("contacts", "name", ["z"]) == []


def test_a_change_of_a_child_concerns_its_parent_and_the_one_it_left(hub: Hub) -> None:
    head = hub.head().seq
    first = hub.changes("contacts", 0, 100)[3].seq
    touched = hub.touched("contacts", first, 100, head, first)
    assert touched == Touched(2, head, (A, B))


def test_parents_that_changed_themselves_meanwhile_are_left_out(hub: Hub) -> None:
    head = hub.head().seq
    assert hub.touched("contacts", 0, 100, head, 0).parents == ()
    merge_into(hub, Landing("third", 2, [Account(2, "new name", (Person(1, "new name"),))]))
    assert hub.touched("contacts", head, 100, hub.head().seq, head).parents == ()
    assert hub.touched("contacts", head, 100, hub.head().seq, hub.head().seq).parents == (B,)


def test_chunks_end_where_their_changes_do_and_the_last_at_the_head(hub: Hub) -> None:
    head, after, counted, ends = hub.head().seq, 0, 0, []
    while after < head:
        touched = hub.touched("contacts", after, 2, head, head)
        counted, after = counted + touched.changes, touched.upto
        ends.append(after)
    assert counted == len(hub.changes("contacts", 0, 100))
    assert (ends[-1], len(ends)) == (head, 3)


def test_a_hub_that_does_not_exist_knows_nobody(tmp_path: Path, hub_url: str) -> None:
    none = open_hub(tmp_path / "none")
    assert (none.children("contacts", [A]), none.holders("items", "code", ["A"])) == ([], [])
    assert none.touched("contacts", 0, 10, 7, 0) == Touched(0, 7, ())
