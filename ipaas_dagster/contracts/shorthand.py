"""Short words for declaring columns, so that a collection reads as a table of its columns."""

from __future__ import annotations

from ipaas_dagster.contracts.base import Column, Expectation, Reading, Rule, Type

EMAIL = Rule("contains", "@", "is no e-mail address", soft=True)
NOT_BLANK = Rule("not_blank", None, "is empty")


def text(name: str, source: str | tuple[str, ...], description: str, *rules: Rule, required: bool = False) -> Column:
    """Text kept exactly; a required one must also hold something besides white space."""
    checks = (NOT_BLANK, *rules) if required else rules
    return Column(name, Type.TEXT, _paths(source), description, required=required, rules=checks)


def integer(name: str, source: str | tuple[str, ...], description: str, *rules: Rule) -> Column:
    return Column(name, Type.INTEGER, _paths(source), description, rules=rules)


def money(name: str, source: str, description: str, *rules: Rule) -> Column:
    return Column(name, Type.MONEY, (source,), f"{description}, in the minor unit of the currency", rules=rules)


def real(name: str, source: str, description: str, *rules: Rule) -> Column:
    return Column(name, Type.REAL, (source,), description, rules=rules)


def boolean(name: str, source: str, description: str) -> Column:
    return Column(name, Type.BOOLEAN, (source,), description)


def time(name: str, source: str, description: str) -> Column:
    return Column(name, Type.TIME, (source,), f"{description} (UTC)")


def reference(
    name: str, source: str | tuple[str, ...], references: str, description: str, *, required: bool = False
) -> Column:
    """The hub id of a record of `references`; an empty one is null."""
    return Column(name, Type.REFERENCE, _paths(source), description, required=required, references=references)


def currency(*, inherits: str | None = None) -> Column:
    """ISO 4217 code, from a code, a symbol, or an object with a name and a prefix."""
    return Column(
        "currency",
        Type.TEXT,
        ("currency", "currency.name", "currency.prefix"),
        "ISO 4217 code of the currency of the record's amounts",
        required=True,
        reading=Reading.CURRENCY,
        inherits=inherits,
    )


def expected(says: str) -> Rule:
    """Warns where the value is missing."""
    return Rule("present", None, says, soft=True)


def amounts() -> tuple[Column, ...]:
    """The five amounts that invoices, subscriptions and payments share, without their order."""
    return (
        money("net_amount_minor", "net_amount", "Net amount"),
        money("discount_minor", "discount", "Discount"),
        money("tax_minor", "tax", "Tax"),
        money("total_minor", "total", "Total", expected("is missing")),
    )


ADDS_UP = Expectation(
    "adds_up",
    ("net_amount_minor", "discount_minor", "tax_minor", "total_minor"),
    "is neither net amount - discount + tax nor net amount + tax",
)
CONTRACT_IN_ORDER = Expectation("in_order", ("contract_start", "contract_end"), "is before the contract's start")


def _paths(source: str | tuple[str, ...]) -> tuple[str, ...]:
    return (source,) if isinstance(source, str) else source
