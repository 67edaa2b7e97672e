"""A record whose children stand in its payload: what became of its changes is told by the children of then."""

from __future__ import annotations

import json
from pathlib import Path

from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.sync import reconcile_all, sync
from ipaas_dagster_tests.flow.world import World
from ipaas_dagster_tests.trace.told import Past, config

MAPPING = {
    "invoices": {
        "object": "invoices",
        "key": "hub_id",
        "fields": {"hub_id": "hub_id", "number": "number"},
        "children": {"lines": {"collection": "invoice_lines", "fields": {"name": "item_name"}}},
    }
}


def nesting(folder: Path) -> Path:
    made = config(folder, {})
    (made / "mappings" / "sql.yaml").write_text(json.dumps(MAPPING))
    rows = [
        {"collection": "invoices", "system": "instagaze", "direction": "to"},
        {"collection": "invoice_lines", "system": "instagaze", "direction": "to"},
        {"collection": "invoices", "system": "sql", "direction": "from", "deletes": "delete"},
    ]
    systems = {"instagaze": {"kind": "instagaze"}, "sql": {"kind": "sql", "preset": "sql"}}
    (made / "worksheet.yaml").write_text(json.dumps({"systems": systems, "rows": rows}))
    return made


def test_a_change_that_nobody_needed_is_told_though_the_lines_are_gone(tmp_path: Path) -> None:
    extra = (("IPAAS_LAG_SECONDS", "0"), ("IPAAS_CONFIG", str(nesting(tmp_path / "config"))))
    with running_sandbox(accounts=6, seed=2, samples=None) as sandbox:
        past = Past(World(sandbox, tmp_path / "state", extra))
        number = sandbox.instagaze.usable_ids("invoices")[0]
        for _ in range(2):
            sync(past.project, [("invoices", None)], ["sql"])
            paid = sandbox.instagaze.record("invoices", number)["paid"]
            sandbox.instagaze.change("invoices", number, {"paid": not paid})
        sync(past.project, [("invoices", None)], ["sql"])
        sandbox.instagaze.delete("invoices", number)
        reconcile_all(past.project, ["invoices"], ["sql"])
        found = past.trace(f"instagaze:invoices:{number}")
        told = [(e.details["verdict"], e.details["certain"]) for e in found.events if e.what == "not_queued"]
        assert told == [("same_as_delivered", True)] * 2
        past.project.operations.dispose()
