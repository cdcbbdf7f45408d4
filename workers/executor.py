"""Runs jobs: claim, heartbeat, work, finish; and hands them back when the process must stop."""

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
"""Until a job is tried again that a full disk kept from its work: soon, since nobody tells when there is room."""
PUT_BEHIND = "put behind"
log = structlog.get_logger()


class LeaseLost(Exception):
    """Another worker has the job now; nothing more may be written for it."""


class TooSlow(ModelyardError):
    """A step of the job took longer than its kind allows."""


class Executor:
    """The jobs that this process runs at the moment, each kind within places of its own."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self._name = name
        self._running: dict[UUID, asyncio.Task[str]] = {}
        self._taken: Counter[str] = Counter()
        self._more: set[str] = set()
        self._turns = {kind: RoundRobin() for kind in HANDLERS if rule_of(kind).is_round_robin}
        self.look = asyncio.Event()
        """Set when there may be a job for a place that has just become free."""

    @property
    def places(self) -> dict[str, int]:
        """How many more jobs of each kind may start; only kinds that this release knows."""
        free = {kind: rule_of(kind).concurrency - self._taken[kind] for kind in HANDLERS}
        return {kind: number for kind, number in free.items() if number > 0}

    async def pump(self) -> None:
        """Start what is due, as far as there are places."""
        places = self.places
        found = [(one.id, one.kind) for one in await leases.due(self._runtime.db, places)]
        found += await self._in_turn(places, found)
        for job_id, kind in found:
            self.start(job_id, kind)
        numbers = Counter(kind for _, kind in found)
        # A kind that filled its places may have more: then look again as soon as one of them is free.
        self._more = {kind for kind in HANDLERS if numbers[kind] >= places.get(kind, 0)}

    async def _in_turn(self, places: Mapping[str, int], found: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, str]]:
        """Jobs of kinds that are done in turn, for the places that what was found leaves them."""
        more: list[tuple[UUID, str]] = []
        taken = Counter(kind for _, kind in found)
        for kind, had in self._turns.items():
            for _ in range(places.get(kind, 0) - taken[kind]):
                busy = [*self._running, *(job_id for job_id, _ in more)]
                job_id = await round_robin.next_job(self._runtime.db, kind, had, busy)
                if job_id is None:
                    break
                more.append((job_id, kind))
        return more

    async def notice(self, job_id: UUID) -> None:
        """Start a job that somebody announced. Without a free place it is left to the pump of whoever has one.

        Where it is done in turn, an announcement says no more than that there is something to do.
        """
        if job_id in self._running:
            return
        kind = await leases.kind_of(self._runtime.db, job_id)
        if kind in self._turns:
            self._more.add(kind)
            self.look.set()
        elif kind in self.places:
            self.start(job_id, kind)
        elif kind in HANDLERS:
            self._more.add(kind)

    def start(self, job_id: UUID, kind: str) -> asyncio.Task[str]:
        """Run the job in the background, unless it runs here already."""
        task = self._running.get(job_id)
        if task is None:
            task = asyncio.create_task(execute(self._runtime, job_id, self._name))
            self._running[job_id] = task
            self._taken[kind] += 1
            task.add_done_callback(lambda ended: self._ended(ended, job_id, kind))
        return task

    async def drain(self, grace: float) -> None:
        """Wait for running jobs, then cancel the rest: each hands itself back."""
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
        self._taken[kind] -= 1
        goes_on = not task.cancelled() and task.exception() is None and task.result() == PUT_BEHIND
        if kind in self._more or goes_on:
            self.look.set()


async def execute(runtime: Runtime, job_id: UUID, worker: str) -> str:
    """Claim the job and run it to an end: succeeded, put behind others, queued again, dead, or handed back; which."""
    lease = await leases.claim(runtime.db, job_id, worker)
    if lease is None:
        return "not claimed"
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
        log.info("job.ended", job=str(job_id), kind=lease.job.kind, outcome=outcome, attempt=lease.job.attempt)
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
        if _is_for_want_of_room(error):
            later = await _written(lambda: leases.postpone(runtime.db, lease, reason, ROOM_SECONDS))
            return "postponed" if later else "lost"
        if not await _written(lambda: leases.fail(runtime.db, lease, reason)):
            return "lost"
        return "dead" if job.attempt + 1 >= job.max_attempts else "failed"
    await faults.point(f"{job.kind}.done")
    if is_more:
        return PUT_BEHIND if await _written(lambda: leases.requeue_behind(runtime.db, lease)) else "lost"
    return "succeeded" if await _written(lambda: leases.succeed(runtime.db, lease)) else "lost"


def _is_for_want_of_room(error: BaseException) -> bool:
    """Whether a disk was full: that of a server, or our own (files for a process that looks into others).

    Such a job would fail for as long as nobody makes room, which may be longer than its attempts last.
    """
    return isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT})


async def _written(write: Callable[[], Awaitable[bool]]) -> bool:
    """Write how it ended, again while the database is away: whoever waits for the lease to run out waits longer.

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
    """Do the work, and end it when it has shown no progress for longer than its kind allows; whether there is more."""
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
        raise TooSlow(f"It took longer than {_spelled(rule.step_seconds)} without any progress.") from None


def _spelled(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 else f"{seconds:g} seconds"


async def _beat(runtime: Runtime, lease: Lease, owner: asyncio.Task[None] | None) -> None:
    """Keep the lease; when it is lost, stop the work at once."""
    while True:
        await asyncio.sleep(leases.HEARTBEAT_SECONDS)
        with suppress(ModelyardError):
            if not await leases.renew(runtime.db, lease):
                if owner is not None:
                    owner.cancel()
                return
