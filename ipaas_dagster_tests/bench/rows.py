"""The rows of the table: the work of each, done by every contestant in turn, checked to be the same work."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ipaas_dagster_tests.bench.contestants import (
    BATCH,
    CONNECTIONS,
    PAGE,
    SINK_SECONDS,
    Peers,
    Product,
    sink_config,
)
from ipaas_dagster_tests.bench.measure import Measured
from ipaas_dagster_tests.bench.results import Line, Row, duration, megabytes
from ipaas_dagster_tests.bench.serving import Server, serving

LATENCY = 0.03
SMALL_ACCOUNTS = 41_800
"""With their contacts they are 100,000 records."""


class NotTheSame(Exception):
    """Contestants did different work: nothing may be concluded from their times."""


@dataclass
class Bench:
    """`runs`: how often each contestant does each work; `scale`: of the sizes; `peers` None: the product alone."""

    folder: Path
    peers: Peers | None
    runs: int = 3
    scale: float = 1.0
    _number: int = field(default=0, init=False)

    def size(self, accounts: int) -> int:
        return max(round(accounts * self.scale), 500)

    @contextmanager
    def serving(self, accounts: int) -> Iterator[Server]:
        with serving(self.folder / "data", self.size(accounts)) as server:
            yield server

    @contextmanager
    def place(self) -> Iterator[Path]:
        """A new folder that is gone afterwards."""
        self._number += 1
        folder = self.folder / "runs" / f"{self._number:03d}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def interleaved(
        self,
        row: Row,
        server: Server,
        work: Mapping[str, Callable[[], Measured]],
        *,
        inside: bool = False,
        before: Callable[[int], None] = lambda run: None,
        runs: int | None = None,
        latency: float = 0.0,
        sink: float = 0.0,
    ) -> None:
        """Every contestant once, then every one again: what disturbs the machine disturbs all."""
        lines = {name: Line(name, inside) for name in work}
        row.lines += lines.values()
        for run in range(runs or self.runs):
            before(run)
            for name, once in work.items():
                server.begin(latency=latency, sink=sink)
                measured = once()
                lines[name].runs.append(measured)
                lines[name].requests.append(server.facts().requests)
                said = f"{row.name:14} {name:12} {duration(lines[name].seconds_of(measured))}"
                sys.stderr.write(f"{said}, CPU {lines[name].cpu_of(measured):.2f} s, {megabytes(measured.memory)}\n")


def _same(row: Row, what: str, found: Mapping[str, object]) -> None:
    if len(set(found.values())) > 1:
        raise NotTheSame(f"{row.name}: {what} differ: {found}")


def full(bench: Bench, name: str, accounts: int, floor: bool) -> Row:
    """Everything into an empty hub, whole process."""
    row = Row(name, f"full load of {bench.size(accounts):,} accounts with their contacts, whole process")
    with bench.serving(accounts) as server, bench.place() as folder:
        counts: dict[str, object] = {}

        def product() -> Measured:
            shutil.rmtree(folder / "product", ignore_errors=True)
            installation = Product(folder / "product", server)
            measured = installation.command("sync", "accounts", "--no-deliver")
            counts["ipaas"] = installation.counts()
            return measured

        def peer(script: str, *more: str) -> Callable[[], Measured]:
            def once() -> Measured:
                assert bench.peers is not None
                place = folder / script
                shutil.rmtree(place, ignore_errors=True)
                given = (server.base_url, PAGE, CONNECTIONS, *(str(place / each) for each in more or (".",)))
                measured = bench.peers.run(script, place, *given)
                counts[script] = (measured.told["accounts"], measured.told["contacts"])
                return measured

            return once

        work: dict[str, Callable[[], Measured]] = {"ipaas": product}
        if bench.peers is not None:
            work |= {"dlt": peer("dlt_load")} | ({"floor": peer("floor", "floor.duckdb")} if floor else {})
        bench.interleaved(row, server, work)
        _same(row, "accounts and contacts", counts)
    return row


def full_300k(bench: Bench) -> Row:
    row = full(bench, "full-300k", 300_000, floor=True)
    row.at_least(4, "dlt", 6)
    row.at_most(2.5, "floor")
    return row


def full_100k(bench: Bench) -> Row:
    row = full(bench, "full-100k", 100_000, floor=True)
    row.at_least(3, "dlt")
    row.limit("<= 400 MB", row.line("ipaas").memory, 400e6, megabytes)
    return row


def full_1m(bench: Bench) -> Row:
    """Memory alone, so once, and the product alone."""
    alone = Bench(bench.folder, None, runs=1, scale=bench.scale)
    row = full(alone, "full-1m", 1_000_000, floor=False)
    row.limit("<= 600 MB", row.line("ipaas").memory, 600e6, megabytes)
    return row


def fetch(bench: Bench) -> Row:
    row = Row("fetch", f"fetch {bench.size(300_000):,} accounts, page {PAGE}, {CONNECTIONS} connections, inside")
    with bench.serving(300_000) as server, bench.place() as folder:
        _fetching(bench, row, server, folder, latency=0.0)
    row.at_most(2, "raw asyncio", by="cpu")
    return row


def latency(bench: Bench) -> Row:
    row = Row("latency", f"the same with {LATENCY * 1000:.0f} ms for each answer, inside")
    with bench.serving(300_000) as server, bench.place() as folder:
        _fetching(bench, row, server, folder, latency=LATENCY)
    line = row.line("ipaas")
    bound = line.requests[0] * LATENCY / CONNECTIONS
    share = bound / line.seconds
    row.limit(">= 90% of the bound by connections and latency", -share, -0.9, lambda x: f"{-x:.1%}")
    return row


def _fetching(bench: Bench, row: Row, server: Server, folder: Path, *, latency: float) -> None:
    product = Product(folder / "product", server)
    work: dict[str, Callable[[], Measured]] = {"ipaas": lambda: product.inside("fetch")}
    peers = bench.peers
    if peers is not None:
        given = (server.base_url, PAGE, CONNECTIONS)
        work["raw asyncio"] = lambda: peers.run("raw_fetch", folder / "raw", *given)
        if not latency:
            work["httpx"] = lambda: peers.run("httpx_fetch", folder / "httpx", *given)
    bench.interleaved(row, server, work, inside=True, latency=latency)
    least = min(run.told["records"] for line in row.lines for run in line.runs)
    if least < server.accounts:  # the product reads two records of each page again
        raise NotTheSame(f"{row.name}: only {least} records were read")


def polls(bench: Bench) -> list[Row]:
    """Nothing changed, then a thousand of a hundred thousand, on what one full load left."""
    with bench.serving(100_000) as server, bench.place() as folder:
        product = Product(folder / "product", server)
        product.command("sync", "accounts")
        work: dict[str, Callable[[], Measured]] = {"ipaas": lambda: product.command("sync", "accounts")}
        peers = bench.peers
        if peers is not None:
            once = _dlt(peers, server, folder)
            once()
            work["dlt"] = once
        nothing = Row(
            "nothing", f"nothing changed in {server.accounts:,} accounts, `sql` and `files` on, whole process"
        )
        bench.interleaved(nothing, server, work, runs=2 * bench.runs + 1)
        nothing.equal("one request", nothing.line("ipaas").requests, 1)
        nothing.limit("<= 1.5 s (reach for 0.8 s)", nothing.line("ipaas").seconds, 1.5, duration)
        return [nothing, _changed(bench, server, product, work), _warm(bench, server, product)]


def _changed(bench: Bench, server: Server, product: Product, work: dict[str, Callable[[], Measured]]) -> Row:
    count = min(1000, server.accounts // 2)
    row = Row("changed", f"{count:,} of {server.accounts:,} accounts changed, whole process")
    work["ipaas"] = lambda: product.command("sync", "accounts", "--no-deliver")
    bench.interleaved(row, server, work, before=lambda run: server.change(count, run + 1))
    most = -(-count // (PAGE - 2)) + 2
    row.limit(f"10 to {most} requests", max(row.line("ipaas").requests), most, lambda x: f"{x:.0f}")
    row.limit("<= 3 s", row.line("ipaas").seconds, 3, duration)
    return row


def _warm(bench: Bench, server: Server, product: Product) -> Row:
    count = min(1000, server.accounts // 2)
    row = Row("warm", f"{count:,} of {server.accounts:,} accounts changed, inside a warm process")
    bench.interleaved(row, server, {"ipaas": lambda: product.inside("changed", count)}, inside=True)
    _same(row, "records updated", {"wanted": count, "ipaas": row.line("ipaas").runs[0].told["updated"]})
    row.limit("<= 0.5 s", row.line("ipaas").seconds, 0.5, duration)
    return row


def _dlt(peers: Peers, server: Server, folder: Path) -> Callable[[], Measured]:
    given = (server.base_url, PAGE, CONNECTIONS, folder / "dlt", "merge")
    return lambda: peers.run("dlt_load", folder / "dlt", *given)


def deliver(bench: Bench) -> Row:
    """The records that the peers send are the product's own payloads."""
    with bench.serving(100_000) as server, bench.place() as folder:
        config = {"IPAAS_CONFIG": str(sink_config(folder / "config"))}
        loaded = Product(folder / "loaded", server)
        loaded.command("sync", "accounts", "--no-deliver")
        title = f"deliver {server.accounts:,} records, {BATCH} a batch, a sink that takes {SINK_SECONDS * 1000:.0f} ms"
        row, received = Row("deliver", f"{title}, {CONNECTIONS} at once, inside"), set[int]()

        def product() -> Measured:
            state = folder / "product"
            shutil.rmtree(state, ignore_errors=True)
            shutil.copytree(loaded.state, state)
            measured = Product(state, server).inside("deliver", BATCH, CONNECTIONS, **config)
            received.add(server.facts().received)
            return measured

        def peer(script: str) -> Callable[[], Measured]:
            def once() -> Measured:
                assert bench.peers is not None
                place = folder / script
                shutil.rmtree(place, ignore_errors=True)
                given = (f"http://127.0.0.1:{server.port}/sink", records, BATCH, CONNECTIONS, place)
                measured = bench.peers.run(script, place, *given)
                received.add(server.facts().received)
                return measured

            return once

        product()
        records = _payloads(folder / "product" / "operations.db", folder / "records.ndjson")
        work: dict[str, Callable[[], Measured]] = {"ipaas": product}
        if bench.peers is not None:
            work |= {"dlt": peer("dlt_sink"), "bare threads": peer("bare_sink")}
        bench.interleaved(row, server, work, inside=True, sink=SINK_SECONDS)
        if received != {server.accounts}:
            raise NotTheSame(f"deliver: the sink received {received} records, not {server.accounts}")
    row.at_least(2, "dlt", 3)
    return row


