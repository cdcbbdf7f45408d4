"""Versions of models: creation under the model's lock, and every change of one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access.policy import Actor
from app.artifacts import paths
from app.artifacts.artifacts import Root
from app.db.database import Database, Snapshot, Tx
from app.errors import Invalid, NotFound, Taken, TooLarge
from app.queue import outbox
from app.queue.jobs import PurgeVersion
from app.quoting import quoted
from app.registry import models, repository, resolving, semver
from app.registry.names import check_description, check_stage
from app.registry.references import ByAlias, Reference, spoken
from app.registry.repository import readable, writable
from app.registry.resolving import Named, Target
from app.registry.semver import Increment, SemVer
from app.registry.tables import Alias, Model, ModelVersion
from app.registry.tagging import check_tags, merged, without
from app.tracking import candidates, logged_models
from app.tracking.candidates import CreateCandidate

__all__ = ["Increment", "ModelVersion", "Named", "Target"]

STAGES = ("none", "staging", "production", "archived")
MAX_ADDRESS = 5_000
"""Characters of ``source`` and ``run_link``."""


class VersionNotFound(NotFound):
    """There is no such model version, or it may not be seen."""


class AliasNotFound(VersionNotFound):
    """The model has no such alias."""


class VersionTaken(Taken):
    """The model has a version of that text."""

    def __init__(self, existing: ModelVersion) -> None:
        self.existing_id = existing.id
        self.existing_number = existing.number
        super().__init__(
            f"The model already has the version {quoted(existing.version)} (number {existing.number}); name another "
            "one, or leave it out for the next.",
            field="version",
        )


@dataclass(frozen=True, slots=True)
class CreateVersion:
    """What to make of a model; without ``version`` the next one, without ``candidate_id`` a candidate of its own.

    The files are those of the logged model when one is named, else of the candidate, below ``artifact_folder``.
    """

    model: int | str
    version: str | None = None
    increment: Increment | None = None
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    candidate_id: UUID | None = None
    logged_model_id: UUID | None = None
    artifact_folder: str = ""
    source: str = ""
    run_link: str = ""


async def create(db: Database, actor: Actor, project: int | str, command: CreateVersion) -> ModelVersion:
    """Make a version. Its number follows the last one without a gap; a refused creation uses none up.

    Raises:
        ModelNotFound: there is no such model.
        VersionTaken: the model has a living version of the same text.
        CandidateNotFound, CandidateInTrash, LoggedModelNotFound: what it is to be made from is not there.
        Invalid: the version is not SemVer 2.0, or another value is not acceptable.
    """
    wanted = _wanted(command)
    values = _values(command)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model = await models.find(tx, access.id, command.model)
        origin = await _origin(tx, model, command, actor)
        number = await _take_number(tx, model)
        version = wanted or await _next(tx, model, command.increment or Increment.PATCH)
        return await _insert(tx, model, version, number=number, created_by=actor.user_id, **origin, **values)


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
        _, version = await find(tx, access.id, target)
        return await _change(tx, version, updated_at=func.now(), **changes)


async def set_tags(
    db: Database, actor: Actor, project: int | str, target: Target, tags: Mapping[str, str]
) -> ModelVersion:
    """Set tags; others stay as they are. The version counts as unchanged (MLflow REST: model-versions/set-tag).

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        Invalid: a key or value is not acceptable, or there would be too many.
    """
    patch = check_tags(tags)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        _, version = await find(tx, access.id, target)
        changed = await _change(tx, version, tags=merged(ModelVersion.tags, patch))
        check_tags(changed.tags)
    return changed


async def remove_tag(db: Database, actor: Actor, project: int | str, target: Target, key: str) -> ModelVersion:
    """Remove a tag; one that is not there is no error (MLflow REST: model-versions/delete-tag).

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        _, version = await find(tx, access.id, target)
        return await _change(tx, version, tags=without(ModelVersion.tags, key))


async def set_stage(
    db: Database, actor: Actor, project: int | str, target: Target, stage: str, *, archive_existing: bool = False
) -> ModelVersion:
    """Move a version to a stage; ``archive_existing`` sends all others in that stage to ``archived``.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
        Invalid: there is no such stage.
    """
    stage = known_stage(stage)
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await find(tx, access.id, target)
        await _lock_model(tx, model)
        if archive_existing:
            await _archive_others(tx, version, stage)
        return await _change(tx, version, stage=stage, updated_at=func.now())


async def delete(db: Database, actor: Actor, project: int | str, target: Target) -> UUID:
    """Delete a version, its aliases and, by a background job whose id is answered, its own candidate and files.

    The text can be used again at once, the number never.

    Raises:
        ModelNotFound, VersionNotFound: there is no such version.
    """
    async with db.write() as tx:
        access = await writable(tx, actor, project)
        model, version = await find(tx, access.id, target)
        await _lock_model(tx, model)
        await _change(tx, version, deleted_at=func.now(), updated_at=func.now())
        await _end_aliases(tx, version)
        job = PurgeVersion(access.id, version.id)
        return await outbox.enqueue(tx, job, project_id=access.id, requested_by=actor.user_id)


def known_stage(stage: str) -> str:
    """The stage as it is stored.

    Raises:
        Invalid: the project has no such stage.
    """
    name = check_stage(stage)
    if name not in STAGES:
        raise Invalid(f"There is no stage {quoted(stage)}; there are {', '.join(STAGES)}.", field="stage")
    return name


def root_of(version: ModelVersion) -> tuple[Root, str]:
    """Whose files those of the version are, and below which folder."""
    if version.logged_model_id is not None:
        return Root(version.project_id, logged_model_id=version.logged_model_id), version.artifact_folder
    return Root(version.project_id, candidate_id=version.candidate_id), version.artifact_folder


