"""That a version was made from another one: stated, and taken back. Nothing is made from itself, however far back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot, Tx
from app.db.statements import Statement
from app.errors import Conflict, Invalid, NotFound, TooLarge
from app.lifecycle.lineage.tables import Derivation
from app.registry.references.resolve import Target
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.text import quoted

__all__ = ["Derivation"]

MAX_BASES = 100
"""Of one version: merges of models take dozens."""
MAX_NAME = 500
MAX_ANCESTORS = 10_000
_LOCK = Statement(
    "lineage.lock",
    "Let no other transaction add a derivation until the commit: two could close a circle that neither sees.",
    "SELECT pg_advisory_xact_lock(hashtextextended('lineage.derivations', 0))",
)
_COUNT_ANCESTORS = Statement(
    "lineage.count_ancestors",
    "How many versions a version was made from, with itself, and whether another one is among them.",
    """
    WITH RECURSIVE up (project_id, version_id) AS (
        SELECT :project::bigint, :version::bigint
        UNION
        SELECT d.base_project_id, d.base_version_id FROM up
        JOIN derivations d ON d.project_id = up.project_id AND d.version_id = up.version_id
        WHERE d.base_version_id IS NOT NULL
    )
    SELECT count(*) AS ancestors, coalesce(bool_or(version_id = :derived::bigint), false) AS is_circle
    FROM (SELECT version_id FROM up LIMIT :most) AS ancestor
    """,
)


class Kind(StrEnum):
    """How a version was made from its base."""

    FINE_TUNED = "fine_tuned"
    QUANTIZED = "quantized"
    DISTILLED = "distilled"
    MERGED = "merged"
    ADAPTED = "adapted"
    OTHER = "other"


class CircularDerivation(Conflict):
    """A version would be made from itself."""


class DerivationNotFound(NotFound):
    """There is no such derivation, or it may not be seen."""

    def __init__(self) -> None:
        super().__init__("There is no such derivation, or you may not see it.", field="id")


@dataclass(frozen=True, slots=True)
class Base:
    """What a version was made from: a version of a project here, or the name of what is kept elsewhere."""

    project: int | str | None = None
    version: Target | None = None
    name: str = ""


async def state(db: Database, actor: Actor, project: int | str, target: Target, base: Base, kind: Kind) -> Derivation:
    """Note that a version was made from a base; noting it again changes nothing.

    Raises:
        ModelNotFound, VersionNotFound, ProjectNotFound: the version or the base is not there, or may not be seen.
        Forbidden: the actor may not change the registry of the version's project.
        CircularDerivation: the base was made from the version.
        Invalid, TooLarge: the base has no name, or the version has 100 bases already.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
        _, version = await lookup.find(tx, actor, access.id, target)
        await lock(tx)
        await lookup.lock_against_deletion(tx, version)
        row = await _stored_base(tx, actor, base)
        return await add(tx, version, row, kind, source="stated", created_by=actor.user_id)


