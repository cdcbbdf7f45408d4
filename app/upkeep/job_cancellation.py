"""Giving background jobs up: which kinds may be, and what becomes of the thing that they were for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from app.access import jobs as visible_jobs
from app.access.jobs import BackgroundJob
from app.access.policy import Actor
from app.db.database import Database, Tx
from app.errors import Conflict
from app.queue import retries
from app.queue.jobs import DeliverWebhook, decode
from app.webhooks import deliveries

GiveUp = Callable[[Tx, Any], Awaitable[object]]


class NotCancellable(Conflict):
    """Jobs of this kind are not given up."""


async def cancel(db: Database, actor: Actor, job_id: UUID) -> BackgroundJob:
    """Give up a job that is queued or dead, and what it was for.

    Raises:
        JobNotFound: it does not exist, or is none of the actor's business.
        Forbidden: the actor is not at least maintainer of its project (or administrator, for one without project).
        NotCancellable: what was deleted has to be removed, what was promised done; such a job can only be retried.
        NotWaiting: it runs or has ended.
    """

    async def permit(tx: Tx, job: BackgroundJob) -> None:
        await visible_jobs.require_manager(tx, actor, job)
        if job.kind not in GIVING_UP:
            work = "removes what was deleted" if ".purge_" in job.kind else "does what somebody was promised"
            raise NotCancellable(f"A job of the kind `{job.kind}` {work} and cannot be given up; retry it.")

    async with db.write() as tx:
        job = await retries.cancel(tx, job_id, permit, f"Cancelled by {actor.username}.")
        await GIVING_UP[job.kind](tx, decode(job.kind, job.payload))
    return job


async def _delivery(tx: Tx, job: DeliverWebhook) -> None:
    await deliveries.give_up(tx, job.project_id, job.delivery_id)


GIVING_UP: dict[str, GiveUp] = {DeliverWebhook.kind: _delivery}
"""The kinds that may be given up; all others finish what somebody was promised."""
