"""What who has the command line of the server may do with people: everything, since the database is theirs anyway.

So there is always a way in: after the last administrator has left, and for one who has lost the password.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from app.access import access_log, groups, projects, tokens, users
from app.access.access_log import Action
from app.access.authentication.client_info import ClientInfo
from app.access.members import GroupOrProject
from app.access.names import check_email
from app.access.one_time_links import invitations, password_resets, sign_in_links
from app.access.one_time_links.invitations import Invite, NewInvitation
from app.access.one_time_links.links import NewLink
from app.access.one_time_links.password_resets import Reset
from app.access.policy import Actor, Scope
from app.access.tables import User as User
from app.access.tokens import Issued, IssueToken
from app.access.users import CreateUser
from app.db.database import Database

MACHINE = Actor(
    user_id=0, is_admin=True, scopes=frozenset({Scope.API}), client=ClientInfo(agent="modelyard at the machine")
)
"""Stands for who types the commands. No user has the number 0, and none is recorded as the maker."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, and the user whose it is."""

    issued: Issued
    username: str


async def add_user(db: Database, command: CreateUser) -> Reset:
    """A user, and a link by which that person sets a password.

    Raises:
        Taken: a user or group has that name, or a user that e-mail address.
        Invalid: a name or address that cannot be one.
    """
    async with db.write() as tx:
        user = await users.add(tx, command)
        await access_log.record(
            tx,
            Action.USER_CREATE,
            actor=MACHINE,
            user_id=user.id,
            username=user.username,
            is_admin=user.is_admin,
        )
        return await password_resets.add(tx, user.username, actor=MACHINE, created_by=None)


async def invite(db: Database, command: Invite) -> NewInvitation:
    """An invitation to anything.

    Raises:
        Invalid: no e-mail address, or a group or project that is named twice.
        Taken: a person has that e-mail address already.
        NotFound: there is no such group or project.
    """
    email = check_email(command.email) if command.email else None
    invitations.check_roles(command.roles)
    async with db.write() as tx:
        if email is not None:
            await invitations.refuse_existing(tx, email)
        for each in command.roles:
            await invitations.require_owner(tx, MACHINE, each.target)
        made = await invitations.write(tx, command, email=email, created_by=None)
        await invitations.record(tx, Action.INVITATION_CREATE, MACHINE, made.invitation)
    return made


async def reset_password(db: Database, username: str) -> Reset:
    """A link by which a person sets a password.

    Raises:
        UserNotFound: no person has that name.
        Conflict: the person is deactivated.
    """
    async with db.write() as tx:
        return await password_resets.add(tx, username, actor=MACHINE, created_by=None)


async def first_sign_in(db: Database) -> NewLink | None:
    """A link by which an administrator signs in, as long as none could do so otherwise; earlier ones are dead."""
    active = (User.is_admin, ~User.is_bot, User.blocked_at.is_(None), User.deleted_at.is_(None))
    async with db.write() as tx:
        username = await tx.scalar(select(User.username).where(*active).order_by(User.id).limit(1))
        if username is None or not await sign_in_links.is_needed(tx):
            return None
        return await sign_in_links.add(tx, username)


async def issue_token(db: Database, username: str, command: IssueToken) -> IssuedToken:
    """A personal token of a person.

    Raises:
        UserNotFound: no person has that name.
        Conflict: the person is deactivated.
        Invalid: no name, or scopes that a personal token cannot have.
    """
    tokens.check(command)
    async with db.write() as tx:
        user = await password_resets.lock_person(tx, username)
        issued = await tokens.add(tx, command, user_id=user.id, created_by=None)
        await access_log.record(
            tx,
            Action.TOKEN_CREATE,
            actor=MACHINE,
            user_id=user.id,
            username=user.username,
            token=issued.token.id,
            scopes=issued.token.scopes,
        )
    return IssuedToken(issued, user.username)


async def target(db: Database, path: str, *, is_project: bool) -> GroupOrProject:
    """The group or project of that full path.

    Raises:
        NotFound: there is none.
    """
    async with db.read() as snap:
        if is_project:
            return GroupOrProject(project_id=(await projects.visible(snap, MACHINE, path)).id)
        return GroupOrProject(group_id=(await groups.visible(snap, MACHINE, path)).id)


async def people(db: Database, text: str, limit: int) -> list[User]:
    """People whose name or e-mail address has that text, whatever the case, by username; deleted ones are left out."""
    shown = (~User.is_bot, User.deleted_at.is_(None))
    columns = (User.username, User.name, User.email)
    matching = or_(*(func.lower(column).contains(text.lower(), autoescape=True) for column in columns))
    async with db.read() as snap:
        return list(await snap.scalars(select(User).where(*shown, matching).order_by(User.username).limit(limit)))
