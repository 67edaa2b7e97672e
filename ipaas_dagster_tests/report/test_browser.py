"""The report of a company in trouble, as a stranger opens it: from a file, without network, wide and on a phone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ipaas_dagster.cli.app import app
from ipaas_dagster_tests.report.judges import BEYOND_THE_EDGE, TOO_FAINT
from ipaas_dagster_tests.status.company import RULE_SAYS, all_at_once, company

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@dataclass
class Written:
    """The report's file, what `ipaas status --json` says of the same, and what must stand in neither."""

    file: Path
    status: dict[str, Any]
    secrets: list[str]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("company")
    with company(folder, accounts=10) as made:
        all_at_once(made)
        file = folder / "report.html"
        told = CliRunner().invoke(app, ["report", "--out", str(file), "--json"], env=made.environment)
        assert told.exit_code == 0, told.output
        said = CliRunner().invoke(app, ["status", "--json"], env=made.environment)
        hidden = ("SECRET", "TOKEN", "PASSWORD", "CLIENT_ID", "KEY")
        secrets = [value for name, value in made.environment.items() if any(part in name for part in hidden)]
    return Written(file, json.loads(said.stdout), [value for value in secrets if not value.startswith("http")])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


def opened(browser: Any, written: Written, *, width: int = 1280, scheme: str = "light") -> tuple[Any, list[str]]:
    """A page without network, and every request that it makes."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(written.file.as_uri())
    return page, asked


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_it_opens_without_network_and_tells_the_numbers_of_the_status(browser: Any, written: Written) -> None:
    page, asked = opened(browser, written)
    status, faults = written.status, []
    page.on("console", lambda message: faults.append(message.text))
    assert asked == [written.file.as_uri()]
    stuck = status["stuck"]
    assert {one["state"] for one in stuck} == {"rejected", "dead", "blocked", "paused"}
    assert number(page.inner_text("#stuck-total")) == status["verdict"]["stuck"] == sum(o["records"] for o in stuck)
    assert number(page.inner_text("#moving-total")) == status["verdict"]["on_its_way"] > 0
    assert page.inner_text("#lost") == "nothing"
    shown = page.locator("#stuck tbody tr")
    assert [number(shown.nth(n).locator(".count").inner_text()) for n in range(shown.count())] == [
        one["records"] for one in stuck
    ]
    dead = shown.filter(has_text="dead letters").inner_text()
    assert RULE_SAYS in dead
    assert "ipaas dead retry --system salesforce" in dead
    for system in status["systems"]:
        assert f"{system['delivered']:,} delivered" in page.inner_text(f"#system-{system['system']}")
    for one in status["balance"]["landings"]["collections"]:
        row = page.locator("#books tbody tr").filter(
            has=page.get_by_role("rowheader", name=one["collection"], exact=True)
        )
        assert number(row.locator(".number").first.inner_text()) == one["counts"]["fetched"]
    assert faults == []


def test_no_secret_stands_in_it(written: Written) -> None:
    document = written.file.read_text(encoding="utf-8")
    assert len(written.secrets) > 3
    assert [secret for secret in written.secrets if len(secret) > 5 and secret in document] == []


def test_each_failure_leads_to_its_trace(browser: Any, written: Written) -> None:
    page, _ = opened(browser, written)
    links = page.locator("#failures a.to-trace")
    assert links.count() == page.locator("#failures tbody tr").count() > 5
    for n in range(0, links.count(), 4):
        link = links.nth(n)
        place = page.locator(link.get_attribute("href"))
        link.click()
        place.wait_for(state="visible")
        assert f"ipaas trace {link.inner_text()}" in place.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_can_be_read_everywhere(browser: Any, written: Written, width: int, scheme: str) -> None:
    page, _ = opened(browser, written, width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(BEYOND_THE_EDGE) == []
    assert page.evaluate(TOO_FAINT) == []
