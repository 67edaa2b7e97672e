"""Check a declared file's form against its words; the first thing wrong becomes a DeclarationError at its
line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from ipaas_dagster.errors import DeclarationError
from ipaas_dagster.mapping.declared import Declared, Where

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound="BaseModel")


def check_form(model: type[Model], declared: Declared) -> Model:
    """The file as `model`. Raises DeclarationError for the first wrong thing and says how many more there
    are.

    The error is raised outside the handler: pydantic's own holds the values, which may be somebody's
    password.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(declared.data)
    except ValidationError as error:
        wrong = _first(declared, error)
    raise wrong


def _first(declared: Declared, error: ValidationError) -> DeclarationError:
    found = [(_where(problem), problem) for problem in error.errors(include_url=False, include_input=False)]
    found.sort(key=lambda pair: declared.line(pair[0]) or 0)
    where, problem = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    message, given, allowed = _explain(declared, where, problem)
    return declared.error(where, message + more, given=given, allowed=allowed)


def _where(problem: Any) -> Where:
    where: Where = tuple(problem["loc"])
    return (*where, problem["ctx"]["name"]) if problem["type"] == "unknown_field" else where


def _explain(declared: Declared, where: Where, problem: Any) -> tuple[str, str | None, list[str]]:
    name = where[-1] if where else "the file"
    match problem["type"]:
        case "unknown_field":
            return f"unknown field {name!r}", str(name), problem["ctx"]["allowed"]
        case "missing":
            return f"the field {name!r} is missing", None, []
        case "literal_error":
            allowed = re.findall(r"'([^']*)'", problem["ctx"]["expected"])
            return f"{name!r} is none of the allowed words", _given(declared, where), allowed
        case _:
            return f"{name!r} is wrong: {problem['msg'].removeprefix('Input ')}", None, []


def _given(declared: Declared, where: Where) -> str:
    found: Any = declared.data
    for step in where:
        found = found[step]
    return str(found)
