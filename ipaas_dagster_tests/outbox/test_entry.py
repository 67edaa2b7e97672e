from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.outbox.backoff import LONGEST_SECONDS, wait_seconds
from ipaas_dagster.outbox.entry import (
    _NAMESPACE,
    BUSY,
    OPEN,
    TRANSITIONS,
    State,
    after_answer,
    after_question,
    batch_id,
    request_key,
)

KINDS = ["delivered", "rejected", "retry", "in_doubt"]


def test_states_are_those_of_the_contract() -> None:
    names = "pending sending waiting blocked in_doubt delivered superseded dead"
    assert {s.value for s in State} == set(names.split())


@given(st.sampled_from(KINDS), st.integers(0, 20), st.integers(1, 20))
def test_every_answer_is_a_drawn_transition(kind: str, attempts: int, limit: int) -> None:
    after = after_answer(kind, attempts, limit)
    assert after.state in TRANSITIONS[State.SENDING]
    assert after.attempts == attempts + 1
    assert after_question(kind, attempts).state in TRANSITIONS[State.IN_DOUBT]


def test_nothing_supersedes_what_may_have_arrived() -> None:
    for state in BUSY:
        assert State.SUPERSEDED not in TRANSITIONS[state]
    assert set(OPEN) | {State.DELIVERED, State.SUPERSEDED, State.DEAD} == set(State)


@given(st.integers(0, 50))
def test_a_doubt_never_dies_of_its_age(attempts: int) -> None:
    assert after_answer("in_doubt", attempts, limit=1).state is State.IN_DOUBT


def test_the_last_attempt_is_dead_with_the_reason() -> None:
    assert after_answer("retry", 6, 8, "locked").state is State.WAITING
    last = after_answer("retry", 7, 8, "locked")
    assert (last.state, last.reason) == (State.DEAD, "gave up after 8 attempts: locked")


def test_proven_not_to_have_arrived_is_owed_as_before() -> None:
    assert after_question("retry", 3) == after_question("retry", 3).__class__(State.PENDING, 3, "")


@given(st.text(), st.text(), st.integers(0), st.integers(0))
def test_request_keys_are_uuids_of_their_parts(system: str, hub_id: str, seq: int, after: int) -> None:
    key = request_key(system, "customers", hub_id, "e", seq, "upsert", after)
    name = "\x1f".join((system, "customers", hub_id, "e", str(seq), "upsert", str(after or "")))
    assert key == str(uuid.uuid5(_NAMESPACE, name))


@pytest.mark.parametrize("other", [{"system": "b"}, {"seq": 2}, {"operation": "delete"}, {"epoch": "f"}, {"after": 9}])
def test_another_delivery_has_another_key(other: dict[str, object]) -> None:
    one: dict[str, object] = {
        "system": "a", "collection": "c", "hub_id": "h", "epoch": "e", "seq": 1, "operation": "upsert"
    }  # fmt: skip
    assert request_key(**one) == request_key(**one)  # type: ignore[arg-type]
    assert request_key(**one) != request_key(**{**one, **other})  # type: ignore[arg-type]


def test_a_batch_is_named_by_its_entries_in_order() -> None:
    assert batch_id(["a", "b"]) == batch_id(["a", "b"]) != batch_id(["b", "a"])


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_and_end(attempts: int, chance: float) -> None:
    assert 0.5 <= wait_seconds(attempts, chance) <= LONGEST_SECONDS
    assert wait_seconds(attempts, 0) <= wait_seconds(attempts + 1, 0.999)
