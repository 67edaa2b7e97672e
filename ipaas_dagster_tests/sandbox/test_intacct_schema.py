"""The order rules against the vendor's own schema, which is not shipped: where it lies beside the checkout."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree

from ipaas_dagster.sandbox.intacct import Intacct
from ipaas_dagster.sandbox.intacct.content import AnyOrder, Ordered
from ipaas_dagster.sandbox.intacct.refusals import ControlRefused
from ipaas_dagster.sandbox.intacct.schema import ATTRIBUTES, FUNCTIONS, MODELS, check_request
from ipaas_dagster_tests.sandbox.intacct_client import control_errors, function, invoice, post, request

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "intacct"
needs_schema = pytest.mark.skipif(not (REFERENCE / "api.xsd").exists(), reason="the vendor's schema is not here")

YOUNGER = ("query", "lookup")
"""Functions that the published schema does not know yet."""
_OF_TEXTS = ("delete", "read", "readByName", "readByQuery", "readMore", "inspect", "getAPISession")
_VALUES = {"includewhitespace": "true"}


@cache
def schema() -> Any:
    return etree.XMLSchema(etree.parse(REFERENCE / "api.xsd"))


def accepted(root: Any) -> bool:
    try:
        check_request(root)
    except ControlRefused:
        return False
    return True


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """Any request that our own rules can make: sequences are drawn from their regular expressions."""
    root = etree.Element("request")
    for name in ("control", "operation"):
        root.append(_grown(draw, name))
    return root


def _grown(draw: st.DrawFn, name: str, leaf: bool = False) -> Any:
    made = etree.Element(name)
    attributes = ATTRIBUTES.get(name)
    for attribute, values in attributes.needed.items() if attributes else ():
        made.set(attribute, values[0] if values else "1")
    for attribute, values in attributes.allowed.items() if attributes else ():
        if draw(st.booleans()):
            made.set(attribute, values[0] if values else "1")
    model = None if leaf else MODELS.get(name)
    if name in ("create", "update"):
        etree.SubElement(made, "CUSTOMER")
    elif model is None:
        made.text = _VALUES.get(name, "1")
    else:
        for child in _children(draw, name, model):
            made.append(_grown(draw, child, leaf=name in _OF_TEXTS))
    return made


def _children(draw: st.DrawFn, name: str, model: Ordered | AnyOrder) -> list[str]:
    if name == "function":
        return [draw(st.sampled_from([one for one in FUNCTIONS if one not in YOUNGER]))]
    if isinstance(model, AnyOrder):
        chosen = [*model.needed, *draw(st.lists(st.sampled_from(model.allowed or model.needed), unique=True))]
        return draw(st.permutations(list(dict.fromkeys(chosen))))
    return draw(st.from_regex(model.pattern, fullmatch=True)).split(";")[:-1]


def mutated(draw: st.DrawFn, root: Any) -> Any:
    """The same document with one thing wrong, or so: lost, doubled, misspelled, moved, with a text or attribute."""
    changed = copy.deepcopy(root)
    inside = [one for one in changed.iter() if one is not changed and not _free(one)]
    chosen = draw(st.sampled_from(inside))
    parent = chosen.getparent()
    kind = draw(st.sampled_from(["lost", "doubled", "misspelled", "moved", "text", "attribute", "child"]))
    if kind == "lost":
        parent.remove(chosen)
    elif kind == "doubled":
        parent.insert(parent.index(chosen), copy.deepcopy(chosen))
    elif kind == "misspelled":
        chosen.tag += "x"
    elif kind == "moved":
        place = draw(st.integers(0, len(parent) - 1))
        parent.remove(chosen)
        parent.insert(place, chosen)
    elif kind == "text":
        chosen.text = "stray"
    elif kind == "attribute":
        chosen.set("stray", "1")
    else:
        etree.SubElement(chosen, "stray")
    return changed


def _free(element: Any) -> bool:
    """Inside of create and update the schema does not look."""
    return element.getparent() is not None and element.getparent().tag in ("create", "update")


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking such documents takes minutes and says no more than the failure does."""
QUICK = settings(max_examples=50, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))


@needs_schema
@QUICK
@given(documents())
def test_what_the_sandbox_accepts_is_valid_by_the_vendors_schema(root: Any) -> None:
    assert accepted(root)
    assert schema().validate(root), schema().error_log.last_error


@needs_schema
@QUICK
@given(st.data())
def test_a_document_that_the_schema_refuses_is_refused_and_only_that(data: st.DataObject) -> None:
    changed = mutated(data.draw, data.draw(documents()))
    assert accepted(changed) == schema().validate(changed), etree.tostring(changed)


@needs_schema
@pytest.mark.parametrize("path", sorted((REFERENCE / "requests").glob("*.xml")), ids=lambda path: path.stem)
def test_requests_that_the_vendors_library_writes(path: Path) -> None:
    """All that are valid and that we play; and the query function, which is younger than the schema."""
    root = etree.parse(path).getroot()
    named = root.find("operation/content/function")[0].tag
    played = named in FUNCTIONS
    younger = named == "lookup" or (named == "query" and root.find(".//object") is not None and "select" in _tags(root))
    assert accepted(root) == (played and (schema().validate(root) or younger))


def _tags(root: Any) -> set[str]:
    return {one.tag for one in root.iter()}


ORDERED = invoice("I1")


@pytest.mark.parametrize(
    "wrong",
    [
        ORDERED.replace("customerid", "custumerid"),
        ORDERED.replace("<customerid>C1</customerid>", ""),
        ORDERED.replace("<invoiceno>I1</invoiceno>", "").replace(
            "<datecreated>", "<invoiceno>I1</invoiceno><datecreated>"
        ),
        ORDERED.replace("<year>2026</year><month>01</month>", "<month>01</month><year>2026</year>"),
        ORDERED.replace("<invoiceitems>", "<lines>").replace("</invoiceitems>", "</lines>"),
        ORDERED.replace("<create_invoice>", '<create_invoice key="1">'),
        ORDERED.replace("create_invoice", "create_bill"),
        "",
        f"{ORDERED}{ORDERED}",
        "<delete_invoice/>",
        "<query><object>CUSTOMER</object></query>",
    ],
)
def test_one_wrong_function_refuses_the_whole_request(wrong: str) -> None:
    """As a parser with the schema does: the others in the request are not executed either."""
    intacct = Intacct()
    good = function("f1", "<create><CONTACT><CONTACTNAME>Jane</CONTACTNAME><PRINTAS>J</PRINTAS></CONTACT></create>")
    answer = post(intacct, request(good + function("f2", wrong)))
    assert [number for number, _ in control_errors(answer)] == ["XL03000003"]
    assert intacct.truth("CONTACT") == []
