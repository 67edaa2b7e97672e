"""The tree keeps its promises: imports point down, heavy things are imported late, files stay short."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ipaas_dagster"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
LONGEST = 300
HEAVY = ("dagster", "pandas", "pandera", "aiohttp", "numpy")


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has imported after `code`."""
    script = f"{code}\nimport sys\nsys.stdout.write(' '.join(m.partition('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("module", ["cli.app", "settings", "records", "locks", "contracts", "source.collections"])
def test_what_every_command_imports_is_cheap(module: str) -> None:
    heavy = {*HEAVY, "duckdb", "sqlalchemy", "httpx"}
    assert loaded_by(f"import ipaas_dagster.{module}") & heavy == set()


@pytest.mark.parametrize("module", ["sync", "status", "pull", "merge", "deliver", "reconcile"])
def test_the_use_cases_import_nothing_that_only_some_runs_need(module: str) -> None:
    assert loaded_by(f"import ipaas_dagster.{module}") & set(HEAVY) == set()


def test_only_the_edge_names_dagster() -> None:
    edge = {PACKAGE / "definitions.py", *(PACKAGE / "orchestration").rglob("*.py")}
    naming = {path for path in MODULES if "dagster" in _imported(path)}
    assert naming
    assert naming <= edge


def test_the_sandbox_knows_nothing_of_the_product() -> None:
    outside = {
        f"{path.name}: {name}"
        for path in (PACKAGE / "sandbox").rglob("*.py")
        for name in _imported_from_the_product(path)
        if not name.startswith("ipaas_dagster.sandbox")
    }
    assert outside == set()


def test_files_stay_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST} == {}


def test_no_file_is_named_for_what_it_lacks() -> None:
    assert [path.name for path in MODULES if re.search(r"util|helper|common|misc|manager", path.stem)] == []


def test_every_package_says_what_it_is() -> None:
    silent = [path for path in MODULES if path.name == "__init__.py" and not _docstring(path)]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_the_map_names_files_that_are_there() -> None:
    text = _docstring(PACKAGE / "__init__.py") or ""
    named = re.findall(r"\b[a-z_]+(?:\.py|/)", text)
    assert len(named) > 8
    assert [name for name in named if not (PACKAGE / name).exists()] == []


def test_pinned_versions_name_no_index_host() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 100
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def _imported(path: Path) -> set[str]:
    """Top-level packages that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


def _imported_from_the_product(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ipaas_dagster"):
            found.add(node.module or "")
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("ipaas_dagster")}
    return found


def _docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
