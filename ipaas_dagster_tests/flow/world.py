"""One installation and the sandbox it reads from, and how to look at what it made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipaas_dagster import contracts
from ipaas_dagster.connections import files_fold
from ipaas_dagster.contracts.base import Type
from ipaas_dagster.ledger import balance
from ipaas_dagster.project import Project
from ipaas_dagster.records import Scope
from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster.settings import Settings, load
from ipaas_dagster.source import SOURCE_COLLECTIONS
from ipaas_dagster.sync import Outcome, sync
from ipaas_dagster_tests import stores
from ipaas_dagster_tests.flow.oracle import Row, Rows, expected, plain

DATA = Path(__file__).parents[2] / "data"
_DECLARED = ("mappings", "presets.yaml", "schemas", "worksheet.yaml")


def copy_declarations(folder: Path) -> Path:
    """What is declared in `data`, without what runs have left there."""
    for name in _DECLARED:
        if (DATA / name).is_dir():
            shutil.copytree(DATA / name, folder / name, dirs_exist_ok=True)
        elif (DATA / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(DATA / name, folder / name)
    return folder


@dataclass
class World:
    sandbox: Sandbox
    state: Path
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        given = {"IPAAS_STATE": str(self.state), "IPAAS_CONFIG": str(DATA), "IPAAS_RETRY_SECONDS": "60"}
        given |= {"INSTAGAZE_BASE_URL": self.sandbox.base_url, "INSTAGAZE_TOKEN": self.sandbox.token}
        given |= {"IPAAS_OPERATIONS_URL": stores.operations_url(self.state)}
        given |= {"IPAAS_HUB_URL": stores.hub_url(self.state)}
        return given | dict(self.extra)

    @property
    def settings(self) -> Settings:
        return load(self.environment, self.state / "no.env")

    def project(self) -> Project:
        return Project(self.settings)

    def sync(self, collections: Sequence[str] | None = None, scope: Scope | None = None) -> Outcome:
        names = collections or [collection.name for collection in SOURCE_COLLECTIONS]
        project = self.project()
        systems = [system.name for system in project.worksheet.destinations]
        outcome = sync(project, [(name, scope) for name in names], systems)
        assert not outcome.unexpected, outcome.findings
        return outcome

    def command(self, *words: str) -> subprocess.Popen[str]:
        """`ipaas` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "ipaas_dagster.cli", *words],
            env={"PATH": os.environ["PATH"], **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.state.parent,
        )

    def hub(self) -> dict[str, Rows]:
        """Live records by collection and hub id, own columns only."""
        with self.project().hub.reading() as connection:
            assert connection is not None
            return {collection.name: _live(connection, collection) for collection in contracts.COLLECTIONS}

    def truth(self) -> dict[str, Rows]:
        rows = expected(self.sandbox.instagaze.truth)
        return {name: {key: _plain(row) for key, row in found.items()} for name, found in rows.items()}

    def sql(self) -> dict[str, Rows]:
        """The rows that the `sql` destination holds."""
        from sqlalchemy import MetaData, create_engine

        engine = create_engine(f"sqlite:///{self.state}/sql.db")
        found = MetaData()
        found.reflect(engine)
        with engine.connect() as connection:
            return {
                collection.name: {
                    row["hub_id"]: typed(collection, dict(row))
                    for row in connection.execute(found.tables[collection.name].select()).mappings()
                }
                for collection in contracts.COLLECTIONS
                if collection.name in found.tables
            }

    def files(self) -> dict[str, Rows]:
        """What the `files` destination folds to."""
        project = self.project()
        return {
            collection.name: {
                str(row["hub_id"]): typed(collection, dict(row))
                for row in files_fold(project, "files", collection.name)
            }
            for collection in contracts.COLLECTIONS
        }

    def files_by_command(self) -> dict[str, Rows]:
        """The same, as `ipaas files current` prints it."""
        return {
            collection.name: {row["hub_id"]: typed(collection, row) for row in self._folded(collection.name)}
            for collection in contracts.COLLECTIONS
        }

    def _folded(self, collection: str) -> Iterator[Row]:
        process = self.command("files", "current", collection, "--json")
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0, out
        yield from json.loads(out)["records"]

    def check_books(self) -> None:
        books = balance(self.project())
        assert books.true, books.findings
        assert not books.landings.damaged


def _live(connection: Any, collection: contracts.Collection) -> Rows:
    names = [column.name for column in collection.columns]
    wanted = ", ".join(f'"{name}"' for name in names)
    rows = connection.execute(f"SELECT hub_id, {wanted} FROM hub.{collection.name} WHERE deleted_at IS NULL").fetchall()
    found = {row[0]: typed(collection, dict(zip(names, row[1:], strict=True))) for row in rows}
    assert len(found) == len(rows), f"a record of {collection.name} stands twice"
    return found


def typed(collection: contracts.Collection, row: Row) -> Row:
    """Own columns in comparable form: aware UTC times, JSON as sorted text."""
    made = {}
    for column in collection.columns:
        value = row[column.name]
        if column.type is Type.TIME and value is not None:
            value = datetime.fromisoformat(value) if isinstance(value, str) else value
            value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        elif column.type is Type.JSON and isinstance(value, str):
            value = json.loads(value)
        elif column.type is Type.BOOLEAN and value is not None:
            value = bool(value)
        made[column.name] = value
    return _plain(made)


def _plain(row: Row) -> Row:
    return {name: plain(value) for name, value in row.items()}
