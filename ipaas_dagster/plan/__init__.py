"""What the next delivery would send, exactly; then exactly that.

model       a plan: batches, their requests, and what each record's change is
rehearsal   a delivery against a copy of the operations store, whose requests are kept instead of sent
document    a plan as a file: JSON lines with a checksum
standing    whether a plan still holds: which records have moved on since
apply       the planned batches, sent in their order
"""

from __future__ import annotations

from ipaas_dagster.plan.apply import Applied, apply
from ipaas_dagster.plan.document import PlanFile, read_plan
from ipaas_dagster.plan.model import Header, PlannedBatch, PlannedEntry, PlannedRequest, Summary
from ipaas_dagster.plan.rehearsal import make_plan
from ipaas_dagster.plan.standing import MovedOn

__all__ = [
    "Applied",
    "Header",
    "MovedOn",
    "PlanFile",
    "PlannedBatch",
    "PlannedEntry",
    "PlannedRequest",
    "Summary",
    "apply",
    "make_plan",
    "read_plan",
]
