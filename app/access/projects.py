"""Projects: the tenants. Every read of anything below one starts with :func:`visible`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import groups, policy, repository
from app.access.access_log import Action, record
from app.access.authentication.access_cache import RequestCache
from app.access.names import check_below, check_path, check_title, check_visibility
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.tables import Project, Token, User
from app.db.database import WRITES, Database, Snapshot, Tx
from app.db.statements import Fragment
from app.errors import Invalid, NotFound, Taken, TooManyRequests
from app.pagination import Keyset, Page, Window


class ProjectNotFound(NotFound):
    """There is no such project, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class CreateProject:
    group: int | str
    path: str
    name: str | None = None
    description: str = ""
    visibility: str = "private"


class BumpPolicy(StrEnum):
    """What becomes of a version whose step in SemVer is smaller than its differences take."""

    HINT = "hint"
    WARNING = "warning"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class UpdateProject:
    """Only what is not None changes."""

    project: int | str
    name: str | None = None
    description: str | None = None
    visibility: str | None = None
    registry_access: str | None = None
    experiments_access: str | None = None
    version_reuse: bool | None = None
    bump_policy: str | None = None


async def bump_policy(snap: Snapshot, project_id: int) -> BumpPolicy:
    """Read step: what becomes of versions whose step is too small."""
    return BumpPolicy(await snap.scalar(select(Project.bump_policy).where(Project.id == project_id)) or "hint")


def reuses_versions_sql(project: str) -> Fragment:
    """SQL: whether the SemVer of a deleted version may come back with other files in the project of that id."""
    return Fragment(f"EXISTS (SELECT FROM projects p WHERE p.id = {project} AND p.version_reuse)")


GAUGES = Fragment("""
SELECT name, NULL AS kind, NULL AS state, value FROM (
    SELECT count(*)::float8 AS count, coalesce(extract(epoch FROM now() - min(deleted_at)), 0)::float8 AS oldest
    FROM projects WHERE deleted_at IS NOT NULL) removed,
  LATERAL (VALUES ('deleted_projects', count), ('deleted_projects_oldest_seconds', oldest)) AS named (name, value)
""")
"""Gauges of projects, as a part of the statement that reads those of the installation (:mod:`app.upkeep.gauges`)."""
GAUGE_HELP = {
    "deleted_projects": "Deleted projects that are not removed yet.",
    "deleted_projects_oldest_seconds": "For how long the oldest of them has been waiting.",
}


def path_sql(project: str) -> Fragment:
    """SQL: the full path of the project of that id."""
    return Fragment(f"(SELECT p.full_path FROM projects p WHERE p.id = {project})")  # noqa: S608 - a column


async def visible(snap: Snapshot, actor: Actor, reference: int | str) -> ProjectAccess:
    """Read step: the project with that id or full path, and the actor's role in it. One statement, or none.

    Raises:
        ProjectNotFound: it does not exist, or the actor may not know of it.
        RequestLimitReached: the project has used up its minute.
    """
    cached = actor.cache.get(reference) if actor.cache else None
    if actor.cache and cached is not None:
        await actor.cache.count(cached)
        return cached
    condition = _is(reference)
    access = None if condition is None else await repository.get_project(snap, actor, condition)
    if access is None:
        raise _missing(reference)
    if actor.cache:
        actor.cache.reached(access)
        await actor.cache.count(access)
    if actor.cache and not snap.info.get(WRITES):
        # A copy, since a session that ends takes its rows' values along.
        access = ProjectAccess(_copy(access.project), access.role)
        actor.cache.put(reference, access)
    return access


def _copy(project: Project) -> Project:
    return Project(**{name: getattr(project, name) for name in Project.__mapper__.columns.keys()})  # noqa: SIM118


async def get(db: Database, actor: Actor, reference: int | str) -> ProjectAccess:
    """The project with that id or full path; without a connection when the actor's request has it cached.

    Raises:
        ProjectNotFound: it does not exist, or the actor may not know of it.
        RequestLimitReached: the project has used up its minute.
    """
    cached = actor.cache.get(reference) if actor.cache else None
    if actor.cache and cached is not None:
        await actor.cache.count(cached)
        return cached
    async with db.read() as snap:
        return await visible(snap, actor, reference)


async def id_of(snap: Snapshot, reference: int | str) -> int | None:
    """Read step: the project of that id or full path, for callers that tell no client whether there is one."""
    condition = _is(reference)
    if condition is None:
        return None
    return await snap.scalar(select(Project.id).where(condition, Project.deleted_at.is_(None)))


async def by_ids(db: Database, actor: Actor, ids: Sequence[int]) -> list[ProjectAccess | None]:
    """For loaders: projects in the order of the ids, None where the actor may not see one."""
    async with db.read() as snap:
        accesses = await visible_by_ids(snap, actor, ids)
    return [accesses.get(id) for id in ids]


