"""Settings from the environment, then from `.env` in the current folder; the environment wins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ipaas_dagster.errors import SettingsError

DEFAULT_BASE_URL = "https://api.instagaze.com/api/admin/"


@dataclass(frozen=True)
class Settings:
    """Everything that may differ between two installations. `environment` resolves presets' references."""

    base_url: str = DEFAULT_BASE_URL
    token: str | None = field(default=None, repr=False)
    state: Path = Path("data/state")
    config: Path = Path("data")
    hub_url: str = ""
    operations_url: str = ""
    landings_url: str = ""
    start_date: date = date(2026, 1, 1)
    lag_seconds: int = 120
    connections: int = 8
    page_size: int = 100
    lock_seconds: float = 600.0
    lease_seconds: float = 60.0
    """How long exclusive work is held without a sign of life, where operations is shared by several machines."""
    memory_limit: str = "190MB"
    hold_share: float = 0.20
    hold_records: int = 100
    hold_change_share: float = 0.50
    hold_change_records: int = 1000
    """More changes at once than both of these wait for a person before they go to a system."""
    retry_seconds: float = 300.0
    """How long one call is repeated through outages before the run stops."""
    patience_seconds: float = 90.0
    """How long one delivery waits in all for short back-offs and throttling, before the next run goes on."""
    ledger_days: int = 90
    bodies_days: int = 30
    """How long `ipaas prune` keeps calls, and the bodies of writes."""
    outbox_days: int | None = 365
    inbox_days: int | None = 30
    runs_days: int | None = 90
    """How long it keeps entries of the outbox that are settled, webhooks that are done, and Dagster's runs that are
    over; None: for ever."""
    landings_days: int | None = None
    """How long it keeps what the source answered; None: for ever."""
    webhook_bytes: int = 262_144
    """The largest body that `ipaas webhooks` takes."""
    webhook_ids: int = 50
    """So many records that webhooks named are asked for one by one; more than these are polled first."""
    executor: str = "in_process"
    """What executes the steps of Dagster's runs; its other choices are orchestration/executors.py's."""
    broker_url: str = field(default="", repr=False)
    results_url: str = field(default="", repr=False)
    """Celery's; without results_url, the broker keeps results too."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """System -> the Celery queue of its deliveries, where only some workers may make them."""
    stale_hours: int = 26
    """A collection without a successful pull for longer is a cause of an alert; `reconcile` reads each once a day."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def locks_folder(self) -> Path:
        return self.state / "locks"

    @property
    def dagster_home(self) -> Path:
        given = self.environment.get("DAGSTER_HOME")
        return Path(given) if given else self.state / "dagster"


def read_env_file(path: Path) -> dict[str, str]:
    """`NAME=value` lines; quotes around a value are taken off; `#` lines and blanks are skipped."""
    if not path.is_file():
        return {}
    values = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            values[name.strip()] = value.strip().strip("\"'")
    return values


def load(environment: Mapping[str, str] | None = None, env_file: Path | None = None) -> Settings:
    """Settings of this process. Raises SettingsError naming the variable that cannot be read."""
    given = dict(os.environ if environment is None else environment)
    env = {**read_env_file(env_file or Path(".env")), **given}
    state = Path(env.get("IPAAS_STATE") or "data/state").absolute()
    return Settings(
        base_url=(env.get("INSTAGAZE_BASE_URL") or DEFAULT_BASE_URL).rstrip("/") + "/",
        token=env.get("INSTAGAZE_TOKEN") or None,
        state=state,
        config=Path(env.get("IPAAS_CONFIG") or "data").absolute(),
        hub_url=env.get("IPAAS_HUB_URL") or f"duckdb:///{state}/ipaas.duckdb",
        operations_url=env.get("IPAAS_OPERATIONS_URL") or f"sqlite:///{state}/operations.db",
        landings_url=env.get("IPAAS_LANDINGS_URL") or f"file://{state}/landings",
        start_date=_date(env, "IPAAS_START_DATE", "2026-01-01"),
        lag_seconds=_whole(env, "IPAAS_LAG_SECONDS", 120, least=0),
        connections=_whole(env, "IPAAS_CONNECTIONS", 8, least=1),
        page_size=_whole(env, "IPAAS_PAGE_SIZE", 100, least=3),
        lock_seconds=float(_whole(env, "IPAAS_LOCK_SECONDS", 600, least=0)),
        lease_seconds=float(_whole(env, "IPAAS_LEASE_SECONDS", 60, least=1)),
        memory_limit=env.get("IPAAS_MEMORY_LIMIT") or "190MB",
        hold_share=_whole(env, "IPAAS_HOLD_PERCENT", 20, least=0) / 100,
        hold_records=_whole(env, "IPAAS_HOLD_RECORDS", 100, least=0),
        hold_change_share=_whole(env, "IPAAS_HOLD_CHANGE_PERCENT", 50, least=0) / 100,
        hold_change_records=_whole(env, "IPAAS_HOLD_CHANGE_RECORDS", 1000, least=0),
        retry_seconds=float(_whole(env, "IPAAS_RETRY_SECONDS", 300, least=0)),
        patience_seconds=float(_whole(env, "IPAAS_PATIENCE_SECONDS", 90, least=0)),
        ledger_days=_whole(env, "IPAAS_LEDGER_DAYS", 90, least=1),
        bodies_days=_whole(env, "IPAAS_BODIES_DAYS", 30, least=1),
        outbox_days=_whole(env, "IPAAS_OUTBOX_DAYS", 365, least=0) or None,
        inbox_days=_whole(env, "IPAAS_INBOX_DAYS", 30, least=0) or None,
        runs_days=_whole(env, "IPAAS_RUNS_DAYS", 90, least=0) or None,
        landings_days=_whole(env, "IPAAS_LANDINGS_DAYS", 0, least=0) or None,
        webhook_bytes=_whole(env, "IPAAS_WEBHOOK_BYTES", 262_144, least=1_024),
        webhook_ids=_whole(env, "IPAAS_WEBHOOK_IDS", 50, least=1),
        executor=env.get("IPAAS_EXECUTOR") or "in_process",
        broker_url=env.get("IPAAS_CELERY_BROKER_URL") or "",
        results_url=env.get("IPAAS_CELERY_RESULTS_URL") or "",
        queues=_pairs(env, "IPAAS_CELERY_QUEUES", "quickbooks=books,sql=near"),
        stale_hours=_whole(env, "IPAAS_STALE_HOURS", 26, least=1),
        environment=env,
    )


def _whole(env: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = env.get(name)
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        raise SettingsError(f"{name}={text!r} is not a whole number; set it to {least} or more") from None
    if value < least:
        raise SettingsError(f"{name}={value} is too small; set it to {least} or more")
    return value


def _pairs(env: Mapping[str, str], name: str, example: str) -> dict[str, str]:
    pairs = {}
    for pair in filter(None, (env.get(name) or "").replace(" ", "").split(",")):
        key, separator, value = pair.partition("=")
        if not (key and separator and value):
            raise SettingsError(f"{name}: {pair!r} is no pair; write it as {example}")
        pairs[key] = value
    return pairs


def _date(env: Mapping[str, str], name: str, default: str) -> date:
    text = env.get(name) or default
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name}={text!r} is not a day; write it as 2026-01-31") from None
