"""Memberships: who has which role where."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import groups, policy, projects, repository, users
from app.access.policy import Actor, Permission, Role
from app.access.tables import Group, Membership, Project, User
from app.access.users import UserNotFound
from app.db.database import Database, Tx
from app.errors import Conflict, Forbidden, NotFound
from app.pagination import Keyset


class MemberNotFound(NotFound):
    """The user has no role of its own here."""


@dataclass(frozen=True, slots=True)
class Member:
    """A user and the highest role that it has here, inherited or direct."""

    user: User
    role: Role


@dataclass(frozen=True, slots=True)
class GroupOrProject:
    """A group or a project: exactly one of the two."""

    project_id: int | None = None
    group_id: int | None = None


async def set_role(db: Database, actor: Actor, target: GroupOrProject, username: str, role: Role) -> Member:
    """Give a user a role, or another one. Maintainers give up to their own role.

    Answers the role that the user has now: an inherited one counts where it is higher.

    Raises:
        Forbidden: the actor is not at least maintainer, or the role is above its own.
        Conflict: the group would have no owner left.
    """
    async with db.write() as tx:
        own = await _require_management(tx, actor, target)
        user = await users.by_username(tx, username)
        await _check_rank(tx, target, user, own=own, wanted=role)
        if role < Role.OWNER:
            await _keep_an_owner(tx, target, user)
        column = Membership.project_id if target.project_id is not None else Membership.group_id
        await tx.execute(
            upsert(Membership)
            .values(user_id=user.id, project_id=target.project_id, group_id=target.group_id, role=int(role))
            .on_conflict_do_update(
                index_elements=["user_id", column.key],
                index_where=and_(column.is_not(None), Membership.rule.is_(None)),
                set_={"role": int(role)},
            )
        )
        effective = await tx.scalar(_effective_role(target, user))
    policy.invalidate_cache(actor)
    return Member(user, Role(effective or role))


async def remove(db: Database, actor: Actor, target: GroupOrProject, username: str) -> User:
    """Take a user's own role away; inherited ones stay. Every person may leave; a bot is removed by others.

    Raises:
        MemberNotFound: the user has no role of its own here.
        Conflict: the group would have no owner left.
    """
    policy.require_signed_in(actor)
    is_oneself = username.lower() == actor.username.lower() and not actor.is_confined
    missing = MemberNotFound(f"`{username[:200]}` has no role of its own here.", field="username")
    async with db.write() as tx:
        # Before the name is looked up: else refusals would tell which names exist.
        own = None if is_oneself else await _require_management(tx, actor, target)
        try:
            user = await users.by_username(tx, username)
        except UserNotFound:
            raise missing from None
        if own is not None:
            await _check_rank(tx, target, user, own=own, wanted=Role.GUEST)
        await _keep_an_owner(tx, target, user)
        gone = await tx.scalar(
            delete(Membership).where(Membership.user_id == user.id, _here(target)).returning(Membership.id)
        )
        if gone is None:
            raise missing
    policy.invalidate_cache(actor)
    return user


ORDER: Keyset[Member] = Keyset(
    "members", (User.username, User.id), lambda member: (member.user.username, member.user.id)
)


async def _require_management(tx: Tx, actor: Actor, target: GroupOrProject) -> Role:
    if target.project_id is not None:
        access = await projects.visible(tx, actor, target.project_id)
        policy.require(actor, access, Permission.MEMBER_MANAGE)
        return access.role or Role.GUEST
    assert target.group_id is not None, "a target is one of the two"
    return await groups.require(tx, actor, target.group_id, Permission.MEMBER_MANAGE)


async def _check_rank(tx: Tx, target: GroupOrProject, user: User, *, own: Role, wanted: Role) -> None:
    """No member gives more than it has, or takes from one above."""
    current = await tx.scalar(_role_of(target, user))
    if wanted > own or (current or 0) > own:
        raise Forbidden(f"You are {own.name.lower()} here; the role in question is above yours.")


async def _keep_an_owner(tx: Tx, target: GroupOrProject, user: User) -> None:
    if target.group_id is None:
        return
    # The row of the group serialises two owners who leave at the same moment.
    await tx.execute(select(Group.id).where(Group.id == target.group_id).with_for_update())
    if await tx.scalar(_role_of(target, user)) != Role.OWNER:
        return
    owners = select(func.count()).where(
        _here(target), Membership.role == int(Role.OWNER), Membership.user_id != user.id
    )
    if not await tx.scalar(owners):
        raise Conflict("This is the last owner of the group; make another user an owner first.", field="username")


def _effective_role(target: GroupOrProject, user: User) -> Select[int]:
    """The highest of the user's own role here and those that it inherits."""
    if target.project_id is not None:
        members, here = repository.members_of_projects(), Project.id == target.project_id
    else:
        members, here = repository.members_of_groups(), Group.id == target.group_id
    return members.where(here, User.id == user.id).with_only_columns(func.max(Membership.role))


def _role_of(target: GroupOrProject, user: User) -> Select[int]:
    return select(Membership.role).where(Membership.user_id == user.id, _here(target))


def _here(target: GroupOrProject) -> ColumnElement[bool]:
    return repository.in_group_or_project(project_id=target.project_id, group_id=target.group_id)
