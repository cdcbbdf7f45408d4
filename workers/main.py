"""The worker process: a pump that polls PostgreSQL every second, and arq on Redis that makes it faster.

Every job is claimed in PostgreSQL before it runs, so it does not matter which of the two noticed it first. With Redis
away the pump alone runs all jobs; when Redis comes back arq joins in again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from arq.worker import Worker, func
from redis.exceptions import RedisError

from app.queue import notifier
from app.runtime import WORKER_STATEMENT_TIMEOUT_MS, Runtime, open_runtime
from app.settings import Settings
from app.telemetry import configure_logging
from workers import chores
from workers.executor import Executor
from workers.liveness import Liveness

PUMP_SECONDS = 1.0
NOTIFICATIONS_AT_ONCE = 10
RECONNECT_SECONDS = 2.0
GRACE_SECONDS = 4.0
"""Seconds that running jobs get when the process is told to stop; then their leases are released."""
log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT."""
    configure_logging(settings.log_level, as_json=settings.log_json)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    listener = socket.create_server((settings.host, settings.worker_port)) if settings.worker_port else None
    name = f"{socket.gethostname()}:{os.getpid()}"
    async with open_runtime(
        settings, name="modelyard worker", statement_timeout_ms=WORKER_STATEMENT_TIMEOUT_MS
    ) as runtime:
        await work(runtime, name, stop, listener)


async def work(runtime: Runtime, name: str, stop: asyncio.Event, listener: socket.socket | None = None) -> None:
    """Run pump, notifications and chores until ``stop`` is set, then let running jobs end or release them.

    Probes are answered on the listening socket, where there is one.
    """
    executor, liveness = Executor(runtime, name), Liveness()
    log.info("worker.started", worker=name)
    tasks = [
        asyncio.create_task(_pump(executor, liveness)),
        asyncio.create_task(_listen(runtime, executor)),
        asyncio.create_task(chores.run(runtime)),
    ]
    if listener is not None:
        from workers import probe  # noqa: PLC0415 - a worker without a port needs no web server

        tasks.append(asyncio.create_task(probe.serve(runtime, liveness, listener)))
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await executor.drain(GRACE_SECONDS)
    log.info("worker.stopped", worker=name)


async def _pump(executor: Executor, liveness: Liveness) -> None:
    """Look for due jobs every second, whatever Redis says; sooner when a slot becomes free."""
    while True:
        try:
            await executor.pump()
            liveness.beat()
        except Exception as error:  # noqa: BLE001 - the loop must outlive a database that is away
            log.warning("pump.failed", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(executor.look.wait(), PUMP_SECONDS)
        executor.look.clear()


async def _listen(runtime: Runtime, executor: Executor) -> None:
    """Run at once what Redis announces. arq ends when Redis goes away; then begin anew."""

    async def on_notification(ctx: dict[Any, Any], *arguments: Any, **_named: Any) -> None:  # noqa: ARG001 - the name is arq's
        await executor.notice(UUID(arguments[0]))

    while True:
        worker = Worker(
            functions=[func(on_notification, name=notifier.RUN, max_tries=1_000_000, keep_result=0)],
            queue_name=notifier.QUEUE,
            redis_settings=notifier.redis_settings(runtime.settings.redis_url),
            job_serializer=notifier.serialize,
            job_deserializer=notifier.deserialize,
            handle_signals=False,
            keep_result=0,
            max_jobs=NOTIFICATIONS_AT_ONCE,
            # Ends only the look at a job; the job itself lives by its lease in PostgreSQL.
            job_timeout=60,
            poll_delay=0.2,
            health_check_interval=60,
        )
        try:
            await worker.async_run()
        except (TimeoutError, RedisError, OSError) as error:
            log.warning("notifications.lost", error=type(error).__name__)
        finally:
            with suppress(RedisError, OSError, asyncio.TimeoutError):
                await worker.close()
        await asyncio.sleep(RECONNECT_SECONDS)
