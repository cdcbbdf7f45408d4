"""Runs jobs: claim, renew the lease, work, finish; and releases them when the process must stop.

For example, a worker has 20 slots for deliveries and 2 for purges. ``pump`` reads at most 22 due jobs, claims each in
PostgreSQL and runs it. Forty deliveries to a receiver that hangs leave 20 queued, and a purge starts at once in its own
slot. The lease is renewed every 10 of its 30 seconds; when it is lost, the work ends within one renewal.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from errno import EDQUOT, ENOSPC
from uuid import UUID

import structlog
from prometheus_client import Counter as Count

from app import faults
from app.db import change_context
from app.db.change_context import ChangeContext
from app.errors import ModelyardError, StorageFull, Unavailable
from app.queue import leases, round_robin
from app.queue.jobs import Rule, decode, rule_of
from app.queue.leases import Lease
from app.queue.round_robin import RoundRobin
from app.runtime import Runtime
from workers.handlers import HANDLERS

FINISHED = Count("modelyard_jobs_total", "Background jobs by kind and how an attempt ended.", ["kind", "outcome"])
REPEAT_SECONDS = 1.0
ROOM_SECONDS = 20.0
"""Until a job is tried again that a full disk kept from its work: soon, since no event tells when there is space."""
REQUEUED = "put behind"
"""Outcomes are values of a label of the metric ``modelyard_jobs_total``."""
log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker has the job now; nothing more may be written for it."""


class TooSlow(ModelyardError):
    """A step of the job took longer than its kind allows."""


