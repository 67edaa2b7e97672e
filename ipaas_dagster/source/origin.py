"""Where a state folder's records came from: the demo's sandbox and a real source must never meet in one hub."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ipaas_dagster.errors import SettingsError, UsageError
from ipaas_dagster.settings import DEFAULT_BASE_URL, Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ipaas_dagster.project import Project

ORIGIN_MARK = "source_origin"


def require_token(settings: Settings) -> None:
    """Instagaze itself answers nobody without a token. Raises SettingsError before anything is asked."""
    if settings.token is None and _host(settings.base_url) == _host(DEFAULT_BASE_URL):
        raise SettingsError(
            "INSTAGAZE_TOKEN is not set: put it into the environment or .env (without an account of your own, "
            "`make demo` and `ipaas sandbox` show everything)"
        )


def require_same_origin(project: Project) -> None:
    """Raises UsageError where the state was filled from this machine's own sandbox and the source is now another
    one, or the other way round. Ports of this machine, and other hosts than it, may change."""
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import marks as t

    with project.operations.read() as connection:
        before = connection.scalar(select(t.c.value).where(t.c.name == ORIGIN_MARK))
    host = _host(project.settings.base_url)
    if before is not None and is_loopback(str(before)) != is_loopback(host):
        raise UsageError(
            f"the state folder {project.settings.state} was filled from {before}, and INSTAGAZE_BASE_URL is now at "
            f"{host}: records of a sandbox and of a real source do not mix. Set IPAAS_STATE to another folder"
        )


def note_origin(connection: Connection, project: Project) -> None:
    """Remember where the first landing came from, in the caller's transaction."""
    from ipaas_dagster.operations.put import put_new
    from ipaas_dagster.operations.tables import marks

    host = _host(project.settings.base_url)
    put_new(connection, marks, name=ORIGIN_MARK, value=host, updated_at=project.clock())


def is_loopback(host: str) -> bool:
    """Whether the host is this very machine by its name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host(base_url: str) -> str:
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:
        return ""
