"""Versions of models: creation under the model's lock, and every change of one version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.artifacts.artifacts import Root
from app.ci import job_links
from app.ci.job_links import Owner
from app.db.database import Database, Snapshot, Tx
from app.errors import Invalid, NotFound
from app.queue import outbox
from app.queue.jobs import PurgeVersion
from app.quoting import quoted
from app.registry import creation, models, repository, resolving, webhook_events
from app.registry.creation import CreateVersion, VersionTaken
from app.registry.models import Deletion
from app.registry.names import VERSION_TAG, check_description
from app.registry.references.parse import ByAlias, Reference, format_reference
from app.registry.references.semver import Increment
from app.registry.repository import readable, writable
from app.registry.resolving import Named, Target
from app.registry.stages import UNGUARDED, check_stage
from app.registry.tables import Alias, Model, ModelVersion
from app.registry.tags import check_tags, merged, without
from app.registry.versions import create_batch, manifests, origins, states
from app.tracking import version_candidates

__all__ = [
    "CreateVersion",
    "Increment",
    "ModelVersion",
    "Named",
    "Target",
    "VersionTaken",
    "check_stage",
]


class VersionNotFound(NotFound):
    """There is no such model version, or it may not be seen."""

    def __init__(
        self, message: str, *, field: str | None = None, model: str | None = None, reference: str | None = None
    ) -> None:
        self.model, self.reference = model, reference
        super().__init__(message, field=field)


class AliasNotFound(VersionNotFound):
    """The model has no such alias."""


async def create(db: Database, actor: Actor, project: int | str, command: CreateVersion) -> ModelVersion:
    """Make a version. Its number follows the last one without a gap; a refused creation uses none up.

    Raises:
        ModelNotFound: there is no such model.
        VersionTaken: the model has a living version of the same text.
        CandidateNotFound, CandidateInTrash, LoggedModelNotFound: what it is to be made from is not there.
        Invalid: the version is not SemVer 2.0, or another value is not acceptable.
    """
    return (await create_with_model(db, actor, project, command))[1]


async def create_with_model(
    db: Database, actor: Actor, project: int | str, command: CreateVersion
) -> tuple[Model, ModelVersion]:
    """Like :func:`create`, with the model beside the version at no further cost."""
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.REGISTRY_WRITE)
    wish = creation.prepare(command, actor, access.id)
    await origins.require_seen(db, access, wish)
    return await create_batch.submit(db, wish)


async def get(db: Database, actor: Actor, project: int | str, version_id: int) -> ModelVersion:
    """The version with that id.

    Raises:
        VersionNotFound: there is none, or it may not be seen.
    """
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        return (await find(snap, access.id, version_id))[1]


async def resolve(
    db: Database, actor: Actor, project: int | str, model: int | str, reference: Reference
) -> ModelVersion:
    """The version of a model that the reference means; one statement beside the one for the project.

    Raises:
        ModelNotFound: there is no such model.
        VersionNotFound: the reference means no version of it; AliasNotFound where it is an alias.
    """
    return (await resolve_with_model(db, actor, project, model, reference))[1]


async def resolve_with_model(
    db: Database, actor: Actor, project: int | str, model: int | str, reference: Reference
) -> tuple[Model, ModelVersion]:
    """Like :func:`resolve`, with the model beside the version at no further cost."""
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        return await find(snap, access.id, Named(model, reference))


async def find(snap: Snapshot, project_id: int, target: Target) -> tuple[Model, ModelVersion]:
    """Read step: a living version and its model, in one statement.

    Raises:
        ModelNotFound, VersionNotFound, AliasNotFound: as for :func:`resolve`.
    """
    if isinstance(target, Named):
        return await _find_named(snap, project_id, target)
    if 0 < target < 2**63:
        statement = repository.living_versions(project_id).add_columns(Model).where(ModelVersion.id == target)
        if row := (await snap.execute(statement)).one_or_none():
            return row[1], row[0]
    raise VersionNotFound(f"There is no model version with id {target} in this project, or you may not see it.")


async def edit(
    db: Database, actor: Actor, project: int | str, target: Target, *, description: str | None = None
) -> ModelVersion:
    """Change the description.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        Invalid: the description is not acceptable.
    """
    changes = {} if description is None else {"description": check_description(description)}
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await find(tx, access.id, target)
        changed = await change(tx, version, updated_at=func.now(), **changes)
        if changes:
            await webhook_events.version_changed(tx, model, changed, "updated", actor.username)
    return changed


async def set_tags(
    db: Database, actor: Actor, project: int | str, target: Target, tags: Mapping[str, str]
) -> ModelVersion:
    """Set tags; others stay as they are. The version counts as unchanged (MLflow REST: model-versions/set-tag).

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        Invalid: a key or value is not acceptable, or there would be too many.
    """
    refuse_version_tag(tags)
    patch = check_tags(tags)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await find(tx, access.id, target)
        changed = await change(tx, version, tags=merged(ModelVersion.tags, patch))
        check_tags(changed.tags)
        await follow_ci_tags(tx, actor, changed, patch)
        await webhook_events.version_tags_changed(tx, model, changed, patch)
    return changed


async def remove_tag(db: Database, actor: Actor, project: int | str, target: Target, key: str) -> ModelVersion:
    """Remove a tag; one that is not there is no error (MLflow REST: model-versions/delete-tag).

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
    """
    refuse_version_tag([key])
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await find(tx, access.id, target)
        changed = await change(tx, version, tags=without(ModelVersion.tags, key))
        await webhook_events.version_tags_changed(tx, model, changed, {key: None})
    return changed


async def set_stage(
    db: Database, actor: Actor, project: int | str, target: Target, stage: str, *, archive_existing: bool = False
) -> ModelVersion:
    """Move a version to a stage; ``archive_existing`` sends all others in that stage to ``archived``.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        VersionNotReady: the stage is for versions whose files are complete and sound.
        Invalid: there is no such stage.
    """
    stage = check_stage(stage)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await find(tx, access.id, target)
        await lock_model(tx, model)
        version = await reload(tx, version)
        left_stage = version.stage
        archived = await _archive_others(tx, version, stage) if archive_existing else []
        moved = await change(tx, version, stage=stage, updated_at=func.now())
        if stage not in UNGUARDED:
            states.require_ready(moved, f"enter the stage {quoted(stage)}", field="stage")
        for one, left in [*((other, stage) for other in archived), (moved, left_stage)]:
            if one.stage != left:
                await webhook_events.version_changed(tx, model, one, "stage_changed", actor.username, from_stage=left)
    return moved


async def delete(db: Database, actor: Actor, project: int | str, target: Target) -> Deletion:
    """Delete a version, its aliases, its own candidate and files, which a background job removes.

    The number is not used again. Neither is the text, for other files than these, if the version was READY.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await find(tx, access.id, target)
        await version_candidates.lock_of_version(tx, access.id, version.candidate_id)
        await lock_model(tx, model)
        version = await reload(tx, version)
        await webhook_events.version_changed(tx, model, version, "deleted", actor.username)
        await change(tx, version, deleted_at=func.now(), updated_at=func.now())
        await _end_aliases(tx, version)
        await manifests.retire(tx, version, root_of(version)[0])
        await version_candidates.purge_unneeded(tx, access.id, [version.candidate_id])
        job = PurgeVersion(access.id, version.id)
        job_id = await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)
    return Deletion(access.id, version.id, job_id)