class Executor:
    """The jobs that this process runs at the moment, each kind within slots of its own."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self._name = name
        self._running: dict[UUID, asyncio.Task[str]] = {}
        self._used: Counter[str] = Counter()
        self._more: set[str] = set()
        self._turns = {kind: RoundRobin() for kind in HANDLERS if rule_of(kind).is_round_robin}
        self.look = asyncio.Event()
        """Set when there may be a job for a slot that has just become free."""

    @property
    def free_slots(self) -> dict[str, int]:
        """How many more jobs of each kind may start; only kinds that this release has."""
        free = {kind: rule_of(kind).concurrency - self._used[kind] for kind in HANDLERS}
        return {kind: number for kind, number in free.items() if number > 0}

    async def pump(self) -> None:
        """Start the jobs that are due, as far as there are free slots."""
        slots = self.free_slots
        jobs = [(job.id, job.kind) for job in await leases.due(self._runtime.db, slots)]
        jobs += await self._in_round_robin(slots, jobs)
        for job_id, kind in jobs:
            self.start(job_id, kind)
        started = Counter(kind for _, kind in jobs)
        # A kind that filled its slots may have more: then look again as soon as one of them is free.
        self._more = {kind for kind in HANDLERS if started[kind] >= slots.get(kind, 0)}

    async def _in_round_robin(
        self, slots: Mapping[str, int], chosen: Sequence[tuple[UUID, str]]
    ) -> list[tuple[UUID, str]]:
        """Jobs of kinds in round robin, for the slots that the chosen jobs leave them."""
        more: list[tuple[UUID, str]] = []
        used = Counter(kind for _, kind in chosen)
        for kind, turns in self._turns.items():
            for _ in range(slots.get(kind, 0) - used[kind]):
                busy = [*self._running, *(job_id for job_id, _ in more)]
                job_id = await round_robin.next_job(self._runtime.db, kind, turns, busy)
                if job_id is None:
                    break
                more.append((job_id, kind))
        return more

    async def notice(self, job_id: UUID) -> None:
        """Start a job that was announced. Without a free slot here it is left to the pump of a worker that has one.

        Of a kind in round robin, an announcement says no more than that there is something to do.
        """
        if job_id in self._running:
            return
        kind = await leases.kind_of(self._runtime.db, job_id)
        if kind in self._turns:
            self._more.add(kind)
            self.look.set()
        elif kind in self.free_slots:
            self.start(job_id, kind)
        elif kind in HANDLERS:
            self._more.add(kind)

    def start(self, job_id: UUID, kind: str) -> asyncio.Task[str]:
        """Run the job in the background, unless it runs here already."""
        task = self._running.get(job_id)
        if task is None:
            task = asyncio.create_task(execute(self._runtime, job_id, self._name))
            self._running[job_id] = task
            self._used[kind] += 1
            task.add_done_callback(lambda ended: self._ended(ended, job_id, kind))
        return task

    async def drain(self, grace: float) -> None:
        """Wait up to ``grace`` seconds for running jobs, then cancel the others: each releases its lease."""
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _ended(self, task: asyncio.Task[str], job_id: UUID, kind: str) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # The outcome could not be written; the lease runs out and another worker takes the job.
            log.warning("job.abandoned", job=str(job_id), kind=kind, error=type(error).__name__)
        self._running.pop(job_id, None)
        self._used[kind] -= 1
        goes_on = not task.cancelled() and task.exception() is None and task.result() == REQUEUED
        if kind in self._more or goes_on:
            self.look.set()


async def execute(runtime: Runtime, job_id: UUID, worker: str) -> str:
    """Claim the job and run it to an end; answers which, as the metric has it."""
    lease = await leases.claim(runtime.db, job_id, worker)
    if lease is None:
        return "not claimed"
    job = lease.job
    with change_context.within(ChangeContext(actor=job.requested_by, job=str(job.id), doing=job.kind)):
        return await _execute(runtime, lease)


async def _execute(runtime: Runtime, lease: Lease) -> str:
    heartbeat = asyncio.create_task(_beat(runtime, lease, asyncio.current_task()))
    outcome = "lost"
    try:
        outcome = await _attempt(runtime, lease)
    except asyncio.CancelledError:
        with suppress(ModelyardError):
            if await leases.release(runtime.db, lease):
                outcome = "handed back"
        raise
    finally:
        heartbeat.cancel()
        FINISHED.labels(lease.job.kind, outcome).inc()
        log.info("job.ended", job=str(lease.job.id), kind=lease.job.kind, outcome=outcome, attempt=lease.job.attempt)
    return outcome


async def _attempt(runtime: Runtime, lease: Lease) -> str:
    job = lease.job
    try:
        await faults.point(f"{job.kind}.claimed")
        is_more = await _within_time(runtime, lease, rule_of(job.kind))
    except LeaseLost:
        return "lost"
    except Exception as error:
        log.warning("job.failed", job=str(job.id), kind=job.kind, attempt=job.attempt, exc_info=True)
        reason = error.message if isinstance(error, ModelyardError) else f"{type(error).__name__}: {error}"
        if _is_disk_full(error):
            later = await _written(lambda: leases.postpone(runtime.db, lease, reason, ROOM_SECONDS))
            return "postponed" if later else "lost"
        if not await _written(lambda: leases.fail(runtime.db, lease, reason)):
            return "lost"
        return "dead" if job.attempt + 1 >= job.max_attempts else "failed"
    await faults.point(f"{job.kind}.done")
    if is_more:
        return REQUEUED if await _written(lambda: leases.requeue_behind(runtime.db, lease)) else "lost"
    return "succeeded" if await _written(lambda: leases.succeed(runtime.db, lease)) else "lost"


def _is_disk_full(error: BaseException) -> bool:
    """Whether a disk was full: that of a server, or of this machine (files for a process that inspects others).

    Such a job would fail until an administrator makes space, which may be longer than its attempts last.
    """
    return isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT})


async def _written(write: Callable[[], Awaitable[bool]]) -> bool:
    """Write how it ended, again while the database is away: another worker would only claim it after its lease.

    Safe to repeat: the write is bound to the lease, and one that came about without an answer reads as lost.
    """
    end = asyncio.get_running_loop().time() + leases.LEASE.total_seconds()
    while True:
        try:
            return await write()
        except Unavailable:
            if asyncio.get_running_loop().time() >= end:
                raise
        await asyncio.sleep(REPEAT_SECONDS)


async def _within_time(runtime: Runtime, lease: Lease, rule: Rule) -> bool:
    """Do the work, and end it when it reports no progress for longer than its rule allows; whether there is more."""
    job, loop = lease.job, asyncio.get_running_loop()
    clock = asyncio.timeout(rule.step_seconds)

    async def progress(done: int, total: int | None) -> None:
        if not await leases.report(runtime.db, lease, done, total):
            raise LeaseLost
        clock.reschedule(loop.time() + rule.step_seconds)

    try:
        async with clock:
            return bool(await HANDLERS[job.kind](runtime, decode(job.kind, job.payload), progress))
    except TimeoutError:
        if not clock.expired():
            raise
        raise TooSlow(f"It took longer than {_in_words(rule.step_seconds)} without any progress.") from None


def _in_words(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"


async def _beat(runtime: Runtime, lease: Lease, owner: asyncio.Task[None] | None) -> None:
    """Renew the lease; when it is lost, stop the work at once."""
    while True:
        await asyncio.sleep(leases.HEARTBEAT_SECONDS)
        with suppress(ModelyardError):
            if not await leases.renew(runtime.db, lease):
                if owner is not None:
                    owner.cancel()
                return
