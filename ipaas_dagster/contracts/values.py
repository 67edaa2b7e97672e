"""How one column's value is read: its SQL, and what a person reads where the source's value cannot be it.

The rules of reading are SQL macros over one cell (see `cells`), made in the staging database by `MACROS`:
each gives NULL for what it cannot read. Nothing is rounded, trimmed or guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ipaas_dagster.contracts.base import Column, Reading, Type
from ipaas_dagster.contracts.cells import cell, literal, quoted
from ipaas_dagster.contracts.currency import EXPONENTS, SYMBOLS
from ipaas_dagster.records import SOURCE_SYSTEM

# Doubles hold every whole number up to 2**53; above it a number with a point or an exponent is not exact.
_EXACT_DOUBLE = 2**53
_ISO_TIME = r'"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|z|UTC|[+-]\d{2}(:?\d{2})?))?)?"'
_CODES = literal(" ".join(sorted(EXPONENTS)))
_SYMBOLS = "[" + ",".join(literal(symbol) for symbol in SYMBOLS) + "]"
_MEANT = "[" + ",".join(literal(code) for code in SYMBOLS.values()) + "]"
_NUMBER = r"-?[0-9.]+([eE][+-]?[0-9]+)?"

MACROS: tuple[str, ...] = (
    "is_text(j) AS starts_with(j::VARCHAR, '\"')",
    # JSON from DuckDB's functions begins with its first sign, without white space.
    "is_object(j) AS starts_with(j::VARCHAR, '{')",
    "is_nested(j) AS starts_with(j::VARCHAR, '{') OR starts_with(j::VARCHAR, '[')",
    "unquoted(j) AS (j->>'$')",
    # Numbers are kept as they are written: an account number may come as a number.
    f"""read_text(j) AS CASE
        WHEN is_text(j) THEN CASE WHEN contains(unquoted(j), chr(0)) THEN NULL ELSE unquoted(j) END
        WHEN regexp_full_match(j::VARCHAR, '{_NUMBER}') THEN j::VARCHAR END""",
    f"""whole_double(d) AS CASE
        WHEN isfinite(d) AND trunc(d) = d AND abs(d) <= {_EXACT_DOUBLE} THEN TRY_CAST(d AS BIGINT) END""",
    # A cast alone would round 12.5; so the number must read back as it stood, or be a whole double (299500.0).
    """read_whole(j) AS CASE
        WHEN TRY_CAST(j::VARCHAR AS BIGINT)::VARCHAR = j::VARCHAR THEN TRY_CAST(j::VARCHAR AS BIGINT)
        ELSE whole_double(TRY_CAST(j::VARCHAR AS DOUBLE)) END""",
    f"""read_real(j) AS CASE
        WHEN regexp_full_match(unquoted(j), '{_NUMBER}') AND isfinite(TRY_CAST(unquoted(j) AS DOUBLE))
        THEN TRY_CAST(unquoted(j) AS DOUBLE) END""",
    "read_boolean(j) AS CASE j::VARCHAR WHEN 'true' THEN true WHEN 'false' THEN false END",
    # The bounds are those of Python's and SQL databases' times.
    """between_years(t) AS CASE
        WHEN t >= TIMESTAMPTZ '0001-01-01 00:00:00+00' AND t < TIMESTAMPTZ '9999-12-31 00:00:00+00'
        THEN t END""",
    f"""read_time(j) AS CASE WHEN regexp_full_match(j::VARCHAR, '{_ISO_TIME}')
        THEN between_years(TRY_CAST(replace(unquoted(j), ',', '.') AS TIMESTAMPTZ)) END""",
    # Text ids are kept exactly. '#' numbers the children of a record, so no id may hold it.
    r"""read_id(j) AS CASE
        WHEN is_text(j) THEN CASE
            WHEN regexp_full_match(unquoted(j), '[^\s\x00-\x1f#]([^\x00-\x1f#]{0,198}[^\s\x00-\x1f#])?')
            THEN unquoted(j) END
        ELSE nullif(regexp_extract(j::VARCHAR, '^([1-9][0-9]{0,39})(\.0)?$', 1), '') END""",
    # Strings and lists, not CASEs and INs: those cost a tenth of a second to plan, landing after landing.
    f"""resolved(t) AS CASE
        WHEN t = '$' THEN 'USD'
        WHEN regexp_full_match(t, '[A-Z]{{3}}') THEN CASE WHEN contains({_CODES}, t) THEN t END
        ELSE list_extract({_MEANT}, list_position({_SYMBOLS}, t)) END""",
    "read_currency(j) AS CASE WHEN is_text(j) THEN resolved(upper(trim(unquoted(j)))) END",
    "is_empty(j, path) AS json_extract(j, path)::VARCHAR = '{}'",
    # A list, or (as one documented request has it) a text that holds one.
    """stated_array(j) AS CASE
        WHEN json_type(j) = 'ARRAY' THEN j
        WHEN is_text(j) AND json_type(TRY_CAST(unquoted(j) AS JSON)) = 'ARRAY' THEN unquoted(j)::JSON END""",
    "read_last4(j) AS nullif(regexp_extract(read_text(j), '([0-9]{4})[^0-9]*$', 1), '')",
    # Keys sorted at every depth. Long numbers and exponents would lose digits on the way: such keep their order.
    r"""sorted_json(j) AS CASE
        WHEN NOT contains(j::VARCHAR, ',') OR regexp_matches(j::VARCHAR, '[0-9.]{16}|[0-9][eE][+-]?[0-9]{3}')
        THEN j::JSON ELSE coalesce(TRY_CAST(TRY_CAST(j::JSON AS VARIANT) AS JSON), j::JSON) END""",
    "shortened(t) AS CASE WHEN length(t) > 60 THEN left(t, 57) || '...' ELSE t END",
    # A run of 13 digits and more in a text could be a card number: only its last four are shown.
    r"""shown(j) AS CASE
        WHEN is_object(j) THEN 'an object'
        WHEN is_nested(j) THEN 'an array'
        WHEN is_text(j) THEN shortened(regexp_replace(j::VARCHAR, '[0-9]{9,}([0-9]{4})', '...\1', 'g'))
        ELSE shortened(j::VARCHAR) END""",
)

_READERS = {
    Type.TEXT: ("read_text", "is not text"),
    Type.INTEGER: ("read_whole", "is not a whole number (of 64 bits)"),
    Type.MONEY: ("read_whole", "is not a whole number of minor units (of 64 bits)"),
    Type.REAL: ("read_real", "is not a number"),
    Type.DECIMAL: ("read_text", "is not text"),
    Type.BOOLEAN: ("read_boolean", "is neither true nor false"),
    Type.TIME: ("read_time", "is not an ISO 8601 time"),
    Type.JSON: ("sorted_json", "is not JSON"),
    Type.REFERENCE: ("read_id", "is not an id (a whole number above 0, or text)"),
}
_CURRENCY = "is no currency (an ISO 4217 code, or a symbol that means one only)"


@dataclass(frozen=True)
class Value:
    """SQL over a split row of one column: `raw` is its cell, `value` typed or NULL, `used` the place (from 1)
    of the path whose cell was read, or NULL."""

    column: Column
    raw: str
    value: str
    used: str

    @property
    def name(self) -> str:
        """SQL of the value once `with_values` has made it a column."""
        return quoted("value " + self.column.name)


def read(column: Column, prefix: str | None = None) -> Value:
    """How `column` is read; `prefix` is what stands before a reference's id (`instagaze:accounts:`)."""
    cells = [cell(path) for path in column.source]
    raw = coalesced(cells)
    if column.reading is Reading.CURRENCY:  # the first that can be resolved: a prefix helps out a name
        usable = [f"read_currency({c})" for c in cells]
        return Value(column, raw, coalesced(usable), _first(usable))
    value = f"{reader(column)}({raw})"
    return Value(column, raw, value if prefix is None else f"{literal(prefix)} || {value}", _first(cells))


