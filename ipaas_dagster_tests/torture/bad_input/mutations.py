"""Records as no program should send them: good ones with something done to them, as bytes in a page."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

Record = dict[str, Any]

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**63, -(2**63) - 1, 10**40, 1e308, -0.0, 1e-320, 299500.5),
    *(
        "",
        " ",
        "\u0000",
        "a\u0000b",
        "\x01\x1f\x7f",
        "\u202e\ufeff",
        "null",
        "NaN",
        "Infinity",
        "-0",
        "1e999",
        "[]",
        "{}",
    ),
    *("'; DROP TABLE hub.customers; --", '"', "\\", "\\u0000", "é" * 300, "9" * 400, "👩‍👩‍👧", "\ud7ff\ue000"),
    *("2018-01-01", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999999+15:59", "infinity", "1970-01-01T00:00:60Z"),
    *([], {}, [[]], [None], [{}], {"": None}, {"a": {"b": {"c": []}}}, {"name": {"name": "USD"}}, "¥", "#", "XTS"),
)
RAW: tuple[bytes, ...] = (
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 5000, b"0." + b"3" * 4000),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff\xfe"', b'"\xc0\x80"', b'"caf\xe9"', b'"\x01\x02"', b'"tab\there"'),
    *(b"[" * 300 + b"]" * 300, b'{"a":' * 200 + b"1" + b"}" * 200, b'"' + b"x" * 100_000 + b'"'),
)
"""Values as text: not JSON, not UTF-8, or too much of it."""
WHOLE: tuple[bytes, ...] = (b"null", b"true", b"0", b'"text"', b"[]", b"[1]", b"{}", b'{"id": null}', b'{"id": {}}')

_MARK = "raw value goes here"


def good(sample: Record, number: int) -> bytes:
    return _text({**sample, "id": number})


def mutated(sample: Record, number: int, dice: random.Random) -> bytes:
    """One record to which one to three things were done."""
    if dice.random() < 0.03:
        return dice.choice(WHOLE)
    record, raw = deepcopy({**sample, "id": number}), b""
    for _ in range(dice.randint(1, 3)):
        raw = dice.choice(_WAYS)(record, dice) or raw
    return _text(record).replace(json.dumps(_MARK).encode(), raw or b"0")


def _another_value(record: Record, dice: random.Random) -> None:
    place, key = _somewhere(record, dice)
    place[key] = deepcopy(dice.choice(VALUES))


def _raw_value(record: Record, dice: random.Random) -> bytes:
    place, key = _somewhere(record, dice)
    place[key] = _MARK
    return dice.choice(RAW)


def _missing(record: Record, dice: random.Random) -> None:
    record.pop(dice.choice(list(record) or [""]), None)


def _more(record: Record, dice: random.Random) -> None:
    name = dice.choice(["", "id ", "ID", "__proto__", "a.b", "é", "\u0000", "hub_id", "x" * 500])
    record[name] = deepcopy(dice.choice(VALUES))


def _same_id(record: Record, dice: random.Random) -> None:
    if isinstance(record.get("id"), int):
        record["id"] = max(1, record["id"] - dice.randint(1, 3))


def _as_text(record: Record, dice: random.Random) -> None:
    place, key = _somewhere(record, dice)
    place[key] = json.dumps(place[key], default=str)


def _many(record: Record, dice: random.Random) -> None:
    lists = [name for name, value in record.items() if isinstance(value, list)]
    if lists:
        name = dice.choice(lists)
        record[name] = (record[name] or [{}]) * dice.choice([2, 7, 40])


_WAYS: tuple[Callable[[Record, random.Random], bytes | None], ...] = (
    *(_another_value, _another_value, _another_value, _raw_value, _missing, _more, _same_id, _as_text, _many),
)


def _somewhere(record: Record, dice: random.Random) -> tuple[Any, Any]:
    """A place in it, at any depth."""
    place: Any = record
    while True:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            record["id"] = record.get("id")
            return record, "id"
        key = dice.choice(keys)
        if not (isinstance(place[key], dict | list) and place[key] and dice.random() < 0.6):
            return place, key
        place = place[key]


def _text(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode(errors="surrogatepass")
