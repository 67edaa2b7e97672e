"""Recorded changes rendered by another template: what each system would be sent, and nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipaas_dagster.errors import DeclarationError, UsageError
from ipaas_dagster.replay.rendering import render_recorded
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.replay.history import fingerprint, offline, run

TEMPLATE = """
items:
  object: items
  key: hub_id
  fields:
    name: {from: name, modifier: "data => data.toUpperCase()"}
    code: {from: code, required: true}
  filter: {name: {not_equals: "%s"}}
"""


def items(world: World) -> dict[str, tuple[str, str | None]]:
    return {hub_id: (str(row["name"]), row["code"]) for hub_id, row in world.hub()["items"].items()}


def test_fields_that_would_differ_stand_beside_what_was_confirmed(delivered: World, tmp_path: Path) -> None:
    file = tmp_path / "trial.yaml"
    file.write_text(TEMPLATE % "nothing")
    before = fingerprint(delivered.state)
    project = offline(delivered)
    (route,) = render_recorded(project, file, "sql")
    project.operations.dispose()
    assert fingerprint(delivered.state) == before
    known, sent = items(delivered), delivered.sql()["items"]
    assert route.records == len(known)
    assert {one.hub_id for one in route.shown if one.against == "today's template"} == set(known) - set(sent)
    for one in route.shown:
        if one.verdict == "different":
            held = sent.get(one.hub_id, {"name": known[one.hub_id][0]})
            changed = (held["name"], known[one.hub_id][0].upper())
            assert changed[0] == changed[1] or changed == (one.fields["name"].now, one.fields["name"].replayed)
        else:
            assert (one.verdict, one.reason) == ("newly_failing", "code: is required, and code is empty")
    assert sum(one.verdict == "newly_failing" for one in route.shown) == sum(not code for _, code in known.values())


def test_records_that_would_be_left_out_are_named(delivered: World, tmp_path: Path) -> None:
    hub_id, (name, _) = next(iter(items(delivered).items()))
    file = tmp_path / "trial.yaml"
    file.write_text(TEMPLATE % name)
    (route,) = render_recorded(offline(delivered), file, "sql", collection="items")
    assert hub_id in {one.hub_id for one in route.shown if one.verdict == "newly_filtered"}


def test_only_changes_since(delivered: World, tmp_path: Path) -> None:
    file = tmp_path / "trial.yaml"
    file.write_text(TEMPLATE % "nothing")
    project = offline(delivered)
    (route,) = render_recorded(project, file, "sql", since=project.hub.head().seq - 1)
    assert route.records == 1


def test_wrong_words_are_answered_with_the_right_ones(delivered: World, tmp_path: Path) -> None:
    file = tmp_path / "trial.yaml"
    file.write_text(TEMPLATE.replace("from: code", "from: cod") % "nothing")
    with pytest.raises(DeclarationError, match=r"trial.yaml:7.*did you mean 'code'"):
        render_recorded(offline(delivered), file, "sql")
    with pytest.raises(UsageError, match="no destination system 'sqll'"):
        render_recorded(offline(delivered), file, "sqll")


def test_command_shows_it(delivered: World, tmp_path: Path) -> None:
    file = tmp_path / "trial.yaml"
    file.write_text(TEMPLATE % "nothing")
    result = run(delivered, "--template", str(file), "--system", "sql", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    named = [one for one in document["routes"][0]["shown"] if "name" in one["fields"]]
    assert document["routes"][0]["fields"]["name"] == len(named) > 0
