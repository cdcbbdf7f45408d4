"""What each kind of job does, and why it may run twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from app.ci import following, waiting
from app.queue import jobs
from app.registry import purge as registry_purge
from app.runtime import Runtime
from app.tracking import purge as tracking_purge
from app.webhooks import delivering

Progress = Callable[[int, int | None], Awaitable[None]]
Handler = Callable[[Runtime, Any, Progress], Awaitable[None]]


async def purge_model(runtime: Runtime, job: jobs.PurgeModel, progress: Progress) -> None:
    """Safe twice: each batch removes what is left; a model that is gone is done."""
    await registry_purge.model(runtime.db, job.project_id, job.model_id, progress=progress)


async def purge_version(runtime: Runtime, job: jobs.PurgeVersion, progress: Progress) -> None:
    """Safe twice: a version that is gone is done."""
    await registry_purge.version(runtime.db, job.project_id, job.version_id, progress=progress)


async def purge_candidate(runtime: Runtime, job: jobs.PurgeCandidate, progress: Progress) -> None:
    """Safe twice: each batch removes what is left."""
    await tracking_purge.candidate(runtime.db, job.project_id, job.candidate_id, progress=progress)


async def purge_experiment(runtime: Runtime, job: jobs.PurgeExperiment, progress: Progress) -> None:
    """Safe twice: each batch removes what is left."""
    await tracking_purge.experiment(runtime.db, job.project_id, job.number, progress=progress)


async def deliver_webhook(runtime: Runtime, job: jobs.DeliverWebhook, _progress: Progress) -> None:
    """Safe twice: one that is done is left alone, and a repeated one has the same id for the receiver to know it by."""
    await delivering.deliver(runtime.db, runtime.courier, job.project_id, job.delivery_id)


async def follow_ci_job(runtime: Runtime, job: jobs.FollowCiJob, _progress: Progress) -> None:
    """Safe twice: it looks twice, and what is seen is written by the first alone."""
    await following.follow(runtime.db, runtime.observer, job.project_id, job.ci_job_id)


async def pick_up_ci_jobs(runtime: Runtime, job: jobs.PickUpCiJobs, _progress: Progress) -> None:
    """Safe twice: what is picked up waits no longer."""
    await waiting.pick_up_all(runtime.db, job.project_id)


HANDLERS: dict[str, Handler] = {
    jobs.PurgeModel.kind: purge_model,
    jobs.PurgeVersion.kind: purge_version,
    jobs.PurgeCandidate.kind: purge_candidate,
    jobs.PurgeExperiment.kind: purge_experiment,
    jobs.DeliverWebhook.kind: deliver_webhook,
    jobs.FollowCiJob.kind: follow_ci_job,
    jobs.PickUpCiJobs.kind: pick_up_ci_jobs,
}