def refuse_version_tag(keys: Iterable[str]) -> None:
    """Refuse changes of the tag that stands for the version itself.

    Raises:
        Invalid: it is among the keys.
    """
    if VERSION_TAG in keys:
        raise Invalid(
            f"The tag '{VERSION_TAG}' is the version itself, which does not change; make a new version.", field="tags"
        )


def root_of(version: ModelVersion) -> tuple[Root, str]:
    """Whose files those of the version are, and below which folder."""
    if version.logged_model_id is not None:
        return Root(version.project_id, logged_model_id=version.logged_model_id), version.artifact_folder
    return Root(version.project_id, candidate_id=version.candidate_id), version.artifact_folder


async def follow_ci_tags(tx: Tx, actor: Actor, version: ModelVersion, patch: Iterable[str]) -> None:
    """Step: link the version to the CI job that its tags name, when the tags that were set say something of one."""
    if job_links.names_ci_job(patch):
        owner = Owner(version.project_id, version_id=version.id)
        await job_links.follow_tags(tx, owner, version.tags, by=actor.user_id)


async def _find_named(snap: Snapshot, project_id: int, target: Named) -> tuple[Model, ModelVersion]:
    key = repository.model_key(target.model)
    row = None
    if key is not None:
        statement = resolving.of_model(target.reference, by_id=isinstance(key, int))
        row = (await snap.execute(statement, {"of_project": project_id, "of_model": key})).one_or_none()
    if row is None:
        raise models.not_found(target.model)
    model, version = row
    if version is None:
        raise no_version(model.name, target.reference)
    return model, version


