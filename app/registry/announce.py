"""Webhooks hear what became of versions: once when a version is first READY, and of each change of its state."""

from __future__ import annotations

from sqlalchemy import select, text, update

from app.access import users
from app.db.database import Database, Tx
from app.registry import repository, webhook_events
from app.registry.tables import UNANNOUNCED, Model, ModelVersion

BATCH = 200
"""Versions that one run announces."""


async def announce(db: Database, project_id: int | None = None) -> int:
    """Announce what became of versions of a project, or of all, since webhooks last heard of them; the number of them.

    Safe to repeat and to run twice at once: what was announced is noted in the same transaction.
    """
    async with db.read() as snap:
        pending = await repository.versions_where(snap, text(UNANNOUNCED), project_id, BATCH)
    for model, version in pending:
        async with db.write() as tx:
            await announce_version(tx, model, version, await users.username(tx, version.created_by))
    return len(pending)


async def announce_version(tx: Tx, model: Model, version: ModelVersion, actor: str) -> None:
    """Step: the same for one version, in the name of an actor. Its row is locked first, so that it is told once."""
    mine = (ModelVersion.project_id == version.project_id, ModelVersion.id == version.id)
    statement = select(ModelVersion).where(*mine, ModelVersion.deleted_at.is_(None), text(UNANNOUNCED))
    pending = await tx.scalar(statement.with_for_update(), execution_options={"populate_existing": True})
    if pending is None:
        return
    await webhook_events.state_changed(tx, model, pending, actor)
    noted = {"announced_state": pending.state, "is_announced": pending.is_announced or pending.was_ready}
    await tx.execute(update(ModelVersion).where(*mine).values(**noted).execution_options(synchronize_session=False))