async def visible_by_ids(snap: Snapshot, actor: Actor, ids: Collection[int]) -> dict[int, ProjectAccess]:
    """Read step: those of the projects that the actor may see. One statement, or none.

    Raises:
        RequestLimitReached: of a single project: it has used up its minute. One among several hides no other.
    """
    cache = actor.cache
    accesses = {id: access for id in ids if cache is not None and (access := cache.get(id)) is not None}
    missing = [id for id in ids if id not in accesses]
    for row in await snap.execute(repository.visible_projects(actor).where(Project.id.in_(missing))) if missing else ():
        access = repository.access_of(row)
        if cache is not None:
            cache.reached(access)
        if cache is not None and not snap.info.get(WRITES):
            access = ProjectAccess(_copy(access.project), access.role)
            cache.put(access.id, access)
        accesses[access.id] = access
    if cache is not None:
        await _count_all(cache, accesses)
    return accesses


async def _count_all(cache: RequestCache, accesses: Mapping[int, ProjectAccess]) -> None:
    for access in accesses.values():
        try:
            await cache.count(access)
        except TooManyRequests:
            if len(accesses) == 1:
                raise


async def search(
    db: Database, actor: Actor, window: Window, *, text: str = "", group_id: int | None = None
) -> Page[ProjectAccess]:
    """Projects that the actor may see, by path."""
    statement = _matching(actor, text, group_id)
    async with db.read() as snap:
        rows = (await snap.execute(ORDER.apply(statement, window))).all()
    return ORDER.page([repository.access_of(row) for row in rows], window)


async def count(db: Database, actor: Actor, *, text: str = "", group_id: int | None = None) -> int:
    """How many projects :func:`search` would page through."""
    async with db.read() as snap:
        statement = select(func.count()).select_from(_matching(actor, text, group_id).subquery())
        return await snap.scalar(statement) or 0


async def create(db: Database, actor: Actor, command: CreateProject) -> ProjectAccess:
    """Make a project, with the experiment `0` named Default that MLflow clients expect.

    Raises:
        Forbidden: the actor is not at least maintainer of the group.
        Invalid: more callers would see it than its group.
        Taken: the group has a project of that path.
    """
    check_path(command.path, "path")
    check_visibility(command.visibility)
    name = check_title(command.name or command.path, "name")
    _check_description(command.description)
    async with db.write() as tx:
        access = await groups.visible(tx, actor, command.group)
        user_id = policy.require_signed_in(actor)
        groups.require_in(actor, access, Permission.PROJECT_CREATE)
        role, group = access.role, await groups.lock_around(tx, access.id)
        check_below(command.visibility, group)
        full_path = f"{group.full_path}/{command.path}"
        project = await tx.scalar(
            upsert(Project)
            .values(
                group_id=group.id,
                path=command.path,
                full_path=full_path,
                name=name,
                description=command.description,
                visibility=command.visibility,
                created_by=user_id,
            )
            .on_conflict_do_nothing()
            .returning(Project)
        )
        if project is None:
            raise Taken(f"There is already a project `{full_path}`; choose another path.", field="path")
        await record(
            tx,
            Action.PROJECT_CREATE,
            actor=actor,
            group_id=group.id,
            project_id=project.id,
            path=full_path,
            visibility=command.visibility,
        )
    return ProjectAccess(project, role)


async def edit(db: Database, actor: Actor, command: UpdateProject) -> ProjectAccess:
    """Change name, description, visibility and switches.

    Raises:
        Forbidden: the actor is not at least maintainer.
        Invalid: more callers would see it than its group.
    """
    changes = _changes(command)
    async with db.write() as tx:
        access = await visible(tx, actor, command.project)
        policy.require(actor, access, Permission.PROJECT_UPDATE)
        if not changes:
            return access
        living = [Project.id == access.id, Project.deleted_at.is_(None)]
        if command.visibility is not None and command.visibility != access.project.visibility:
            check_below(command.visibility, await groups.lock_around(tx, access.project.group_id))
            # A project that has moved to another group meanwhile is as good as gone: the caller may try again.
            living.append(Project.group_id == access.project.group_id)
        project = await tx.scalar(update(Project).where(*living).values(**changes).returning(Project))
        if project is None:
            raise _missing(command.project)
        # A description is long and says nothing of access.
        told: dict[str, Any] = {name: value for name, value in changes.items() if name != "description"}
        path = access.project.full_path
        await record(tx, Action.PROJECT_UPDATE, actor=actor, project_id=access.id, path=path, **told)
    policy.invalidate_cache(actor)
    return ProjectAccess(project, access.role)