def no_version(model: str, reference: Reference) -> VersionNotFound:
    """The error for a reference that means no version of the model of that name."""
    if isinstance(reference, ByAlias):
        message = f"The model {quoted(model)} has no alias {quoted(reference.name)}."
        return AliasNotFound(message, field="alias", model=model, reference=reference.name)
    named = format_reference(reference)
    message = f"The model {quoted(model)} has no version {quoted(named)}."
    return VersionNotFound(message, field="version", model=model, reference=named)


async def lock_model(tx: Tx, model: Model) -> None:
    """Step: keep versions and aliases of the model as they are until the commit; it counts as changed.

    Raises:
        ModelNotFound: it has just been deleted.
    """
    if not await repository.touch_model(tx, model.project_id, model.id):
        raise models.not_found(model.name)


async def change(tx: Tx, version: ModelVersion, **values: Any) -> ModelVersion:
    """Step: write values of a living version.

    Raises:
        VersionNotFound: it has just been deleted.
    """
    statement = (
        update(ModelVersion)
        .where(
            ModelVersion.project_id == version.project_id,
            ModelVersion.id == version.id,
            ModelVersion.deleted_at.is_(None),
        )
        .values(**values)
        .returning(ModelVersion)
    )
    found = (await tx.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if found is None:
        raise VersionNotFound(f"The version {quoted(version.version)} has just been deleted.", field="version")
    return found


async def reload(tx: Tx, version: ModelVersion) -> ModelVersion:
    """Step: the version as it is now, for who has waited for a lock since it was found.

    Raises:
        VersionNotFound: it has just been deleted.
    """
    mine = repository.living_versions(version.project_id).where(ModelVersion.id == version.id)
    found: ModelVersion | None = await tx.scalar(mine, execution_options={"populate_existing": True})
    if found is None:
        raise VersionNotFound(f"The version {quoted(version.version)} has just been deleted.", field="version")
    return found


async def lock_against_deletion(tx: Tx, version: ModelVersion) -> None:
    """Step: hold a living version against deletion until the commit; many may hold it at once.

    Raises:
        VersionNotFound: it has just been deleted.
    """
    held = repository.living_versions(version.project_id).where(ModelVersion.id == version.id)
    if await tx.scalar(held.with_for_update(read=True, of=ModelVersion)) is None:
        raise VersionNotFound(f"The version {quoted(version.version)} has just been deleted.", field="version")


async def _archive_others(tx: Tx, version: ModelVersion, stage: str) -> Sequence[ModelVersion]:
    """Several versions are held, and they may share files: so files first, and each kind in one order."""
    same = (ModelVersion.project_id == version.project_id, ModelVersion.model_id == version.model_id)
    others = (*same, ModelVersion.stage == stage, ModelVersion.id != version.id, ModelVersion.deleted_at.is_(None))
    ids = (await tx.scalars(select(ModelVersion.id).where(*others))).all()
    if not ids:
        return []
    await states.lock_files_of(tx, version.project_id, [version.id, *ids])
    every = (ModelVersion.project_id == version.project_id, ModelVersion.id == func.any([version.id, *ids]))
    await tx.execute(select(ModelVersion.id).where(*every).order_by(ModelVersion.id).with_for_update())
    statement = (
        update(ModelVersion).where(*others).values(stage="archived", updated_at=func.now()).returning(ModelVersion)
    )
    return (await tx.scalars(statement, execution_options={"populate_existing": True})).all()


async def _end_aliases(tx: Tx, version: ModelVersion) -> None:
    await tx.execute(
        update(Alias)
        .where(Alias.project_id == version.project_id, Alias.version_id == version.id, Alias.valid_until.is_(None))
        .values(valid_until=func.clock_timestamp())
    )
