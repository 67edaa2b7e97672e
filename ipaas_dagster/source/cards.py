"""Full card numbers in free text: found by length, issuer's prefix and Luhn; all but the last four digits
masked."""

from __future__ import annotations

import re

_BETWEEN = r"[ ._\u00a0\u2000-\u200d\u2010-\u2015\u202f\u2060\u2212-]{0,2}"
_RUN = re.compile(rf"(?<![0-9])[0-9](?:{_BETWEEN}[0-9]){{12,30}}(?![0-9])")
_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)}
"""Digits of full width, as East Asian keyboards write them: one character each, so places stay."""
_GROUP = re.compile(r"[0-9]+")
_ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"                                              # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"      # Mastercard
    r"|3[47]\d{13}"                                                           # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11,16}"                                          # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12,15}"                                    # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"                                          # JCB
    r"|62\d{14,17}"                                                           # UnionPay
    r"|(?:50[0-9]{2}|5[6-9]\d\d|63\d\d|67\d\d)\d{9,15}"                       # Maestro
)  # fmt: skip


def mask_cards(text: str) -> tuple[str, int]:
    """The text with every full card number masked to its last four digits, and how many there were."""
    masked = 0
    for match in _RUN.finditer(text.translate(_WIDE)):
        for first, end in _cards_in(match.group()):
            start, stop = match.start() + first, match.start() + end
            text = text[:start] + mask_number(text[start:stop]) + text[stop:]
            masked += 1
    return text, masked


def mask_number(text: str) -> str:
    """Every digit but the last four becomes `*`; separators stay."""
    keep = sum(c.isdigit() for c in text) - 4
    shown = []
    for character in text:
        digit = character.isdigit()
        shown.append("*" if digit and keep > 0 else character)
        keep -= digit
    return "".join(shown)


def is_card(digits: str) -> bool:
    return bool(_ISSUER.fullmatch(digits)) and _luhn(digits)


def _cards_in(run: str) -> list[tuple[int, int]]:
    """Where card numbers stand in a run of digit groups: they begin and end with a group."""
    groups = [m.span() for m in _GROUP.finditer(run)]
    found, first = [], 0
    while first < len(groups):
        step = 1
        for last in range(first, len(groups)):
            digits = "".join(run[a:b] for a, b in groups[first : last + 1])
            if len(digits) > 19:
                break
            if len(digits) >= 13 and is_card(digits):
                found.append((groups[first][0], groups[last][1]))
                step = last - first + 1
        first += step
    return found


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
