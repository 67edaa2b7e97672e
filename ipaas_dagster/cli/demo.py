"""The demo: the main job through Dagster against the sandbox, judged by what the sandbox really holds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ipaas_dagster import contracts
from ipaas_dagster.cli.processes import Installation, installation, run_job
from ipaas_dagster.cli.report import Report, say
from ipaas_dagster.errors import UsageError
from ipaas_dagster.project import Project
from ipaas_dagster.records import hub_id
from ipaas_dagster.sandbox.keeping import CannotBeRead, keep, restore
from ipaas_dagster.settings import load

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.exchange import StandIn
    from ipaas_dagster.sandbox.instagaze import BadRecord
    from ipaas_dagster.sandbox.server import Sandbox

LOOPBACK = ("127.0.0.1", "localhost", "::1")
TAIL_LINES = 40


def run(report: Report, server: Sandbox) -> Installation:
    """Everything but the UI: jobs, state, verdict. The report's exit code is the verdict."""
    settings = load()
    place = installation(settings, server.environment)
    environment = {**settings.environment, **server.environment}
    own = replace(settings, base_url=server.base_url, token=server.token, environment=environment)
    project = Project(own, say=say)
    try:
        refuse_foreign_state(project)
        refuse_foreign_systems(project)
        _go_on(project, server)
        try:
            outputs = _run_jobs(place, project)
            _judge(report, project, server, outputs)
        finally:
            keep(server.stand_ins, _kept(project))
    finally:
        project.operations.dispose()
    return place


def _kept(project: Project) -> Path:
    return project.settings.state / "sandbox.kept"


def _go_on(project: Project, server: Sandbox) -> None:
    """The stand-ins hold what an earlier demo brought them, so that nothing has to be sent again."""
    try:
        restore(server.stand_ins, _kept(project))
    except CannotBeRead as error:
        raise UsageError(
            f"what the stand-ins of an earlier demo held cannot be read ({error}); remove {project.settings.state}, "
            "or give the demo another folder: IPAAS_STATE=data/demo make demo"
        ) from None


def refuse_foreign_state(project: Project) -> None:
    """Made-up records must not be mixed with those of a real company, nor be sent where these go."""
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import server_facts

    with project.operations.read() as connection:
        servers = set(connection.scalars(select(server_facts.c.base_url)))
    foreign = sorted(url for url in servers if urlsplit(url).hostname not in LOOPBACK)
    if foreign:
        raise UsageError(
            f"{project.settings.state} holds records of {foreign[0]}; "
            "give the demo another folder: IPAAS_STATE=data/demo make demo"
        )


def refuse_foreign_systems(project: Project) -> None:
    """Every system that is switched on must be on this machine."""
    for system in _switched_on(project):
        host = urlsplit(project.worksheet.preset(system, project.settings).fields.get("url", "")).hostname
        if host and host not in LOOPBACK:
            raise UsageError(
                f"the demo would send made-up records to {system} at {host}; run it without that system's variables"
            )


def _switched_on(project: Project) -> list[str]:
    worksheet = project.worksheet
    return [s.name for s in worksheet.destinations if worksheet.switched_off(s.name, project.settings) is None]


def _run_jobs(place: Installation, project: Project) -> dict[str, str]:
    """The main job, as Dagster's own command runs it; what a job that ended as failed printed, by job."""
    systems = _switched_on(project)
    today = datetime.now(UTC).date().isoformat()
    outputs = {}
    for job, partition in (("snapshots", None), ("sync", today), *((f"deliver_{s}", None) for s in systems)):
        started = time.monotonic()
        code, output = run_job(place, job, partition=partition)
        ended = "succeeded" if code == 0 else "ended as failed: something new needs a person"
        say(f"dagster job {job}: {ended} ({time.monotonic() - started:.1f} s)")
        if code:
            outputs[job] = output
    return outputs


def _judge(report: Report, project: Project, server: Sandbox, outputs: Mapping[str, str]) -> None:
    from ipaas_dagster.cli.status import document, shown_status
    from ipaas_dagster.cli.tables import table
    from ipaas_dagster.findings import in_words
    from ipaas_dagster.hub.rejects import list_rejects
    from ipaas_dagster.sandbox.instagaze import BAD_RECORDS
    from ipaas_dagster.status import read_status

    state = read_status(project)
    with project.hub.reading() as connection:
        rejects = [] if connection is None else list_rejects(connection)
    rows = [[row["collection"], row["hub_id"], in_words(row["reasons"])] for row in rejects]
    report.show(
        document(state),
        *([] if report.as_json else shown_status(state, books=True)),
        *([] if report.as_json else [table("rejected, with reasons", ["collection", "record", "reasons"], rows)]),
    )
    expected = expected_rejects(BAD_RECORDS)
    problems = [
        *state.findings,
        *compare("rejects", expected, {row["hub_id"] for row in rejects}),
        *_arrived(project, server, expected),
        *(f"{s.system}: {s.states} are not delivered" for s in state.systems if any(s.states.values())),
    ]
    for job, output in outputs.items() if problems else ():
        say(f"--- the end of what {job} printed")
        say("\n".join(output.splitlines()[-TAIL_LINES:]))
    report.findings(problems)
    if not problems:
        say(f"exactly the {len(expected)} known bad records were rejected; everything else arrived everywhere")


