"""create and update of CUSTOMER, CONTACT and ITEM: upper case, fields in any order, several objects at once."""

from __future__ import annotations

from collections.abc import Mapping

from ipaas_dagster.sandbox.intacct.answers import around, element
from ipaas_dagster.sandbox.intacct.fields import PARSE, Record, Value, show
from ipaas_dagster.sandbox.intacct.job import Job
from ipaas_dagster.sandbox.intacct.objects import OBJECTS, ObjectType
from ipaas_dagster.sandbox.intacct.references import currency_rate, refer
from ipaas_dagster.sandbox.intacct.refusals import GENERAL, Invalid, Problem, Refused, not_unique
from ipaas_dagster.sandbox.intacct.schema import Element

CONTACT_LIST = "CONTACT_LIST_INFO"
_REFERENCES: Mapping[str, Mapping[str, str]] = {
    "CUSTOMER": {
        "PARENTID": "CUSTOMER",
        "TERMNAME": "ARTERM",
        "CUSTTYPE": "CUSTTYPE",
        "CUSTREPID": "EMPLOYEE",
        "TERRITORYID": "TERRITORY",
        "ARACCOUNT": "GLACCOUNT",
        "OFFSETGLACCOUNTNO": "GLACCOUNT",
        "CONTACTINFO.CONTACTNAME": "CONTACT",
        "BILLTO.CONTACTNAME": "CONTACT",
        "SHIPTO.CONTACTNAME": "CONTACT",
    },
}
_FIXED = {"ITEM": "ITEMTYPE"}
"""Fields that cannot be changed once a record has them."""


def create(job: Job, function: Element) -> str:
    return _each(job, function)


def update(job: Job, function: Element) -> str:
    return _each(job, function)


def created_data(lines: list[str]) -> str:
    return around("data", "".join(lines), {"listtype": "objects", "count": len(lines)})


def written_kind(name: str, verb: str) -> ObjectType:
    """Raises Refused for an object that there is not, or that this verb does not work on."""
    kind = OBJECTS.get(name)
    if kind is None:
        raise Refused(Problem(GENERAL, f"Object definition {name} not found"))
    if not kind.written:
        raise Refused(Problem(GENERAL, f"Operation {verb} is not supported for the object {name}"))
    return kind


def _each(job: Job, function: Element) -> str:
    """One object after the other. The first that fails ends it: those before stay, or not, as the settings say."""
    done: list[str] = []
    one_of = _create_one if function.tag == "create" else _update_one
    for given in function:
        try:
            kind = written_kind(given.tag, function.tag)
            record = one_of(job, kind, _flat(job, kind, given))
        except Invalid as problem:
            verb = function.tag
            raise _failed(job, done, Refused(*_problems(str(problem), verb, given.tag))) from None
        except Refused as problem:
            raise _failed(job, done, problem) from None
        job.wrote(kind.name)
        keys = ("RECORDNO", *(() if kind.key == "RECORDNO" else (kind.key,)))
        done.append(around(kind.name.lower(), "".join(element(name, show(record[name])) for name in keys)))
    return created_data(done)


def _problems(text: str, verb: str, name: str) -> tuple[Problem, Problem]:
    title = OBJECTS[name].title
    return Problem(GENERAL, text), Problem(GENERAL, f"Could not {verb} {title} record!")


def _failed(job: Job, done: list[str], problem: Refused) -> Refused:
    keep = job.settings.partial_functions
    return Refused(*problem.problems, inner=created_data(done if keep else []), keep=keep)


def _create_one(job: Job, kind: ObjectType, fields: dict[str, Value]) -> Record:
    fields.pop("RECORDNO", None)
    if kind.name == "CUSTOMER" and job.settings.number_customers and not fields.get("CUSTOMERID"):
        fields["CUSTOMERID"] = job.company.next_text("CUST-")
    whole = {**_defaults(job, kind), **fields}
    _check(job, kind, whole)
    key = show(whole[kind.key])
    if job.shelf(kind.name).by_key(key):
        raise not_unique(kind.title, key)
    if kind.name == "CUSTOMER":
        whole = _with_display_contact(job, whole)
    return job.add(kind.name, whole)


def _update_one(job: Job, kind: ObjectType, fields: dict[str, Value]) -> Record:
    record = _meant(job, kind, fields)
    fields.pop("RECORDNO", None)
    fixed = _FIXED.get(kind.name)
    if fixed and fields.get(fixed, record[fixed]) != record[fixed]:
        raise Invalid(f"{fixed} cannot be changed once the {kind.title.lower()} is created.")
    whole = {**record, **fields}
    _check(job, kind, whole)
    return job.put(kind.name, whole)


