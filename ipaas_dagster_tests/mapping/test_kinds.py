"""The worksheet's kinds and the destinations know nothing of each other; here they are held equal."""

from __future__ import annotations

from importlib import import_module

from ipaas_dagster.destinations import DESTINATIONS
from ipaas_dagster.mapping import KINDS


def test_every_kind_of_the_worksheet_but_the_source_is_a_destination_and_every_destination_a_kind() -> None:
    assert [kind.name for kind in KINDS if not kind.is_source] == [one.name for one in DESTINATIONS]


def test_kinds_and_destinations_agree_on_who_keeps_hub_ids() -> None:
    declared = {kind.name: kind.keeps_hub_ids for kind in KINDS if not kind.is_source}
    capable = {one.name: import_module(one.module).CAPABILITIES.keeps_hub_ids for one in DESTINATIONS}
    assert declared == capable
