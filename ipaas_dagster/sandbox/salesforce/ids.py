"""Record ids: fifteen characters that heed case, and three more that make up for clients that do not."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ORG = "Sb0"
SHORT, LONG = 15, 18


def make_id(prefix: str, number: int) -> str:
    """The id of an object's record with that number, all eighteen characters."""
    digits = ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return lengthen(f"{prefix}{_ORG}{digits.rjust(SHORT - len(prefix) - len(_ORG), '0')}")


def lengthen(short: str) -> str:
    """The eighteen-character form: each check character says which of five letters are capitals."""
    checks = ""
    for start in (0, 5, 10):
        capitals = sum(1 << place for place, one in enumerate(short[start : start + 5]) if "A" <= one <= "Z")
        checks += _CHECKS[capitals]
    return short + checks


def whole_id(text: str) -> str | None:
    """The eighteen-character form of either form; None if it is no id."""
    if len(text) not in (SHORT, LONG) or not (text.isascii() and text.isalnum()):
        return None
    long = lengthen(text[:SHORT])
    return long if len(text) == SHORT or long == text else None
