"""read, readByName, readByQuery, readMore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ipaas_dagster.sandbox.intacct.answers import around, element, flat_block, record_block
from ipaas_dagster.sandbox.intacct.company import number_of
from ipaas_dagster.sandbox.intacct.comparing import kind_of_field, query_failed
from ipaas_dagster.sandbox.intacct.envelope import text_of
from ipaas_dagster.sandbox.intacct.fields import Record, show
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.lines import lines_of
from ipaas_dagster.sandbox.intacct.objects import OBJECTS, ObjectType
from ipaas_dagster.sandbox.intacct.results import ResultSet
from ipaas_dagster.sandbox.intacct.schema import Element
from ipaas_dagster.sandbox.intacct.words import parse_query
from ipaas_dagster.sandbox.intacct.writing import CONTACT_LIST

MOST_KEYS = 100
MOST_PER_PAGE = 1000
DEFAULT_PAGE = 100


def read(job: Job, function: Element) -> str:
    """By record number; those that there are not are left out. With all fields, owned lines come along."""
    kind = kind_named(text_of(function, "object"))
    names, keys = _fields(job, kind, function), _keys(function)
    shelf = job.shelf(kind.name)
    found = [shelf.get(int(key)) for key in keys if key.isascii() and key.isdigit()]
    return _read_data(job, kind, names, [one for one in found if one is not None], _all_asked(function))


def read_by_name(job: Job, function: Element) -> str:
    """By key: CUSTOMERID, CONTACTNAME, ITEMID; transactions by their record number."""
    kind = kind_named(text_of(function, "object"))
    names, keys = _fields(job, kind, function), _keys(function)
    found = [job.shelf(kind.name).by_key(key) for key in keys]
    return _read_data(job, kind, names, [one for one in found if one is not None], _all_asked(function))


def read_by_query(job: Job, function: Element) -> str:
    kind = kind_named(text_of(function, "object"))
    names = _fields(job, kind, function)
    words = function.findtext("query") or ""
    fits = parse_query(words, kind, job.settings.custom_fields)
    pagesize = whole_number(text_of(function, "pagesize"), "pagesize", DEFAULT_PAGE, 1, MOST_PER_PAGE)
    numbers = [number_of(one) for one in candidates(job, kind, "TOTALDUE" in words) if fits(one)]
    return _page(job, job.results.new(job.session.id, kind.name, names, numbers, pagesize))


def read_more(job: Job, function: Element) -> str:
    """The next page of a set of this session: by its result id, or the newest of an object."""
    given = function[0]
    text = (given.text or "").strip()
    if given.tag not in ("resultId", "object"):
        raise query_failed(f"readMore by {given.tag} is not supported")
    wanted = {"id": text} if given.tag == "resultId" else {"name": text}
    found = job.results.find(job.session.id, **wanted)
    if found is None:
        raise query_failed(f"Invalid {given.tag} '{text}'")
    return _page(job, found)


def kind_named(name: str) -> ObjectType:
    """Raises Refused for an object that there is not."""
    if name not in OBJECTS:
        raise query_failed(f"Object definition {name} not found")
    return OBJECTS[name]


def whole_number(text: str, label: str, default: int, least: int, most: int) -> int:
    """Raises Refused for what is out of bounds, or no number."""
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise query_failed(f"Invalid {label} '{text}': between {least} and {most}")
    return int(text)


def derived(job: Job, kind: ObjectType, record: Record) -> Record:
    """A record with what is computed when it is read: what a customer owes."""
    if kind.name != "CUSTOMER":
        return record
    owed = (Decimal(show(one["TOTALDUE"])) for one in job.shelf("ARINVOICE").find(CUSTOMERID=record["CUSTOMERID"]))
    return {**record, "TOTALDUE": sum(owed, Decimal("0.00"))}


def candidates(job: Job, kind: ObjectType, computed: bool) -> Iterator[Record]:
    """All records of an object; with what is computed only if it matters, because that takes time."""
    shelf = job.shelf(kind.name)
    return (derived(job, kind, one) for one in shelf) if computed else iter(shelf)


def custom_names(job: Job, kind: ObjectType) -> list[str]:
    prefix = f"{kind.name}."
    return [one.removeprefix(prefix) for one in job.settings.custom_fields if one.startswith(prefix)]


def _page(job: Job, results: ResultSet) -> str:
    kind = OBJECTS[results.name]
    shelf = job.shelf(kind.name)
    found = [one for number in results.next_page() if (one := shelf.get(number)) is not None]
    more = results.remaining > 0
    if not more:
        job.results.done(results)
    blocks = (flat_block(kind.name.lower(), derived(job, kind, one), results.fields) for one in found)
    attributes = {
        "listtype": kind.name.lower(),
        "count": len(found),
        "totalcount": len(results.numbers),
        "numremaining": results.remaining,
        "resultId": results.id if more else "",
    }
    return around("data", "".join(blocks), attributes)


def _read_data(job: Job, kind: ObjectType, names: Sequence[str], found: Sequence[Record], whole: bool) -> str:
    blocks = [_block(job, kind, names, one, whole) for one in found]
    return around("data", "".join(blocks), {"listtype": kind.name, "count": len(found)})


def _block(job: Job, kind: ObjectType, names: Sequence[str], record: Record, whole: bool) -> str:
    tag = kind.name
    block = record_block(tag, derived(job, kind, record), names)
    owned = _owned(job, kind, record) if whole else ""
    return f"{block[: -len(tag) - 3]}{owned}</{tag}>" if owned else block


def _owned(job: Job, kind: ObjectType, record: Record) -> str:
    if kind.name == "ARINVOICE":
        names = list(OBJECTS["ARINVOICEITEM"].fields)
        lines = (record_block("arinvoiceitem", line, names) for line in lines_of(job, record))
        return around("ARINVOICEITEMS", "".join(lines))
    listed = record.get(CONTACT_LIST)
    if kind.name != "CUSTOMER" or not isinstance(listed, tuple):
        return ""
    return "".join(_contact(entry) for entry in listed)


def _contact(entry: Mapping[str, str]) -> str:
    name = around("CONTACT", element("NAME", entry.get("CONTACT.NAME", "")))
    return around(CONTACT_LIST, element("CATEGORYNAME", entry.get("CATEGORYNAME", "")) + name)


def _all_asked(function: Element) -> bool:
    return text_of(function, "fields") in ("", "*")


def _fields(job: Job, kind: ObjectType, function: Element) -> list[str]:
    """The fields asked for, all for * or none. Raises Refused for other forms than XML, and unknown fields."""
    form = text_of(function, "returnFormat")
    if form not in ("", "xml"):
        raise query_failed(f"The return format {form} is not supported")
    if _all_asked(function):
        return [*kind.fields, *custom_names(job, kind)]
    names = [name.strip() for name in text_of(function, "fields").split(",")]
    for name in names:
        kind_of_field(kind, name, job.settings.custom_fields)
    return names


def _keys(function: Element) -> list[str]:
    keys = [key.strip() for key in text_of(function, "keys").split(",")]
    if len(keys) > MOST_KEYS:
        raise query_failed(f"{len(keys)} keys are too many: at most {MOST_KEYS}")
    return keys
