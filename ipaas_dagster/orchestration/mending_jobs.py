"""The jobs `dead_letters` and `rejects`: `ipaas dead` and `ipaas rejects` in the UI."""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
from pydantic import Field

from ipaas_dagster.orchestration.mending import Mended
from ipaas_dagster.orchestration.metadata import Metadata
from ipaas_dagster.orchestration.run import OpenProject, run_project
from ipaas_dagster.orchestration.use_cases import UseCases
from ipaas_dagster.project import Project

DEAD_LETTERS, REJECTS = "dead_letters", "rejects"
_SAYS = Field(default="", description="Part of the reason; * stands for anything.")
_SINCE = Field(default="", description="ISO time: failed then or later.")
_WHY = Field(default="by hand", description="Of a discard: kept with each.")
_EVERYTHING = Field(default=False, description="Retry or discard all of them, where nothing else chooses.")


class RejectsConfig(dg.Config):
    """`action`: list, show, retry or discard. What is empty does not narrow."""

    action: str = "list"
    collection: str = ""
    records: list[str] = Field(default_factory=list, description="Hub ids.")
    says: str = _SAYS
    since: str = _SINCE
    why: str = _WHY
    everything: bool = _EVERYTHING


class DeadLettersConfig(RejectsConfig):
    """`entries`: ids of the outbox, as a list shows them."""

    system: str = ""
    entries: list[int] = Field(default_factory=list, description="Ids of the outbox.")


def dead_letters_job(open_project: OpenProject, use_cases: UseCases) -> dg.JobDefinition:
    @dg.op(name="mend_dead_letters", description="Lists, shows, retries or discards dead letters.")
    def mend_dead_letters(context: dg.OpExecutionContext, config: DeadLettersConfig) -> None:
        _mend(open_project, context, use_cases.mend_dead, config.model_dump())

    @dg.job(
        name=DEAD_LETTERS,
        description="Deliveries that no repeat mends. In the launchpad: "
        '`{"ops": {"mend_dead_letters": {"config": {"action": "retry", "system": "salesforce", '
        '"says": "too long"}}}}`; action is list, show, retry or discard.',
    )
    def dead_letters() -> None:
        mend_dead_letters()

    return dead_letters


def rejects_job(open_project: OpenProject, use_cases: UseCases) -> dg.JobDefinition:
    @dg.op(name="mend_rejects", description="Lists, shows, judges again or discards rejects.")
    def mend_rejects(context: dg.OpExecutionContext, config: RejectsConfig) -> None:
        _mend(open_project, context, use_cases.mend_rejects, config.model_dump())

    @dg.job(
        name=REJECTS,
        description="Records that do not meet their contract. In the launchpad: "
        '`{"ops": {"mend_rejects": {"config": {"action": "retry", "collection": "invoices"}}}}`; '
        "action is list, show, retry or discard.",
    )
    def rejects() -> None:
        mend_rejects()

    return rejects


def _mend(
    open_project: OpenProject,
    context: dg.OpExecutionContext,
    mend: Callable[[Project, Mapping[str, Any]], Mended],
    asked: Mapping[str, Any],
) -> None:
    with run_project(open_project, context) as project:
        done = mend(project, asked)
    context.log.info(done.said)
    context.add_output_metadata(_metadata(done))
    if done.findings:
        raise dg.Failure("\n".join(done.findings), _metadata(done), allow_retries=False)


def _metadata(done: Mended) -> Metadata:
    shown: Metadata = {"result": done.said, "count": done.count}
    if done.rows:
        shown["records"] = dg.MetadataValue.table([dg.TableRecord(dict(row)) for row in done.rows])
    if done.document:
        shown["details"] = dg.MetadataValue.json([dict(one) for one in done.document])
    return shown
