"""What the report tells, that nothing it tells can break it, and that it stays small."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import insert, select

from ipaas_dagster.errors import UsageError
from ipaas_dagster.hub.store import transaction
from ipaas_dagster.operations import Operations
from ipaas_dagster.operations.tables import landings, outbox
from ipaas_dagster.orchestration import build_definitions
from ipaas_dagster.project import Project
from ipaas_dagster.report import Facts, page, read_facts, summary, write_report
from ipaas_dagster.report.hours import hour_of, seconds_from
from ipaas_dagster.report.parts.frame import anchor
from ipaas_dagster.settings import load
from ipaas_dagster_tests.outbox.fake_system import FakeSystem
from ipaas_dagster_tests.outbox.world import World, customers

HOSTILE = "</bdi><script>alert(1)</script><img src=x onerror=alert(2)> \x00\x1b[31m \u202e` | **bold** [x](http://evil)"


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def facts_of(world: World) -> Facts:
    """Of the outbox alone: there is no hub to read."""
    world.project.__dict__.pop("hub", None)
    return read_facts(world.project)


def refusing(tmp_path: Path, count: int = 3, reason: str = HOSTILE) -> World:
    world = World(tmp_path, system=FakeSystem(refuses=lambda entry: reason))
    customers(world.hub, count)
    world.deliver()
    return world


def test_a_reason_that_is_markup_stays_text(tmp_path: Path) -> None:
    document = page(facts_of(refusing(tmp_path)))
    elements = Elements(document)
    assert not [
        tag for tag, _ in elements.found if tag in ("script", "img", "iframe", "link", "object", "base", "form")
    ]
    assert not [name for _, given in elements.found for name in given if name.startswith("on") or name == "style"]
    assert "&lt;script&gt;alert(1)" in document
    assert not re.search("[\x00-\x08\x1b]", document)


def test_it_asks_for_nothing_from_anywhere(tmp_path: Path) -> None:
    document = page(facts_of(refusing(tmp_path)))
    asks = [given for tag, given in Elements(document).found for name in ("src", "srcset", "action") if name in given]
    leads = [given["href"] or "" for _, given in Elements(document).found if "href" in given]
    assert asks == []
    assert all(lead.startswith("#") for lead in leads)
    policies = [given["content"] for _, given in Elements(document).found if "http-equiv" in given]
    assert [(policy or "").split(";")[0] for policy in policies] == ["default-src 'none'"]
    assert not re.search(r"@import|url\(", document)


def test_every_link_leads_to_something_in_the_document(tmp_path: Path) -> None:
    found = Elements(page(facts_of(refusing(tmp_path)))).found
    ids = [given["id"] for _, given in found if "id" in given]
    assert len(ids) == len(set(ids))
    assert {(given["href"] or "")[1:] for _, given in found if "href" in given} <= set(ids)
    assert anchor("instagaze:accounts:000000") in ids


def test_different_records_have_different_places() -> None:
    names = ["instagaze:invoices:1#2", "instagaze:invoices:1-2", "instagaze:invoices:12", "instagaze:invoices:1:2"]
    assert len({anchor(name) for name in names}) == len(names)


def test_a_failure_names_its_cause_once_with_how_often(tmp_path: Path) -> None:
    (failure,) = facts_of(refusing(tmp_path, count=7, reason="no")).failures
    assert (failure.count, failure.what, failure.reason, failure.where) == (7, "rejected", "name: no", "sql")


def test_volume_and_lag_stand_in_their_hours(tmp_path: Path) -> None:
    world = World(tmp_path, system=FakeSystem())
    customers(world.hub, 2)
    world.deliver()
    world.clock.now += timedelta(hours=3)
    world.hub.put("customers", "instagaze:accounts:000009", name="late")
    world.deliver()
    with world.project.operations.write() as connection:
        connection.execute(insert(landings).values(_landing(world.clock.now - timedelta(days=2), 40)))
    history = facts_of(world).history
    assert {b.start.hour: b.counts["delivered"] for b in history.hours if b.counts["delivered"]} == {12: 2, 15: 1}
    assert [b.counts["delivered"] for b in history.days if b.counts["delivered"]] == [3]
    assert {b.start.day: b.counts["fetched"] for b in history.days if b.counts["fetched"]} == {18: 40}
    assert {b.slowest for b in history.hours} == {None, 0.0}


def _landing(at: datetime, records: int) -> dict[str, Any]:
    times = {"observed_from": at, "observed_to": at, "created_at": at}
    names = {"landing_id": "l1", "source_system": "instagaze", "collection": "accounts", "scope": "full"}
    return {
        **names,
        **times,
        "state": "merged",
        "records": records,
        "bytes": 1,
        "sha256": "",
        "run_id": "",
        "details": {},
    }


@pytest.mark.parametrize("store", ["embedded", "postgresql"])
def test_rejects_and_holds_of_the_hub_are_told_alike_in_every_store(
    tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    url = "" if store == "embedded" else request.getfixturevalue("postgresql")
    state = tmp_path / "state"
    environment = {"IPAAS_STATE": str(state), "IPAAS_HUB_URL": url, "IPAAS_OPERATIONS_URL": url}
    now = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    project = Project(load(environment, tmp_path / "no.env"), clock=lambda: now)
    with project.hub.writing() as hub, transaction(hub):
        for number, reason in enumerate(('price: "a" is no number', 'price: "b" is no number', "name: is missing")):
            of = [
                "items",
                f"{number}",
                f'["{reason.replace(chr(34), chr(92) + chr(34))}"]',
                now - timedelta(hours=number),
            ]
            hub.change(
                "INSERT INTO hub.rejects (collection, source_id, reasons, rejected_at, hub_id, landing_id, line) "
                "VALUES (?, ?, ?, ?, ?, 'l1', 1)",
                [*of, f"instagaze:products:{number}" if number else None],
            )
        hub.change(
            "INSERT INTO hub.holds (hold_id, collection, records, alive, reason, state, created_at, subjects) "
            "VALUES ('l1.customers', 'customers', 60, 100, '60 of 100 would be deleted', 'waiting', ?, '[]')",
            [now],
        )
    facts = read_facts(project)
    project.operations.dispose()
    told = {(one.state, one.cause): (one.records, one.since, one.example) for one in facts.status.stuck}
    assert told == {
        ("rejected", "price: … is no number"): (2, now - timedelta(hours=1), "instagaze:products:1"),
        ("rejected", "name: is missing"): (1, now - timedelta(hours=2), "instagaze:products:2"),
        ("held", "60 of 100 would be deleted"): (60, now, "l1.customers"),
    }
    assert {one.start.hour: one.counts["failed"] for one in facts.history.hours[-3:]} == {10: 1, 11: 1, 12: 1}
    assert [(one.cause, one.count, one.record) for one in facts.failures] == [
        ("price: … is no number", 2, "line 1 of landing l1"),
        ("name: is missing", 1, "instagaze:products:2"),
    ]
    assert "would be deleted" in page(facts)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_hours_and_seconds_are_counted_alike_in_every_store(
    tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/o.db" if store == "sqlite" else request.getfixturevalue("postgresql")
    at = datetime(2026, 3, 1, 23, 59, 59, 500_000, tzinfo=UTC)
    entry = {"system": "sql", "collection": "c", "hub_id": "h", "operation": "upsert", "state": "delivered"}
    entry |= {"epoch": "e", "seq": 1, "version": 1, "request_key": "k"}
    operations = Operations(url)
    with operations.write() as connection:
        connection.execute(insert(outbox).values(**entry, queued_at=at, updated_at=at + timedelta(seconds=90)))
    took = seconds_from(outbox.c.queued_at, outbox.c.updated_at)
    with operations.read() as connection:
        queued, done, seconds = connection.execute(
            select(hour_of(outbox.c.queued_at), hour_of(outbox.c.updated_at), took)
        ).one()
    operations.dispose()
    assert (queued, done) == ("2026-03-01 23", "2026-03-02 00")
    assert float(seconds) == pytest.approx(90, abs=0.01)


def test_ten_thousand_dead_letters_each_with_words_of_its_own_fit_into_a_small_page(tmp_path: Path) -> None:
    world = refusing(tmp_path, count=10)
    row = {"system": "sql", "collection": "customers", "operation": "upsert", "state": "dead", "epoch": "e", "seq": 1}
    row |= {"version": 1, "queued_at": world.clock.now, "updated_at": world.clock.now, "request_key": "k"}
    with world.project.operations.write() as connection:
        words = [{**row, "hub_id": f"instagaze:accounts:x{n}", "reason": f"{_word(n)} failed"} for n in range(10_000)]
        connection.execute(insert(outbox), words)
    facts = facts_of(world)
    assert sum(one.records for one in facts.status.stuck) == 10_010
    assert len(page(facts)) < 400_000


def _word(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in f"{number:05}")


def test_the_summary_is_text_whatever_a_reason_says(tmp_path: Path) -> None:
    text = summary(facts_of(refusing(tmp_path)).status)
    assert text.startswith("**3 records are stuck; nothing is lost")
    assert "[x](" not in text
    assert "<script>" not in text
    rows = [line for line in text.splitlines() if "dead" in line and line.startswith("|")]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 5


def test_it_is_written_whole_and_where_it_was_asked_for(tmp_path: Path) -> None:
    world = refusing(tmp_path)
    world.project.__dict__.pop("hub", None)
    file, _ = write_report(world.project, tmp_path / "new folder" / "r.html")
    assert file.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [one.name for one in file.parent.iterdir()] == ["r.html"]
    (tmp_path / "occupied").write_text("")
    with pytest.raises(UsageError, match="--out"):
        write_report(world.project, tmp_path / "occupied" / "r.html")


def test_the_asset_writes_the_same_file_and_says_what_is_in_it(tmp_path: Path) -> None:
    world = refusing(tmp_path)
    world.project.__dict__.pop("hub", None)
    definitions = build_definitions(lambda run_id=None, say=None: world.project)
    job = definitions.resolve_job_def("report")
    result = job.execute_in_process(instance=dg.DagsterInstance.ephemeral())
    (event,) = result.get_asset_materialization_events()
    shown = {name: value.value for name, value in event.materialization.metadata.items()}
    assert (shown["stuck"], shown["stuck_dead"], shown["stuck_rejected"]) == (3, 3, 0)
    assert "3 records are stuck" in Path(shown["file"]).read_text(encoding="utf-8")
    assert shown["summary"].startswith("**3 records are stuck")
