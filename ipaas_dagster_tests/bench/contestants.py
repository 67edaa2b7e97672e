"""The commands that are measured: the product's own, and its peers' in their environment."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ipaas_dagster_tests.bench.measure import Measured, measure
from ipaas_dagster_tests.bench.serving import Server

PEERS = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[2]
PAGE, CONNECTIONS = 100, 8
BATCH, SINK_SECONDS = 200, 0.005


@dataclass(frozen=True)
class Product:
    """One installation in a folder of its own."""

    state: Path
    server: Server

    @property
    def environment(self) -> dict[str, str]:
        given = {"INSTAGAZE_BASE_URL": self.server.base_url, "INSTAGAZE_TOKEN": "bench", "IPAAS_STATE": str(self.state)}
        return {**given, "IPAAS_CONNECTIONS": str(CONNECTIONS), "IPAAS_PAGE_SIZE": str(PAGE)}

    def command(self, *arguments: str) -> Measured:
        """`ipaas ...`, as a user would type it."""
        return measure([str(Path(sys.executable).parent / "ipaas"), *arguments], self.environment, self._log)

    def inside(self, *job: object, **more: str) -> Measured:
        """A job of `inside.py`."""
        command = [sys.executable, "-m", "ipaas_dagster_tests.bench.inside", *(str(word) for word in job)]
        return measure(command, {**self.environment, **more}, self._log)

    def grow(self, times: int) -> int:
        command = [sys.executable, "-m", "ipaas_dagster_tests.bench.hubs", str(self._hub), str(times)]
        return int(measure(command, self.environment, self._log) and self._log.read_text().split()[-1])

    @property
    def _hub(self) -> Path:
        return self.state / "ipaas.duckdb"

    @property
    def _log(self) -> Path:
        self.state.mkdir(parents=True, exist_ok=True)
        return self.state / "bench.log"

    def counts(self) -> tuple[int, int]:
        """Customers and contacts that are alive in the hub."""
        import duckdb

        with duckdb.connect(str(self._hub), read_only=True) as connection:
            found = [
                connection.execute(f"SELECT count(*) FROM hub.{table} WHERE deleted_at IS NULL").fetchone()
                for table in ("customers", "contacts")
            ]
        return found[0][0], found[1][0]


@dataclass(frozen=True)
class Peers:
    """Scripts run by `python`, an environment's interpreter."""

    python: Path

    def run(self, script: str, folder: Path, *arguments: object) -> Measured:
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(self.python), str(PEERS / f"{script}.py"), *(str(word) for word in arguments)]
        return measure(command, {}, folder / "bench.log")


def installed(folder: Path) -> Peers:
    """The peers' environment below `folder`, made where it is missing or not of these versions."""
    python, wanted = folder / "bin" / "python", (PEERS / "requirements.txt").read_text()
    mark = folder / "requirements.txt"
    if not python.exists() or not mark.exists() or mark.read_text() != wanted:
        sys.stderr.write(f"installing what the product is measured beside into {folder}\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--requirement", str(PEERS / "requirements.txt")], check=True)
        mark.write_text(wanted)
    return Peers(python)


def sink_config(folder: Path) -> Path:
    """A worksheet with one system that takes customers."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    rows = [
        {"collection": "customers", "system": "instagaze", "direction": "to"},
        {"collection": "customers", "system": "sink", "direction": "from"},
    ]
    systems = {"instagaze": {"kind": "instagaze"}, "sink": {"kind": "sql"}}
    (folder / "worksheet.yaml").write_text(json.dumps({"systems": systems, "rows": rows}))
    (folder / "presets.yaml").write_text(json.dumps({"sink": {"url": "sqlite:///${IPAAS_STATE}/unused.db"}}))
    template = {"customers": {"object": "customers", "key": "hub_id", "fields": "all"}}
    (folder / "mappings" / "sink.yaml").write_text(json.dumps(template))
    return folder
