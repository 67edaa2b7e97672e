from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.contracts.currency import EXPONENTS
from ipaas_dagster.mapping import RenderError, minor_to_decimal

from .conftest import RouteOf, record


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(sorted(EXPONENTS)))
def test_minor_units_become_exactly_the_amount_with_all_its_places(minor: int, currency: str) -> None:
    amount = minor_to_decimal(minor, currency)
    places, text = EXPONENTS[currency], str(amount)
    assert amount == Decimal(minor).scaleb(-places)
    assert len(text.partition(".")[2]) == places
    assert "E" not in text


def rendered(route_of: RouteOf, field: str, **values: Any) -> Any:
    route = route_of("invoices", f"  fields:\n    X: {field}")
    result = route.render(record("invoices", **values))
    assert result is not None
    return result.payload["X"]


def refused(route_of: RouteOf, field: str, **values: Any) -> RenderError:
    with pytest.raises(RenderError) as caught:
        rendered(route_of, field, **values)
    assert caught.value.field == "X"
    return caught.value


@pytest.mark.parametrize(
    ("field", "values", "result"),
    [
        (
            "{from: total_minor, modifier: minor_to_decimal}",
            {"total_minor": 1250, "currency": "USD"},
            Decimal("12.50"),
        ),
        ("{from: total_minor, modifier: minor_to_decimal}", {"total_minor": -5, "currency": "KWD"}, Decimal("-0.005")),
        ("{from: total_minor, modifier: minor_to_decimal}", {"total_minor": 1250, "currency": "JPY"}, Decimal("1250")),
        (
            "{from: total_minor, modifier: {minor_to_decimal: currency}}",
            {"total_minor": 0, "currency": "EUR"},
            Decimal("0.00"),
        ),
        (
            "{from: total_minor, modifier: [minor_to_decimal, as_text]}",
            {"total_minor": 1250, "currency": "USD"},
            "12.50",
        ),
        ("{from: quantity, modifier: as_text}", {"quantity": 2**53 + 1}, "9007199254740993"),
        ("{from: total_minor, modifier: minor_to_decimal, default: 0}", {}, Decimal("0")),
        ("{from: total_minor, modifier: minor_to_decimal, default: '0.10'}", {}, Decimal("0.10")),
        ("{from: number, modifier: {truncate: 3}}", {"number": "añb😀c"}, "añb"),
        ("{from: number, modifier: upper}", {"number": "straße"}, "STRASSE"),
        ("{from: number, modifier: [lower, {truncate: 2}]}", {"number": "ABC"}, "ab"),
        (
            "{from: is_paid, modifier: {lookup: {values: {true: Paid, false: Open}}}}",
            {"is_paid": False},
            "Open",
        ),
        (
            "{from: quantity, modifier: {lookup: {values: {1: one}, otherwise: many}}}",
            {"quantity": 2},
            "many",
        ),
        ("{from: quantity, modifier: {lookup: {values: {1: one}, otherwise: null}}}", {"quantity": 2}, None),
        ("{from: number, modifier: {lookup: {values: {NO: Norway}}}}", {"number": "NO"}, "Norway"),
        ("{from: number, modifier: upper}", {}, None),
        ("{from: number, modifier: upper, default: none}", {}, "none"),
        ("{from: number, modifier: empty_if_blank}", {"number": " \t\u00a0"}, None),
        ("{from: number, modifier: empty_if_blank}", {"number": " a "}, " a "),
        ("{from: number, modifier: empty_if_blank, default: none}", {"number": ""}, "none"),
        ("{from: number, modifier: [{truncate: 2}, empty_if_blank], default: none}", {"number": "  a"}, "none"),
    ],
)
def test_ready_made_modifiers(route_of: RouteOf, field: str, values: dict[str, Any], result: Any) -> None:
    assert rendered(route_of, field, **values) == result


