"""Lists: searched by one or more fields, page by page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer
from ipaas_dagster.sandbox.ipaas_com.answers import pagination, success
from ipaas_dagster.sandbox.ipaas_com.models import Model
from ipaas_dagster.sandbox.ipaas_com.problems import invalid
from ipaas_dagster.sandbox.ipaas_com.records import Records
from ipaas_dagster.sandbox.ipaas_com.settings import Settings

OF_PAGING = frozenset({"pagenumber", "pagesize", "action", "trackingguid", "sortby", "include"})


def search(records: Records, model: Model, query: Sequence[tuple[str, str]], settings: Settings) -> Answer:
    """Those whose fields equal all that is asked for, in the order they were made."""
    wanted = {_snake(name): value for name, value in query if name.lower() not in OF_PAGING}
    if unknown := sorted(set(wanted) - {*model.types, "id"}):
        raise invalid(f"{model.name} cannot be searched by {unknown[0]}.")
    action = _given(query, "action")
    if wanted and (action or "").lower() != "equals":
        raise invalid("A search must say action=equals.")
    found = [one for one in records.tables[model.table].values() if _meets(one, wanted)]
    return page(found, query, settings, lambda one: records.shown(model, one))


def page(found: Sequence[Any], query: Sequence[tuple[str, str]], settings: Settings, show: Any) -> Answer:
    number = _whole(_given(query, "pagenumber"), 1)
    size = min(_whole(_given(query, "pagesize"), settings.page_size), settings.largest_page)
    chosen = found[(number - 1) * size : number * size]
    return success([show(one) for one in chosen], headers=pagination(settings, len(found), size, number))


def _meets(record: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(_text(record.get(name)) == value.casefold() for name, value in wanted.items())


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return f"{value:f}" if isinstance(value, Decimal) else str(value).casefold()


def _snake(name: str) -> str:
    """EmailAddress is email_address."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _given(query: Sequence[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in query if key.lower() == name), None)


def _whole(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise invalid("A page's number and size are whole numbers from 1.")
    return int(text)
