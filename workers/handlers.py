"""What each kind of job does, and why it may run twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from app.artifacts import ingestion, inspections
from app.queue import jobs
from app.registry import purge as registry_purge
from app.runtime import Runtime
from app.tracking import owners
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


async def ingest_uploads(runtime: Runtime, job: jobs.IngestUploads, progress: Progress) -> None:
    """Safe twice: only an upload that is still being verified gets its file, by one transaction."""
    await ingestion.ingest(
        runtime.db, runtime.blobs, job.project_id, job.batch_id, lock_of=owners.lock, progress=progress
    )


async def inspect_artifacts(runtime: Runtime, job: jobs.InspectArtifacts, progress: Progress) -> None:
    """Safe twice: what a look at the same bytes finds is the same."""
    await inspections.inspect_root(runtime.db, runtime.blobs, job.project_id, job.root_id, progress=progress)


HANDLERS: dict[str, Handler] = {
    jobs.PurgeModel.kind: purge_model,
    jobs.PurgeVersion.kind: purge_version,
    jobs.PurgeCandidate.kind: purge_candidate,
    jobs.PurgeExperiment.kind: purge_experiment,
    jobs.DeliverWebhook.kind: deliver_webhook,
    jobs.IngestUploads.kind: ingest_uploads,
    jobs.InspectArtifacts.kind: inspect_artifacts,
}
