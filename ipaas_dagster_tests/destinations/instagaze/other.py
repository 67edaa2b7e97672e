"""A portal of another hand than the sandbox: a few lines over the standard library, of what the document says and no
more, in forms that the sandbox does not use. It keeps ids as text, clamps pages, knows no filter, gives bare lists or
wrong counts, makes new contacts of every change, and can lose the answer to what it did.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NAMES = ("accounts", "products", "invoices", "subscriptions")
WRITTEN = {
    "accounts": "account_name account_owner account_owner_email invoice_prefix billing_address account_number "
    "autopay_only contacts",
    "products": "product_name product_description price product_code product_quantity currency tax_code "
    "tax_description",
    "invoices": "account_id number products currency price quantity net_amount discount tax total payment_due_date "
    "forgiven paid",
    "subscriptions": "account_id product_id quantity currency price discount net_amount tax total "
    "contract_start_date contract_end_date billing_frequency",
}
CURRENCIES = {"$": {"id": 1, "name": "USD", "prefix": "$"}, "€": {"id": 2, "name": "EUR", "prefix": "€"}}
Record = dict[str, Any]


@dataclass
class OtherPortal:
    """`loses`: the share of writes that are done and not answered. `deaf`: fields that it takes and does not keep."""

    token: str = "other-token"
    loses: float = 0.0
    page: int = 7
    bare: bool = False
    texts: bool = True
    """Ids are text, currencies objects, lines text in what it answers."""
    patch_says: bool = False
    deaf: frozenset[str] = frozenset()
    records: dict[str, dict[int, Record]] = field(default_factory=lambda: {name: {} for name in NAMES})
    log: list[tuple[str, str, bytes]] = field(default_factory=list)
    dice: random.Random = field(default_factory=lambda: random.Random(3))
    lost: int = 0
    url: str = ""
    lock: Any = field(default_factory=threading.RLock)

    @property
    def environment(self) -> dict[str, str]:
        return {"INSTAGAZE_B_BASE_URL": self.url, "INSTAGAZE_B_TOKEN": self.token}

    def truth(self, name: str) -> list[Record]:
        with self.lock:
            return [dict(record) for record in self.records[name].values()]

    def wrote(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in self.log if method != "GET"]

    def answer(self, method: str, target: str, body: bytes, authorization: str) -> tuple[int, Any]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        name, _, number = path.removeprefix("/gateway/api/admin/").partition("/")
        with self.lock:
            self.log.append((method, path, body))
            if authorization != f"Bearer {self.token}":
                return 401, {"type": "authentication_error", "message": "who are you?"}
            if name not in NAMES or (number and not number.isdigit()):
                return 404, {"type": "invalid_request_error", "message": "no such address"}
            if not number:
                return self._list(name, query) if method == "GET" else self._post(name, json.loads(body))
            return self._one(method, name, int(number), body)

    def _list(self, name: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        """`modified` is not heeded; the count is that of the page."""
        offset, limit = (int(query.get(word, [default])[0]) for word, default in (("offset", "0"), ("limit", "7")))
        shown = [self._shown(one) for one in self.records[name].values()][offset : offset + min(limit, self.page)]
        return 200, shown if self.bare else {"results": shown}

    def _one(self, method: str, name: str, number: int, body: bytes) -> tuple[int, Any]:
        there = self.records[name]
        if (method == "GET" and name == "invoices") or (method == "PATCH" and name == "subscriptions"):
            return 405, {"type": "invalid_request_error", "message": "not that way"}
        if number not in there:
            return 404, {"type": "invalid_request_error", "message": "it is not there"}
        if method == "DELETE":
            del there[number]
            return 204, None
        if method == "PATCH":
            given = json.loads(body)
            if name == "invoices" and not isinstance(given["products"], str):
                return 400, {"type": "invalid_request_error", "message": "products must be text", "param": "products"}
            wrong = self._keep(name, number, given)
            return wrong or ((200, self._shown(there[number])) if self.patch_says else (204, None))
        found = self._shown(there[number])
        return 200, {"count": 1, "results": [found]} if name == "subscriptions" else found

    def _post(self, name: str, given: Record) -> tuple[int, Any]:
        number = max(self.records[name], default=500) + 1
        return self._keep(name, number, given) or (200, self._shown(self.records[name][number]))

    def _keep(self, name: str, number: int, given: Record) -> tuple[int, Any] | None:
        for word in given:
            if word not in WRITTEN[name].split():
                return 422, {"type": "invalid_request_error", "message": f"{word} cannot be written", "param": word}
        for word, of in (("account_id", "accounts"), ("product_id", "products")):
            if word in given and given[word] not in self.records[of]:
                return 422, {"type": "invalid_request_error", "message": f"no {of} {given[word]}", "param": word}
        heard = {word: value for word, value in given.items() if word not in self.deaf}
        made = {**self.records[name].get(number, {"id": number, "portal_id": 9, "is_active": True}), **heard}
        if isinstance(made.get("products"), str):
            made["products"] = json.loads(made["products"])
        if name == "accounts":
            people = [{"id": number * 100 + n, "is_deleted": False, **one} for n, one in enumerate(made["contacts"])]
            made["contacts"] = people
        self.records[name][number] = made
        return None

    def _shown(self, record: Record) -> Record:
        if not self.texts:
            return record
        shown = {**record, "id": str(record["id"])}
        for word in ("account_id", "product_id"):
            if word in shown:
                shown[word] = str(shown[word])
        if "currency" in shown:
            shown["currency"] = CURRENCIES.get(shown["currency"], shown["currency"])
        if "products" in shown:
            shown["products"] = json.dumps(shown["products"])
        return shown


@contextmanager
def other_portal(**settings: Any) -> Iterator[OtherPortal]:
    portal = OtherPortal(**settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, answer = portal.answer(self.command, self.path, body, self.headers.get("authorization", ""))
            if self.command != "GET" and portal.dice.random() < portal.loses:
                portal.lost += 1
                self.close_connection = True
                return
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _handle

        def log_message(self, *words: Any) -> None:
            """Nothing: a test's output is its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    portal.url = f"http://127.0.0.1:{server.server_address[1]}/gateway/api/admin/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