def _payloads(operations: Path, target: Path) -> Path:
    import sqlite3

    with sqlite3.connect(operations) as connection, target.open("wb") as file:
        for (payload,) in connection.execute("SELECT payload FROM payloads ORDER BY entry_id"):
            file.write(payload + b"\n")
    return target


def growth(bench: Bench) -> Row:
    """The same small merge into hubs of a hundred thousand, a million and ten million records."""
    row = Row("growth", "merge 1,000 changed accounts into a hub of 100k, 1M and 10M records, inside")
    with bench.serving(SMALL_ACCOUNTS) as server, bench.place() as folder:
        small = Product(folder / "100k", server)
        small.command("sync", "accounts", "--no-deliver")
        hubs = {"100k": small}
        for name, times in (("1M", 10), ("10M", 100)):
            hubs[name] = Product(folder / name, server)
            shutil.copytree(small.state, hubs[name].state)
            records = hubs[name].grow(times)
            sys.stderr.write(f"growth         a hub of {records:,} records\n")
        count = min(1000, server.accounts // 2)
        work = {f"ipaas {name}": _merging(product, count, server.accounts) for name, product in hubs.items()}
        bench.interleaved(row, server, work, inside=True)
    ratio = row.line("ipaas 10M").seconds / row.line("ipaas 100k").seconds
    row.limit("time at 10M <= 2x the time at 100k", ratio, 2, lambda x: f"{x:.2f}x")
    return row


def _merging(product: Product, count: int, accounts: int) -> Callable[[], Measured]:
    return lambda: product.inside("merge", count, accounts)


def tick(bench: Bench) -> Row:
    row = Row("tick", "the change sensor's tick with nothing to do, inside")
    with bench.serving(1_000) as server, bench.place() as folder:
        product = Product(folder / "product", server)
        product.command("sync", "--no-deliver")
        bench.interleaved(row, server, {"ipaas": lambda: product.inside("tick")}, inside=True)
    line = row.line("ipaas")
    row.equal("no run is launched", [run.told["runs"] for run in line.runs], 0)
    row.equal("one request per collection (5)", line.requests, 5)
    return row


ROWS: Mapping[str, Callable[[Bench], Row | list[Row]]] = {
    "full-300k": full_300k,
    "full-100k": full_100k,
    "fetch": fetch,
    "latency": latency,
    "polls": polls,
    "deliver": deliver,
    "growth": growth,
    "full-1m": full_1m,
    "tick": tick,
}
"""By the name that chooses them on the command line."""
