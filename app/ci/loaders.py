"""CI jobs of many owners at once: statements do not grow with the owners.

Keys begin with the project; results come in their order, and a key that may not be read has its refusal as the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, and_, literal, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.projects import ProjectNotFound
from app.access.reads.guarded import GuardedReads, Results
from app.ci import jobs
from app.ci.jobs import VisibleJob
from app.ci.owners import LINKED_TO_CANDIDATE, LINKED_TO_VERSION
from app.ci.tables import CandidateCiJob, CiJob, CiSettings, VersionCiJob
from app.db import batch_reads
from app.db.database import Database
from app.errors import ModelyardError

CandidateKey: TypeAlias = tuple[int, UUID]
VersionKey: TypeAlias = tuple[int, int]
CiJobKey: TypeAlias = tuple[int, UUID]
K = TypeVar("K", bound=tuple[Any, ...])


async def of_candidates(db: Database, actor: Actor, keys: Sequence[CandidateKey]) -> Results[list[VisibleJob]]:
    """The CI jobs of each candidate, the one linked last first."""
    parent = (CandidateCiJob.project_id, CandidateCiJob.candidate_id)
    return await _linked(db, actor, keys, CandidateCiJob, parent, Permission.CANDIDATE_READ)


async def of_versions(db: Database, actor: Actor, keys: Sequence[VersionKey]) -> Results[list[VisibleJob]]:
    """The CI jobs that each model version itself is linked to, the one linked last first."""
    parent = (VersionCiJob.project_id, VersionCiJob.version_id)
    return await _linked(db, actor, keys, VersionCiJob, parent, Permission.REGISTRY_READ)


async def by_keys(db: Database, actor: Actor, keys: Sequence[CiJobKey]) -> list[VisibleJob | None]:
    """CI jobs by id; None where there is none, and where the actor may see nothing that it is linked to."""
    accesses = await _accesses(db, actor, keys)
    shown = [_shown(actor, access) for access in accesses.values()]
    if not shown:
        return [None for _ in keys]
    async with db.read() as snap:
        statement = select(CiJob).where(or_(*shown))
        rows = await batch_reads.singles(snap, statement, parent=(CiJob.project_id, CiJob.id), keys=keys)
    return [jobs.seen(accesses[row.project_id], row) if row else None for row in rows]


async def settings_of_projects(db: Database, actor: Actor, keys: Sequence[tuple[int]]) -> Results[CiSettings | None]:
    """The CI settings of each project; for maintainers."""
    lists = GuardedReads(Permission.CI_MANAGE)
    return await lists.singles(db, actor, keys, statement=select(CiSettings), parent=(CiSettings.project_id,))


async def _linked(
    db: Database,
    actor: Actor,
    keys: Sequence[K],
    table: type[CandidateCiJob | VersionCiJob],
    parent: Sequence[InstrumentedAttribute[Any]],
    permission: Permission,
) -> Results[list[VisibleJob]]:
    same = and_(CiJob.project_id == table.project_id, CiJob.id == table.ci_job_id)
    statement = select(CiJob).join(table, same).order_by(table.linked_at.desc(), CiJob.id.desc())
    accesses = await _accesses(db, actor, keys)
    refused = {id: _refusal(actor, accesses.get(id), id, permission) for id in {key[0] for key in keys}}
    allowed = [key for key in keys if refused[key[0]] is None]
    rows: dict[K, list[CiJob]] = {}
    if allowed:
        async with db.read() as snap:
            groups: list[list[CiJob]] = await batch_reads.groups(snap, statement, parent=parent, keys=allowed)
        rows = dict(zip(allowed, groups, strict=True))
    return [refused[key[0]] or [jobs.seen(accesses[key[0]], row) for row in rows[key]] for key in keys]


async def _accesses(db: Database, actor: Actor, keys: Sequence[tuple[Any, ...]]) -> dict[int, ProjectAccess]:
    rows = await projects.by_ids(db, actor, sorted({key[0] for key in keys}))
    return {access.id: access for access in rows if access is not None}


def _refusal(actor: Actor, access: ProjectAccess | None, id: int, permission: Permission) -> ModelyardError | None:
    if access is None:
        return ProjectNotFound(f"There is no project `{id}`, or you may not see it.")
    try:
        policy.require(actor, access, permission)
    except ModelyardError as refusal:
        return refusal
    return None


def _shown(actor: Actor, access: ProjectAccess) -> ColumnElement[bool]:
    """Jobs of the project that are linked to something that the actor may read."""
    parts: list[ColumnElement[bool]] = [literal(value=False)]
    if policy.allows(actor, access, Permission.CANDIDATE_READ):
        parts.append(literal_column(LINKED_TO_CANDIDATE, Boolean))
    if policy.allows(actor, access, Permission.REGISTRY_READ):
        parts.append(literal_column(LINKED_TO_VERSION, Boolean))
    return and_(CiJob.project_id == access.id, or_(*parts))
