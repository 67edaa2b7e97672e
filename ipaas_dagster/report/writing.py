"""The report as a file: whole, or the one that was there before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ipaas_dagster.errors import UsageError
from ipaas_dagster.report.facts import Facts, read_facts
from ipaas_dagster.report.page import page

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


def default_file(project: Project) -> Path:
    return project.settings.state / "report.html"


def write_report(project: Project, out: Path | None = None) -> tuple[Path, Facts]:
    """Where it is, and what it tells. Raises UsageError where the file cannot be written."""
    file, facts = (out or default_file(project)).absolute(), read_facts(project)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(page(facts), encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise UsageError(
            f"the report cannot be written to {file}: {error.strerror}; choose another: --out FILE"
        ) from error
    return file, facts
