"""What each function does: its element's name, and what is called with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ipaas_dagster.sandbox.intacct.answers import around, element
from ipaas_dagster.sandbox.intacct.deleting import delete, delete_by_name
from ipaas_dagster.sandbox.intacct.describing import inspect, lookup
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.invoices import create_invoice, delete_invoice, reverse_invoice, update_invoice
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.payments import apply_arpayment, create_arpayment, reverse_arpayment
from ipaas_dagster.sandbox.intacct.querying import query
from ipaas_dagster.sandbox.intacct.reading import read, read_by_name, read_by_query, read_more
from ipaas_dagster.sandbox.intacct.references import refer
from ipaas_dagster.sandbox.intacct.refusals import GENERAL, Invalid, Problem, Refused
from ipaas_dagster.sandbox.intacct.schema import Element
from ipaas_dagster.sandbox.intacct.writing import create, update

Play = Callable[[Job, Element], str]
"""Does a function and returns what stands in its result behind the control id. Raises Refused."""


def get_api_session(job: Job, function: Element) -> str:
    """A session of the same user: at the location asked for, at the top if that is empty, else where it was."""
    given = function.find("locationid")
    location = text_of(function, "locationid") if given is not None else job.session.locationid
    try:
        if location:
            refer(job.company, "LOCATION", location)
    except Invalid as problem:
        raise Refused(Problem(GENERAL, str(problem))) from None
    user, settings = job.session, job.settings
    session = job.sessions.open(
        user.userid, user.companyid, location, settings.endpoint, job.now, settings.session_seconds
    )
    parts = (
        ("sessionid", session.id),
        ("endpoint", f"{job.origin}{settings.endpoint}"),
        ("locationid", location),
    )
    return around("data", around("api", "".join(element(name, text) for name, text in parts)))


FUNCTIONS: Mapping[str, Play] = {
    "getAPISession": get_api_session,
    "create": create,
    "update": update,
    "delete": delete,
    "read": read,
    "readByName": read_by_name,
    "readByQuery": read_by_query,
    "readMore": read_more,
    "query": query,
    "inspect": inspect,
    "lookup": lookup,
    "create_invoice": create_invoice,
    "update_invoice": update_invoice,
    "delete_invoice": delete_invoice,
    "reverse_invoice": reverse_invoice,
    "create_arpayment": create_arpayment,
    "apply_arpayment": apply_arpayment,
    "reverse_arpayment": reverse_arpayment,
    "delete_customer": delete_by_name,
    "delete_contact": delete_by_name,
    "delete_item": delete_by_name,
}
