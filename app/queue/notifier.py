"""Notifies workers through Redis that a job is queued. A lost notification costs a second, never a job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from prometheus_client import Counter
from redis.exceptions import RedisError

from app.errors import StorageFull, Unavailable

QUEUE = "modelyard:jobs"
RUN = "run"
"""The one function that workers register with arq; which job it runs stands in PostgreSQL."""
NOTIFY_SECONDS = 0.2
_FAILURES = Counter(
    "modelyard_bell_failures_total", "Jobs that could not be announced through Redis; workers poll anyway."
)
log = structlog.get_logger()


def serialize(value: dict[str, Any]) -> bytes:
    """JSON, never pickle: a client that can write to Redis must not run code in a worker."""
    return orjson.dumps(value, default=str)


def deserialize(data: bytes) -> dict[str, Any]:
    """The inverse of :func:`serialize`."""
    value: dict[str, Any] = orjson.loads(data)
    return value


def redis_settings(url: str) -> RedisSettings:
    """Arq's settings for an address; fails fast, since polling does without notifications."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 1
    settings.conn_retries = 0
    return settings


class Notifier:
    """The producer's side of arq; connects at first use and again after every failure."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url)
        self._pool: ArqRedis | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def announce(self, jobs: Sequence[UUID]) -> None:
        """Notify workers of jobs in the background; returns at once."""
        task = asyncio.get_running_loop().create_task(self.notify(jobs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def notify(self, jobs: Sequence[UUID]) -> None:
        """Notify workers of jobs. Never fails and takes at most a fifth of a second."""
        try:
            async with asyncio.timeout(NOTIFY_SECONDS):
                pool = await self._connected()
                for job_id in jobs:
                    await pool.enqueue_job(RUN, str(job_id), _queue_name=QUEUE)
        except (RedisError, OSError, TimeoutError) as error:
            _FAILURES.inc()
            log.warning("notifier.failed", error=type(error).__name__)

    async def ping(self) -> None:
        """Check that Redis answers.

        Raises:
            Unavailable: it did not within a second.
            StorageFull: it cannot write its log, and refuses all writes until it can.
        """
        try:
            async with asyncio.timeout(1):
                await (await self._connected()).ping()
        except (RedisError, OSError, TimeoutError) as error:
            if "MISCONF" in str(error):  # its answer to every write, and to PING, while its log cannot be written
                raise StorageFull("The disk of Redis is full; workers poll for jobs without it.") from error
            raise Unavailable("Redis cannot be reached at the moment.") from error

    async def close(self) -> None:
        """Finish what is being sent, and disconnect."""
        await asyncio.gather(*self._tasks)
        if self._pool is not None:
            await self._pool.aclose()

    async def _connected(self) -> ArqRedis:
        async with self._lock:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=serialize, job_deserializer=deserialize, default_queue_name=QUEUE
                )
            return self._pool
