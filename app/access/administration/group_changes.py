"""What changes a group for all that stands in it: its path, its visibility, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.access import access_log, groups, policy, repository
from app.access.access_log import Action
from app.access.groups import GroupAccess, GroupNotFound
from app.access.names import VISIBILITIES, check_below, check_first_segment, check_path, check_title, check_visibility
from app.access.policy import Actor, Permission
from app.access.tables import Group, Membership, Project, Token, User
from app.db.database import Database, Tx
from app.errors import Invalid, Taken

_TOLD = 3
"""Paths that a refusal names."""


@dataclass(frozen=True, slots=True)
class UpdateGroup:
    """Only what is not None changes."""

    group: int | str
    name: str | None = None
    path: str | None = None
    visibility: str | None = None


async def edit(db: Database, actor: Actor, command: UpdateGroup) -> GroupAccess:
    """Change name, path and visibility of a group. With its path change those of all groups and projects in it.

    Former paths lead nowhere from then on, and may be taken by others; ids and numbers stay.

    Raises:
        Forbidden: the actor is not owner.
        Invalid: a name or path that cannot be one; a visibility beyond that of the group around it, or below that of
            something in it; or a user's own namespace, whose path is the username.
        Taken: the path is in use.
    """
    changes = _changes(command)
    async with db.write() as tx:
        access = await groups.visible(tx, actor, command.group)
        policy.require_signed_in(actor)
        groups.require_in(actor, access, Permission.GROUP_UPDATE)
        group, parent = await _lock(tx, access.group)
        if group.owner_user_id is not None and changes.keys() & {"path", "visibility"}:
            raise Invalid("A user's own namespace has the user's name, and is private.", field="group")
        changed = {name: value for name, value in changes.items() if getattr(group, name) != value}
        if not changed:
            return GroupAccess(group, access.role)
        if "visibility" in changed:
            await _check_visibility(tx, group, parent, changed["visibility"])
        if "path" in changed:
            if parent is None:
                check_first_segment(changed["path"], "path")
            await _move(tx, group, f"{parent.full_path}/{changed['path']}" if parent else changed["path"])
        statement = update(Group).where(Group.id == group.id).values(**changed).returning(Group)
        group = (await tx.scalars(statement.execution_options(populate_existing=True))).one()
        details: dict[str, Any] = {"path": group.full_path, "visibility": group.visibility, "changed": sorted(changed)}
        await access_log.record(tx, Action.GROUP_UPDATE, actor=actor, group_id=group.id, **details)
    policy.invalidate_cache(actor)
    return GroupAccess(group, access.role)


async def hide(tx: Tx, group: Group) -> list[int]:
    """Step: from now on a group with everything in it is gone for every caller, and its paths are free.

    Answers the numbers of the projects that were in it. Tokens of them all are refused, and memberships end.

    Raises:
        GroupNotFound: it was deleted meanwhile.
    """
    await _lock(tx, group)
    below = select(Group.id).where(_below(group))
    now = {"deleted_at": func.now()}
    living = (Project.group_id.in_(below), Project.deleted_at.is_(None))
    projects = list(await tx.scalars(update(Project).where(*living).values(**now).returning(Project.id)))
    inside = or_(Token.group_id.in_(below), Token.project_id.in_(projects))
    ended = update(Token).where(inside, Token.revoked_at.is_(None)).values(revoked_at=func.now())
    bots = set(await tx.scalars(ended.returning(Token.user_id)))
    await tx.execute(update(User).where(User.id.in_(bots), User.is_bot).values(blocked_at=func.now()))
    await tx.execute(delete(Membership).where(Membership.group_id.in_(below)))
    await tx.execute(
        update(Group).where(_below(group), Group.deleted_at.is_(None)).values(**now),
        execution_options={"synchronize_session": False},
    )
    return projects


async def contents(tx: Tx, group: Group) -> tuple[int, int]:
    """Step: how many groups and projects are in a group, at any depth; the group is locked."""
    await _lock(tx, group)
    below = (_below(group), Group.id != group.id, Group.deleted_at.is_(None))
    inside = select(Group.id).where(_below(group))
    projects = select(func.count()).where(Project.group_id.in_(inside), Project.deleted_at.is_(None))
    count_of_groups = await tx.scalar(select(func.count()).select_from(Group).where(*below)) or 0
    return count_of_groups, await tx.scalar(projects.select_from(Project)) or 0


async def _lock(tx: Tx, group: Group) -> tuple[Group, Group | None]:
    """The group, for a change, and the one that it is in; nothing is put into any of them until the commit."""
    parent = await groups.lock_around(tx, group.parent_id) if group.parent_id is not None else None
    own = select(Group).where(Group.id == group.id, Group.deleted_at.is_(None)).with_for_update()
    locked = await tx.scalar(own.execution_options(populate_existing=True))
    if locked is None:
        raise GroupNotFound(f"There is no group `{group.full_path}`, or you may not see it.")
    return locked, parent


async def _move(tx: Tx, group: Group, full_path: str) -> None:
    """Give a locked group another full path, and with it everything that is in it."""
    former = len(group.full_path)
    taken = select(Group.id).where(func.lower(Group.full_path) == full_path.lower(), Group.deleted_at.is_(None))
    if await tx.scalar(taken.where(Group.id != group.id)) is not None:
        raise _taken(full_path)
    quiet = {"synchronize_session": False}
    below = select(Group.id).where(_below(group))
    groups_below = update(Group).where(_below(group), Group.deleted_at.is_(None))
    projects_below = update(Project).where(Project.group_id.in_(below), Project.deleted_at.is_(None))
    try:
        for statement, column in ((groups_below, Group.full_path), (projects_below, Project.full_path)):
            values = {"full_path": literal(full_path).concat(func.substr(column, former + 1))}
            await tx.execute(statement.values(**values), execution_options=quiet)
    except IntegrityError as error:  # it was taken a moment ago
        raise _taken(full_path) from error


async def _check_visibility(tx: Tx, group: Group, parent: Group | None, wanted: str) -> None:
    if parent is not None:
        check_below(wanted, parent)
    above = VISIBILITIES[VISIBILITIES.index(wanted) + 1 :]
    inside = select(Group.id).where(_below(group))
    groups_above = select(Group.full_path).where(
        _below(group), Group.id != group.id, Group.deleted_at.is_(None), Group.visibility.in_(above)
    )
    projects_above = select(Project.full_path).where(
        Project.group_id.in_(inside), Project.deleted_at.is_(None), Project.visibility.in_(above)
    )
    paths: list[str] = []
    for statement in (groups_above.order_by(Group.full_path), projects_above.order_by(Project.full_path)):
        paths += await tx.scalars(statement.limit(_TOLD + 1 - len(paths)))
    if paths:
        told = ", ".join(f"`{path}`" for path in paths[:_TOLD]) + (" and others" if len(paths) > _TOLD else "")
        raise Invalid(
            f"More callers see {told} than would see a group that is {wanted}; its path names this group. Change that "
            "first.",
            field="visibility",
        )


def _below(group: Group) -> ColumnElement[bool]:
    """The group and all in it."""
    return repository.within_group(group.id)


def _taken(full_path: str) -> Taken:
    return Taken(f"There is already a group or user `{full_path}`; choose another path.", field="path")


def _changes(command: UpdateGroup) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if command.name is not None:
        changes["name"] = check_title(command.name, "name")
    if command.path is not None:
        changes["path"] = check_path(command.path, "path")
    if command.visibility is not None:
        changes["visibility"] = check_visibility(command.visibility)
    return changes
