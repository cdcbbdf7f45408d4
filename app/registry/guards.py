"""Versions that not all who write may change: sealed ones, and those in a protected stage.

Of a sealed version no file changes at all, and triggers see to it (migration 0021); what stands here says so before any
byte is sent. Files of a version in a protected stage, and either kind of version as a whole, are changed, deleted and
withdrawn by those who have :attr:`app.access.policy.Permission.PROTECTED_WRITE`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.artifacts import sealed
from app.artifacts.artifacts import LockOwner, Root
from app.artifacts.sealed import VersionSealed
from app.db import refusals
from app.db.database import Snapshot, Tx
from app.db.statements import Statement
from app.errors import Forbidden
from app.registry.stages import definitions, protections
from app.registry.stages.definitions import INITIAL_KEY
from app.registry.tables import GUARDED, ModelVersion
from app.text import quoted

__all__ = ["VersionProtected", "VersionSealed"]


class VersionProtected(Forbidden):
    """The version is sealed or in a protected stage: to change it takes the role maintainer."""

    code = "VERSION_PROTECTED"


class GuardedVersion(NamedTuple):
    """A version that may be protected: its text and stage, and the path of a file that it meets."""

    version: str
    stage: str
    is_sealed: bool
    path: str


READ_GUARDED_FILES = Statement(
    "registry.read_guarded_files",
    "Versions, sealed or in a stage, whose files are at, above or below some paths of a root, sealed ones first.",
    f"""
    SELECT v.version, v.stage, v.sealed_at IS NOT NULL AS is_sealed, given.path
    FROM model_versions v JOIN unnest(:paths::text[]) AS given(path) ON v.artifact_folder = '' OR given.path = ''
      OR given.path = v.artifact_folder OR starts_with(given.path, v.artifact_folder || '/')
      OR starts_with(v.artifact_folder, given.path || '/')
    WHERE v.project_id = :project AND coalesce(v.logged_model_id, v.candidate_id) = :root AND {GUARDED}
      AND v.location = '' AND (v.sealed_at IS NOT NULL OR v.deleted_at IS NULL)
      AND NOT (v.sealed_at IS NOT NULL AND {sealed.is_damaged_sql("v.project_id", ":root", "given.path")})
    ORDER BY v.sealed_at IS NULL, v.id, given.path LIMIT 100
    """,  # noqa: S608 - of constants
    row=GuardedVersion,
)
READ_GUARDED_OF_MODEL = Statement(
    "registry.read_guarded_of_model",
    "Versions of a model that are sealed or in a stage: one for each stage, sealed ones first.",
    f"""
    SELECT DISTINCT ON (v.sealed_at IS NULL, v.stage) v.version, v.stage, v.sealed_at IS NOT NULL AS is_sealed,
      '' AS path
    FROM model_versions v
    WHERE v.project_id = :project AND v.model_id = :model AND v.deleted_at IS NULL AND {GUARDED}
    ORDER BY v.sealed_at IS NULL, v.stage, v.id
    """,  # noqa: S608 - of constants
    row=GuardedVersion,
)


def owner_lock(lock: LockOwner, actor: Actor, root: Root, paths: Sequence[str]) -> LockOwner:
    """The step that locks the owner of files, and refuses an actor who may not change those at these paths.

    A path stands for the file and for all below it; the empty one for all files.
    """

    async def step(tx: Tx) -> object:
        owner = await lock(tx)
        await require_files(tx, actor, root, paths)
        return owner

    return step


async def require_files(snap: Snapshot, actor: Actor, root: Root, paths: Sequence[str]) -> None:
    """Read step: refuse to change files of sealed versions, and of those in a protected stage. One statement, mostly.

    What is damaged may be sent again: a trigger refuses other bytes than those that were there.

    Raises:
        VersionSealed: a sealed version has one of these files.
        VersionProtected: one in a protected stage has, and the actor may not change such.
    """
    guarded = await READ_GUARDED_FILES.fetch(snap, project=root.project_id, root=root.id, paths=list(paths))
    if not guarded:
        return
    if guarded[0].is_sealed:
        raise sealed.file_refusal(guarded[0].path, guarded[0].version)
    if (met := await _in_protected_stage(snap, root.project_id, guarded)) is not None:
        _require(actor, await projects.visible(snap, actor, root.project_id), met, "its files cannot be changed")


async def require_version(
    snap: Snapshot, actor: Actor, access: ProjectAccess, version: ModelVersion, what: str
) -> None:
    """Read step: refuse to change, delete or withdraw a guarded version; ``what`` says what cannot be done.

    Raises:
        VersionProtected: it is sealed or in a protected stage, and the actor may not change such.
    """
    guarded = GuardedVersion(version.version, version.stage, version.sealed_at is not None, "")
    if (met := await _first_protected(snap, access.id, [guarded])) is not None:
        _require(actor, access, met, what)


async def require_model(snap: Snapshot, actor: Actor, access: ProjectAccess, model_id: int, what: str) -> None:
    """Read step: the same of all versions of a model.

    Raises:
        VersionProtected: one of them is sealed or in a protected stage, and the actor may not change such.
    """
    if policy.allows(actor, access, Permission.PROTECTED_WRITE, of_models=True):
        return
    guarded = await READ_GUARDED_OF_MODEL.fetch(snap, project=access.id, model=model_id)
    if (met := await _first_protected(snap, access.id, guarded)) is not None:
        _require(actor, access, met, what)


async def is_protected(snap: Snapshot, version: ModelVersion) -> bool:
    """Read step: whether a version is sealed or in a protected stage."""
    guarded = GuardedVersion(version.version, version.stage, version.sealed_at is not None, "")
    return await _first_protected(snap, version.project_id, [guarded]) is not None


def _require(actor: Actor, access: ProjectAccess, met: GuardedVersion, what: str) -> None:
    if policy.allows(actor, access, Permission.PROTECTED_WRITE, of_models=True):
        return
    why = "is sealed" if met.is_sealed else f"is in the protected stage {quoted(met.stage)}"
    policy.require_scope(actor, Permission.PROTECTED_WRITE)
    raise VersionProtected(
        f"The version {quoted(met.version)} {why}: {what} with less than the role maintainer"
        f" (`{Permission.PROTECTED_WRITE}`)."
    )


async def _first_protected(snap: Snapshot, project_id: int, guarded: Sequence[GuardedVersion]) -> GuardedVersion | None:
    met = next((one for one in guarded if one.is_sealed), None)
    return met or await _in_protected_stage(snap, project_id, guarded)


async def _in_protected_stage(
    snap: Snapshot, project_id: int, guarded: Collection[GuardedVersion]
) -> GuardedVersion | None:
    """The first of them whose stage a rule protects, with the name that the project has for the stage."""
    if all(one.stage == INITIAL_KEY for one in guarded):
        return None
    stages = {stage.key: stage for stage in await definitions.of_project(snap, project_id, with_retired=True)}
    rules = await protections.of_project(snap, project_id)
    for one in guarded:
        stage = stages.get(one.stage)
        if stage is not None and protections.of_stage(rules, stage):
            return one._replace(stage=stage.name)
    return None


def _version(detail: list[str]) -> VersionSealed:
    key, version = (*detail, "")[:2]
    named = "The description" if key == "description" else f"The tag `{key}`, which says where it came from,"
    return VersionSealed(
        f"{named} of the version {quoted(version)} cannot change: it is sealed. Other tags can; facts can be added.",
        field="description" if key == "description" else "tags",
        version=version,
    )


refusals.register("sealed_version", _version)
