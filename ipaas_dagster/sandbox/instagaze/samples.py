"""The documented records, from data/samples: one JSON array for each collection, in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ipaas_dagster.sandbox.instagaze.resources import RESOURCES

SAMPLES = Path(__file__).resolve().parents[3] / "data" / "samples"


def read_samples(folder: Path = SAMPLES) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Collection and records, in the order of RESOURCES. FileNotFoundError if there is no such folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"the sandbox's samples are not at {folder}: run it from a checkout, or give a folder")
    for resource in RESOURCES:
        file = folder / f"{resource.name}.json"
        if file.is_file():
            yield resource.name, json.loads(file.read_text(encoding="utf-8"))