def test_the_day_is_the_day_in_utc(route_of: RouteOf) -> None:
    at = datetime(2026, 2, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert rendered(route_of, "{from: due_at, modifier: iso_date}", due_at=at) == "2026-01-31"


@pytest.mark.parametrize(
    ("field", "values", "says"),
    [
        ("{from: total_minor, modifier: minor_to_decimal}", {"total_minor": 1}, "no currency"),
        (
            "{from: total_minor, modifier: minor_to_decimal}",
            {"total_minor": 1, "currency": "XXX"},
            "no ISO 4217",
        ),
        ("{from: number, modifier: {lookup: {values: {a: b}}}}", {"number": "c"}, "no entry"),
        ("{from: number, required: true}", {}, "is required, and number is empty"),
        ("{from: number, required: true, modifier: 'd => null'}", {"number": "x"}, "is required"),
        ("{from: number, required: true, modifier: empty_if_blank}", {"number": " "}, "is required, and number is"),
        ("{from: total_minor, modifier: 'n => n / 100', type: json}", {"total_minor": 1250}, "gave a fraction"),
        (
            "{from: total_minor, modifier: [minor_to_decimal, 'n => ({a: [+n]})'], type: json}",
            {"total_minor": 1250, "currency": "USD"},
            "gave a fraction",
        ),
    ],
)
def test_what_cannot_be_modified_is_refused_by_field(
    route_of: RouteOf, field: str, values: dict[str, Any], says: str
) -> None:
    assert says in refused(route_of, field, **values).reason


@pytest.mark.parametrize(
    ("field", "values", "result"),
    [
        ("{from: number, modifier: 'data => data.substring(0, 15)'}", {"number": "x" * 20}, "x" * 15),
        ("{from: number, modifier: 'function (data) { return data + 1 }'}", {"number": "a"}, "a1"),
        ("{from: quantity, modifier: 'n => n * 2', type: integer}", {"quantity": 2**40}, 2**41),
        (
            "{from: total_minor, modifier: 'n => typeof n + n'}",
            {"total_minor": 2**53 - 1},
            "number9007199254740991",
        ),
        (
            "{from: total_minor, modifier: 'n => typeof n + n'}",
            {"total_minor": 2**53},
            "string9007199254740992",
        ),
        (
            "{from: due_at, modifier: 'd => d'}",
            {"due_at": datetime(2026, 1, 2, tzinfo=UTC)},
            "2026-01-02T00:00:00Z",
        ),
        (
            "{from: custom, modifier: 'c => c.a[1]', type: json}",
            {"custom": {"a": [1, {"b": None}]}},
            {"b": None},
        ),
        (
            "{from: total_minor, modifier: [minor_to_decimal, 'd => d + \"0\"'], type: decimal}",
            {"total_minor": 105, "currency": "USD"},
            Decimal("1.050"),
        ),
        (
            "{from: quantity, modifier: 'n => BigInt(n) * 10n ** 18n', type: decimal}",
            {"quantity": 7},
            Decimal("7000000000000000000"),
        ),
        (
            "{from: total_minor, modifier: 'n => ({minor: n, text: (n / 100).toFixed(2)})', type: json}",
            {"total_minor": 1250},
            {"minor": 1250, "text": "12.50"},
        ),
        ("{from: is_paid, modifier: 'p => !p', type: boolean}", {"is_paid": True}, False),
        ("{from: quantity, modifier: 'n => n / 2', type: real}", {"quantity": 4}, 2.0),
        ("{from: number, modifier: [upper, 'd => d + d', {truncate: 3}]}", {"number": "ab"}, "ABA"),
        ("{from: number, modifier: 'data => data.length'}", {}, None),
    ],
)
def test_javascript_modifiers(route_of: RouteOf, field: str, values: dict[str, Any], result: Any) -> None:
    found = rendered(route_of, field, **values)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(
    ("field", "values", "says"),
    [
        ("{from: quantity, modifier: 'n => n + 1'}", {"quantity": 1}, "gave a whole number, not text"),
        (
            "{from: quantity, modifier: 'n => n / 2', type: integer}",
            {"quantity": 1},
            "gave a fraction, not integer",
        ),
        ("{from: number, modifier: 'n => n', type: boolean}", {"number": "true"}, "gave text, not boolean"),
        ("{from: quantity, modifier: 'n => n / 10', type: decimal}", {"quantity": 1}, "gave a fraction, not decimal"),
        ("{from: number, modifier: 'n => n', type: decimal}", {"number": "1e3"}, "gave text that is no decimal"),
        ("{from: number, modifier: 'n => ({})'}", {"number": "x"}, "gave an object, not text"),
    ],
)
def test_javascript_that_gives_another_type_is_told_what_to_state(
    route_of: RouteOf, field: str, values: dict[str, Any], says: str
) -> None:
    assert says in refused(route_of, field, **values).reason
