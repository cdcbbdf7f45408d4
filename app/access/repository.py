"""SQL of users, groups, projects, memberships and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from app.access import policy
from app.access.policy import Actor, Permission, ProjectAccess, Role, sees_addresses
from app.access.tables import Group, Membership, Project, Token, User
from app.access.token_rules.granting import GRANTED_BY
from app.db.database import Snapshot


def _groups_above() -> ScalarSelect[Any]:
    """The ids of the groups around the project of the row."""
    around = select(func.unnest(Group.lineage)).where(Group.id == Project.group_id)
    return around.correlate(Project).scalar_subquery()


def is_current() -> ColumnElement[bool]:
    """Whether the membership of the row has not ended."""
    return or_(Membership.expires_at.is_(None), Membership.expires_at > func.now())


def next_membership_end(*user_ids: SQLColumnExpression[Any]) -> ScalarSelect[datetime | None]:
    """When the next membership of these users ends: until then, and no longer, a process may keep their roles."""
    membership = aliased(Membership)
    ends = select(func.min(membership.expires_at)).where(
        membership.user_id.in_(user_ids), membership.expires_at > func.now()
    )
    return ends.correlate_except(membership).scalar_subquery()


def role_in_project(actor: Actor) -> ColumnElement[int | None]:
    """The actor's role in the project of the row: the highest of all memberships on the way down."""
    if actor.user_id is None:
        return literal(None)
    if actor.is_admin and not actor.is_confined:
        return literal(int(Role.OWNER))
    return membership_in_project(actor)


def membership_in_project(actor: Actor) -> ScalarSelect[int | None]:
    """The highest role of memberships that reach the project of the row; null without any, also to administrators."""
    return (
        select(func.max(Membership.role))
        .where(
            Membership.user_id == actor.user_id,
            is_current(),
            or_(Membership.project_id == Project.id, Membership.group_id.in_(_groups_above())),
        )
        .correlate(Project)
        .scalar_subquery()
    )


def within_boundary(actor: Actor) -> ColumnElement[bool]:
    """Which projects the actor's token is confined to; all, for a token that is not."""
    if actor.project_boundary is not None:
        return Project.id == actor.project_boundary
    if actor.group_boundary is not None:
        return literal(actor.group_boundary).in_(_groups_above())
    return true()


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which projects the actor may know of."""
    if actor.user_id is None:
        return Project.visibility == "public"
    if actor.is_admin and not actor.is_confined:
        return true()
    return and_(
        within_boundary(actor),
        or_(Project.visibility.in_(["public", "internal"]), role_in_project(actor).is_not(None)),
    )


def visible_projects(actor: Actor) -> Select[Project, int | None]:
    """The living projects that the actor sees, each with the actor's role in it."""
    living = Project.deleted_at.is_(None)
    return select(Project, role_in_project(actor).label("role")).where(living, visible_to(actor))


async def get_project(snap: Snapshot, actor: Actor, condition: ColumnElement[bool]) -> ProjectAccess | None:
    """The one project of a condition, if the actor sees it."""
    row = (await snap.execute(visible_projects(actor).where(condition))).one_or_none()
    return access_of(row) if row else None


def access_of(row: Any) -> ProjectAccess:
    """A row of :func:`visible_projects` as a project and the actor's role."""
    return ProjectAccess(row[0], Role(row.role) if row.role is not None else None)


def role_in_group(actor: Actor) -> ColumnElement[int | None]:
    """The actor's highest role in a group, inherited roles included; null without any."""
    if actor.user_id is None:
        return literal(None)
    if actor.is_admin and not actor.is_confined:
        return literal(int(Role.OWNER))
    return (
        select(func.max(Membership.role))
        .where(Membership.user_id == actor.user_id, is_current(), Membership.group_id == func.any(Group.lineage))
        .correlate(Group)
        .scalar_subquery()
    )


def visible_groups(actor: Actor) -> Select[Group, int | None]:
    """Groups the actor may know of: public ones, its own, and those above and around its memberships."""
    role = role_in_group(actor)
    statement = select(Group, role.label("role")).where(Group.deleted_at.is_(None))
    if actor.is_admin and not actor.is_confined:
        return statement
    seen: list[ColumnElement[bool]] = [Group.visibility == "public"]
    if actor.user_id is not None:
        seen += [Group.visibility == "internal", role.is_not(None), _leads_to_membership(actor.user_id)]
    return statement.where(or_(*seen), _group_within_boundary(actor))


