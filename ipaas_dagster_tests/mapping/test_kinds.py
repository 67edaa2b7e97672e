"""The worksheet's kinds and the destinations know nothing of each other; here they are held equal."""

from __future__ import annotations

from importlib import import_module

import pytest

from ipaas_dagster.destinations import DESTINATIONS, DestinationKind
from ipaas_dagster.mapping import KINDS, kind
from ipaas_dagster.mapping.presets import looks_secret


def test_every_destination_is_a_kind() -> None:
    assert {one.name for one in DESTINATIONS} <= {one.name for one in KINDS}


@pytest.mark.parametrize("destination", DESTINATIONS, ids=lambda one: one.name)
def test_kinds_and_destinations_agree_on_how_records_refer_to_others(destination: DestinationKind) -> None:
    declared, capable = kind(destination.name), import_module(destination.module).CAPABILITIES
    assert declared.keeps_hub_ids == capable.keeps_hub_ids
    assert declared.refers_by_hub_id == getattr(capable, "refers_by_hub_id", False)


def test_what_a_kind_calls_secret_is_treated_as_one_by_its_name_and_nothing_else_is() -> None:
    for one in KINDS:
        for field in one.fields:
            assert looks_secret(field.name) == field.secret, (one.name, field.name)
