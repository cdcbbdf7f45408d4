"""Moves a project to another group; everything in it stays, its path and who inherits a role in it change."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from app.access import access_log, groups, policy, projects
from app.access.access_log import Action
from app.access.names import check_below
from app.access.policy import Actor, Permission, ProjectAccess
from app.access.tables import Group, Project
from app.db.database import Database, Tx
from app.errors import Conflict, Taken


async def transfer(db: Database, actor: Actor, project: int | str, group: int | str) -> ProjectAccess:
    """Move a project to a group. Moving it where it is already changes nothing.

    Members and tokens of the project itself stay; roles and tokens of the groups around it are those of the new ones.
    Its former path leads nowhere from then on, and may be taken by another project.

    Raises:
        Forbidden: the actor is not owner of the project and maintainer of the group.
        Invalid: more callers would see the project than the group.
        Taken: the group has a project of that path.
        Conflict: it was moved or deleted at the same time.
    """
    async with db.write() as tx:
        access = await projects.visible(tx, actor, project)
        policy.require(actor, access, Permission.PROJECT_TRANSFER)
        target = await groups.visible(tx, actor, group)
        groups.require_in(actor, target, Permission.PROJECT_CREATE)
        former = access.project.group_id
        if target.id == former:
            return access
        destination = await groups.lock_around(tx, target.id, former)
        locked = select(Project).where(
            Project.id == access.id, Project.group_id == former, Project.deleted_at.is_(None)
        )
        row = await tx.scalar(locked.with_for_update().execution_options(populate_existing=True))
        if row is None:
            raise Conflict(f"The project `{access.project.full_path}` was moved or deleted at the same time.")
        path = row.full_path
        check_below(row.visibility, destination, "group")
        await _move(tx, row, destination)
        policy.invalidate_cache(actor)
        moved = await projects.visible(tx, actor, access.id)
        await access_log.record(
            tx,
            Action.PROJECT_TRANSFER,
            actor=actor,
            project_id=access.id,
            former_path=path,
            path=moved.project.full_path,
        )
    return moved


async def _move(tx: Tx, project: Project, group: Group) -> None:
    full_path = f"{group.full_path}/{project.path}"
    taken = Taken(f"There is already a project `{full_path}`; choose another group.", field="group")
    there = select(Project.id).where(func.lower(Project.full_path) == full_path.lower(), Project.deleted_at.is_(None))
    if await tx.scalar(there) is not None:
        raise taken
    try:
        moved = update(Project).where(Project.id == project.id).values(group_id=group.id, full_path=full_path)
        await tx.execute(moved.execution_options(populate_existing=True))
    except IntegrityError as error:  # it was taken a moment ago
        raise taken from error
