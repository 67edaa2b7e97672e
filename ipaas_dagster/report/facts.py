"""All that the report tells, read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipaas_dagster.alerts import Alert, open_alerts, switched_off
from ipaas_dagster.report.failures import Failure, read_failures
from ipaas_dagster.report.history import History, read_history
from ipaas_dagster.report.stories import Story, read_stories
from ipaas_dagster.sizes import Size, sizes
from ipaas_dagster.status import Status, read_status

if TYPE_CHECKING:
    from ipaas_dagster.project import Project


@dataclass(frozen=True)
class Facts:
    """`stories`: hub id -> its trace, of the records that causes and failures name. `alerts_off`: why alerts are told
    to nobody; None: they are told."""

    status: Status
    history: History
    failures: Sequence[Failure]
    stories: Mapping[str, Story]
    sizes: Sequence[Size]
    alerts: Sequence[Alert]
    alerts_off: str | None


def read_facts(project: Project) -> Facts:
    """Opens the hub for reading some times, each shortly; writes nothing, asks no system."""
    status, failures = read_status(project), read_failures(project)
    return Facts(
        status,
        read_history(project),
        failures,
        read_stories(project, _named(status, failures)),
        sizes(project),
        open_alerts(project),
        switched_off(project),
    )


def _named(status: Status, failures: Sequence[Failure]) -> Iterable[str]:
    """Examples of causes and failed records, in turn, so that a bound takes from both."""
    examples = [one.example for one in status.stuck if one.state != "held" and one.example.count(":") >= 2]
    failed = [one.hub_id for one in failures if one.hub_id is not None]
    for number in range(max(len(examples), len(failed))):
        yield from [*failed[number : number + 1], *examples[number : number + 1]]
