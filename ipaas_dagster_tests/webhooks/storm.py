"""A storm of webhooks: genuine, doubled, forged, out of order, while the receiver is killed. `python -m
ipaas_dagster_tests.webhooks.storm` prints the figures of the full form.

The truth is the sandbox's: whatever a genuine event named must stand in the hub as it is there. Forged ones name
records that changed without anybody telling: if one of them did anything, that record was asked for.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from sqlalchemy import func, select

from ipaas_dagster.ledger import balance
from ipaas_dagster.merge import merge
from ipaas_dagster.operations.tables import inbox
from ipaas_dagster.project import Project
from ipaas_dagster.pull import pull
from ipaas_dagster.sandbox import Sandbox, running_sandbox
from ipaas_dagster.settings import load
from ipaas_dagster.sync import sync_inbox
from ipaas_dagster.webhooks.hints import waiting_hints
from ipaas_dagster_tests.webhooks.sender import SECOND, Process, environment, event, signed, start


@dataclass(frozen=True)
class Post:
    """One request as it goes over the wire."""

    event_id: str
    forged: bool
    bytes: bytes


@dataclass
class Figures:
    posts: int = 0
    genuine: int = 0
    doubled: int = 0
    forged: int = 0
    kills: int = 0
    repeated: int = 0
    seconds: float = 0.0
    answers: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    stored: int = 0
    asked_by_id: int = 0

    def percentile(self, share: float) -> float:
        """Milliseconds within which so many were answered."""
        ranked = sorted(self.latencies)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000

    def lines(self) -> list[str]:
        shares = ", ".join(f"{share:.1%} within {self.percentile(share):.1f} ms" for share in (0.5, 0.9, 0.99, 0.999))
        return [
            f"{self.posts:,} webhooks: {self.genuine:,} genuine, {self.doubled:,} doubles, {self.forged:,} forged",
            f"receiver killed {self.kills} times, {self.repeated:,} requests sent again",
            f"answers: {dict(sorted(self.answers.items()))} in {self.seconds:.1f} s",
            shares,
            f"{self.cpu_seconds:.1f} s of CPU in the receiver since it was last started, imports included",
            f"stored {self.stored:,} events; {self.asked_by_id:,} records asked for by id",
        ]


def storm(
    folder: Path, *, events: int, accounts: int, connections: int, kills: int = 2, following: bool = True, **more: str
) -> Figures:
    """Raises AssertionError where an event was lost, or a forged one did something."""
    with running_sandbox(accounts=accounts, samples=None) as sandbox:
        given = environment(
            folder / "state", INSTAGAZE_BASE_URL=sandbox.base_url, INSTAGAZE_TOKEN=sandbox.token, **more
        )
        project = Project(load(given, folder / "no.env"))
        for name in ("products", "accounts"):
            pull(project, name)
        merge(project)
        sandbox.journal.clear()
        posts, untold = _posts(sandbox, events)
        figures = Figures(len(posts), kills=kills)
        _count(figures, posts)
        _send(figures, posts, given, connections, kills, _follower(project, following))
        while waiting_hints(project):
            sync_inbox(project, [])
        _check(project, sandbox, figures, posts, untold)
        return figures


def _posts(sandbox: Sandbox, events: int) -> tuple[list[Post], set[int]]:
    """A third doubles, a tenth forged, shuffled within a window. And the records that only forged ones name."""
    dice, source = random.Random(events), sandbox.instagaze
    ids = [one["id"] for one in source.truth("accounts")]
    untold, told = ids[: len(ids) // 10], ids[len(ids) // 10 :]
    sandbox.clock.advance(-3600)  # long before: what a poll since the cursor does not show
    for number in untold:
        source.change("accounts", number, {"account_name": "nobody told of this"})
    sandbox.clock.advance(3600)
    forged, doubled = events // 10, events // 3
    made: list[Post] = []
    for number in range(events - forged - doubled):
        made.append(_genuine(f"msg_{number}", *_changed(source, told, dice)))
    made += [made[dice.randrange(len(made))] for _ in range(doubled)]
    made += [_forged(f"forged_{n}", dice.choice(untold), dice.randrange(3)) for n in range(forged)]
    places = [(place + dice.uniform(0, len(made) / 4), post) for place, post in enumerate(made)]
    dice.shuffle(places)
    return [post for _, post in sorted(places, key=lambda one: one[0] % len(made))], set(untold)


def _changed(source: object, told: list[int], dice: random.Random) -> tuple[int, str]:
    """Something happens at the source: which record, and what its event says."""
    what = dice.random()
    if what < 0.1:
        number = source.insert("accounts")["id"]  # type: ignore[attr-defined]
        told.append(number)
        return number, "created"
    number = dice.choice(told)
    if what < 0.13 and source.record("accounts", number) is not None:  # type: ignore[attr-defined]
        source.delete("accounts", number)  # type: ignore[attr-defined]
        return number, "deleted"
    if source.record("accounts", number) is not None:  # type: ignore[attr-defined]
        source.change("accounts", number)  # type: ignore[attr-defined]
    return number, "updated"


def _genuine(event_id: str, number: int, what: str) -> Post:
    body = event("accounts", number, what)
    return Post(event_id, False, _wire(body, signed(event_id, body)))


def _forged(event_id: str, number: int, how: int) -> Post:
    """By another secret; of another body; recorded long ago."""
    body, other = event("accounts", number), event("accounts", number + 1)
    headers = (
        signed(event_id, body, secret=SECOND),
        signed(event_id, other),
        signed(event_id, body, at=datetime.now(UTC) - timedelta(minutes=10)),
    )[how]
    return Post(event_id, True, _wire(body, headers))


def _wire(body: bytes, headers: dict[str, str]) -> bytes:
    lines = [
        f"{name}: {value}" for name, value in {"host": "here", "content-length": str(len(body)), **headers}.items()
    ]
    return "\r\n".join(["POST /webhooks/instagaze HTTP/1.1", *lines, "", ""]).encode() + body


def _count(figures: Figures, posts: Sequence[Post]) -> None:
    figures.forged = sum(post.forged for post in posts)
    figures.genuine = len({post.event_id for post in posts if not post.forged})
    figures.doubled = len(posts) - figures.forged - figures.genuine


def _follower(project: Project, wanted: bool) -> Callable[[threading.Event], None]:
    """Reads what was named while more comes in."""

    def follow(stop: threading.Event) -> None:
        words = [sys.executable, "-m", "ipaas_dagster.cli", "sync", "--inbox", "--no-deliver", "--json"]
        while wanted and not stop.wait(0.5):
            done = subprocess.run(words, env=dict(project.settings.environment), capture_output=True, check=False)
            assert done.returncode == 0, done.stderr

    return follow


def _send(
    figures: Figures,
    posts: Sequence[Post],
    given: dict[str, str],
    connections: int,
    kills: int,
    follow: Callable[[threading.Event], None],
) -> None:
    running = [start(given)]
    port = urlsplit(running[0].addresses["instagaze"]).port
    assert port is not None
    stop = threading.Event()
    reader = threading.Thread(target=follow, args=(stop,))
    reader.start()
    try:
        asyncio.run(_all_sent(figures, posts, port, connections, _Killer(running, given, port, len(posts), kills)))
    finally:
        stop.set()
        reader.join()
        spent = psutil.Process(running[-1].process.pid).cpu_times()
        figures.cpu_seconds = spent.user + spent.system
        running[-1].process.terminate()
        running[-1].process.communicate(timeout=30)


@dataclass
class _Killer:
    """Kills the receiver without warning when so many posts have been answered, and starts it again."""

    running: list[Process]
    given: dict[str, str]
    port: int
    posts: int
    kills: int
    answered: int = 0
    again: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self) -> None:
        self.answered += 1
        died = len(self.running) - 1
        if died < self.kills and self.answered == self.posts * (died + 1) // (self.kills + 1):
            self.running[-1].kill()
            self.running.append(await asyncio.to_thread(start, self.given, self.port))


async def _all_sent(figures: Figures, posts: Sequence[Post], port: int, connections: int, killer: _Killer) -> None:
    waiting = list(reversed(posts))
    started = time.perf_counter()
    await asyncio.gather(*(_connection(figures, waiting, port, killer) for _ in range(connections)))
    figures.seconds = time.perf_counter() - started


async def _connection(figures: Figures, waiting: list[Post], port: int, killer: _Killer) -> None:
    """As a sender does: what is not answered, or with 5xx, is sent again."""
    reader: asyncio.StreamReader | None = None
    while waiting:
        post = waiting.pop()
        while True:
            try:
                if reader is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                started = time.perf_counter()
                writer.write(post.bytes)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
            except (OSError, asyncio.IncompleteReadError):
                figures.repeated += 1
                reader = None
                await asyncio.sleep(0.02)
                continue
            status = int(head.split(b" ", 2)[1])
            figures.answers[status] = figures.answers.get(status, 0) + 1
            if status < 500:
                break
            figures.repeated += 1
        figures.latencies.append(time.perf_counter() - started)
        await killer.answer()
    if reader is not None:
        writer.close()


def _check(project: Project, sandbox: Sandbox, figures: Figures, posts: Sequence[Post], untold: set[int]) -> None:
    genuine = {post.event_id for post in posts if not post.forged}
    with project.operations.read() as connection:
        states = dict(connection.execute(select(inbox.c.event_id, inbox.c.state)).all())
        figures.stored = connection.scalar(select(func.count()).select_from(inbox)) or 0
    assert set(states) == genuine, "an event was lost, or a forged one was stored"
    assert set(states.values()) == {"done"}
    assert figures.answers.get(401, 0) >= figures.forged
    asked = {int(e.path.rsplit("/", 1)[1]) for e in sandbox.journal.entries() if "/accounts/" in e.path}
    assert not asked & untold, "a record was asked for that only forged webhooks named"
    figures.asked_by_id = len(asked)
    _compare(project, sandbox, untold)


def _compare(project: Project, sandbox: Sandbox, untold: set[int]) -> None:
    with project.hub.reading() as connection:
        assert connection is not None
        columns = "source_id, name, billing_city, observed_at"
        rows = connection.execute(f"SELECT {columns} FROM ipaas.hub.customers WHERE deleted_at IS NULL").fetchall()
    hub = {int(row[0]): row[1:3] for row in rows if int(row[0]) not in untold}
    accounts = [one for one in sandbox.instagaze.truth("accounts") if one["id"] not in untold]
    truth = {one["id"]: (one["account_name"], (one["billing_address"] or {}).get("city")) for one in accounts}
    assert hub == truth
    books = balance(project)
    assert books.true, books.findings


def main() -> None:
    for connections in (int(word) for word in (sys.argv[1:] or ("16", "64", "256"))):
        with tempfile.TemporaryDirectory(prefix="storm-") as folder:
            figures = storm(Path(folder), events=10_000, accounts=3_000, connections=connections)
        sys.stdout.write("\n".join([f"{connections} requests in flight", *(f"  {x}" for x in figures.lines()), ""]))


if __name__ == "__main__":
    main()
