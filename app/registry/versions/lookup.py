"""One version by its id or by a reference; and steps that lock it or read it again."""

from __future__ import annotations

from sqlalchemy import select

from app.access import policy
from app.access.policy import Actor, ProjectAccess
from app.artifacts.artifacts import Root
from app.db.database import Database, Snapshot, Tx
from app.db.statements import Fragment
from app.errors import NotFound
from app.registry import models, repository
from app.registry.references import resolve
from app.registry.references.parse import AsOf, ByAlias, Reference, format_reference
from app.registry.references.resolve import Named, Target
from app.registry.repository import readable
from app.registry.tables import Model, ModelVersion, is_offered
from app.text import quoted

__all__ = ["ModelVersion", "Named", "Target"]


class VersionNotFound(NotFound):
    """There is no such model version, or it may not be seen."""

    def __init__(
        self, message: str, *, field: str | None = None, model: str | None = None, reference: str | None = None
    ) -> None:
        self.model, self.reference = model, reference
        super().__init__(message, field=field)


class AliasNotFound(VersionNotFound):
    """The model has no such alias."""


async def get(db: Database, actor: Actor, project: int | str, version_id: int) -> ModelVersion:
    """The version with that id.

    Raises:
        VersionNotFound: there is none, or it may not be seen.
    """
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        return (await find(snap, actor, access.id, version_id))[1]


async def by_reference(
    db: Database, actor: Actor, project: int | str, model: int | str, reference: Reference
) -> ModelVersion:
    """The version of a model that the reference means; one statement beside the one for the project.

    Raises:
        ModelNotFound: there is no such model.
        VersionNotFound: the reference means no version of it; AliasNotFound where it is an alias.
    """
    return (await by_reference_with_model(db, actor, project, model, reference))[1]


async def by_reference_with_model(
    db: Database, actor: Actor, project: int | str, model: int | str, reference: Reference
) -> tuple[Model, ModelVersion]:
    """Like :func:`by_reference`, with the model beside the version at no further cost."""
    async with db.read() as snap:
        access = await readable(snap, actor, project)
        return await find(snap, actor, access.id, Named(model, reference))


async def newest(snap: Snapshot, model: Model, count: int) -> list[ModelVersion]:
    """Read step: the versions of a model that were made last, the newest first, in whatever state they are."""
    mine = repository.living_versions(model.project_id).where(ModelVersion.model_id == model.id)
    return list(await snap.scalars(mine.order_by(ModelVersion.number.desc()).limit(count)))


async def find(snap: Snapshot, actor: Actor, project_id: int, target: Target) -> tuple[Model, ModelVersion]:
    """Read step: a living version and its model, in one statement, if the actor's token reaches the model.

    Raises:
        ModelNotFound, VersionNotFound, AliasNotFound: as for :func:`by_reference`.
    """
    if isinstance(target, Named):
        return await _find_named(snap, actor, project_id, target)
    if 0 < target < 2**63:
        statement = repository.living_versions(project_id).add_columns(Model).where(ModelVersion.id == target)
        row = (await snap.execute(statement)).one_or_none()
        if row is not None and policy.reaches(actor, row[1].name):
            return row[1], row[0]
    raise VersionNotFound(f"There is no model version with id {target} in this project, or you may not see it.")


async def find_to_read(snap: Snapshot, actor: Actor, project: int | str, target: Target) -> ModelVersion:
    """Read step: a living version, in a project whose registry the actor may read.

    Raises:
        ProjectNotFound, SwitchedOff: the actor may not see the project, or its registry.
        ModelNotFound, VersionNotFound, AliasNotFound: as for :func:`by_reference`.
    """
    access = await readable(snap, actor, project)
    return (await find(snap, actor, access.id, target))[1]


async def find_to_change(
    tx: Tx, actor: Actor, project: int | str, target: Target
) -> tuple[ProjectAccess, Model, ModelVersion]:
    """Step: the same with the project, for an actor who may change its registry.

    Raises:
        ProjectNotFound, Forbidden: the actor may not see the project, or not change its registry.
        ModelNotFound, VersionNotFound, AliasNotFound: as for :func:`by_reference`.
    """
    access = await repository.writable(tx, actor, project)
    return access, *await find(tx, actor, access.id, target)


