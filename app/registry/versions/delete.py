"""The deletion of a version: it is gone at once, and a job removes what it alone had."""

from __future__ import annotations

from sqlalchemy import func, update

from app.access.policy import Actor
from app.db.database import Database, Tx
from app.queue import outbox
from app.registry import models, webhook_events
from app.registry.background_jobs import PurgeVersion
from app.registry.models import Deletion
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.tables import Alias, ModelVersion
from app.registry.versions import change, guards, lookup, manifests
from app.tracking import version_candidates


async def delete(db: Database, actor: Actor, project: int | str, target: Target) -> Deletion:
    """Delete a version, its aliases, its own candidate and files, which a background job removes.

    The number is not used again. Neither is the text, for other files than these, if the version was READY.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        VersionProtected: it is sealed or in a protected stage, and the actor may not delete such.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, actor, access.id, target)
        await version_candidates.lock_of_version(tx, access.id, version.candidate_id)
        await models.lock(tx, model)
        version = await lookup.reload(tx, version)
        await guards.require_version(tx, actor, access, version, "it cannot be deleted")
        await webhook_events.version_changed(tx, model, version, "deleted", actor.username)
        await change.apply(tx, version, deleted_at=func.now(), updated_at=func.now())
        await _end_aliases(tx, version)
        await manifests.retire(tx, version, lookup.root_of(version)[0])
        await version_candidates.purge_unneeded(tx, access.id, [version.candidate_id])
        job = PurgeVersion(access.id, version.id)
        job_id = await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)
    return Deletion(access.id, version.id, job_id)


async def _end_aliases(tx: Tx, version: ModelVersion) -> None:
    await tx.execute(
        update(Alias)
        .where(Alias.project_id == version.project_id, Alias.version_id == version.id, Alias.valid_until.is_(None))
        .values(valid_until=func.clock_timestamp())
    )
