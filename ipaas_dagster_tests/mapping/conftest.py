"""A configuration folder of one's own: the default one without the remote systems, to be edited by the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster import contracts
from ipaas_dagster.mapping import Route, load_worksheet
from ipaas_dagster.settings import Settings, load

DATA = Path(__file__).parents[2] / "data"
CONFIG = Path(__file__).parent / "config"
"""Declarations of the tests' own: all collections to one `sql` and one `files` system."""

SYSTEMS_OF_ONE_ROUTE = """\
systems:
  instagaze: {kind: instagaze}
  sql: {kind: sql}
rows:
"""

RouteOf = Callable[[str, str], Route]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    return folder


@pytest.fixture
def settings(config: Path, tmp_path: Path) -> Settings:
    return load({"IPAAS_CONFIG": str(config), "IPAAS_STATE": str(tmp_path / "state")}, env_file=tmp_path / "none")


@pytest.fixture
def route_of(config: Path) -> RouteOf:
    """route_of(collection, template text, indented under the collection's name) -> its route to `sql`."""

    def make(collection: str, template: str) -> Route:
        row = f"  - {{collection: {collection}, system: sql, direction: from}}\n"
        (config / "worksheet.yaml").write_text(SYSTEMS_OF_ONE_ROUTE + row)
        (config / "mappings" / "sql.yaml").write_text(f"{collection}:\n{template}\n")
        (route,) = load_worksheet(config).routes("sql")
        return route

    return make


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1))


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def record(collection: str, **values: Any) -> dict[str, Any]:
    """A hub record with every column empty but those given."""
    columns = {column.name: None for column in contracts.collection(collection).columns}
    own = {
        "hub_id": "instagaze:x:1",
        "source_id": "1",
        "source_system": "instagaze",
        "version": 1,
        "extra": {},
    }
    assert not set(values) - set(columns) - set(own), "no such column"
    return {**columns, **own, **values}