def _leads_to_membership(user_id: int) -> ColumnElement[bool]:
    below = select(Group.lineage).join(Membership, Membership.group_id == Group.id)
    beside = (
        select(Group.lineage)
        .join(Project, Project.group_id == Group.id)
        .join(Membership, Membership.project_id == Project.id)
    )
    beside = beside.where(Project.deleted_at.is_(None))
    own = [part.where(Membership.user_id == user_id, is_current()) for part in (below, beside)]
    lineages = own[0].union_all(own[1]).subquery()
    return Group.id.in_(select(func.unnest(lineages.c.lineage)))


def _group_within_boundary(actor: Actor) -> ColumnElement[bool]:
    if actor.group_boundary is not None:
        return literal(actor.group_boundary, BigInteger) == func.any(Group.lineage)
    if actor.project_boundary is not None:
        around = select(Group.lineage).join(Project, Project.group_id == Group.id)
        lineage = around.where(Project.id == actor.project_boundary).subquery()
        return Group.id.in_(select(func.unnest(lineage.c.lineage)))
    return true()


def within_group(group_id: int) -> ColumnElement[bool]:
    """Whether the group of the row is that one, or in it at any depth; by the index ``ix_groups_lineage``."""
    return Group.lineage.op("@>", is_comparison=True)(literal([group_id], ARRAY(BigInteger)))


async def get_group(snap: Snapshot, actor: Actor, condition: ColumnElement[bool]) -> tuple[Group, Role | None] | None:
    """The one group of a condition and the actor's role in it, if the actor sees it."""
    row = (await snap.execute(visible_groups(actor).where(condition))).one_or_none()
    return (row[0], Role(row.role) if row.role is not None else None) if row else None


@dataclass(frozen=True, slots=True)
class ValidToken:
    """A token that is valid now, and in whose name it acts."""

    token: Token
    user: User
    granter: Role | None
    """The role that its maker has now in its project or group. Read only for tokens with more than ordinary scopes."""
    roles_end_at: datetime | None
    """When the next membership of its user or maker ends."""

    @property
    def valid_until(self) -> datetime | None:
        """When it, or what it may do, has to be read again."""
        return min((end for end in (self.token.expires_at, self.roles_end_at) if end is not None), default=None)


async def valid_token(snap: Snapshot, sha256: bytes | None = None, *, token_id: int | None = None) -> ValidToken | None:
    """A token that is valid now, by the hash of its secret or by its id."""
    condition = Token.sha256 == sha256 if sha256 is not None else Token.id == token_id
    row = (await snap.execute(_valid_tokens().where(condition))).one_or_none()
    return _valid(row) if row else None


async def valid_tokens(snap: Snapshot, token_ids: Sequence[int]) -> list[ValidToken]:
    """Those of the tokens that are valid now."""
    return [_valid(row) for row in await snap.execute(_valid_tokens().where(Token.id == func.any(list(token_ids))))]


def _valid(row: Any) -> ValidToken:
    return ValidToken(row[0], row[1], Role(row.granter) if row.granter is not None else None, row.roles_end_at)


@cache
def _valid_tokens() -> Select[*tuple[Any, ...]]:
    """Made once: it reads every token that a process has not cached."""
    granted = Token.scopes.op("&&", is_comparison=True)(cast([str(scope) for scope in GRANTED_BY], ARRAY(Text)))
    roles_end_at = next_membership_end(Token.user_id, Token.created_by)
    return (
        select(Token, User, case((granted, _granter_role())).label("granter"), roles_end_at.label("roles_end_at"))
        .join(User, User.id == Token.user_id)
        .where(
            Token.revoked_at.is_(None),
            User.blocked_at.is_(None),
            or_(Token.expires_at.is_(None), Token.expires_at > func.now()),
        )
    )


