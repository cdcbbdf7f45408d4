"""The deletion of a version: it is gone at once, and a job removes what it alone had."""

from __future__ import annotations

from sqlalchemy import func

from app.access.policy import Actor
from app.db.database import Database
from app.queue import outbox
from app.registry import aliases, models, webhook_events
from app.registry.background_jobs import PurgeVersion
from app.registry.models import Deletion
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.stages import moves
from app.registry.stages.definitions import INITIAL_KEY
from app.registry.versions import change, lookup, manifests
from app.tracking import version_candidates

_REASON = "The version was deleted."


async def delete(db: Database, actor: Actor, project: int | str, target: Target) -> Deletion:
    """Delete a version, its aliases, its own candidate and files, which a background job removes.

    The number is not used again. Neither is the text, for other files than these, if the version was READY.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, actor, access.id, target)
        await version_candidates.lock_of_version(tx, access.id, version.candidate_id)
        await models.lock(tx, model)
        version = await lookup.reload(tx, version)
        await webhook_events.version_changed(tx, model, version, "deleted", actor.username)
        await moves.leave(tx, actor, version, reason=_REASON)
        await change.apply(tx, version, deleted_at=func.now(), updated_at=func.now(), stage=INITIAL_KEY)
        await aliases.end_of_version(tx, actor, version, reason=_REASON)
        await manifests.retire(tx, version, lookup.root_of(version)[0])
        await version_candidates.purge_unneeded(tx, access.id, [version.candidate_id])
        job = PurgeVersion(access.id, version.id)
        job_id = await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)
    return Deletion(access.id, version.id, job_id)
