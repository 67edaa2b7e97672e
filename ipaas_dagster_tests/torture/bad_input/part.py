"""The part `bad-input`: mutated records by the ten thousand, among good ones. Each ends merged or rejected with
reasons, none costs another its place, and no run dies.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.ledger import balance
from ipaas_dagster.project import Project
from ipaas_dagster.settings import load
from ipaas_dagster.sync import sync
from ipaas_dagster_tests.contracts.samples import BY_SOURCE
from ipaas_dagster_tests.flow.world import DATA
from ipaas_dagster_tests.source.world import World, serving
from ipaas_dagster_tests.torture.bad_input.mutations import good, mutated
from ipaas_dagster_tests.torture.part import Order, Verdict

POLLED = ("accounts", "products", "invoices", "subscriptions", "transactions")
ROUND = 500
"""Records of a collection at a time; two in three are mutated."""
LEAST_ROUNDS = 8
BROKEN_PAGES: tuple[bytes, ...] = (
    *(b"", b"null", b"<html>busy</html>", b'{"count": 1', b"\xff\xfe{\x00}\x00", b'{"results": "none"}', b"[1, 2"),
    json.dumps({"count": 5, "results": None}).encode("utf-16"),
)


def run(order: Order) -> Verdict:
    ends, rounds, fed, verdict = time.monotonic() + order.seconds, 0, Counter[str](), Verdict()
    while rounds < LEAST_ROUNDS or (time.monotonic() < ends and not verdict.failures):
        found, problems = play(order.seed + rounds, ROUND)
        fed.update(found)
        verdict.failures += [f"seed {order.seed + rounds}: {problem}" for problem in problems]
        rounds += 1
        order.say(f"bad-input: round {rounds}: {dict(fed)}{' FAILED' if problems else ''}")
    told = f"{fed['records']:,} records, {fed['mutated']:,} of them mutated, {rounds * len(BROKEN_PAGES)} broken pages"
    ended = f"{fed['rejected']:,} rejected with reasons, all others merged; {rounds} syncs, none died; books balance"
    verdict.rows.append((told, ended))
    return verdict


def play(seed: int, number: int) -> tuple[dict[str, int], list[str]]:
    """One sync of `number` records of each polled collection: what there was, and what went wrong."""
    dice = random.Random(seed)
    pages = iter(dice.sample(BROKEN_PAGES, len(BROKEN_PAGES)))
    world = World(largest_page=97, encode=_encode, before=lambda request: _break(world, pages, dice))
    for name in POLLED:
        made = _records(BY_SOURCE[name], number, dice)
        world.seed(name, [{"raw": raw} for raw in made])
    with tempfile.TemporaryDirectory(prefix="ipaas-torture-") as folder, serving(world) as base_url:
        given = {"IPAAS_STATE": f"{folder}/state", "IPAAS_CONFIG": str(DATA), "IPAAS_RETRY_SECONDS": "60"}
        given |= {"INSTAGAZE_TOKEN": world.token, "INSTAGAZE_BASE_URL": base_url}
        project = Project(load(given, Path(folder) / "no.env"))
        try:
            outcome = sync(project, [(name, None) for name in POLLED], ["sql", "files"])
            problems = [f"unexpected: {error!r}" for error in outcome.unexpected]
            problems += [f"finding: {text}" for text in outcome.findings if not _is_about_a_record(text)]
            fetched = sum(pulled.fetched for pulled in outcome.pulled)
            rejected, more = _accounted(project, number)
        finally:
            project.operations.dispose()
    if fetched < number * len(POLLED):
        problems.append(f"{number * len(POLLED)} records were there, {fetched} were fetched")
    counted = {"records": number * len(POLLED), "mutated": number * len(POLLED) * 2 // 3, "rejected": rejected}
    return counted, [*problems, *more]


def _records(sample: dict[str, Any], number: int, dice: random.Random) -> list[bytes]:
    """Every third is good, with an id that no mutated one can have."""
    return [good(sample, 1_000_000 + n) if n % 3 == 0 else mutated(sample, 1000 + n, dice) for n in range(number)]


def _encode(value: Any) -> bytes:
    if isinstance(value, dict) and "raw" in value:
        return bytes(value["raw"])
    if isinstance(value, dict):
        return b"{" + b", ".join(json.dumps(k).encode() + b": " + _encode(v) for k, v in value.items()) + b"}"
    if isinstance(value, list):
        return b"[" + b", ".join(map(_encode, value)) + b"]"
    return json.dumps(value).encode()


def _break(world: World, pages: Iterator[bytes], dice: random.Random) -> None:
    """Now and then a page comes broken; the next try is good."""
    if dice.random() < 0.2 and (body := next(pages, None)) is not None:
        world.faults.append((200, {}, body))


def _is_about_a_record(finding: str) -> bool:
    return "rejected" in finding or "more" in finding or " is dead: " in finding or " is blocked: " in finding


def _accounted(project: Project, number: int) -> tuple[int, list[str]]:
    """How many records are rejected, and what the hub, its rejects and the books do not account for."""
    problems = []
    with project.hub.reading() as connection:
        assert connection is not None
        for source in POLLED:
            top = contracts.of_source(source)[0].name
            wanted = {f"instagaze:{source}:{1_000_000 + n}" for n in range(0, number, 3)}
            live = {row[0] for row in connection.execute(f"SELECT hub_id FROM hub.{top}").fetchall()}
            if lost := wanted - live:
                problems.append(f"{source}: {len(lost)} good records are not in the hub: {sorted(lost)[:3]}")
        rejected, silent = connection.execute(
            "SELECT count(*), count(*) FILTER (reasons IS NULL OR json_array_length(reasons) = 0) FROM hub.rejects"
        ).fetchone()
    if silent:
        problems.append(f"{silent} records were rejected without a reason")
    books = balance(project)
    return rejected, problems if books.true else [*problems, *(f"books: {text}" for text in books.findings)]
