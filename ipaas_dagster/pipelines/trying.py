"""Modifiers of a mapping that is not approved yet, tried in the sandbox before anything is sent through them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ipaas_dagster.contracts.base import Type
from ipaas_dagster.mapping.javascript import Function, ModifierFailed
from ipaas_dagster.mapping.pipeline import Unusable
from ipaas_dagster.mapping.template import OWN_COLUMNS, TargetField, Template

MADE_UP: Mapping[Type, Sequence[Any]] = {
    Type.TEXT: ("Sample", "a@example.com", "2026-01-31", "12345", "x" * 300),
    Type.REFERENCE: ("instagaze:accounts:1",),
    Type.INTEGER: (1, 0),
    Type.MONEY: (299500, 0),
    Type.REAL: (1.5,),
    Type.BOOLEAN: (True, False),
    Type.TIME: (datetime(2026, 1, 31, 12, tzinfo=UTC),),
    Type.JSON: ({},),
}
ALWAYS_WRONG = ("longer than", "more memory", "not tried", "more than")
"""What no honest modifier does, on any value: hit a limit."""


def try_modifiers(template: Template, columns: Mapping[str, Type], records: Sequence[Mapping[str, Any]]) -> None:
    """On values of the hub's records and on made-up ones. Raises Unusable for a modifier that hits a limit of the
    sandbox, or fails on every value."""
    for target in template.targets:
        if target.modifiers and target.column is not None:
            type_ = {**columns, **OWN_COLUMNS}[target.column]
            held = (record.get(target.column) for record in records)
            _try(target, [value for value in (*held, *MADE_UP.get(type_, ())) if value is not None])


def _try(target: TargetField, values: Iterable[Any]) -> None:
    failures: list[str] = []
    tried = 0
    for modifier in target.modifiers:
        function = Function(modifier.words)
        for value in values:
            tried += 1
            try:
                function(value)
            except ModifierFailed as failed:
                failures.append(str(failed))
                if any(sign in str(failed) for sign in ALWAYS_WRONG):
                    raise Unusable(f"{target.name}: {failed}") from None
    if tried and len(failures) == tried:
        raise Unusable(f"{target.name}: its modifier fails on every value that was tried: {failures[0]}")
