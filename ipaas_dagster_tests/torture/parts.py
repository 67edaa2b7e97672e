"""The parts, each with its share of the time; the last one gets what the others left."""

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
    "broken": (broken.run, 0),
    "secrets": (secrets.run, 0),
    "soak": (soak.run, 1),
    "bad-input": (bad_input.run, 2),
    "chaos": (chaos.run, 2),
    "crash": (crash.run, 10),
}
