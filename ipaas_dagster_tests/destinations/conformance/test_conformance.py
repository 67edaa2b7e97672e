"""One suite over the destinations of this machine, by their protocol alone.

A case that does not apply is skipped with its reason, and only after the destination has shown that it does not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.destinations import DESTINATIONS
from ipaas_dagster.destinations.base import Batch, Destination, Unreachable
from ipaas_dagster_tests.destinations.conformance.stand import STANDS, Stand, batch, delete, held, upsert


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return STANDS[request.param](tmp_path, request.getfixturevalue)


@pytest.fixture
def destination(stand: Stand) -> Iterator[Destination]:
    destination = stand.connect()
    yield destination
    destination.close()


def kinds(destination: Destination, sent: Batch) -> list[str]:
    outcomes = destination.deliver(sent)
    assert [o.entry_id for o in outcomes] == [e.entry_id for e in sent.entries], "one outcome each, in order"
    return [outcome.kind for outcome in outcomes]


def test_every_destination_of_this_machine_has_a_stand() -> None:
    """Those behind an HTTP service are judged through whole deliveries, in test_whole.py, as these are too."""
    stands = {name.split("-")[0] for name in STANDS}
    assert stands == {"sql", "files"}
    assert stands <= {kind.name for kind in DESTINATIONS}


def test_check_says_what_answered(destination: Destination) -> None:
    assert destination.check()


def test_create(destination: Destination) -> None:
    assert kinds(destination, batch(upsert(1), upsert(2))) == ["delivered"] * 2
    assert held(destination, 1, 2, 3) == {1: "Customer 1", 2: "Customer 2", 3: None}


def test_update(destination: Destination) -> None:
    destination.deliver(batch(upsert(1), upsert(2)))
    assert kinds(destination, batch(upsert(1, 2, name="other"))) == ["delivered"]
    assert held(destination, 1, 2) == {1: "other", 2: "Customer 2"}


def test_unchanged(destination: Destination) -> None:
    """The same content as a later version: still one record."""
    destination.deliver(batch(upsert(1)))
    assert kinds(destination, batch(upsert(1, 2))) == ["delivered"]
    assert held(destination, 1) == {1: "Customer 1"}


def test_delete_and_back(destination: Destination) -> None:
    destination.deliver(batch(upsert(1), upsert(2)))
    if not destination.capabilities.deletes:
        destination.deliver(batch(delete(1, 2)))
        assert held(destination, 1, 2) == {1: "Customer 1", 2: "Customer 2"}
        pytest.skip("it declares that it deletes nothing, and it did not")
    assert kinds(destination, batch(delete(1, 2))) == ["delivered"]
    assert held(destination, 1, 2) == {1: None, 2: "Customer 2"}
    destination.deliver(batch(upsert(1, 3, name="back")))
    assert held(destination, 1) == {1: "back"}


def test_delete_of_what_is_not_there(destination: Destination) -> None:
    assert kinds(destination, batch(delete(9, 2))) == ["delivered"]


ODD = ["a\x00b", "\x01", "\x1f\x7f"]
"""Names that others refuse; a lone surrogate is none that a hub can hold."""


def test_one_bad_record_of_a_batch_is_rejected_alone(stand: Stand, destination: Destination) -> None:
    if stand.bad is None:
        odd = [upsert(n, name=name) for n, name in enumerate(ODD, 1)]
        assert kinds(destination, batch(*odd)) == ["delivered"] * len(ODD)
        assert list(held(destination, *range(1, len(ODD) + 1)).values()) == ODD
        pytest.skip("it takes every value that a record can have, as it just did")
    entries = [upsert(n) for n in range(1, 9)]
    entries[4] = upsert(5, **stand.bad)
    outcomes = destination.deliver(batch(*entries))
    assert [o.kind for o in outcomes] == ["delivered"] * 4 + ["rejected"] + ["delivered"] * 3
    assert outcomes[4].reason
    assert held(destination, 4, 5, 6) == {4: "Customer 4", 5: None, 6: "Customer 6"}


@pytest.mark.parametrize(
    "text",
    ["Zoë 👩‍👩‍👧 中文 עברית", "", " ", 'quote " comma , newline \n tab \t', "NULL", "x" * 100_000, "\\N", "'; --"],
)
def test_text_is_kept_exactly(destination: Destination, text: str) -> None:
    destination.deliver(batch(upsert(1, name=text)))
    assert held(destination, 1) == {1: text}


def test_types_are_kept(destination: Destination) -> None:
    time = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
    sent = upsert(1, billing_latitude=51.5, autopay_only=False, is_autopay=True, external_updated_at=time)
    destination.deliver(batch(sent))
    record = destination.read("customers", "customers", [sent.hub_id])[sent.hub_id]
    assert record is not None
    assert (record["billing_latitude"], record["autopay_only"], record["is_autopay"]) == (51.5, False, True)
    assert record["number"] is None
    there = record["external_updated_at"]
    assert (datetime.fromisoformat(there) if isinstance(there, str) else there) == time


def test_answer_lost_after_the_write(stand: Stand, destination: Destination) -> None:
    """Written, and nobody heard: asked or repeated, it is delivered and there once."""
    sent = batch(upsert(1), upsert(2))
    destination.deliver(sent)
    again = stand.connect()
    settled = settle(again, sent)
    assert [outcome.kind for outcome in settled] == ["delivered"] * 2
    assert held(again, 1, 2) == {1: "Customer 1", 2: "Customer 2"}
    again.close()


def test_crash_before_the_write(destination: Destination) -> None:
    """Never arrived: asked, that is said; repeated, it arrives."""
    sent = batch(upsert(1))
    outcome = settle(destination, sent)[0]
    assert outcome.kind == ("retry" if destination.capabilities.settles_doubt == "ask" else "delivered")


def settle(destination: Destination, sent: Batch) -> Any:
    if destination.capabilities.settles_doubt == "ask":
        return destination.resolve(sent.entries)
    return destination.deliver(sent)


def test_a_repeat_after_something_newer_changes_nothing(destination: Destination) -> None:
    first, newer = batch(upsert(1)), batch(upsert(1, 2, name="newer"))
    destination.deliver(first)
    destination.deliver(newer)
    destination.deliver(first)
    assert held(destination, 1) == {1: "newer"}


def test_an_older_version_never_overwrites(stand: Stand, destination: Destination) -> None:
    destination.deliver(batch(upsert(1, 5, name="newer"), delete(2, 5)))
    destination.deliver(batch(upsert(1, 4, name="late"), upsert(2, 4, name="late")))
    if stand.keeps_order:
        assert held(destination, 1, 2) == {1: "late", 2: "late"}
        pytest.skip("batches are kept in the order they came, as they just were; the outbox owes that order")
    assert held(destination, 1, 2) == {1: "newer", 2: None}


def test_another_hub_may_begin_with_version_one_again(destination: Destination) -> None:
    destination.deliver(batch(upsert(1, 5)))
    destination.deliver(batch(upsert(1, 1, epoch="f", name="restored")))
    assert held(destination, 1) == {1: "restored"}


def test_a_parent_that_is_missing(destination: Destination) -> None:
    sent = replace(upsert(1), collection="contacts", object="contacts", hub_id="instagaze:contacts:1")
    payload = {name: None for name in destination_fields("contacts")}
    payload |= {"hub_id": "instagaze:contacts:1", "customer_id": "instagaze:accounts:404"}
    one = Batch("b", "contacts", [replace(sent, payload=payload)])
    if not destination.capabilities.keeps_hub_ids:
        assert kinds(destination, one) != ["delivered"]
        pytest.skip("references are its own ids, and it refused one that is none; the outbox blocks the child")
    assert kinds(destination, one) == ["delivered"]
    found = destination.read("contacts", "contacts", ["instagaze:contacts:1"])["instagaze:contacts:1"]
    assert found is not None
    assert found["customer_id"] == "instagaze:accounts:404"


def destination_fields(collection: str) -> list[str]:
    from ipaas_dagster_tests.destinations.conformance.stand import SHAPES

    return list(SHAPES[collection].fields)


def test_two_workers_at_once(stand: Stand, destination: Destination) -> None:
    """Both make the tables, both write; nothing is lost, and the newest version of each record stands."""
    other = stand.connect()
    rounds = range(1, 8)

    def work(one: Destination, mine: int) -> None:
        for version in rounds:
            one.deliver(batch(*(upsert(100 * mine + n, version, name=f"v{version}") for n in range(20))))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, destination, 1), pool.submit(work, other, 2)]:
            done.result()
    numbers = [100 * mine + n for mine in (1, 2) for n in range(20)]
    assert set(held(destination, *numbers).values()) == {f"v{rounds[-1]}"}
    other.close()


def test_two_workers_on_the_same_records(stand: Stand, destination: Destination) -> None:
    other = stand.connect()
    if stand.keeps_order:
        destination.deliver(batch(upsert(1, 20, name="v20")))
        other.deliver(batch(upsert(1, 19, name="v19")))
        assert held(destination, 1) == {1: "v19"}
        other.close()
        pytest.skip("batches are kept in the order they came, whoever sends them; the outbox owes that order")

    def work(one: Destination, versions: range) -> None:
        for version in versions:
            one.deliver(batch(*(upsert(n, version, name=f"v{version}") for n in range(20))))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, destination, range(1, 20, 2)), pool.submit(work, other, range(2, 21, 2))]:
            done.result()
    assert set(held(destination, *range(20)).values()) == {"v20"}
    other.close()


def test_unreachable_stops_without_secrets(stand: Stand) -> None:
    lost = stand.connect(stand.unreachable)
    for attempt in (lost.check, lambda: lost.deliver(batch(upsert(1)))):
        with pytest.raises(Unreachable) as error:
            attempt()
        assert "secret" not in str(error.value)
        assert error.value.__cause__ is None
    lost.close()


def test_the_ledger_row_names_no_secret(stand: Stand, destination: Destination) -> None:
    named = destination.ledger_name(batch(upsert(1)))
    assert named is None or re.fullmatch(r"[A-Z]+", named[0])
    for name in stand.fields.keys() & {"url", "folder"}:
        assert named is None or stand.fields[name] not in " ".join(named)


_KILLED = """
import json, os, sys
from ipaas_dagster_tests.destinations.conformance.stand import SHAPES, Stand, batch, upsert
stand = Stand(**json.loads(sys.argv[1]))
destination = stand.connect()
for n in range(1, 10_000):
    sent = batch(*(upsert(100 * n + i) for i in range(20)))
    print(n, flush=True)
    destination.deliver(sent)
"""


def test_killed_while_writing(stand: Stand, tmp_path: Path) -> None:
    """kill -9 in the middle of anything: each batch is there wholly or not at all, and a repeat makes it whole."""
    import json

    words = json.dumps({**asdict(stand), "bad": None})
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, words], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 4:
            process.kill()
            break
    began = [int(line) for line in process.stdout] or [4]
    process.wait()
    destination = stand.connect()
    last = began[-1]
    for n in range(1, last):
        assert None not in held(destination, *(100 * n + i for i in range(20))).values()
    there = held(destination, *(100 * last + i for i in range(20)))
    assert len({name is None for name in there.values()}) == 1, "wholly or not at all"
    destination.deliver(batch(*(upsert(100 * last + i) for i in range(20))))
    assert None not in held(destination, *(100 * last + i for i in range(20))).values()
    destination.close()
