"""What each kind of job does, why it may run twice, and why one that was paused and lost its lease does no harm later.

A handler writes in transactions of its own, which no lease guards: between two reports of progress it may go on for a
while after another worker took the job. So every write of a handler holds for itself: it removes only what is due for
removal, which nothing undoes, or it names in its WHERE the state that it has seen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from app.artifacts.background_jobs import IngestUploads, InspectArtifacts
from app.artifacts.upkeep import inspections
from app.artifacts.uploads import ingest
from app.ci import awaiting_settings, polling
from app.ci.background_jobs import FollowCiJob, PickUpCiJobs
from app.metadata import PROJECT_TABLES
from app.queue.jobs import Job
from app.registry import announce
from app.registry import purge as registry_purge
from app.registry.background_jobs import PurgeModel, PurgeVersion
from app.registry.versions import complete
from app.runtime import Runtime
from app.tracking import file_owners
from app.tracking import purge as tracking_purge
from app.tracking.background_jobs import PurgeCandidate, PurgeExperiment
from app.upkeep import group_deletion, project_deletion
from app.upkeep.group_deletion import PurgeGroup
from app.upkeep.project_deletion import PurgeProject
from app.webhooks import dispatch
from app.webhooks.background_jobs import DeliverWebhook

Progress = Callable[[int, int | None], Awaitable[None]]
Handler: TypeAlias = Callable[[Runtime, Any, Progress], Awaitable[bool | None]]
"""True: there is more to do, once other jobs have had their turn."""
H = TypeVar("H", bound=Handler)
HANDLERS: dict[str, Handler] = {}
"""What is done for each kind of job."""


def handles(declared: type[Job]) -> Callable[[H], H]:
    """Declare what is done for jobs of this kind; its docstring says why it may run twice, and late."""

    def declare(handler: H) -> H:
        HANDLERS[declared.kind] = handler
        return handler

    return declare


@handles(PurgeModel)
async def purge_model(runtime: Runtime, job: PurgeModel, progress: Progress) -> None:
    """Safe twice: each batch removes what is left; a model that is gone is done.

    Safe late: only what is deleted and due is removed, and a model of which that has begun is never restored.
    """
    await registry_purge.model(runtime.db, job.project_id, job.model_id, progress=progress)


@handles(PurgeVersion)
async def purge_version(runtime: Runtime, job: PurgeVersion, progress: Progress) -> None:
    """Safe twice: a version that is gone is done.

    Safe late: the transaction that removes a version looks whether it is still deleted, and due.
    """
    await registry_purge.version(runtime.db, job.project_id, job.version_id, progress=progress)


@handles(PurgeCandidate)
async def purge_candidate(runtime: Runtime, job: PurgeCandidate, progress: Progress) -> None:
    """Safe twice: each batch removes what is left.

    Safe late: only what is condemned is removed, from its moment on. Restoring takes things back before that only.
    """
    await tracking_purge.candidate(runtime.db, job.project_id, job.candidate_id, progress=progress)


@handles(PurgeExperiment)
async def purge_experiment(runtime: Runtime, job: PurgeExperiment, progress: Progress) -> None:
    """Safe twice: each batch removes what is left.

    Safe late: only what is condemned is removed, from its moment on. Restoring takes things back before that only.
    """
    await tracking_purge.experiment(runtime.db, job.project_id, job.number, progress=progress)


@handles(PurgeProject)
async def purge_project(runtime: Runtime, job: PurgeProject, progress: Progress) -> None:
    """Safe twice: each batch removes what is left; a project that is gone is done.

    Safe late: only a project that is deleted is emptied, which nothing undoes, and its number is not used again.
    """
    await project_deletion.purge(runtime.db, runtime.blobs, job.project_id, PROJECT_TABLES, progress=progress)


@handles(PurgeGroup)
async def purge_group(runtime: Runtime, job: PurgeGroup, progress: Progress) -> None:
    """Safe twice: each batch removes what is left; a group that is gone is done.

    Safe late: only a group that is deleted is removed, which nothing undoes, and its number is not used again.
    """
    await group_deletion.purge(runtime.db, runtime.blobs, job.group_id, PROJECT_TABLES, progress=progress)


@handles(DeliverWebhook)
async def deliver_webhook(runtime: Runtime, job: DeliverWebhook, _progress: Progress) -> None:
    """Safe twice: one that is done is left alone, and a repeated one has the same id for the receiver to know it by.

    Safe late: the outcome is noted only on the attempt that was read, so a later one's is never overwritten.
    """
    await dispatch.deliver(runtime.db, runtime.webhook_client, job.project_id, job.delivery_id)


@handles(IngestUploads)
async def ingest_uploads(runtime: Runtime, job: IngestUploads, progress: Progress) -> bool:
    """Safe twice: only an upload that is still being verified gets its file, by one transaction.

    Safe late: an upload that has ended is left alone, and joining parts twice gives the same object.
    """
    more = await ingest.ingest(
        runtime.db, runtime.blobs, job.project_id, job.batch_id, lock_of=file_owners.lock, progress=progress
    )
    await _follow_files(runtime, job.project_id)
    return more


@handles(InspectArtifacts)
async def inspect_artifacts(runtime: Runtime, job: InspectArtifacts, progress: Progress) -> bool:
    """Safe twice: what a look at the same bytes finds is the same.

    Safe late: what was found is noted only while the path still holds the bytes that were looked at.
    """
    more = await inspections.inspect_root(runtime.db, runtime.blobs, job.project_id, job.root_id, progress=progress)
    await _follow_files(runtime, job.project_id)
    return more


async def _follow_files(runtime: Runtime, project_id: int) -> None:
    """Complete versions whose files are all there now, and tell webhooks; a chore does what is missed here."""
    await complete.complete_announced(runtime.db, project_id)
    await announce.announce(runtime.db, project_id)


@handles(FollowCiJob)
async def follow_ci_job(runtime: Runtime, job: FollowCiJob, _progress: Progress) -> None:
    """Safe twice: it looks twice, and what is seen is written by the first alone.

    Safe late: what a late one saw is not written over what was seen since.
    """
    await polling.follow(runtime.db, runtime.ci_client, job.project_id, job.ci_job_id)


@handles(PickUpCiJobs)
async def pick_up_ci_jobs(runtime: Runtime, job: PickUpCiJobs, _progress: Progress) -> None:
    """Safe twice: what is picked up waits no longer.

    Safe late: only jobs that still wait for settings are picked up.
    """
    await awaiting_settings.pick_up_all(runtime.db, job.project_id)
