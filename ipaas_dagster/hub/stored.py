"""Reading JSON that the hub stores: any number that JSON can write, also those that no float holds."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode


def decode(text: str) -> Any:
    """As msgspec reads it; numbers beyond what Python takes (1e999) come as the text they are written in."""
    try:
        return _decode(text)
    except msgspec.ValidationError:
        return json.loads(text, parse_float=_real, parse_int=_whole)


def _real(number: str) -> float | str:
    value = float(number)
    return value if math.isfinite(value) else number


def _whole(number: str) -> int | str:
    try:
        return int(number)
    except ValueError:
        return number
