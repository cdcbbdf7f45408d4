"""Groups: namespaces that nest; roles in one hold in all below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import policy, repository
from app.access.access_log import Action, record
from app.access.names import check_below, check_first_segment, check_path, check_title, check_visibility
from app.access.policy import Actor, Permission, Role
from app.access.tables import Group as Group
from app.access.tables import Membership
from app.db.database import Database, Snapshot, Tx
from app.errors import Forbidden, Invalid, NotFound, Taken
from app.pagination import Keyset, Page, Window
from app.text import normalized

MAX_DEPTH = 20


class GroupNotFound(NotFound):
    """There is no such group, or it may not be seen."""


@dataclass(frozen=True, slots=True)
class CreateGroup:
    path: str
    name: str | None = None
    parent: int | str | None = None
    visibility: str = "private"


@dataclass(frozen=True, slots=True)
class GroupAccess:
    """A group that the actor may see, and the actor's role in it."""

    group: Group
    role: Role | None

    @property
    def id(self) -> int:
        return self.group.id


async def visible(snap: Snapshot, actor: Actor, reference: int | str) -> GroupAccess:
    """Read step: the group with that id or full path, and the actor's role in it.

    Raises:
        GroupNotFound: it does not exist, or the actor may not know of it.
    """
    if isinstance(reference, int):
        condition = Group.id == reference if 0 < reference < 2**63 else None
    else:
        condition = func.lower(Group.full_path) == reference.lower() if reference.isprintable() else None
    row = None if condition is None else await repository.get_group(snap, actor, condition)
    if row is None:
        raise GroupNotFound(f"There is no group `{str(reference)[:200]}`, or you may not see it.")
    return GroupAccess(*row)


async def get(db: Database, actor: Actor, reference: int | str) -> GroupAccess:
    """The group with that id or full path.

    Raises:
        GroupNotFound: it does not exist, or the actor may not know of it.
    """
    async with db.read() as snap:
        return await visible(snap, actor, reference)


async def by_id(snap: Snapshot, group_id: int) -> Group:
    """Read step: a group that is known to exist."""
    return (await snap.scalars(select(Group).where(Group.id == group_id))).one()


async def by_ids(db: Database, actor: Actor, ids: list[int]) -> list[GroupAccess | None]:
    """For loaders: groups in the order of the ids, None where the actor may not see one."""
    async with db.read() as snap:
        rows = await snap.execute(repository.visible_groups(actor).where(Group.id.in_(ids)))
        accesses = {row[0].id: access_of(row) for row in rows}
    return [accesses.get(id) for id in ids]


async def search(
    db: Database, actor: Actor, window: Window, *, text: str = "", parent_id: int | None = None
) -> Page[GroupAccess]:
    """Groups that the actor may see, by path."""
    statement = _matching(actor, text, parent_id)
    async with db.read() as snap:
        rows = (await snap.execute(ORDER.apply(statement, window))).all()
    return ORDER.page([access_of(row) for row in rows], window)


async def count(db: Database, actor: Actor, *, text: str = "", parent_id: int | None = None) -> int:
    """How many groups :func:`search` would page through."""
    async with db.read() as snap:
        statement = select(func.count()).select_from(_matching(actor, text, parent_id).subquery())
        return await snap.scalar(statement) or 0


async def create(db: Database, actor: Actor, command: CreateGroup) -> GroupAccess:
    """Make a group; the person who makes it becomes the owner, a bot stays what it is in the group above.

    Raises:
        Forbidden: a subgroup where the actor is not at least maintainer, or a token that is confined to something else.
        Invalid: more callers would see it than the group above.
        Taken: the path is in use.
    """
    (check_path if command.parent is not None else check_first_segment)(command.path, "path")
    check_visibility(command.visibility)
    check_title(command.name or command.path, "name")
    async with db.write() as tx:
        parent = await _parent(tx, actor, command.parent)
        user_id = policy.require_signed_in(actor)
        if parent is not None:
            parent = await lock_around(tx, parent.id)
            check_below(command.visibility, parent)
        group = await add(tx, command, parent=parent)
        await record(tx, Action.GROUP_CREATE, actor=actor, group_id=group.id, path=group.full_path)
        if actor.is_confined:
            return await visible(tx, actor, group.id)
        await tx.execute(insert(Membership).values(user_id=user_id, group_id=group.id, role=int(Role.OWNER)))
    return GroupAccess(group, Role.OWNER)