async def take_back(db: Database, actor: Actor, project_id: int, derivation_id: int) -> None:
    """Remove a derivation.

    Raises:
        DerivationNotFound: there is none, or it may not be seen.
        Forbidden: the actor may not change the registry of the version's project.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project_id)
        policy.require(actor, access, Permission.REGISTRY_WRITE, of_models=True)
        mine = (Derivation.project_id == access.id, Derivation.id == derivation_id)
        row = await tx.scalar(select(Derivation).where(*mine).with_for_update())
        if row is None:
            raise DerivationNotFound
        await lookup.find(tx, actor, access.id, row.version_id)
        await tx.execute(delete(Derivation).where(*mine))


@dataclass(frozen=True, slots=True)
class StoredBase:
    """A base as it is stored: its keys, None for what is kept elsewhere, and its name."""

    project_id: int | None
    version_id: int | None
    name: str


async def find_version(snap: Snapshot, actor: Actor, project: int | str, target: Target) -> StoredBase:
    """Read step: a version as a base, if the actor may see it.

    Raises:
        ModelNotFound, VersionNotFound, ProjectNotFound: it is not there, or may not be seen.
    """
    access = await projects.visible(snap, actor, project)
    policy.require(actor, access, Permission.REGISTRY_READ, of_models=True)
    return await find_within(snap, actor, access.id, target)


async def find_within(snap: Snapshot, actor: Actor, project_id: int, target: Target) -> StoredBase:
    """Read step: the same within a project that was found.

    Raises:
        ModelNotFound, VersionNotFound: it is not there, or the actor's token does not reach it.
    """
    model, version = await lookup.find(snap, actor, project_id, target)
    return StoredBase(project_id, version.id, f"{model.name}:{version.version}")


def elsewhere(name: str) -> StoredBase:
    """What is kept elsewhere, such as a repository of Hugging Face.

    Raises:
        Invalid, TooLarge: the name is empty, too long, or has characters that are not seen.
    """
    name = name.strip()
    if not name or not name.isprintable():
        raise Invalid(f"{quoted(name)} names no base: write a visible name, such as `org/model`.", field="baseName")
    if len(name) > MAX_NAME:
        raise TooLarge(f"The name of the base has {len(name)} characters; at most {MAX_NAME} fit.", field="baseName")
    return StoredBase(None, None, name)


async def lock(tx: Tx) -> None:
    """Step: let no other transaction add a derivation until the commit."""
    await _LOCK.execute(tx)


async def add(
    tx: Tx, version: ModelVersion, base: StoredBase, kind: Kind, *, source: str, created_by: int | None
) -> Derivation:
    """Step: note a derivation, under :func:`lock`; one that is there stays as it is.

    Raises:
        CircularDerivation, Invalid: as for :func:`state`.
    """
    if base.version_id is not None:
        await _refuse_circle(tx, version, base)
    same = (
        Derivation.project_id == version.project_id,
        Derivation.version_id == version.id,
        Derivation.kind == kind,
        Derivation.base == base.name if base.version_id is None else Derivation.base_version_id == base.version_id,
        Derivation.base_version_id.is_(None) if base.version_id is None else Derivation.base_version_id.is_not(None),
    )
    present: Derivation | None = await tx.scalar(select(Derivation).where(*same))
    if present is not None:
        return present
    mine = (Derivation.project_id == version.project_id, Derivation.version_id == version.id)
    if (await tx.scalar(select(func.count()).select_from(Derivation).where(*mine)) or 0) >= MAX_BASES:
        raise Invalid(f"The version {quoted(version.version)} has {MAX_BASES} bases already; take one back first.")
    values = {"project_id": version.project_id, "version_id": version.id, "kind": str(kind), "source": source}
    values |= {"base_project_id": base.project_id, "base_version_id": base.version_id, "base": base.name}
    made = upsert(Derivation).values(**values, created_by=created_by).returning(Derivation)
    return (await tx.scalars(made)).one()


async def _stored_base(tx: Tx, actor: Actor, base: Base) -> StoredBase:
    if base.version is None or base.project is None:
        return elsewhere(base.name)
    return await find_version(tx, actor, base.project, base.version)


async def _refuse_circle(tx: Tx, version: ModelVersion, base: StoredBase) -> None:
    row = await _COUNT_ANCESTORS.fetch_one(
        tx, project=base.project_id, version=base.version_id, derived=version.id, most=MAX_ANCESTORS + 1
    )
    assert row is not None, "it counts"
    if row["is_circle"]:
        raise CircularDerivation(
            f"The version {quoted(version.version)} is the base itself, or what that was made from; nothing is made "
            "from itself.",
            field="base",
        )
    if row["ancestors"] > MAX_ANCESTORS:
        raise Invalid(f"The base was made from more than {MAX_ANCESTORS:,} versions.", field="base")