def _meant(job: Job, kind: ObjectType, fields: Mapping[str, Value]) -> Record:
    """The record to update, by RECORDNO or by its key; by both, if they agree."""
    name = "RECORDNO" if "RECORDNO" in fields else kind.key
    given = show(fields.get(name))
    shelf = job.shelf(kind.name)
    found = shelf.get(int(given)) if name == "RECORDNO" else shelf.by_key(given)
    if found is None or (kind.key in fields and fields[kind.key] != found[kind.key]):
        # The vendor writes this text where the number of the error belongs.
        raise Refused(Problem(f"Cannot update non-existing {kind.name} with {name}={given}."))
    return found


def _flat(job: Job, kind: ObjectType, given: Element) -> dict[str, Value]:
    """The fields of an object by their names, dotted where they are nested. Raises Invalid."""
    fields: dict[str, Value] = {}
    contacts: list[Mapping[str, str]] = []
    for name, text in _leaves(given, ""):
        if name.startswith(f"{CONTACT_LIST}.") and kind.name == "CUSTOMER":
            _add_contact(contacts, name, text)
            continue
        custom = f"{kind.name}.{name}" in job.settings.custom_fields
        if not custom and name not in kind.fields:
            if job.settings.unknown_fields == "refuse":
                raise Invalid(f"Field '{name}' is not defined for the object {kind.name}.")
            continue
        if name in fields:
            raise Invalid(f"Field '{name}' is given twice.")
        if custom or kind.writable(name) or name == "RECORDNO":
            fields[name] = _value(name, "text" if custom else kind.fields[name], text)
    if contacts:
        fields[CONTACT_LIST] = tuple(contacts)
    return fields


def _leaves(element: Element, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for child in element:
        name = f"{prefix}{child.tag}"
        found += _leaves(child, f"{name}.") if len(child) else [(name, child.text or "")]
    return found


def _add_contact(contacts: list[Mapping[str, str]], name: str, text: str) -> None:
    """CONTACT_LIST_INFO repeats; each begins with its CATEGORYNAME."""
    part = name.removeprefix(f"{CONTACT_LIST}.")
    if part not in ("CATEGORYNAME", "CONTACT.NAME"):
        raise Invalid(f"Field '{name}' is not defined for the object CUSTOMER.")
    if not contacts or part in contacts[-1]:
        contacts.append({})
    contacts[-1] = {**contacts[-1], part: text}


def _value(name: str, kind: str, text: str) -> Value:
    if text == "":
        return ""
    try:
        return PARSE[kind](text)
    except ValueError:
        raise Invalid(f"Invalid value '{text}' for the field {name}.") from None


def _defaults(job: Job, kind: ObjectType) -> dict[str, Value]:
    defaults: dict[str, Value] = {"STATUS": "active"} if "STATUS" in kind.fields else {}
    return {**defaults, "CURRENCY": job.settings.base_currency} if kind.name == "CUSTOMER" else defaults


def _check(job: Job, kind: ObjectType, whole: Mapping[str, Value]) -> None:
    """Raises Invalid for the first field that may not be as it is."""
    for name in (*kind.needed, kind.key):
        if not whole.get(name):
            raise Invalid(f"Required field {name} is missing")
    for name, most in kind.longest.items():
        if len(show(whole.get(name))) > most:
            raise Invalid(f"The value of {name} is longer than {most} characters.")
    for name, values in kind.values.items():
        if (value := show(whole.get(name))) not in (*values, ""):
            raise Invalid(f"Invalid value '{value}' for the field {name}.")
    for name, other in _REFERENCES.get(kind.name, {}).items():
        if key := show(whole.get(name)):
            refer(job.company, other, key)
    if kind.name == "CUSTOMER":
        _check_customer(job, whole)


def _check_customer(job: Job, whole: Mapping[str, Value]) -> None:
    if currency := show(whole.get("CURRENCY")):
        currency_rate(job.settings.currencies, currency)
    listed = whole.get(CONTACT_LIST) or ()
    for entry in listed if isinstance(listed, tuple) else ():
        refer(job.company, "CONTACT", entry.get("CONTACT.NAME", ""))
    display = [name for name in whole if name.startswith("DISPLAYCONTACT.") and whole[name]]
    if display and not whole.get("DISPLAYCONTACT.PRINTAS"):
        raise Invalid("Required field DISPLAYCONTACT.PRINTAS is missing")


def _with_display_contact(job: Job, whole: Mapping[str, Value]) -> dict[str, Value]:
    """Every customer has a display contact: what was given of it, printed as the customer's name at least."""
    name = f"{show(whole['NAME'])}(C{show(whole['CUSTOMERID'])})"
    parts: dict[str, Value] = {"DISPLAYCONTACT.PRINTAS": whole["NAME"], "DISPLAYCONTACT.CONTACTNAME": name}
    made = {**parts, **whole}
    if job.settings.display_contacts and not job.shelf("CONTACT").by_key(name):
        prefix = "DISPLAYCONTACT."
        fields = {part.removeprefix(prefix): value for part, value in made.items() if part.startswith(prefix)}
        job.add("CONTACT", {"STATUS": "active", **fields, "CONTACTNAME": name})
    return made
