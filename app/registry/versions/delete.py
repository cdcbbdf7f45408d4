"""The deletion of a version: it is hidden at once, and a job removes what it alone had once it is due."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, update

from app.access.policy import Actor, ProjectAccess
from app.db.database import Database, Tx
from app.queue import outbox
from app.registry import aliases, guards, models, webhook_events
from app.registry.background_jobs import PurgeVersion
from app.registry.models import Deletion
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.stages import moves, protections
from app.registry.stages.definitions import INITIAL_KEY
from app.registry.tables import ModelVersion
from app.registry.trash import retention, trashed
from app.registry.versions import change, lookup, manifests
from app.registry.versions.lookup import VersionNotFound
from app.tracking import version_candidates

_REASON = "The version was deleted."


async def delete(
    db: Database,
    actor: Actor,
    project: int | str,
    target: Target,
    *,
    keep: timedelta = retention.KEPT,
    permanently: bool = False,
) -> Deletion[ModelVersion]:
    """Delete a version, its aliases, its own candidate and files.

    All is hidden at once and kept for ``keep``, in which it can be restored; then a background job removes it.
    ``permanently``: at once, and what is in the trash already as well. The number is not used again. Neither is the
    text, for other files than these, if the version was READY.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        VersionProtected: it is sealed or in a protected stage, and the actor may not delete such.
        Forbidden: deleting permanently is for maintainers.
        NameProtected, ApprovalNeeded: a rule protects an alias on it, or its stage.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        keep = retention.period(actor, access, keep, permanently=permanently)
        try:
            gone = await _hide(tx, actor, access, target, keep)
        except VersionNotFound:
            if not permanently:
                raise
            gone = await _end_restoring(tx, actor, access.id, target)
        job = PurgeVersion(access.id, gone.id)
        job_id = await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id, wait=keep)
    return Deletion(access.id, gone.id, job_id, gone, is_restorable=keep > retention.AT_ONCE)


async def _hide(tx: Tx, actor: Actor, access: ProjectAccess, target: Target, keep: timedelta) -> ModelVersion:
    project_id = access.id
    model, version = await lookup.find(tx, actor, project_id, target)
    await version_candidates.lock_of_version(tx, project_id, version.candidate_id)
    await models.lock(tx, model)
    version = await lookup.reload(tx, version)
    await protections.require_free(tx, actor, access, model, version)
    await guards.require_version(tx, actor, access, version, "it cannot be deleted")
    await webhook_events.version_changed(tx, model, version, "deleted", actor.username)
    await moves.leave(tx, actor, version, reason=_REASON)
    moments = {"deleted_at": func.now(), "updated_at": func.now(), "purge_at": func.now() + keep}
    gone = await change.apply(tx, version, **moments, deleted_by=actor.user_id, stage=INITIAL_KEY)
    await aliases.end_of_version(tx, actor, gone, reason=_REASON)
    await manifests.retire(tx, gone, lookup.root_of(gone)[0])
    await version_candidates.purge_unneeded(tx, project_id, [gone.candidate_id], keep=keep)
    return gone


async def _end_restoring(tx: Tx, actor: Actor, project_id: int, target: Target) -> ModelVersion:
    """The time of a version in the trash is over.

    Raises:
        NotRestorable: it is not there.
    """
    _, version = await trashed.find_version(tx, actor, project_id, target)
    statement = (
        update(ModelVersion)
        .where(
            ModelVersion.project_id == project_id,
            ModelVersion.id == version.id,
            retention.is_restorable(ModelVersion),
        )
        .values(purge_at=func.now())
        .returning(ModelVersion)
    )
    gone = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if gone is None:
        raise trashed.missing_version(version.version)
    return gone
