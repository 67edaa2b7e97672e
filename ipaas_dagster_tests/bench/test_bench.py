"""The bench measures equal work: every contestant ends with the same records, and the server's word is what counts.
No time is asserted here."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

from ipaas_dagster_tests.bench.chart import chart
from ipaas_dagster_tests.bench.contestants import Peers, Product, sink_config
from ipaas_dagster_tests.bench.measure import Failed, measure
from ipaas_dagster_tests.bench.report import BEGIN, END, tables, write
from ipaas_dagster_tests.bench.results import Line, Row
from ipaas_dagster_tests.bench.rows import Bench, NotTheSame, _payloads, _same
from ipaas_dagster_tests.bench.serving import Server, serving

ACCOUNTS = 700


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with serving(tmp_path_factory.mktemp("bench-data"), ACCOUNTS) as server:
        yield server


@pytest.fixture
def product(server: Server, tmp_path: Path) -> Product:
    server.restore()
    server.begin()
    return Product(tmp_path / "product", server)


HERE = Peers(Path(sys.executable))
"""The peers that need nothing but this environment."""


def test_the_product_and_the_floor_load_the_same_records(product: Product, server: Server, tmp_path: Path):
    product.command("sync", "accounts", "--no-deliver")
    asked = server.facts().requests
    database = tmp_path / "floor" / "floor.duckdb"
    told = HERE.run("floor", tmp_path / "floor", server.base_url, 100, 8, database).told
    assert (told["accounts"], told["contacts"]) == product.counts()
    assert asked == -(-ACCOUNTS // 98) + 3  # neighbours overlap by two; three questions prove the filter
    with duckdb.connect(str(database)) as floor, duckdb.connect(str(product.state / "ipaas.duckdb")) as hub:
        fetched = floor.execute("SELECT account.id::VARCHAR, account.account_name FROM accounts ORDER BY 1").fetchall()
        held = hub.execute("SELECT source_id, name FROM hub.customers ORDER BY 1").fetchall()
        assert held == fetched
        emails = floor.execute(
            "SELECT contact.id::VARCHAR, contact.email FROM contacts WHERE NOT contact.is_deleted ORDER BY 1"
        ).fetchall()
        assert hub.execute("SELECT source_id, email FROM hub.contacts ORDER BY 1").fetchall() == emails


def test_every_fetcher_reads_every_record(product: Product, server: Server, tmp_path: Path):
    read = product.inside("fetch").told
    assert read["records"] - 2 * (read["requests"] - 1) == ACCOUNTS
    assert HERE.run("raw_fetch", tmp_path / "raw", server.base_url, 100, 8).told["records"] == ACCOUNTS


def test_a_poll_asks_once_and_takes_what_changed(product: Product, server: Server):
    product.command("sync", "accounts", "--no-deliver")
    server.begin()
    product.command("sync", "accounts", "--no-deliver")
    assert server.facts().requests == 1
    assert product.inside("changed", 50).told["updated"] == 50


@pytest.mark.slow
def test_the_sink_gets_the_same_payloads_from_the_product_and_from_bare_threads(
    product: Product, server: Server, tmp_path: Path
):
    product.command("sync", "accounts", "--no-deliver")
    server.begin()
    told = product.inside("deliver", 200, 8, IPAAS_CONFIG=str(sink_config(tmp_path / "config"))).told
    assert told["states"] == {"delivered": ACCOUNTS}
    of_product = server.facts()
    records = _payloads(product.state / "operations.db", tmp_path / "records.ndjson")
    server.begin()
    HERE.run("bare_sink", tmp_path / "bare", f"http://127.0.0.1:{server.port}/sink", records, 200, 8)
    assert server.facts() == of_product
    assert (of_product.sent, of_product.received, of_product.requests) == (ACCOUNTS, ACCOUNTS, 4)


@pytest.mark.slow
def test_a_grown_hub_takes_a_merge_as_a_small_one_does(product: Product):
    product.command("sync", "accounts", "--no-deliver")
    records = sum(product.counts())
    grown = product.grow(3)
    assert sum(product.counts()) == 3 * records <= grown
    assert product.inside("merge", 100, ACCOUNTS).told["updated"] == 100


def test_contestants_that_did_different_work_are_not_compared():
    with pytest.raises(NotTheSame, match="accounts differ"):
        _same(Row("full", "load"), "accounts", {"ipaas": 10, "dlt": 9})


def test_a_contestant_that_fails_is_no_measurement(tmp_path: Path):
    with pytest.raises(Failed, match="ended with 3"):
        measure([sys.executable, "-c", "raise SystemExit(3)"], {}, tmp_path / "log")


def test_cpu_and_memory_are_those_of_the_whole_tree(tmp_path: Path):
    child = "held = b'x' * 150_000_000; [x * x for x in range(2_000_000)]"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    alone = measure([sys.executable, "-c", "pass"], {}, tmp_path / "log")
    both = measure([sys.executable, "-c", parent], {}, tmp_path / "log")
    assert both.memory > 150_000_000 > alone.memory
    assert both.cpu > alone.cpu


def test_tables_and_chart_hold_every_contestant_and_goal(tmp_path: Path):
    row = Row("full", "load <everything>", [Line("ipaas"), Line("dlt")])
    for line, seconds in zip(row.lines, ("0.1", "0.9"), strict=True):
        code = f'print(\'{{"seconds": {seconds}, "cpu": 1}}\')'
        line.runs.append(measure([sys.executable, "-c", code], {}, tmp_path / "log"))
        line.inside = True
    row.at_least(4, "dlt", 6)
    row.at_least(4, "not measured")
    page = tmp_path / "results.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write(page, tables([row], "make bench"))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| load <everything> | >= 4x dlt (reach for 6x) | 9.00x | met |" in text
    assert "load &lt;everything&gt;" in chart([row])


def test_places_are_cleared_away(tmp_path: Path):
    bench = Bench(tmp_path, None)
    with bench.place() as folder:
        (folder / "left").touch()
    assert not folder.exists()
