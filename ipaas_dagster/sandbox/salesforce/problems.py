"""What Salesforce refuses, in its two spellings: of a whole request, and of one record among others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.exchange import Answer

JSON = "application/json;charset=UTF-8"
ALL_OR_NONE = "Record rolled back because not all records were valid and the request was using AllOrNone header"
_DECIMAL = re.compile(r'"\\u0000decimal:([^"]*)"')


class Problem(Exception):
    """The request is refused as a whole."""

    def __init__(
        self, status: int, code: str, message: str, fields: Sequence[str] | None = None, allow: str | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.fields, self.allow = status, code, message, fields, allow


class Refusal(Exception):
    """One record is refused. `status` is what it makes of a request for this record alone."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = (), status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.fields, self.status = code, message, tuple(fields), status

    @property
    def as_json(self) -> dict[str, Any]:
        """As among other records: statusCode, not errorCode."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    @property
    def as_text(self) -> str:
        """As in a bulk job's failed results."""
        return f"{self.code}:{self.message}:{','.join(self.fields)} --"

    def alone(self) -> Problem:
        """As the answer to a request for this record; what was not even looked up names no fields."""
        silent = not self.fields and self.code in ("INVALID_FIELD", "NOT_FOUND")
        return Problem(self.status, self.code, self.message, None if silent else self.fields)


def not_found(message: str = "The requested resource does not exist") -> Problem:
    return Problem(404, "NOT_FOUND", message)


def parser_error(message: str) -> Problem:
    return Problem(400, "JSON_PARSER_ERROR", message)


def refused(problem: Problem) -> Answer:
    one: dict[str, Any] = {"message": problem.message, "errorCode": problem.code}
    if problem.fields is not None:
        one["fields"] = list(problem.fields)
    headers = {"allow": problem.allow} if problem.allow else {}
    return Answer(problem.status, dump([one]), headers, JSON)


def answered(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, dump(document), headers or {}, JSON)


def dump(document: Any) -> bytes:
    """JSON in UTF-8, a Decimal as the number that it is."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_mark)
    if "\\u0000decimal:" in text:
        text = _DECIMAL.sub(r"\1", text)
    return text.encode(errors="replace")


def _mark(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"\0decimal:{value:f}"
    raise TypeError(f"{type(value).__name__} is not JSON")
