"""Memberships: who has which role where, and until when.

A user has at most one role in a group or project that people gave, and one for each rule of an OpenID provider. The
highest counts. What people do here touches theirs alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import access_log, groups, policy, projects, repository, users
from app.access.access_log import Action
from app.access.administration import owners
from app.access.policy import Actor, Permission, Role
from app.access.tables import Group, Membership, Project, User
from app.access.users import Email, UserNotFound
from app.db.database import Database, Tx
from app.db.statements import Fragment
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.pagination import Keyset


class MemberNotFound(NotFound):
    """The user has no role of its own here."""


@dataclass(frozen=True, slots=True)
class Member:
    """A user and the highest role that it has here, inherited or direct."""

    user: User
    role: Role
    expires_at: datetime | None = None
    """When that role ends; None: never."""


@dataclass(frozen=True, slots=True)
class GroupOrProject:
    """A group or a project: exactly one of the two."""

    project_id: int | None = None
    group_id: int | None = None


class Unchanged(Enum):
    """Stands for a value that stays as it is."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
Expiry: TypeAlias = datetime | Literal[Unchanged.UNCHANGED] | None


def is_active_person_sql(user: str) -> Fragment:
    """SQL: whether the user of that id is a person who may sign in."""
    return Fragment(
        f"EXISTS (SELECT FROM users u WHERE u.id = {user} AND NOT u.is_bot AND u.blocked_at IS NULL"
        " AND u.deleted_at IS NULL)"
    )


def role_in_project_sql(user: str, project: str) -> Fragment:
    """SQL: the highest role that the user of that id has now in the project of that id; NULL: none."""
    return Fragment(f"""(
        SELECT CASE WHEN u.is_admin THEN {int(Role.OWNER)} ELSE (
            SELECT max(m.role)::int FROM memberships m
            WHERE m.user_id = u.id AND (m.expires_at IS NULL OR m.expires_at > now())
              AND (m.project_id = {project} OR m.group_id = ANY (
                (SELECT g.lineage FROM projects p JOIN groups g ON g.id = p.group_id WHERE p.id = {project})::bigint[]))
        ) END FROM users u WHERE u.id = {user}
    )""")  # noqa: S608 - columns


async def set_role(
    db: Database, actor: Actor, target: GroupOrProject, who: str | Email, role: Role, *, expires_at: Expiry = UNCHANGED
) -> Member:
    """Give a user a role, or another one. Maintainers give up to their own role.

    ``who`` is a username, or the e-mail address of a user that the actor may know of. ``expires_at`` is when the role
    ends; None: never. Answers the role that the user has now: an inherited one counts where it is higher.

    Raises:
        UserNotFound: no person has that name, or none that the actor may know of that address.
        Forbidden: the actor is not at least maintainer, the role is above its own, or it would last longer than the
            one that the actor has, which is the user itself.
        Conflict: the group would have no owner left, or the user is deactivated.
        Invalid: the end is in the past.
    """
    if isinstance(expires_at, datetime) and expires_at <= datetime.now(UTC):
        raise Invalid(f"`{expires_at.isoformat()}` is in the past; a role must end later.", field="expiresAt")
    async with db.write() as tx:
        own = await _require_management(tx, actor, target)
        user = await users.find(tx, actor, who)
        if user.blocked_at is not None:
            raise Conflict(f"`{user.username}` is deactivated; an administrator can reactivate the user.")
        await _check_rank(tx, target, user, own=own, wanted=role)
        end = await _own_end(tx, actor, target, user)
        if role < Role.OWNER or isinstance(expires_at, datetime):
            await _keep_an_owner(tx, target, user)
        await _upsert(tx, target, user, role, expires_at)
        row = (await tx.execute(_as_member(target, user))).one()
        if end is not None and (row.own_end is None or row.own_end > end):
            raise Forbidden(f"Your role here ends at `{end.isoformat()}`; no member prolongs their own role.")
        await _record(tx, Action.MEMBER_SET, actor, target, user, role=role.name.lower(), expires_at=row.own_end)
    policy.invalidate_cache(actor)
    return member_of(row)


