"""Secrets in every place from which one could come: the source's records, our own credentials, what systems hand out,
and answers that repeat what they were sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from ipaas_dagster.sandbox import Sandbox
from ipaas_dagster.sandbox.exchange import Answer, Call, StandIn

CARDS = ("4111111111111111", "5500 0055 5555 5559", "3782-822463-10005", "6011.0009.9013.9424")
_HANDED_OUT = re.compile(
    rb'"(?:access_token|refresh_token|token)"\s*:\s*"([^"]{12,})"|<sessionid>([^<]{8,})<', re.IGNORECASE
)
_HEADERS = ("authorization", "x-api-key", "systemid")
ECHO_EVERY = 4


@dataclass
class Planted:
    """Name -> value of all that must be nowhere."""

    secrets: dict[str, str] = field(default_factory=dict)
    echoed: int = 0

    def add(self, name: str, value: str) -> str:
        self.secrets[name] = value
        return value

    def in_environment(self, environment: dict[str, str]) -> None:
        for name, value in environment.items():
            if re.search(r"SECRET|PASSWORD|TOKEN$|_KEY$", name) and len(value) >= 8:
                self.add(name, value)

    def in_source(self, sandbox: Sandbox) -> None:
        """Passwords of other systems in reference records, and cards wherever people write them."""
        source = sandbox.instagaze
        for name in ("pipelines", "integrations", "salesforce_instances", "intacct_instances", "gateways"):
            if source.truth(name):
                record = dict(source.truth(name)[0])
                record |= {field: self.add(f"{name}.{field}", f'Pä"{name}/{field}+&%7') for field in _FIELDS}
                inside = self.add(f"{name} in JSON", f"inner {name} pass'word")
                record["settings"] = f'{{"user": "u", "password": "{inside}"}}'
                record["endpoint"] = f"https://user:{self.add(f'{name} in a URL', f'url-{name}-pw-918273')}@host/x"
                source.put(name, record)
        ids = source.usable_ids("accounts")
        for number, card in enumerate(CARDS):
            self.add(f"card {number}", card)
            self.add(f"card {number}, digits", re.sub(r"\D", "", card))
            source.change("accounts", ids[number % len(ids)], {"account_name": f"Pay with {card}, thanks"})
        for number in source.usable_ids("transactions"):
            method = dict((source.record("transactions", number) or {}).get("method") or {})
            method |= {"card_number": self.add(f"card of {number}", "4242424242424242")}
            method |= {"card_fingerprint": self.add(f"fingerprint of {number}", f"fp-{number}-0123456789abcdef")}
            method |= {"saved_card_id": self.add(f"saved card of {number}", f"card_saved_{number}_xyz")}
            source.change("transactions", number, {"method": method, "charge_message": f"Declined: {CARDS[0]}"})

    @contextmanager
    def overheard(self, stand_ins: tuple[StandIn, ...]) -> Iterator[None]:
        """Every credential that goes over the wire is noted; each fourth write is refused with all that it said."""
        patches = [patch.object(_real(one), "answer", self._between(_real(one))) for one in stand_ins]
        for one in patches:
            one.start()
        try:
            yield
        finally:
            for one in patches:
                one.stop()

    def _between(self, stand_in: Any) -> Any:
        real, counted = stand_in.answer, [0]

        def answer(call: Call) -> Answer:
            credentials = [call.headers[name] for name in _HEADERS if name in call.headers]
            for given in credentials:
                if len(value := given.rpartition(" ")[2]) >= 12:
                    self.add(f"a credential of {stand_in.name}", value)
                    self.secrets[f"a credential of {stand_in.name} {hash(value)}"] = value
            found = real(call)
            for groups in _HANDED_OUT.findall(found.body):
                value = b"".join(groups).decode()
                self.secrets[f"handed out by {stand_in.name} {hash(value)}"] = value
            writes = call.method in ("POST", "PATCH", "PUT") and not re.search("token|oauth|login", "/".join(call.path))
            counted[0] += writes
            if writes and counted[0] % ECHO_EVERY == 0 and b"<password>" not in found.body:
                self.echoed += 1
                said = "; ".join(f"{name}: {value}" for name, value in call.headers.items())
                text = f"refused; you sent {said} and {call.body[:2000].decode(errors='replace')}"
                return Answer(400, text.encode(), {}, "text/plain")
            return found

        return answer


_FIELDS = ("password", "api_key", "client_secret", "accessToken")


def _real(one: StandIn) -> Any:
    return getattr(one, "stand_in", one)
