from __future__ import annotations

from dataclasses import dataclass, field

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from ipaas_dagster.sandbox.instagaze.answers import dump
from ipaas_dagster.sandbox.instagaze.shelf import KEPT_VIEWS, Shelf, Wanted

TIMES = st.none() | st.integers(0, 5)
WANTED = st.builds(
    Wanted,
    order=st.sampled_from(["id", "modified", "created", "label"]),
    descending=st.booleans(),
    modified_from=TIMES,
    created_from=TIMES,
)
PUT = st.tuples(st.integers(1, 12), TIMES, TIMES, st.none() | st.integers(0, 2) | st.sampled_from(["é", "a"]))


@dataclass
class Model:
    """The same by the plainest means: everything is sorted at every question."""

    rows: dict[int, tuple[int | None, int | None, object]] = field(default_factory=dict)

    def ids(self, wanted: Wanted) -> list[int]:
        return sorted(
            (number for number in self.rows if self.wants(wanted, number)),
            key=lambda number: (self.key(wanted.order, number), number),
            reverse=wanted.descending,
        )

    def wants(self, wanted: Wanted, number: int) -> bool:
        created, modified, _ = self.rows[number]
        pairs = ((wanted.created_from, created), (wanted.modified_from, modified))
        return all(start is None or (stamp is not None and stamp >= start) for start, stamp in pairs)

    def key(self, order: str, number: int) -> tuple[int, object]:
        created, modified, label = self.rows[number]
        value = {"id": number, "modified": modified, "created": created, "label": label}[order]
        return (0, 0) if value is None else (2 if isinstance(value, str) else 1, value)


@given(st.lists(st.tuples(PUT, st.booleans(), WANTED), max_size=40))
@settings(max_examples=150, deadline=None)
def test_every_page_is_right_after_any_writes(steps: list[tuple[tuple[int, int, int, object], bool, Wanted]]) -> None:
    shelf, model = Shelf(), Model()
    for (number, created, modified, label), removes, wanted in steps:
        if removes and number in model.rows:
            shelf.remove(number)
            del model.rows[number]
        else:
            kept = model.rows.get(number, (created, None, None))[0]
            shelf.put(number, dump({"id": number, "label": label}), kept, modified)
            model.rows[number] = (kept, modified, label)
        expected = [dump({"id": n, "label": model.rows[n][2]}) for n in model.ids(wanted)]
        assert shelf.page(wanted, 0, 100) == (len(expected), expected)
        assert shelf.page(wanted, 1, 2)[1] == expected[1:3]


def test_the_ids_of_removed_records_are_not_given_again() -> None:
    shelf = Shelf()
    shelf.put(1, b"{}", 0, 0)
    shelf.put(2, b"{}", 0, 0)
    shelf.remove(2)
    assert shelf.next_id == 3
    assert shelf.get(2) is None


@pytest.mark.parametrize("offset", [0, 5, 100])
def test_a_page_beyond_the_end_is_empty_and_still_counts(offset: int) -> None:
    shelf = Shelf()
    shelf.fill((number, b"%d" % number, 0, 0) for number in range(1, 6))
    total, bodies = shelf.page(Wanted(), offset, 3)
    assert total == 5
    assert bodies == [b"1", b"2", b"3"][: max(0, 5 - offset)]


def test_only_the_last_views_are_kept_whatever_is_asked() -> None:
    shelf = Shelf()
    shelf.fill((number, b"{}", number, number) for number in range(1, 50))
    for start in range(40):
        assert shelf.page(Wanted("modified", modified_from=start), 0, 100)[0] == 49 - max(0, start - 1)
    assert len(shelf._views) <= KEPT_VIEWS
