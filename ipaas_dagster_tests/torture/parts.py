"""The parts, each with its share of the time."""

from __future__ import annotations

from collections.abc import Mapping

from ipaas_dagster_tests.torture.bad_input import part as bad_input
from ipaas_dagster_tests.torture.broken import part as broken
from ipaas_dagster_tests.torture.chaos import part as chaos
from ipaas_dagster_tests.torture.crash import part as crash
from ipaas_dagster_tests.torture.part import Part
from ipaas_dagster_tests.torture.secrets import part as secrets
from ipaas_dagster_tests.torture.soak import part as soak

PARTS: Mapping[str, tuple[Part, float]] = {
    "crash": (crash.run, 8),
    "broken": (broken.run, 1),
    "chaos": (chaos.run, 2),
    "bad-input": (bad_input.run, 2),
    "secrets": (secrets.run, 0),
    "soak": (soak.run, 2),
}
