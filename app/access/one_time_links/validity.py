"""What a link is worth now: SQL about the maker of the link of the row, and about the person whom it is for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.access.policy import Role
from app.access.tables import Group, Membership, Project, User
from app.access.tables_of_people import InvitationRole, OneTimeLink

_MAKER, _PERSON, _GIVEN = aliased(User, name="maker"), aliased(User, name="person"), aliased(Membership, name="given")


def maker_may() -> ColumnElement[bool]:
    """Whether the link of the row stands: its maker is active, and is an administrator or may still give a role of it.

    Who made it at the machine itself has the database anyway.
    """
    gives_a_role = exists(held_roles().where(InvitationRole.link_id == OneTimeLink.id).correlate(OneTimeLink))
    stands = exists(
        select(_MAKER.id)
        .where(_MAKER.id == OneTimeLink.created_by, _is_active(_MAKER), or_(_MAKER.is_admin, gives_a_role))
        .correlate(OneTimeLink)
    )
    return or_(OneTimeLink.created_by.is_(None), stands)


def maker_is_admin() -> ColumnElement[bool]:
    """Whether the maker of the link of the row may make administrators."""
    active = select(_MAKER.id).where(_MAKER.id == OneTimeLink.created_by, _is_active(_MAKER), _MAKER.is_admin)
    return or_(OneTimeLink.created_by.is_(None), exists(active.correlate(OneTimeLink)))


def person_is_active() -> ColumnElement[bool]:
    """Whether the person whom the link of the row is for may sign in; true for an invitation, which is for no account
    yet.
    """
    active = select(_PERSON.id).where(_PERSON.id == OneTimeLink.user_id, _is_active(_PERSON), ~_PERSON.is_bot)
    return or_(OneTimeLink.user_id.is_(None), exists(active.correlate(OneTimeLink)))


def held_roles() -> Select[InvitationRole]:
    """The roles of invitations that hold now, to be narrowed to some: their group or project is there, they have not
    ended, and who made the invitation is an owner there or an administrator.
    """
    link, maker = aliased(OneTimeLink, name="link"), aliased(User, name="giver")
    allowed = or_(
        link.created_by.is_(None),
        and_(_is_active(maker), or_(maker.is_admin, _role_of_maker(link) >= int(Role.OWNER))),
    )
    return (
        select(InvitationRole)
        .join(link, link.id == InvitationRole.link_id)
        .outerjoin(maker, maker.id == link.created_by)
        .outerjoin(Project, and_(Project.id == InvitationRole.project_id, Project.deleted_at.is_(None)))
        .join(Group, Group.id == func.coalesce(InvitationRole.group_id, Project.group_id))
        .where(Group.deleted_at.is_(None), allowed)
        .where(or_(InvitationRole.expires_at.is_(None), InvitationRole.expires_at > func.now()))
    )


def _role_of_maker(link: type[OneTimeLink]) -> ScalarSelect[int]:
    """The highest role that the maker of the link has in the group or project of the role of the row."""
    return (
        select(func.max(_GIVEN.role))
        .where(
            _GIVEN.user_id == link.created_by,
            or_(_GIVEN.project_id == InvitationRole.project_id, _GIVEN.group_id == func.any(Group.lineage)),
            or_(_GIVEN.expires_at.is_(None), _GIVEN.expires_at > func.now()),
        )
        .correlate(InvitationRole, Group, link)
        .scalar_subquery()
    )


def _is_active(user: type[User]) -> ColumnElement[bool]:
    return and_(user.blocked_at.is_(None), user.deleted_at.is_(None))
