"""Brings a deleted version back, with its candidate; aliases and stage stay where they are now."""

from __future__ import annotations

from sqlalchemy import func, select, update

from app.access.policy import Actor
from app.db.database import Database, Tx
from app.errors import Taken
from app.registry import models, webhook_events
from app.registry.references.resolve import Named, Target
from app.registry.repository import writable
from app.registry.stages.definitions import INITIAL_KEY
from app.registry.tables import ModelVersion
from app.registry.trash import retention, trashed
from app.registry.trash.retention import NotRestorable
from app.registry.versions import lookup, manifests, states
from app.text import quoted
from app.tracking import version_candidates


class TextTakenAgain(Taken):
    """The model has a version of the same text by now."""

    def __init__(self, version: ModelVersion, other: ModelVersion) -> None:
        self.existing_id, self.existing_number = other.id, other.number
        super().__init__(
            f"The version {quoted(version.version)} (number {version.number}) cannot be restored: the model has a "
            f"version of that text again (number {other.number}). Delete that one first, or copy this one's files.",
            field="modelVersion",
        )


async def restore(db: Database, actor: Actor, project: int | str, target: Target) -> ModelVersion:
    """Bring a deleted version back as it was; one that is not deleted stays as it is.

    Its files, candidate, tags and number come back. Aliases that it had stay where they are, and it enters no stage:
    others may have them now. It is what its files make it: READY, or not, if they were found to be bad meanwhile.

    Raises:
        NotRestorable: it was never deleted, its time is over, or its model is deleted itself.
        TextTakenAgain: the model has a version of that text again.
        VersionRetired: the text is reserved for other files by a version that was made and deleted meanwhile.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        try:
            model, version = await trashed.find_version(tx, actor, access.id, target)
        except NotRestorable:
            if (living := await _living(tx, actor, access.id, target)) is None:
                raise
            return living
        await version_candidates.lock_of_version(tx, access.id, version.candidate_id)
        await models.lock(tx, model)
        await _refuse_taken(tx, version)
        root, folder = lookup.root_of(version)
        await states.lock_files(tx, root)
        restored = await _show(tx, version)
        await manifests.require_same(
            tx, access.id, model.id, version.version, root, folder, version.location, number=version.number
        )
        await manifests.release(tx, restored)
        await version_candidates.bring_back(tx, access.id, [version.candidate_id])
        await states.refresh(tx, root)
        await tx.refresh(restored)  # the state is written by the database
        await webhook_events.version_changed(tx, model, restored, "restored", actor.username)
    return restored


async def _show(tx: Tx, version: ModelVersion) -> ModelVersion:
    statement = (
        update(ModelVersion)
        .where(
            ModelVersion.project_id == version.project_id,
            ModelVersion.id == version.id,
            retention.is_restorable(ModelVersion),
        )
        .values(deleted_at=None, purge_at=None, deleted_by=None, stage=INITIAL_KEY, updated_at=func.now())
        .returning(ModelVersion)
    )
    restored = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if restored is None:
        raise trashed.missing_version(version.version)
    return restored


async def _refuse_taken(tx: Tx, version: ModelVersion) -> None:
    """Under the lock of the model, so that no version of the text comes between this and the commit."""
    same = (ModelVersion.model_id == version.model_id, ModelVersion.version == version.version)
    living = (ModelVersion.project_id == version.project_id, *same, ModelVersion.deleted_at.is_(None))
    other = await tx.scalar(select(ModelVersion).where(*living))
    if other is not None and other.id != version.id:
        raise TextTakenAgain(version, other)


async def _living(tx: Tx, actor: Actor, project_id: int, target: Target) -> ModelVersion | None:
    """The version that is meant, if it lives: restoring twice is fine."""
    if not isinstance(target, Named) and not 0 < target < 2**63:
        return None
    try:
        return (await lookup.find(tx, actor, project_id, target))[1]
    except (models.ModelNotFound, lookup.VersionNotFound):
        return None
