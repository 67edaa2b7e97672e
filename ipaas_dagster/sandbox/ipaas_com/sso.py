"""Signing in: a user, then one of the user's companies; refreshing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipaas_dagster.sandbox.exchange import Answer, Call
from ipaas_dagster.sandbox.ipaas_com.answers import success
from ipaas_dagster.sandbox.ipaas_com.external_calls import body_of
from ipaas_dagster.sandbox.ipaas_com.problems import no_resource, not_found
from ipaas_dagster.sandbox.ipaas_com.tokens import USER_ID

if TYPE_CHECKING:
    from ipaas_dagster.sandbox.ipaas_com.state import IpaasCom


def respond(server: IpaasCom, call: Call, rest: tuple[str, ...]) -> Answer:
    """`rest` is the path below v2."""
    now, header = server.clock.now(), call.headers.get("authorization", "")
    if call.method == "POST" and rest == ("Auth", "Login"):
        return success(server.tokens.log_in(body_of(call), server.settings, now))
    if call.method == "POST" and rest == ("Auth", "Refresh"):
        return success(server.tokens.refreshed(body_of(call), server.settings, now))
    if call.method == "GET" and len(rest) == 3 and rest[0] == "User":
        token = server.tokens.user(header, server.settings, now)
        if rest[2] == "Companies":
            return success(_companies(server, rest[1]))
        if rest[1] == "ChangeCompany":
            return success(server.tokens.change_company(token, rest[2], server.settings, now))
    raise no_resource()


def _companies(server: IpaasCom, user: str) -> list[dict[str, Any]]:
    if user.lower() != USER_ID:
        raise not_found(f"User {user}")
    return [{"id": number, "name": name, "designations": ["Subscriber"]} for number, name in server.settings.companies]
