"""Refusals that a test asks for: a validation rule of the org, or a row that somebody else holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ipaas_dagster.sandbox.salesforce.problems import Refusal


@dataclass
class Rule:
    """Writes of this object's records are refused: those with these values `where` there are any, `times` times."""

    object: str
    code: str = "UNABLE_TO_LOCK_ROW"
    message: str = "unable to obtain exclusive access to this record"
    where: Mapping[str, Any] = field(default_factory=dict)
    times: int | None = None


class Rules:
    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        self._rules.append(rule)

    def clear(self) -> None:
        self._rules.clear()

    def check(self, name: str, row: Mapping[str, Any]) -> None:
        """Raises Refusal if a rule has something against the record as it would be."""
        for rule in self._rules:
            if rule.object == name and rule.times != 0 and rule.where.items() <= row.items():
                rule.times = None if rule.times is None else rule.times - 1
                raise Refusal(rule.code, rule.message)