async def lock_around(tx: Tx, group_id: int, *others: int) -> Group:
    """Step: a group as it is now; its path and visibility, and those of all groups above, stay so until the commit.

    What puts something into a group does this first, so that no rename misses it. ``others`` are locked with it.
    From the top down, and in the order of their numbers: so no two wait for each other.

    Raises:
        GroupNotFound: it was deleted meanwhile.
    """
    above = select(func.unnest(Group.lineage)).where(Group.id.in_([group_id, *others]))
    order = (func.cardinality(Group.lineage), Group.id)
    locked = select(Group).where(Group.id.in_(above)).order_by(*order).with_for_update(read=True)
    rows = {row.id: row for row in await tx.scalars(locked.execution_options(populate_existing=True))}
    for id in (group_id, *others):
        if id not in rows or rows[id].deleted_at is not None:
            raise GroupNotFound(f"There is no group `{id}`, or you may not see it.")
    return rows[group_id]


async def add(tx: Tx, command: CreateGroup, *, parent: Group | None = None, owner_user_id: int | None = None) -> Group:
    """Step: write the group's row below its parent.

    Raises:
        Taken: the path is in use.
    """
    full_path = f"{parent.full_path}/{command.path}" if parent else command.path
    group_id = await tx.scalar(select(func.nextval(func.pg_get_serial_sequence("groups", "id"))))
    assert group_id is not None, "a sequence always has a next value"
    group: Group | None = await tx.scalar(
        upsert(Group)
        .values(
            id=group_id,
            parent_id=parent.id if parent else None,
            owner_user_id=owner_user_id,
            path=command.path,
            full_path=full_path,
            name=normalized(command.name or command.path),
            visibility=command.visibility,
            lineage=[*(parent.lineage if parent else []), group_id],
        )
        .on_conflict_do_nothing()
        .returning(Group)
    )
    if group is None:
        raise Taken(f"There is already a group or user `{full_path}`; choose another path.", field="path")
    return group


async def require(snap: Snapshot, actor: Actor, reference: int | str, permission: Permission) -> Role:
    """Read step: the actor's role in a group where it may do that.

    Raises:
        GroupNotFound: not visible.
        Forbidden: visible, but the role or the token's scope is too small.
    """
    access = await visible(snap, actor, reference)
    require_in(actor, access, permission)
    assert access.role is not None, "without a role nothing of this is allowed"
    return access.role


def require_in(actor: Actor, access: GroupAccess, permission: Permission) -> None:
    """Refuse what the actor may not do in a group that it can see.

    Raises:
        Unauthenticated: the request is anonymous, and this needs a token.
        Forbidden: the role or the token's scope is too small.
    """
    if actor.project_boundary is not None:
        raise Forbidden("A project token cannot manage groups.")
    policy.require_role(actor, f"group `{access.group.full_path}`", access.role, permission)


ORDER: Keyset[GroupAccess] = Keyset(
    "groups", (Group.full_path, Group.id), lambda access: (access.group.full_path, access.id)
)


def allows(actor: Actor, access: GroupAccess, permission: Permission) -> bool:
    """Whether :func:`require` would let the actor pass."""
    return actor.project_boundary is None and policy.permits(actor, access.role, permission)


def _matching(actor: Actor, text: str, parent_id: int | None) -> Select[Group, int | None]:
    statement = repository.visible_groups(actor)
    if text:
        statement = statement.where(func.lower(Group.full_path).contains(text.lower(), autoescape=True))
    if parent_id is not None:
        statement = statement.where(Group.parent_id == parent_id)
    return statement


def access_of(row: Any) -> GroupAccess:
    """The group and role of a row of ``repository.visible_groups``."""
    return GroupAccess(row[0], Role(row.role) if row.role is not None else None)


async def _parent(tx: Tx, actor: Actor, reference: int | str | None) -> Group | None:
    if reference is None:
        if actor.is_confined:
            raise Forbidden("A project or group token cannot make top-level groups.")
        return None
    access = await visible(tx, actor, reference)
    policy.require_signed_in(actor)
    require_in(actor, access, Permission.GROUP_CREATE)
    parent = access.group
    if len(parent.lineage) >= MAX_DEPTH:
        raise Invalid(f"Groups nest at most {MAX_DEPTH} deep.", field="parent")
    if parent.owner_user_id is not None:
        raise Invalid("A user's own namespace holds projects, not groups.", field="parent")
    return parent