async def remove(db: Database, actor: Actor, target: GroupOrProject, username: str) -> User:
    """Take a user's own role away; inherited ones stay. Every person may leave; a bot is removed by others.

    Raises:
        MemberNotFound: the user has no role of its own here.
        Conflict: the group would have no owner left, or only a rule gave the role.
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
        given = (Membership.user_id == user.id, Membership.rule.is_(None), _here(target))
        if await tx.scalar(delete(Membership).where(*given).returning(Membership.id)) is None:
            rule = await tx.scalar(select(Membership.rule).where(Membership.user_id == user.id, _here(target)))
            raise missing if rule is None else _given_by_rule(user, rule)
        await _record(tx, Action.MEMBER_DELETE, actor, target, user)
    policy.invalidate_cache(actor)
    return user


ORDER: Keyset[Member] = Keyset(
    "members", (User.username, User.id), lambda member: (member.user.username, member.user.id)
)


def member_of(row: Any) -> Member:
    """A row of ``repository.members_of_projects`` or ``members_of_groups``."""
    return Member(row[0], Role(row.role), row.expires_at)


async def _upsert(tx: Tx, target: GroupOrProject, user: User, role: Role, expires_at: Expiry) -> None:
    column = Membership.project_id if target.project_id is not None else Membership.group_id
    values: dict[str, Any] = {"role": int(role)}
    # A role whose time is over is given anew, and the former end with it gone.
    ahead = case((Membership.expires_at > func.now(), Membership.expires_at))
    given = None if expires_at is UNCHANGED else expires_at
    await tx.execute(
        upsert(Membership)
        .values(user_id=user.id, project_id=target.project_id, group_id=target.group_id, expires_at=given, **values)
        .on_conflict_do_update(
            index_elements=["user_id", column.key],
            index_where=and_(column.is_not(None), Membership.rule.is_(None)),
            set_=values | {"expires_at": ahead if expires_at is UNCHANGED else expires_at},
        )
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
    current = await tx.scalar(
        select(func.max(Membership.role)).where(Membership.user_id == user.id, repository.is_current(), _here(target))
    )
    if wanted > own or (current or 0) > own:
        raise Forbidden(f"You are {own.name.lower()} here; the role in question is above yours.")


async def _own_end(tx: Tx, actor: Actor, target: GroupOrProject, user: User) -> datetime | None:
    """When the role ends by which the actor manages itself; None: never, or it manages others."""
    if user.id != actor.user_id or actor.is_administrator:
        return None
    return member_of((await tx.execute(_as_member(target, user))).one()).expires_at


async def _keep_an_owner(tx: Tx, target: GroupOrProject, user: User) -> None:
    if target.group_id is not None:
        await owners.require_another(tx, target.group_id, user.id)


def _as_member(target: GroupOrProject, user: User) -> Select[*tuple[Any, ...]]:
    """The highest of the user's own role here and those that it inherits, and when the one that people gave ends."""
    if target.project_id is not None:
        members, here = repository.members_of_projects(), Project.id == target.project_id
    else:
        members, here = repository.members_of_groups(), Group.id == target.group_id
    own_end = func.max(Membership.expires_at).filter(_here(target), Membership.rule.is_(None)).label("own_end")
    return members.where(here, User.id == user.id).add_columns(own_end)


async def _record(tx: Tx, action: Action, actor: Actor, target: GroupOrProject, user: User, **details: Any) -> None:
    await access_log.record(
        tx,
        action,
        actor=actor,
        user_id=user.id,
        username=user.username,
        group_id=target.group_id,
        project_id=target.project_id,
        **details,
    )


def _given_by_rule(user: User, rule: str) -> Conflict:
    return Conflict(
        f"`{user.username}` has this role by a rule of the OpenID provider `{rule}`; it ends when the provider's group "
        "or the rule does.",
        field="username",
    )


def _here(target: GroupOrProject) -> ColumnElement[bool]:
    return repository.in_group_or_project(project_id=target.project_id, group_id=target.group_id)