def created_at(project_id: int) -> ScalarSelect[datetime]:
    """For statements: when the project was made."""
    return select(Project.created_at).where(Project.id == project_id).scalar_subquery()


def is_living(project_id: Any) -> ColumnElement[bool]:
    """For statements that no actor's view of a project precedes: whether the project of a column is not deleted."""
    return exists().where(Project.id == project_id, Project.deleted_at.is_(None))


async def take_experiment_number(tx: Tx, project_id: int) -> int:
    """Step: the next experiment number of the project, gap-free: the row stays locked until the commit."""
    statement = (
        update(Project)
        .where(Project.id == project_id, Project.deleted_at.is_(None))
        .values(last_experiment_number=Project.last_experiment_number + 1)
        .returning(Project.last_experiment_number)
    )
    number = await tx.scalar(statement)
    if number is None:
        raise _missing(project_id)
    return number


async def hide(tx: Tx, project_id: int) -> None:
    """Step: from now on the project is gone for every caller, its path is free, and its tokens are refused."""
    living = (Project.id == project_id, Project.deleted_at.is_(None))
    hidden = update(Project).where(*living).values(deleted_at=func.now()).returning(Project.id)
    if await tx.scalar(hidden) is None:
        raise _missing(project_id)
    mine = (Token.project_id == project_id, Token.revoked_at.is_(None))
    bots = await tx.scalars(update(Token).where(*mine).values(revoked_at=func.now()).returning(Token.user_id))
    await tx.execute(update(User).where(User.id.in_(set(bots)), User.is_bot).values(blocked_at=func.now()))


async def is_hidden(snap: Snapshot, project_id: int) -> bool:
    """Read step: whether the project is deleted and not yet removed."""
    deleted = select(Project.id).where(Project.id == project_id, Project.deleted_at.is_not(None))
    return await snap.scalar(deleted) is not None


async def forget(tx: Tx, project_id: int) -> None:
    """Step: remove the row of a deleted project, which nothing refers to any more."""
    await tx.execute(delete(Project).where(Project.id == project_id, Project.deleted_at.is_not(None)))


ORDER: Keyset[ProjectAccess] = Keyset(
    "projects", (Project.full_path, Project.id), lambda access: (access.project.full_path, access.id)
)


def is_living_sql(project: str) -> Fragment:
    """SQL: whether the project of that id is not deleted."""
    return Fragment(f"EXISTS (SELECT FROM projects p WHERE p.id = {project} AND p.deleted_at IS NULL)")


def _matching(actor: Actor, text: str, group_id: int | None) -> Select[Project, int | None]:
    statement = repository.visible_projects(actor)
    if text:
        statement = statement.where(func.lower(Project.full_path).contains(text.lower(), autoescape=True))
    if group_id is not None:
        statement = statement.where(Project.group_id == group_id)
    return statement


def _missing(reference: int | str) -> ProjectNotFound:
    return ProjectNotFound(f"There is no project `{str(reference)[:200]}`, or you may not see it.")


def _is(reference: int | str) -> ColumnElement[bool] | None:
    """The project with that id or full path; None when no project can have it."""
    if isinstance(reference, int):
        return Project.id == reference if 0 < reference < 2**63 else None
    return func.lower(Project.full_path) == reference.lower() if _could_be_path(reference) else None


def _could_be_path(text: str) -> bool:
    return 0 < len(text) <= 4000 and "\x00" not in text and text.isprintable()


def _check_description(text: str) -> None:
    if len(text) > 10_000:
        raise Invalid(f"The description has {len(text)} characters; 10,000 are allowed.", field="description")


def _changes(command: UpdateProject) -> dict[str, str | bool]:
    changes: dict[str, str | bool] = {}
    if command.name is not None:
        changes["name"] = check_title(command.name, "name")
    if command.description is not None:
        _check_description(command.description)
        changes["description"] = command.description
    if command.visibility is not None:
        changes["visibility"] = check_visibility(command.visibility)
    for field in ("registry_access", "experiments_access"):
        level = getattr(command, field)
        if level is not None:
            changes[field] = _check_level(level, field)
    if command.version_reuse is not None:
        changes["version_reuse"] = command.version_reuse
    if command.bump_policy is not None:
        changes["bump_policy"] = _check_bump_policy(command.bump_policy)
    return changes


def _check_bump_policy(policy: str) -> str:
    if policy not in set(BumpPolicy):
        raise Invalid(f"`{policy[:80]}` is no policy: {', '.join(BumpPolicy)}.", field="versionBumpPolicy")
    return policy


def _check_level(level: str, field: str) -> str:
    if level not in {"disabled", "private", "enabled"}:
        raise Invalid(f"`{level[:80]}` is not a level: disabled, private or enabled.", field=field)
    return level
