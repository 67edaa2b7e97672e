"""A plain client of the iPaaS.com stand-in, without a network between: what it sends is what is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.ipaas_com import IpaasCom

Record = dict[str, Any]


@dataclass
class Client:
    server: IpaasCom
    authorization: str = field(default="", repr=False)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        whole = ("ipaas-com", *(unquote(part) for part in path.split("/")))
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": self.authorization} if self.authorization else {}
        return self.server.answer(Call(method, whole, tuple(query.items()), headers, sent))

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status == 200, answer.body
        return read(answer)

    def post(self, path: str, body: Record) -> Any:
        answer = self.ask("POST", path, body)
        assert answer.status in (200, 201), answer.body
        return read(answer)

    def put(self, path: str, body: Record) -> Any:
        answer = self.ask("PUT", path, body)
        assert answer.status == 200, answer.body
        return read(answer)

    def customer(self, **more: Any) -> Any:
        return self.post("customers/v2/Customer", {"company": "Acme", **more})

    def look_up(self, api: str, table: str, external_id: str, system_id: int = 7001) -> Answer:
        body = {"table_name": table, "system_id": system_id, "external_id": external_id}
        return self.ask("POST", f"{api}/v2/External/LookupSpecial", body)


def connect(server: IpaasCom) -> Client:
    """With the API key, as the overview prints it."""
    return Client(server, server.settings.api_key)


def log_in(server: IpaasCom) -> Record:
    body = {"email_address": server.settings.email, "password": server.settings.password}
    document: Record = Client(server).post("sso/v2/Auth/Login", body)
    return document


def choose_company(server: IpaasCom, token: str) -> Record:
    company = server.settings.companies[0][0]
    document: Record = Client(server, f"Bearer {token}").get(f"sso/v2/User/ChangeCompany/{company}")
    return document


def stopped_server(**settings: Any) -> tuple[IpaasCom, SandboxClock]:
    """A stand-in whose time only moves when told."""
    clock = SandboxClock()
    clock.stop()
    return IpaasCom(clock=clock, **settings), clock


def read(answer: Answer) -> Any:
    return json.loads(answer.body, parse_float=Decimal)


def code(answer: Answer) -> str:
    """Of an error in its usual form."""
    assert answer.status >= 400, answer.body
    return answer.body.decode().partition(":")[0]


def linked(external_id: str, system_id: int = 7001) -> list[Record]:
    return [{"system_id": system_id, "external_id": external_id}]
