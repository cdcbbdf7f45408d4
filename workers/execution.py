"""Runs one job: claim, heartbeat, work, finish; and hands it back when the process must stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

import structlog
from prometheus_client import Counter

from app import faults
from app.errors import ModelyardError
from app.queue import leases
from app.queue.jobs import decode
from app.queue.leases import Lease
from app.runtime import Runtime
from workers.handlers import HANDLERS

FINISHED = Counter("modelyard_jobs_total", "Background jobs by kind and how an attempt ended.", ["kind", "outcome"])
log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker has the job now; nothing more may be written for it."""


class Executor:
    """The jobs that this process runs at the moment."""

    def __init__(self, runtime: Runtime, name: str, limit: int) -> None:
        self._runtime = runtime
        self._name = name
        self._limit = limit
        self._running: dict[UUID, asyncio.Task[None]] = {}

    @property
    def free(self) -> int:
        """How many more jobs may start."""
        return max(self._limit - len(self._running), 0)

    def start(self, job_id: UUID) -> asyncio.Task[None]:
        """Run the job in the background, unless it runs here already."""
        task = self._running.get(job_id)
        if task is None:
            task = asyncio.create_task(execute(self._runtime, job_id, self._name))
            self._running[job_id] = task
            task.add_done_callback(lambda _: self._running.pop(job_id, None))
        return task

    async def run(self, job_id: UUID) -> None:
        """Run the job and wait for its end; being cancelled does not cancel the job.

        With all places taken it is left to whoever has a place: the pump finds it again.
        """
        if self.free or job_id in self._running:
            await asyncio.wait([self.start(job_id)])

    async def drain(self, grace: float) -> None:
        """Wait for running jobs, then cancel the rest: each hands itself back."""
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def execute(runtime: Runtime, job_id: UUID, worker: str) -> None:
    """Claim the job and run it to an end: succeeded, queued again, dead, or handed back."""
    lease = await leases.claim(runtime.db, job_id, worker)
    if lease is None:
        return
    heartbeat = asyncio.create_task(_beat(runtime, lease, asyncio.current_task()))
    try:
        outcome = await _attempt(runtime, lease)
    except asyncio.CancelledError:
        with suppress(ModelyardError):
            await leases.hand_back(runtime.db, lease)
        outcome = "handed back"
        raise
    finally:
        heartbeat.cancel()
    FINISHED.labels(lease.job.kind, outcome).inc()
    log.info("job.ended", job=str(job_id), kind=lease.job.kind, outcome=outcome, attempt=lease.job.attempt)


async def _attempt(runtime: Runtime, lease: Lease) -> str:
    job = lease.job

    async def progress(done: int, total: int | None) -> None:
        if not await leases.report(runtime.db, lease, done, total):
            raise LeaseLost

    try:
        await faults.point("job.claimed")
        await HANDLERS[job.kind](runtime, decode(job.kind, job.payload), progress)
    except LeaseLost:
        return "lost"
    except Exception as error:
        log.warning("job.failed", job=str(job.id), kind=job.kind, attempt=job.attempt, exc_info=True)
        reason = error.message if isinstance(error, ModelyardError) else f"{type(error).__name__}: {error}"
        await leases.fail(runtime.db, lease, reason)
        return "failed"
    await faults.point("job.done")
    return "succeeded" if await leases.succeed(runtime.db, lease) else "lost"


async def _beat(runtime: Runtime, lease: Lease, owner: asyncio.Task[None] | None) -> None:
    """Keep the lease; when it is lost, stop the work at once."""
    while True:
        await asyncio.sleep(leases.HEARTBEAT_SECONDS)
        with suppress(ModelyardError):
            if not await leases.renew(runtime.db, lease):
                if owner is not None:
                    owner.cancel()
                return
