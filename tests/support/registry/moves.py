"""The step that moves a version, in a transaction of its own and without gates, for tests of what follows from it."""

from __future__ import annotations

from app.access.policy import Actor
from app.db.database import Database
from app.registry import models
from app.registry.references.resolve import Target
from app.registry.repository import writable
from app.registry.stages import definitions, moves
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion


async def set_stage(
    db: Database,
    actor: Actor,
    project: int | str,
    target: Target,
    stage: str,
    *,
    keep_others: bool = True,
    expected_current: int | None = None,
    reason: str = "",
) -> ModelVersion:
    """Move a version to a stage; raises what the step and the lookups raise."""
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await lookup.find(tx, actor, access.id, target)
        destination = await definitions.find(tx, access.id, stage)
        await models.lock(tx, model)
        version = await lookup.reload(tx, version)
        moved = await moves.move(
            tx,
            actor,
            access,
            model,
            version,
            destination,
            reason=reason,
            keep_others=keep_others,
            expected_current=expected_current,
        )
    return moved.version
