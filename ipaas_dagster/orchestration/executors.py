"""What executes the steps of a run, by IPAAS_EXECUTOR; assets, jobs, schedules and sensors are the same with each.

in_process    all steps in the run's own process: one machine
celery        each step on any of the workers (celery_app): several machines
kubernetes    each step in a pod of its own
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from ipaas_dagster.errors import SettingsError
from ipaas_dagster.settings import Settings

TAKEN_UP_AFTER = 60
"""Seconds after the last sign of life of a worker's machine, until another worker takes up its steps."""
LOOK_SECONDS = 10
"""How often workers look for steps of the dead, and say that their own are alive."""


def executor(settings: Settings) -> dg.ExecutorDefinition:
    """Raises SettingsError where the choice is unknown, or something that it needs is missing."""
    choice = EXECUTORS.get(settings.executor)
    if choice is None:
        raise SettingsError(f"IPAAS_EXECUTOR={settings.executor!r} is unknown; set it to {', '.join(EXECUTORS)}")
    return choice(settings)


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Broker, results and behaviour, alike for workers and for the runs that give them steps. Redis has no
    acknowledgement of its own: a message that nobody renews for TAKEN_UP_AFTER seconds goes to another worker."""
    if not settings.broker_url:
        raise SettingsError("IPAAS_EXECUTOR=celery needs IPAAS_CELERY_BROKER_URL, such as redis://localhost:6379/0")
    return {
        "broker": settings.broker_url,
        "backend": settings.results_url or settings.broker_url,
        "config_source": {
            "task_acks_late": True,  # a step is done when it has ended, not when it has begun
            "task_reject_on_worker_lost": True,  # a killed process of a living worker: its step is queued again
            "worker_prefetch_multiplier": 1,  # nobody keeps steps that another could begin
            "worker_deduplicate_successful_tasks": True,  # a step whose result is there is not executed again
            "broker_connection_retry_on_startup": True,
            "broker_transport_options": {
                "visibility_timeout": TAKEN_UP_AFTER,
                "unacked_restore_interval": LOOK_SECONDS,
                "unacked_restore_throttle": 1,
            },
        },
    }


def queue_of(settings: Settings, system: str) -> dict[str, str]:
    """The tags by which whatever calls a system goes to the workers of its queue; none: to any."""
    queue = settings.queues.get(system)
    return {} if queue is None else {"dagster-celery/queue": queue}


def _in_process(_settings: Settings) -> dg.ExecutorDefinition:
    return dg.in_process_executor  # a run costs 5-7 s; one process per step would cost 10-17 s


def _celery(settings: Settings) -> dg.ExecutorDefinition:
    try:
        from dagster_celery import celery_executor
    except ImportError as error:
        raise SettingsError(f"IPAAS_EXECUTOR=celery needs another package ({error}): {_install('celery')}") from None
    given = celery_settings(settings)
    given["broker"] = _by_name("IPAAS_CELERY_BROKER_URL")
    given["backend"] = _by_name("IPAAS_CELERY_RESULTS_URL") if settings.results_url else given["broker"]
    configured: dg.ExecutorDefinition = celery_executor.configured(given, name="celery")
    return configured


def _kubernetes(_settings: Settings) -> dg.ExecutorDefinition:
    try:
        from dagster_k8s import k8s_job_executor
    except ImportError as error:
        raise SettingsError(
            f"IPAAS_EXECUTOR=kubernetes needs another package ({error}): {_install('kubernetes')}"
        ) from None
    chosen: dg.ExecutorDefinition = k8s_job_executor
    return chosen


EXECUTORS: Mapping[str, Callable[[Settings], dg.ExecutorDefinition]] = {
    "in_process": _in_process,
    "celery": _celery,
    "kubernetes": _kubernetes,
}


def _by_name(variable: str) -> dict[str, str]:
    """By reference, since a URL may hold a password, and configuration is shown and stored."""
    if variable not in os.environ:
        raise SettingsError(f"{variable} must be in the environment of Dagster's processes, not only in .env")
    return {"env": variable}


def _install(extra: str) -> str:
    return f"pip install 'ipaas_dagster[{extra}]'"
