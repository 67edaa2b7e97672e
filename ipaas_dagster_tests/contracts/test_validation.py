"""The Pandera schemas, as a user would look at them and use them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from ipaas_dagster import contracts
from ipaas_dagster.contracts.validation import schema
from ipaas_dagster_tests.contracts.samples import BY_SOURCE, PRODUCT, with_


@pytest.mark.parametrize("declared", [*contracts.COLLECTIONS, *contracts.REFERENCE], ids=lambda c: c.name)
def test_there_is_a_schema_with_the_declared_columns(declared: contracts.Collection) -> None:
    shown = schema(declared)
    assert [c for c in shown.columns if c != "unreadable"] == [c.name for c in declared.columns]
    assert all(shown.columns[c.name].nullable is not c.required for c in declared.columns)
    assert all(shown.columns[c.name].description == c.description for c in declared.columns)


@pytest.mark.parametrize("source", list(BY_SOURCE))
def test_staged_frames_meet_the_schema(staged: Any, source: str) -> None:
    declared = contracts.of_source(source)[0]
    result = staged(source, BY_SOURCE[source])
    with warnings.catch_warnings():  # DuckDB's, about its own use of pandas
        warnings.simplefilter("ignore")
        frame = result.con.execute(f"SELECT *, NULL::VARCHAR AS unreadable FROM staged_{declared.name}").df()
    assert len(schema(declared).validate(frame, lazy=True)) == 1


def test_the_content_hash_is_of_the_content_only(staged: Any) -> None:
    def digest(record: dict[str, Any]) -> str:
        return str(staged("products", record).one("items")["content_hash"])

    first = digest(with_(PRODUCT, extra_b=1, extra_a={"y": 1, "x": [2, {"d": 1, "c": 2}]}))
    reordered = with_(PRODUCT, extra_a={"x": [2, {"c": 2, "d": 1}], "y": 1}, extra_b=1)
    assert digest(dict(reversed(list(reordered.items())))) == first
    assert len(first) == 64
    others = [PRODUCT, with_(PRODUCT, price=1), with_(PRODUCT, tax_description=None), with_(PRODUCT, extra_b=2)]
    assert len({first, *(digest(r) for r in others)}) == 5


def test_the_content_hash_does_not_move_between_releases(staged: Any) -> None:
    """A change of it would make every record of every hub look changed: then say so in the changelog."""
    assert staged("products", PRODUCT).one("items")["content_hash"] == (
        "c473c7d862dbb2e7c83c5c595e7f2e1a8ccfe0e650e25d6ccccf54891a760fd6"
    )
