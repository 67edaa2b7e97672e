"""Redis gives a message to another worker when its time is over, whether or not the first one lives. So a living worker
renews what it works on: the time can be short, and a step may be long."""

from time import time
from typing import Any

from celery.bootsteps import StartStopStep
from celery.worker import state
from celery.worker.consumer.tasks import Tasks

from ipaas_dagster.orchestration.executors import LOOK_SECONDS


class StaysAlive(StartStopStep):  # type: ignore[misc]
    """Part of a worker's consumer; runs in the worker's own process, not in those that execute steps."""

    requires = (Tasks,)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._timer: Any = None

    def start(self, consumer: Any) -> None:
        if consumer.connection.transport.driver_type == "redis":  # other brokers notice a lost connection themselves
            self._timer = consumer.timer.call_repeatedly(LOOK_SECONDS, renew)

    def stop(self, consumer: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def renew() -> None:
    """Say of every step of this worker that it is still being worked on; what was taken away stays so."""
    for request in list(state.reserved_requests):
        channel = request.message.channel
        with channel.conn_or_acquire() as client:
            client.zadd(channel.qos.unacked_index_key, {request.message.delivery_tag: time()}, xx=True)
