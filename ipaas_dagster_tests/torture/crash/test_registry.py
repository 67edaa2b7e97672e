"""The points that the code names are those that a running process comes to."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ipaas_dagster import crash_points
from ipaas_dagster.operations import Operations
from ipaas_dagster.outbox.notes import StoredNotes
from ipaas_dagster.records import utc_now
from ipaas_dagster_tests.torture.crash.registry import registered

NOTE = "outbox.notes.StoredNotes.write"


def test_transactions_and_named_points_are_found_in_the_code() -> None:
    found = registered()
    assert {"landing.renamed", "source.answered", "remote.sending", f"{NOTE}: committing"} <= found
    assert {"outbox.dispatch._commit_intent: committed", "hub.landing.merge_landing: committing"} <= found
    assert len(found) > 90


def test_a_point_without_a_plain_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text("crash_point(f'{a}')")
    with pytest.raises(ValueError, match="some:1"):
        registered(tmp_path)


def test_a_transaction_is_named_for_the_function_that_opens_it(tmp_path: Path) -> None:
    reached: Counter[str] = Counter()
    operations = Operations(f"sqlite:///{tmp_path}/operations.db")
    with operations.read():
        pass
    crash_points.watch(lambda name: reached.update([name]))
    try:
        StoredNotes(operations, "sql", utc_now).write("batch", {})
    finally:
        crash_points.watch(None)
        operations.dispose()
    assert reached == {f"{NOTE}: committing": 1, f"{NOTE}: committed": 1}
    assert set(reached) <= registered()


_NOTES = """
import sys
from ipaas_dagster.operations import Operations
from ipaas_dagster.outbox.notes import StoredNotes
from ipaas_dagster.records import utc_now
for n in range(5):
    StoredNotes(Operations("sqlite:///" + sys.argv[1]), "sql", utc_now).write(f"batch {n}", {})
"""


@pytest.mark.parametrize(("when", "kept"), [("committing", 2), ("committed", 3)])
def test_the_variable_kills_at_the_nth_pass(tmp_path: Path, when: str, kept: int) -> None:
    file = tmp_path / "operations.db"
    given = {crash_points.VARIABLE: f"{NOTE}: {when}#3"}
    done = subprocess.run([sys.executable, "-c", _NOTES, str(file)], env=given, check=False)
    assert done.returncode == -signal.SIGKILL
    notes = StoredNotes(Operations(f"sqlite:///{file}"), "sql", utc_now)
    assert [n for n in range(5) if notes.read(f"batch {n}") is not None] == list(range(kept))
