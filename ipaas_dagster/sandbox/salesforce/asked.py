"""One request below /services/data/vXX.X, with what it means taken out of it."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.exchange import Call
from ipaas_dagster.sandbox.salesforce.org import Org
from ipaas_dagster.sandbox.salesforce.problems import Problem, not_found, parser_error
from ipaas_dagster.sandbox.salesforce.schema import SObject
from ipaas_dagster.sandbox.salesforce.table import Table

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.salesforce.state import Salesforce


@dataclass(frozen=True)
class Asked:
    """`version` is as in the path, without its v (62.0); `rest` are the segments after it."""

    server: Salesforce
    call: Call
    version: str
    rest: tuple[str, ...]

    @property
    def org(self) -> Org:
        return self.server.org

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(self.call.query)

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"

    def flag(self, name: str) -> bool:
        return self.query.get(name, "false").lower() == "true"

    def table(self, name: str) -> Table:
        """The table of an object. Raises Problem if there is no such object."""
        sobject = self.org.schema.find(name)
        if sobject is None:
            raise not_found()
        return self.org.table(sobject)

    def body(self) -> bytes:
        """As sent, unpacked if it is packed."""
        packing = self.call.headers.get("content-encoding", "").lower()
        try:
            if packing == "gzip":
                return gzip.decompress(self.call.body)
            return zlib.decompress(self.call.body) if packing == "deflate" else self.call.body
        except (OSError, EOFError, zlib.error):
            raise Problem(400, "UNKNOWN_EXCEPTION", f"the body is not {packing}") from None

    def json(self) -> dict[str, Any]:
        """The body, a JSON object; its numbers are int or Decimal. Raises Problem."""
        kind = self.call.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem(415, "UNSUPPORTED_MEDIA_TYPE", f"Content type specified: {kind or 'none'}, not supported")
        document = read_json(self.body())
        if not isinstance(document, dict):
            raise parser_error("The HTTP entity body is required to be a JSON object")
        return document

    def allow(self, *methods: str) -> None:
        """Raises Problem for any other method."""
        if self.call.method not in methods:
            allowed = ",".join(methods)
            message = f"HTTP Method '{self.call.method}' not allowed. Allowed are {allowed}"
            raise Problem(405, "METHOD_NOT_ALLOWED", message, allow=allowed)


def read_json(body: bytes) -> Any:
    if not body:
        raise parser_error("The HTTP entity body is required, but this request has no entity body")
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise parser_error(f"Unexpected character: {error}") from None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")


def table_of_id(asked: Asked, record_id: str) -> Table | None:
    """The table that an id's first three characters name."""
    sobject: SObject | None = asked.org.schema.by_prefix.get(record_id[:3])
    return asked.org.table(sobject) if sobject else None