def expected_rejects(bad: Iterable[BadRecord]) -> set[str]:
    """Hub ids of what must be rejected: a whole record, or one element of its array."""
    found = set()
    for record in bad:
        if record.child is None:
            found.add(hub_id(record.collection, record.id))
        else:
            array, position, own_id = record.child
            own = hub_id(array, own_id) if own_id else f"{hub_id(record.collection, record.id)}#{position}"
            found.add(own)
    return found


def expected_ids(
    collection: contracts.Collection, parent: contracts.Collection, records: Sequence[Mapping[str, Any]]
) -> set[str]:
    """Hub ids that the source's records become: their own, or those of the elements of their array."""
    if collection.parent is None:
        return {hub_id(collection.source, record["id"]) for record in records}
    found = set()
    for record in records:
        elements = record.get(collection.array or "") or []
        elements = json.loads(elements) if isinstance(elements, str) else elements
        for position, element in enumerate(elements, start=1):
            if not element.get("is_deleted"):
                numbered = f"{hub_id(parent.source, record['id'])}#{position}"
                found.add(hub_id(collection.source, element["id"]) if collection.id_field else numbered)
    return found


def _arrived(project: Project, server: Sandbox, rejected: set[str]) -> list[str]:
    """What is missing or too much: in the hub against the sandbox, in each destination against the hub."""
    problems = []
    for collection in contracts.COLLECTIONS:
        parent = contracts.collection(collection.parent or collection.name)
        truth = expected_ids(collection, parent, server.instagaze.truth(parent.source)) - rejected
        live = _live(project, collection)
        problems += compare(f"hub.{collection.name}", truth, live)
        for system in _switched_on(project):
            problems += arrived_in(project, server, system, collection.name, live)
    for collection in contracts.REFERENCE:
        source, hub = len(server.instagaze.truth(collection.source)), len(_live(project, collection))
        if source != hub:
            problems.append(f"instagaze.{collection.name}: the source has {source}, the hub {hub}")
    return problems


def arrived_in(project: Project, server: Sandbox, system: str, collection: str, live: set[str]) -> list[str]:
    """What a system holds against the hub's live records, in words."""
    there = _there(project, server, system, collection)
    if there is None:
        return []
    where = f"{system}.{collection}"
    return [*compare(where, live, set(there)), *_twice(where, there)]


def _there(project: Project, server: Sandbox, system: str, collection: str) -> list[str] | None:
    """Hub ids of what a system holds; of a stand-in, what is really in it. None where that cannot be told."""
    from ipaas_dagster.connections import delivered_ids
    from ipaas_dagster.deliver import setting

    kind = project.worksheet.system(system).kind
    named = {one.name: one for one in server.stand_ins}
    stand_in = named.get(system) or named.get(kind.name)
    if kind.is_source and stand_in is not None:
        return _by_links(project, system, collection, stand_in)
    if stand_in is None or not (kind.refers_by_hub_id or kind.keeps_hub_ids):
        there = delivered_ids(project, system, collection)
        return None if there is None else sorted(there)
    shape = setting(project, system).shapes.get(collection)
    if shape is None or shape.hub_id_field is None:
        return None
    return [str(record[shape.hub_id_field]) for record in stand_in.truth(shape.object)]


def _by_links(project: Project, system: str, collection: str, stand_in: StandIn) -> list[str] | None:
    """Of a portal, which has no field for hub ids: what its records are linked to; its own id where that is nothing."""
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import links

    route = next((one for one in project.worksheet.routes(system) if one.collection == collection), None)
    if route is None:
        return None
    mine = (links.c.system == system) & (links.c.collection == collection) & ~links.c.deleted
    with project.operations.read() as connection:
        hub_ids = {row.external_id: row.hub_id for row in connection.execute(select(links).where(mine))}
    ids = [str(record["id"]) for record in stand_in.truth(route.object)]
    return [hub_ids.get(its_id, f"{route.object} {its_id}") for its_id in ids]


def _twice(where: str, found: Sequence[str]) -> list[str]:
    doubled = sorted({one for one in found if found.count(one) > 1}) if len(set(found)) < len(found) else []
    return [f"{where}: {len(doubled)} are there more than once: {', '.join(doubled[:5])}"] if doubled else []


def _live(project: Project, collection: contracts.Collection) -> set[str]:
    from ipaas_dagster.hub.tables import table

    with project.hub.reading() as connection:
        if connection is None:
            return set()
        rows = connection.execute(f"SELECT hub_id FROM {table(collection)} WHERE deleted_at IS NULL")
        return {row[0] for row in rows.fetchall()}


def compare(where: str, expected: set[str], found: set[str]) -> list[str]:
    """In words, with a few names each."""
    said = []
    for what, names in (("missing", expected - found), ("not expected", found - expected)):
        if names:
            some = ", ".join(sorted(names)[:5])
            said.append(f"{where}: {len(names)} {what}: {some}{', ...' if len(names) > 5 else ''}")
    return said