def with_values(rows: str, values: Iterable[Value]) -> str:
    """SQL that adds the values to split rows, under their `name`."""
    return f"SELECT *{''.join(f', {v.value} AS {v.name}' for v in values)} FROM ({rows})"


def reason(value: Value) -> str:
    """SQL of what is wrong with a value, over rows that have it; NULL where nothing is. Missing is not wrong."""
    column, raw = value.column, value.raw
    wrong = f"{raw} IS NOT NULL AND {value.name} IS NULL"
    shown, says = f"shown({raw})", literal(expectation(column))
    if column.reading is Reading.LAST4:
        # The value is never shown, and a mask without digits is no fault.
        wrong, shown, says = f"is_nested({raw})", "'its value'", literal("is not text")
    elif column.type is Type.REFERENCE:
        wrong += f" AND {raw}::VARCHAR <> '\"\"'"
    elif column.type is Type.TEXT and column.reading is Reading.PLAIN:
        says = f"CASE WHEN is_text({raw}) THEN 'holds a NUL character' ELSE {says} END"
    paths = [f"WHEN {cell(p)} IS NOT NULL THEN {literal(p)}" for p in column.source]
    return f"CASE WHEN {wrong} THEN CASE {' '.join(paths)} END || ': ' || {shown} || ' ' || {says} END"


def reader(column: Column) -> str:
    named = {Reading.CURRENCY: "read_currency", Reading.LAST4: "read_last4"}
    return named.get(column.reading) or _READERS[column.type][0]


def expectation(column: Column) -> str:
    return _CURRENCY if column.reading is Reading.CURRENCY else _READERS[column.type][1]


def hub_prefix(source_collection: str) -> str:
    return f"{SOURCE_SYSTEM}:{source_collection}:"


def coalesced(expressions: list[str]) -> str:
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _first(expressions: list[str]) -> str:
    whens = " ".join(f"WHEN {e} IS NOT NULL THEN {n}" for n, e in enumerate(expressions, start=1))
    return f"CASE {whens} END" if whens else "NULL"