async def reload(tx: Tx, version: ModelVersion) -> ModelVersion:
    """Step: the version as it is now, for callers that have waited for a lock since they read it.

    Raises:
        VersionNotFound: it has just been deleted.
    """
    mine = repository.living_versions(version.project_id).where(ModelVersion.id == version.id)
    current: ModelVersion | None = await tx.scalar(mine, execution_options={"populate_existing": True})
    if current is None:
        raise VersionNotFound(f"The version {quoted(version.version)} has just been deleted.", field="version")
    return current


async def lock_by_id(tx: Tx, project_id: int, version_id: int) -> ModelVersion | None:
    """Step: a living version of a key, locked against every change until the commit; None where there is none."""
    mine = repository.living_versions(project_id).where(ModelVersion.id == version_id)
    locked: ModelVersion | None = await tx.scalar(mine.with_for_update(read=True, of=ModelVersion))
    return locked


async def lock_against_deletion(tx: Tx, version: ModelVersion) -> None:
    """Step: lock a living version against deletion until the commit; many transactions may at once.

    Raises:
        VersionNotFound: it has just been deleted.
    """
    mine = repository.living_versions(version.project_id).where(ModelVersion.id == version.id)
    if await tx.scalar(mine.with_for_update(read=True, of=ModelVersion)) is None:
        raise VersionNotFound(f"The version {quoted(version.version)} has just been deleted.", field="version")


def no_version(model: str, reference: Reference) -> VersionNotFound:
    """The error for a reference that means no version of the model of that name."""
    if isinstance(reference, ByAlias):
        message = f"The model {quoted(model)} has no alias {quoted(reference.name)}."
        return AliasNotFound(message, field="alias", model=model, reference=reference.name)
    named = format_reference(reference)
    if isinstance(reference, AsOf):
        message = f"The model {quoted(model)} had no version {quoted(named)}, or it was deleted since."
        return VersionNotFound(message, field="version", model=model, reference=named)
    message = f"The model {quoted(model)} has no version {quoted(named)}."
    return VersionNotFound(message, field="version", model=model, reference=named)


async def predecessor(snap: Snapshot, version: ModelVersion) -> ModelVersion | None:
    """Read step: the highest release of the model that precedes the version, READY and not yanked; None: there is none.

    One probe of the index that has releases by precedence.
    """
    earlier = (
        ModelVersion.project_id == version.project_id,
        ModelVersion.model_id == version.model_id,
        ModelVersion.deleted_at.is_(None),
        is_offered(ModelVersion),
        ModelVersion.is_prerelease.is_(False),
        ModelVersion.precedence < version.precedence,
    )
    order = (ModelVersion.precedence.desc(), ModelVersion.number.desc())
    before: ModelVersion | None = await snap.scalar(select(ModelVersion).where(*earlier).order_by(*order).limit(1))
    return before


def root_of(version: ModelVersion) -> tuple[Root, str]:
    """Whose files those of the version are, and below which folder."""
    if version.logged_model_id is not None:
        return Root(version.project_id, logged_model_id=version.logged_model_id), version.artifact_folder
    return Root(version.project_id, candidate_id=version.candidate_id), version.artifact_folder


async def _find_named(snap: Snapshot, actor: Actor, project_id: int, target: Named) -> tuple[Model, ModelVersion]:
    key = repository.model_key(target.model)
    row = None
    if key is not None:
        statement = resolve.of_model(target.reference, by_id=isinstance(key, int))
        row = (await snap.execute(statement, {"of_project": project_id, "of_model": key})).one_or_none()
    if row is None or not policy.reaches(actor, row[0].name):
        raise models.not_found(target.model)
    model, version = row
    if version is None:
        raise no_version(model.name, target.reference)
    return model, version


def described_sql(artifact: str) -> Fragment:
    """SQL: an array of the versions that use the owner of an artifact, each with its aliases, for an administrator."""
    return Fragment(f"""
        ARRAY(
            SELECT m.name || ' ' || v.version || CASE WHEN v.deleted_at IS NULL THEN '' ELSE ' (deleted)' END
                || coalesce((
                    SELECT ' @' || string_agg(s.name, ' @' ORDER BY s.name) FROM aliases s
                    WHERE s.project_id = v.project_id AND s.version_id = v.id AND s.valid_until IS NULL
                ), '')
            FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
            WHERE v.project_id = {artifact}.project_id
                AND (v.candidate_id = {artifact}.candidate_id OR v.logged_model_id = {artifact}.logged_model_id)
            ORDER BY m.name, v.number
        )
    """)  # noqa: S608 - the name of a table in a constant
