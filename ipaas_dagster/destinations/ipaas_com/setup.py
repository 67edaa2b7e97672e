"""What `ipaas check` looks at: who signs in, whether the subscription and every API are there, and the queue view."""

from __future__ import annotations

from collections.abc import Iterable

from ipaas_dagster.destinations.base import Paused, Throttled, Unreachable
from ipaas_dagster.destinations.ipaas_com.api import Api
from ipaas_dagster.destinations.ipaas_com.objects import BY_NAME, PAYMENT, TRANSACTION, Object


def check(api: Api, objects: Iterable[str]) -> str:
    """Raises Unreachable, naming the preset's field to look at."""
    account = api.account
    try:
        found = _subscription(api)
        counts = [_counted(api, name) for name in _distinct(objects)]
        queue = events(api)
    except (Throttled, Paused) as problem:
        raise Unreachable(f"{account.system}: {problem}") from None
    signed = "the API key" if account.api_key else "a user"
    return "; ".join([f"{found}, signed in with {signed}", *counts, queue])


def events(api: Api) -> str:
    """The queue view, `subscriptions/v2/Events`. That it is absent is normal."""
    answered = api.page("subscriptions", "Events", pageNumber="1", pageSize="1")
    if answered is None:
        return "it shows no queue of events"
    listed, total = answered
    count = "at least 1" if total is None and listed else f"{total or 0:,}"
    return f"{count} events in its queue view"


def _subscription(api: Api) -> str:
    account = api.account
    found = api.document(api.path("subscriptions", f"Subscription/{account.system_id}"))
    if found is None:
        raise Unreachable(
            f"{account.system}: it has no subscription {account.system_id}; look at its preset's fields system_id, "
            "company_id and subscriptions_path"
        )
    name = found.get("name") if isinstance(found, dict) else None
    return f"subscription {account.system_id}{f' ({name})' if name else ''}"


def _distinct(names: Iterable[str]) -> list[Object]:
    return list(dict.fromkeys(TRANSACTION if name == PAYMENT else BY_NAME[name] for name in names))


def _counted(api: Api, object_: Object) -> str:
    answered = api.page(object_.api, object_.many, pageNumber="1", pageSize="1")
    if answered is None:
        field = f"{object_.api}_path"
        raise Unreachable(f"{api.account.system}: {object_.api} is not there (404); look at its preset's field {field}")
    _, total = answered
    return f"{object_.name} readable" if total is None else f"{total:,} of {object_.name}"