def _wanted(command: CreateVersion) -> SemVer | None:
    if command.version is None:
        return None
    if command.increment is not None:
        raise Invalid("Pass either `version` or `increment`, not both.", field="increment")
    return semver.parse(command.version)


def _values(command: CreateVersion) -> dict[str, Any]:
    for name in ("source", "run_link"):
        text = getattr(command, name)
        if len(text) > MAX_ADDRESS:
            raise TooLarge(f"`{name}` has {len(text)} characters; at most {MAX_ADDRESS} fit.", field=name)
    return {
        "description": check_description(command.description),
        "tags": check_tags(command.tags),
        "artifact_folder": paths.check_folder(command.artifact_folder, "artifact_folder"),
        "source": command.source,
        "run_link": command.run_link,
    }


async def _origin(tx: Tx, model: Model, command: CreateVersion, actor: Actor) -> dict[str, UUID | None]:
    """Candidate and logged model, locked against deletion; taken before the model's lock, which is held as short
    as can be.
    """
    candidate_id, logged_model_id = command.candidate_id, command.logged_model_id
    if logged_model_id is not None:
        logged = await logged_models.lock_living(tx, model.project_id, logged_model_id)
        candidate_id = candidate_id or logged.source_candidate_id
    if candidate_id is not None:
        await candidates.lock_living(tx, model.project_id, candidate_id)
    else:
        begin = CreateCandidate(model.experiment_number)
        own = await candidates.add(tx, model.project_id, begin, of_version=True, created_by=actor.user_id)
        candidate_id = own.id
    return {"candidate_id": candidate_id, "logged_model_id": logged_model_id}


async def _take_number(tx: Tx, model: Model) -> int:
    """The next number; the model's row stays locked until the commit, so that numbers have no gaps."""
    statement = (
        update(Model)
        .where(Model.project_id == model.project_id, Model.id == model.id, Model.deleted_at.is_(None))
        .values(last_number=Model.last_number + 1, updated_at=func.now())
        .returning(Model.last_number)
    )
    number: int | None = await tx.scalar(statement)
    if number is None:
        raise models.not_found(model.name)
    return number


async def _next(tx: Tx, model: Model, increment: Increment) -> SemVer:
    """What follows the highest release and the highest version, both read under the model's lock."""
    mine = select(ModelVersion.version).where(
        ModelVersion.project_id == model.project_id,
        ModelVersion.model_id == model.id,
        ModelVersion.deleted_at.is_(None),
    )
    highest = mine.order_by(ModelVersion.precedence.desc(), ModelVersion.number.desc()).limit(1)
    release = highest.where(ModelVersion.is_prerelease.is_(False))
    row = (await tx.execute(select(release.scalar_subquery(), highest.scalar_subquery()))).one()
    known = [None if text is None else semver.parse(text) for text in row]
    return semver.bump(known[0], known[1], increment)


async def _insert(tx: Tx, model: Model, version: SemVer, **values: Any) -> ModelVersion:
    statement = (
        upsert(ModelVersion)
        .values(
            project_id=model.project_id,
            model_id=model.id,
            version=version.text,
            precedence=semver.precedence_key(version),
            is_prerelease=version.is_prerelease,
            **values,
        )
        .on_conflict_do_nothing(
            index_elements=["project_id", "model_id", "version"], index_where=ModelVersion.deleted_at.is_(None)
        )
        .returning(ModelVersion)
    )
    made: ModelVersion | None = await tx.scalar(statement)
    if made is None:
        # Versions of a model are made and deleted under its lock, which is held: the one in the way is still there.
        same = repository.living_versions(model.project_id).where(
            ModelVersion.model_id == model.id, ModelVersion.version == version.text
        )
        raise VersionTaken((await tx.scalars(same)).one())
    return made


async def _find_named(snap: Snapshot, project_id: int, target: Named) -> tuple[Model, ModelVersion]:
    condition = repository.model_is(project_id, target.model)
    row = None
    if condition is not None:
        row = (await snap.execute(resolving.of_model(condition, target.reference))).one_or_none()
    if row is None:
        raise models.not_found(target.model)
    model, version = row
    if version is None:
        raise _no_version(model, target.reference)
    return model, version


def _no_version(model: Model, reference: Reference) -> VersionNotFound:
    if isinstance(reference, ByAlias):
        return AliasNotFound(f"The model {quoted(model.name)} has no alias {quoted(reference.name)}.", field="alias")
    return VersionNotFound(
        f"The model {quoted(model.name)} has no version {quoted(spoken(reference))}.", field="version"
    )


async def _lock_model(tx: Tx, model: Model) -> None:
    if not await repository.touch_model(tx, model.project_id, model.id):
        raise models.not_found(model.name)


async def _change(tx: Tx, version: ModelVersion, **values: Any) -> ModelVersion:
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


async def _archive_others(tx: Tx, version: ModelVersion, stage: str) -> None:
    await tx.execute(
        update(ModelVersion)
        .where(
            ModelVersion.project_id == version.project_id,
            ModelVersion.model_id == version.model_id,
            ModelVersion.stage == stage,
            ModelVersion.id != version.id,
            ModelVersion.deleted_at.is_(None),
        )
        .values(stage="archived", updated_at=func.now())
    )


async def _end_aliases(tx: Tx, version: ModelVersion) -> None:
    await tx.execute(
        update(Alias)
        .where(Alias.project_id == version.project_id, Alias.version_id == version.id, Alias.valid_until.is_(None))
        .values(valid_until=func.clock_timestamp())
    )
