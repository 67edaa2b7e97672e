"""Answers: JSON with exact amounts; errors in one of three forms; the X-Pagination header."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.ipaas_com.problems import Problem
from ipaas_dagster.sandbox.ipaas_com.settings import Settings

TEXT = "text/plain; charset=utf-8"
_dump = msgspec.json.Encoder(decimal_format="number").encode
_load = msgspec.json.Decoder(float_hook=Decimal).decode


def load(body: bytes) -> Any:
    """JSON with exact numbers. Raises ValueError if it is none."""
    try:
        return _load(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError, RecursionError) as problem:
        raise ValueError(str(problem)) from None


def success(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, _dump(document), headers or {})


def error(problem: Problem, form: str) -> Answer:
    headers = {} if problem.retry_after is None else {"retry-after": str(problem.retry_after)}
    if form == "json":
        document = {"code": problem.code, "message": problem.text, "help_link": problem.help}
        return Answer(problem.status, _dump(document), headers)
    text = problem.text if form == "plain" else f"{problem.code}: {problem.text} See {problem.help}"
    return Answer(problem.status, text.encode(), headers, TEXT)


def pagination(settings: Settings, total: int, size: int, number: int) -> dict[str, str]:
    """The header for one page of a list, as the settings say."""
    if settings.pagination == "none":
        return {}
    pages = max(1, -(-total // size))
    facts: dict[str, int | str] = {
        "total_Count": total,
        "page_Size": size,
        "current_Page": number,
        "total_Pages": pages,
        "previous_Page": "Yes" if number > 1 else "No",
        "next_Page": "Yes" if number < pages else "No",
    }
    text = _dump({_key(name, settings.pagination_keys): value for name, value in facts.items()}).decode()
    return {"X-Pagination": text[:-1] + "{" if settings.pagination == "malformed" else text}


def _key(name: str, keys: str) -> str:
    if keys == "lower":
        return name.lower()
    return name if keys == "documented" else name.title().replace("_", "")
