"""The parts, each with its share of the time."""

from __future__ import annotations

from collections.abc import Mapping

from ipaas_dagster_tests.torture.bad_input import part as bad_input
from ipaas_dagster_tests.torture.broken import part as broken
from ipaas_dagster_tests.torture.crash import part as crash
from ipaas_dagster_tests.torture.part import Part

PARTS: Mapping[str, tuple[Part, float]] = {
    "crash": (crash.run, 8),
    "broken": (broken.run, 1),
    "bad-input": (bad_input.run, 2),
}
