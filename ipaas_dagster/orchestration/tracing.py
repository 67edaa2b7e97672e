"""A trace as the UI shows it. No Dagster here."""

from collections.abc import Mapping

from ipaas_dagster.orchestration.use_cases import TraceShown
from ipaas_dagster.project import Project
from ipaas_dagster.trace import Wanted, find, moment, trace
from ipaas_dagster.trace.document import document
from ipaas_dagster.trace.lines import lines


def shown_trace(project: Project, asked: Mapping[str, object]) -> TraceShown:
    """`asked` is the job's configuration; what is empty was not asked. Raises UsageError."""
    words = {name: str(value) for name, value in asked.items() if isinstance(value, str) and value}
    subject = find(
        project,
        words.get("hub_id"),
        system=words.get("system"),
        its_id=words.get("id"),
        collection=words.get("collection"),
    )
    switches = {name: bool(asked.get(name)) for name in ("records", "bodies", "read", "deep")}
    found = trace(project, subject, Wanted(as_of=moment(words.get("as_of")), **switches))
    shown = tuple(line.text for line in lines(found)) if found.found else tuple(found.notes)
    return TraceShown(found.hub_id, found.found, shown, document(found))