def _granter_role() -> ScalarSelect[Any]:
    """The role, in the token's project or group, of the person who made it; none if blocked, gone, or a bot."""
    person = aliased(User)
    around = select(Project.group_id).where(Project.id == Token.project_id).correlate(Token).scalar_subquery()
    group_id = func.coalesce(Token.group_id, around)
    above = select(func.unnest(Group.lineage)).where(Group.id == group_id).correlate(Token).scalar_subquery()
    here = or_(Membership.project_id == Token.project_id, Membership.group_id.in_(above))
    highest = select(func.max(Membership.role)).where(Membership.user_id == person.id, is_current(), here)
    role = case((person.is_admin, int(Role.OWNER)), else_=highest.correlate(Token, person).scalar_subquery())
    alive = (person.id == Token.created_by, person.blocked_at.is_(None), ~person.is_bot)
    return select(role).where(*alive).correlate(Token).scalar_subquery()


async def users_by_ids(snap: Snapshot, ids: Sequence[int], *seen: ColumnElement[bool]) -> list[User | None]:
    """Users in the order of the ids, None where there is none or a condition does not hold."""
    users = {user.id: user for user in await snap.scalars(select(User).where(User.id.in_(ids), *seen))}
    return [users.get(id) for id in ids]


def user_is_seen(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor may know of the user of the row: itself, and members of what it is a member of.

    Roles of a group hold in all below it, so two users share one if the first has a role in it and the second
    there, above, or below. Administrators see every user.
    """
    if actor.user_id is None:
        return false()
    if not policy.has_scope(actor, Permission.MEMBER_READ):
        return User.id == actor.user_id
    if actor.is_admin and not actor.is_confined:
        return true()
    here = _memberships_with_lineage(Membership.user_id == actor.user_id).cte("here")
    there = _memberships_with_lineage(Membership.user_id == User.id).correlate(User).subquery("there")
    same = or_(
        there.c.project_id == here.c.project_id,
        there.c.group_id == func.any(here.c.lineage),
        here.c.group_id == func.any(there.c.lineage),
    )
    shared = select(literal(1)).select_from(there.join(here, same)).correlate(User).exists()
    return or_(User.id == actor.user_id, shared)


def email_is_seen(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor may see the e-mail address of the user of the row: as far as it may know of the user.

    Nothing is shown to tokens for machines: see :func:`app.access.policy.sees_addresses`.
    """
    return user_is_seen(actor) if sees_addresses(actor) else false()


def _memberships_with_lineage(whose: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Projects and groups in which a user has a role of its own, each with the groups above and around it."""
    rows = select(Membership.project_id, Membership.group_id, Group.lineage)
    rows = rows.outerjoin(Project, Project.id == Membership.project_id)
    rows = rows.join(Group, Group.id == func.coalesce(Membership.group_id, Project.group_id))
    return rows.where(whose, is_current(), or_(Membership.project_id.is_(None), Project.deleted_at.is_(None)))


def members_of_projects() -> Select[User, int, datetime | None]:
    """Direct members and, through the groups above, inherited ones; each user once, with the highest role.

    The caller adds a condition on the projects.
    """
    here = or_(Membership.project_id == Project.id, Membership.group_id == func.any(Group.lineage))
    around = select(User).select_from(Project).join(Group, Group.id == Project.group_id)
    return _members(around.join(Membership, here))


def members_of_groups() -> Select[User, int, datetime | None]:
    """The same of groups."""
    return _members(select(User).select_from(Group).join(Membership, Membership.group_id == func.any(Group.lineage)))


def _members(around: Select[User]) -> Select[User, int, datetime | None]:
    joined = around.join(User, User.id == Membership.user_id).where(User.blocked_at.is_(None), is_current())
    # The end of the highest role: of several rows with that role the one that lasts the longest, and null is for ever.
    ends = aggregate_order_by(Membership.expires_at, Membership.role.desc(), Membership.expires_at.desc().nulls_first())
    expires_at = func.array_agg(ends, type_=ARRAY(DateTime(timezone=True)))[1]
    columns = func.max(Membership.role).label("role"), expires_at.label("expires_at")
    return joined.add_columns(*columns).group_by(User.id)


def in_group_or_project(*, group_id: int | None, project_id: int | None) -> ColumnElement[bool]:
    """Memberships in exactly this project or exactly this group."""
    return Membership.project_id == project_id if project_id is not None else Membership.group_id == group_id
