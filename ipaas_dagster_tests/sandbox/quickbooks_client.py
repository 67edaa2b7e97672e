"""A plain client of the QuickBooks stand-in, without a network between: what it sends is what is answered."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ipaas_dagster.sandbox.clock import SandboxClock
from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.quickbooks import QuickBooks

Record = dict[str, Any]
UNLIMITED = {"requests_per_second": None, "requests_per_minute": None, "batches_per_minute": None}


@dataclass
class Client:
    """One connected client. `ask` gives the answer as it is, the others what is in it."""

    server: QuickBooks
    accept: str = "application/json"
    access: str = field(default="", repr=False)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Answer:
        whole = ("v3", "company", self.server.settings.realm_id, *path.split("/"))
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.access}", "accept": self.accept}
        return self.server.answer(Call(method, whole, tuple(query.items()), headers, sent))

    def post(self, path: str, body: Any, **query: str) -> Record:
        """What was written."""
        answer = self.ask("POST", path, body, **query)
        assert answer.status == 200, answer.body
        document: Record = read(answer)
        return next(value for name, value in document.items() if name != "time")

    def get(self, path: str) -> Record:
        return next(value for name, value in read(self.ask("GET", path)).items() if name != "time")

    def query(self, text: str) -> Record:
        answer = self.ask("GET", "query", query=text)
        assert answer.status == 200, answer.body
        found: Record = read(answer)["QueryResponse"]
        return found

    def refused(self, path: str, body: Any, **query: str) -> Record:
        """The error of a write that is refused."""
        return error(self.ask("POST", path, body, **query))

    def batch(self, *items: Record, **query: str) -> list[Record]:
        named = [{"bId": str(number), **item} for number, item in enumerate(items)]
        done: list[Record] = self.post("batch", {"BatchItemRequest": named}, **query)  # type: ignore[assignment]
        return done

    def customer(self, name: str = "Acme", **more: Any) -> Record:
        return self.post("customer", {"DisplayName": name, **more})

    def item(self, name: str = "Plan", **more: Any) -> Record:
        return self.post("item", {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": "1"}, **more})


def connect(server: QuickBooks) -> Client:
    """A client with a fresh access token, from the first refresh token."""
    client = Client(server)
    client.access = read(refresh(server, server.settings.refresh_token))["access_token"]
    return client


def refresh(server: QuickBooks, token: str, secret: str | None = None) -> Answer:
    secret = server.settings.client_secret if secret is None else secret
    basic = b64encode(f"{server.settings.client_id}:{secret}".encode()).decode()
    body = f"grant_type=refresh_token&refresh_token={token}".encode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
    return server.answer(Call("POST", ("oauth2", "v1", "tokens", "bearer"), (), headers, body))


def stopped_server(**settings: Any) -> tuple[QuickBooks, SandboxClock]:
    """A stand-in whose time only moves when told, without limits unless they are given."""
    clock = SandboxClock()
    clock.stop()
    return QuickBooks(clock=clock, **{**UNLIMITED, **settings}), clock


def read(answer: Answer) -> Record:
    document: Record = json.loads(answer.body, parse_float=Decimal)
    return document


def error(answer: Answer) -> Record:
    assert answer.status == 400, answer.body
    found: Record = read(answer)["Fault"]["Error"][0]
    return found


def line(item: Record, quantity: Any = 1, price: Any = 10, amount: Any = None) -> Record:
    worth = round(float(Decimal(str(quantity)) * Decimal(str(price))), 2) if amount is None else amount
    detail = {"ItemRef": {"value": item["Id"]}, "Qty": quantity, "UnitPrice": price}
    return {"DetailType": "SalesItemLineDetail", "Amount": worth, "SalesItemLineDetail": detail}


def invoice(customer: Record, *lines: Record, **more: Any) -> Record:
    return {"CustomerRef": {"value": customer["Id"]}, "Line": list(lines), **more}


def payment(customer: Record, total: Any, applied: dict[str, Any] | None = None, **more: Any) -> Record:
    """`applied` is amounts by the invoice's id."""
    links = applied or {}
    lines = [{"Amount": worth, "LinkedTxn": [{"TxnId": one, "TxnType": "Invoice"}]} for one, worth in links.items()]
    return {"CustomerRef": {"value": customer["Id"]}, "TotalAmt": total, "Line": lines, **more}
