"""The `approve` job: what is held for a person, and the person's word, in the UI."""

from typing import TYPE_CHECKING

import dagster as dg

from ipaas_dagster.orchestration.metadata import Metadata
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import UseCases

if TYPE_CHECKING:
    from ipaas_dagster.approvals import OpenHold

APPROVE = "approve"
_COLUMNS = ("hold", "records", "alive", "reason", "since")


class ApproveConfig(dg.Config):
    """`hold`: the id of one, as the list shows it; empty: only the list."""

    hold: str = ""


def approve_job(open_project: OpenProject, use_cases: UseCases) -> dg.JobDefinition:
    @dg.op(
        name="approve_hold", description="Lists what is held, or lets one go: it is looked at again, then carried out."
    )
    def approve_hold(context: dg.OpExecutionContext, config: ApproveConfig) -> None:
        with run_project(open_project, context) as project:
            says = use_cases.approve(project, config.hold) if config.hold else ""
            left = use_cases.holds(project)
        for line in filter(None, [says, *(f"{hold.hold_id}: {hold.reason}" for hold in left)]):
            context.log.info(line)
        context.add_output_metadata(_metadata(left))

    @dg.job(
        name=APPROVE,
        description="Mass deletes and mass changes that wait for a person. As it is, it lists them; let one go by "
        '`{"ops": {"approve_hold": {"config": {"hold": "sql/customers.changes"}}}}` in the launchpad.',
    )
    def approve() -> None:
        approve_hold()

    return approve


def _metadata(holds: "list[OpenHold]") -> Metadata:
    rows = [(h.hold_id, h.records, h.alive or 0, h.reason, h.since.isoformat()) for h in holds]
    records = [dg.TableRecord(dict(zip(_COLUMNS, row, strict=True))) for row in rows]
    return {"waiting": len(holds), **({"holds": dg.MetadataValue.table(records)} if records else {})}
