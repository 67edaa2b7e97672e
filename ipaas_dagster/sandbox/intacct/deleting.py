"""delete by record number, and the legacy delete_customer, delete_contact, delete_item by key."""

from __future__ import annotations

from ipaas_dagster.sandbox.intacct.company import number_of
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import Record, show
from ipaas_dagster.sandbox.intacct.invoices import remove_invoice
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.objects import OBJECTS
from ipaas_dagster.sandbox.intacct.refusals import GENERAL, Invalid, Problem, Refused
from ipaas_dagster.sandbox.intacct.schema import Element
from ipaas_dagster.sandbox.intacct.writing import written_kind

_CONTACT_FIELDS = ("CONTACTINFO", "BILLTO", "SHIPTO", "DISPLAYCONTACT")


def delete(job: Job, function: Element) -> str:
    """The keys are record numbers, with commas between. Those before the first that fails are gone."""
    name = text_of(function, "object")
    if name != "ARINVOICE":
        written_kind(name, "delete")
    for key in text_of(function, "keys").split(","):
        try:
            _delete_one(job, name, key.strip())
        except Invalid as problem:
            raise Refused(Problem(GENERAL, str(problem)), keep=job.settings.partial_functions) from None
    return ""


def delete_by_name(job: Job, function: Element) -> str:
    """delete_customer customerid="C1" and its like. `externalkey`: EXTERNALID, which only customers have."""
    name = function.tag.removeprefix("delete_").upper()
    key = function.get(OBJECTS[name].key.lower())
    shelf = job.shelf(name)
    try:
        found = None if function.get("externalkey") == "true" else shelf.by_key(key)
        if found is None:
            raise Invalid(_absent(name, key))
        _remove(job, name, found)
    except Invalid as problem:
        raise Refused(Problem(GENERAL, str(problem))) from None
    return ""


def _delete_one(job: Job, name: str, key: str) -> None:
    found = job.shelf(name).get(int(key)) if key.isascii() and key.isdigit() else None
    if found is None:
        raise Invalid(_absent(name, key))
    _remove(job, name, found)


def _absent(name: str, key: str) -> str:
    return f"Cannot find {name.lower()} with key '{key}' to delete."


def _remove(job: Job, name: str, record: Record) -> None:
    if name == "ARINVOICE":
        remove_invoice(job, record)
    else:
        key = OBJECTS[name].key
        if user := _user(job, name, show(record[key])):
            raise Invalid(f"Cannot delete {name.lower()} '{show(record[key])}': it is used by {user}.")
        job.company.remove(name, number_of(record))
    job.wrote(name)


def _user(job: Job, name: str, key: str) -> str | None:
    """What still refers to it."""
    if name == "CUSTOMER":
        users = [("ARINVOICE", {"CUSTOMERID": key}), ("ARPYMT", {"CUSTOMERID": key}), ("CUSTOMER", {"PARENTID": key})]
    elif name == "ITEM":
        users = [("ARINVOICEITEM", {"ITEMID": key})]
    else:
        users = [("CUSTOMER", {f"{field}.CONTACTNAME": key}) for field in _CONTACT_FIELDS]
    for other, fields in users:
        if found := job.shelf(other).find(**fields):
            return f"{OBJECTS[other].title} {show(found[0]['RECORDNO'])}"
    return None
