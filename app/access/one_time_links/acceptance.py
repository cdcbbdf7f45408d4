"""What becomes of an invitation: an account with its roles, or its roles in an account that is there already.

One transaction uses the link up, makes the account and gives the roles. What fails in it undoes all of it, so a
refused form leaves the link as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, func, literal, or_, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import access_log, policy, users
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.one_time_links import invitations, links, password_resets
from app.access.one_time_links.links import OneTimeLink as Invitation
from app.access.one_time_links.links import Purpose
from app.access.one_time_links.validity import held_roles, maker_is_admin
from app.access.passwords import passwords
from app.access.policy import Actor, Role
from app.access.sessions import NewSession
from app.access.tables import Group, Membership, Project, User
from app.access.tables_of_people import InvitationRole
from app.access.users import CreateUser
from app.db.database import Database, Snapshot, Tx
from app.errors import Forbidden, Taken


@dataclass(frozen=True, slots=True)
class OfferedRole:
    """A role that the invitation gives now."""

    role: Role
    full_path: str
    is_project: bool
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What the holder of an invitation's link is shown."""

    invitation: Invitation
    inviter: str
    """The name of who made it, empty if it was made at the machine."""
    makes_admin: bool
    roles: Sequence[OfferedRole]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an invited person fills in."""

    username: str
    name: str
    password_hash: str


async def usable(snap: Snapshot, secret: str) -> Invitation:
    """Read step: an invitation that can be accepted now.

    Raises:
        LinkNotFound: there is none.
        LinkEnded: it cannot be accepted any more.
    """
    return await links.find(snap, Purpose.INVITATION, secret)


async def offer(db: Database, secret: str) -> Offer:
    """Who invites to what. Looking does not use the link up: scanners of mail open every link.

    Raises:
        LinkNotFound: there is none.
        LinkEnded: it cannot be accepted any more.
    """
    async with db.read() as snap:
        invitation = await usable(snap, secret)
        inviter = await snap.scalar(select(User.name).where(User.id == invitation.created_by))
        makes_admin = invitation.makes_admin and await _stands_for_admin(snap, invitation)
        return Offer(invitation, inviter or "", makes_admin, await _offered(snap, invitation))


async def require_free(db: Database, username: str) -> None:
    """Refuse a username that is taken before its password is hashed: who holds a link must not have passwords hashed
    over and over.

    Raises:
        Taken: a user or group has that name.
    """
    async with db.read() as snap:
        names = [
            select(literal(1)).where(func.lower(User.username) == username.lower()),
            select(literal(1)).where(func.lower(Group.full_path) == username.lower(), Group.deleted_at.is_(None)),
        ]
        if await snap.scalar(union_all(*names).limit(1)) is not None:
            raise Taken(f"There is already a user or group `{username}`; choose another name.", field="username")


async def make_account(
    db: Database, secret: str, account: NewAccount, client: ClientInfo, *, life: timedelta
) -> NewSession:
    """Accept by a new account with a password, and sign in.

    Raises:
        LinkNotFound: there is none.
        LinkEnded: it cannot be accepted any more.
        Invalid: the username or name cannot be one.
        Taken: a user or group has that name. The link is as good as before.
    """
    async with db.write() as tx:
        invitation = await links.use(tx, Purpose.INVITATION, secret)
        user = await _add_user(tx, CreateUser(account.username, account.name or None, email=invitation.email))
        await passwords.set_password(tx, user.id, account.password_hash)
        await _give(tx, invitation, user, client)
        return await password_resets.start_session(tx, user.id, user.username, client, life=life)


async def accept_as(db: Database, actor: Actor, secret: str) -> Invitation:
    """Accept into the account of the person who is signed in. No role that it has is lowered or ends earlier.

    Raises:
        Unauthenticated: no one is signed in.
        Forbidden: a token of a project or group, or the maker of the invitation.
        LinkNotFound: there is none.
        LinkEnded: it cannot be accepted any more.
    """
    user_id = policy.require_signed_in(actor)
    if actor.is_confined:
        raise Forbidden("A token of a project or group accepts no invitation.")
    async with db.write() as tx:
        invitation = await links.use(tx, Purpose.INVITATION, secret)
        await _give(tx, invitation, await _user(tx, user_id), actor.client)
    policy.invalidate_cache(actor)
    return invitation


async def accept(tx: Tx, invitation_id: int, user_id: int, client: ClientInfo) -> None:
    """Step: the same for a person who has proved otherwise who it is, with the id that :func:`usable` gave earlier.

    Raises:
        Forbidden: it is the maker of the invitation.
        LinkNotFound: there is none.
        LinkEnded: it cannot be accepted any more.
    """
    invitation = await links.use_by_id(tx, Purpose.INVITATION, invitation_id)
    await _give(tx, invitation, await _user(tx, user_id), client)


async def _give(tx: Tx, invitation: Invitation, user: User, client: ClientInfo) -> None:
    if invitation.created_by == user.id:
        raise Forbidden("You have made this invitation yourself: it is for another person.")
    # With an actor, the address is shown to that person and administrators only.
    accepting = Actor(user_id=user.id, username=user.username, client=client)
    await tx.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id)
        .values(used_by=user.id)
        .execution_options(synchronize_session=False)
    )
    if invitation.makes_admin and not user.is_admin and await _stands_for_admin(tx, invitation):
        await tx.execute(
            update(User).where(User.id == user.id).values(is_admin=True).execution_options(synchronize_session=False)
        )
        await access_log.record(
            tx, Action.USER_UPDATE, actor=accepting, user_id=user.id, username=user.username, is_admin=True
        )
    for role in await tx.scalars(held_roles().where(InvitationRole.link_id == invitation.id)):
        await _give_role(tx, role, user.id)
    await invitations.record(tx, Action.INVITATION_ACCEPT, accepting, invitation, user=user)


async def _give_role(tx: Tx, role: InvitationRole, user_id: int) -> None:
    """Give a role where it is more than the person has: neither lower nor ending earlier, or that has ended."""
    column = Membership.project_id if role.project_id is not None else Membership.group_id
    statement = upsert(Membership).values(
        user_id=user_id,
        project_id=role.project_id,
        group_id=role.group_id,
        role=role.role,
        expires_at=role.expires_at,
    )
    new = statement.excluded
    ends_no_earlier = or_(new.expires_at.is_(None), new.expires_at >= Membership.expires_at)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", column.key],
            index_where=and_(column.is_not(None), Membership.rule.is_(None)),
            set_={"role": new.role, "expires_at": new.expires_at},
            where=or_(Membership.expires_at <= func.now(), and_(new.role >= Membership.role, ends_no_earlier)),
        )
    )


async def _add_user(tx: Tx, command: CreateUser) -> User:
    """The user; without the e-mail address if another one has it: that must not tell who has an account."""
    try:
        return await users.add(tx, command)
    except Taken as taken:
        if taken.field != "email":
            raise
        return await users.add(tx, replace(command, email=None))


async def _offered(snap: Snapshot, invitation: Invitation) -> list[OfferedRole]:
    path = func.coalesce(Project.full_path, Group.full_path)
    statement = held_roles().where(InvitationRole.link_id == invitation.id).add_columns(path.label("full_path"))
    rows = await snap.execute(statement.order_by(path))
    return [
        OfferedRole(Role(role.role), full_path, role.project_id is not None, role.expires_at)
        for role, full_path in rows
    ]


async def _stands_for_admin(snap: Snapshot, invitation: Invitation) -> bool:
    return await snap.scalar(select(Invitation.id).where(Invitation.id == invitation.id, maker_is_admin())) is not None


async def _user(tx: Tx, user_id: int) -> User:
    return (await tx.scalars(select(User).where(User.id == user_id))).one()
