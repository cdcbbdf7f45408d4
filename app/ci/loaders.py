"""CI jobs of many owners at once: statements do not grow with the owners.

Keys begin with the project; results come in their order, and a key that may not be read has its refusal as the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.access import policy, projects
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.projects import ProjectNotFound
from app.access.reads.guarded import GuardedReads, Results
from app.ci import jobs
from app.ci.jobs import VisibleJob
from app.ci.tables import CandidateCiJob, CiJob, CiSettings, VersionCiJob
from app.db import batch_reads
from app.db.database import Database
from app.db.statements import Fragment
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


@dataclass(frozen=True, slots=True)
class LinkedRows:
    """SQL of features above this one: whether the candidate or version of two columns (project, id) is living."""

    candidate: Callable[[str, str], Fragment]
    version: Callable[[str, str], Fragment]


async def by_keys(db: Database, actor: Actor, keys: Sequence[CiJobKey], living: LinkedRows) -> list[VisibleJob | None]:
    """CI jobs by id; None where there is none, and where the actor may see nothing that it is linked to."""
    accesses = await _accesses(db, actor, keys)
    shown = [_shown(actor, access, living) for access in accesses.values()]
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
        policy.require(actor, access, permission, of_models=True)
    except ModelyardError as refusal:
        return refusal
    return None


def _shown(actor: Actor, access: ProjectAccess, living: LinkedRows) -> ColumnElement[bool]:
    """Jobs of the project that are linked to something that the actor may read."""
    parts: list[ColumnElement[bool]] = [literal(value=False)]
    if policy.allows(actor, access, Permission.CANDIDATE_READ):
        parts.append(_linked_to(CandidateCiJob, living.candidate("l.project_id", "l.candidate_id")))
    if policy.allows(actor, access, Permission.REGISTRY_READ):
        parts.append(_linked_to(VersionCiJob, living.version("l.project_id", "l.version_id")))
    return and_(CiJob.project_id == access.id, or_(*parts))


def _linked_to(table: type[CandidateCiJob | VersionCiJob], is_living: Fragment) -> ColumnElement[bool]:
    """Whether the job of the row is linked to something living; in ``is_living`` the link's columns are those of l."""
    link = aliased(table, name="l")
    same = (link.project_id == CiJob.project_id, link.ci_job_id == CiJob.id)
    condition: ColumnElement[bool] = exists().where(*same, text(is_living)).correlate(CiJob)
    return condition
