"""Users: people, and the bots behind tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, false, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import access_log, groups, policy, repository
from app.access.access_log import Action
from app.access.groups import CreateGroup
from app.access.names import check_email, check_first_segment, check_title
from app.access.policy import Actor, Permission, Role
from app.access.tables import Membership
from app.access.tables import User as User
from app.db.database import Database, Snapshot, Tx
from app.errors import NotFound, Taken


class UserNotFound(NotFound):
    """There is no such user."""


@dataclass(frozen=True, slots=True)
class CreateUser:
    username: str
    name: str | None = None
    is_admin: bool = False
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address that names a user."""

    address: str


async def create(db: Database, actor: Actor, command: CreateUser) -> User:
    """Make a user with a namespace of the same name. Administrators only.

    Raises:
        Forbidden: the actor is no administrator.
        Taken: a user or group has that name, or a user that e-mail address.
    """
    policy.require_administrator(actor, "create users")
    async with db.write() as tx:
        user = await add(tx, command)
        await access_log.record(
            tx,
            Action.USER_CREATE,
            actor=actor,
            user_id=user.id,
            username=user.username,
            is_admin=user.is_admin,
        )
    return user


async def add(tx: Tx, command: CreateUser) -> User:
    """Step: the user, its namespace, and its ownership of that.

    Raises:
        Taken: a user or group has that name, or a user that e-mail address, whatever the case.
        Invalid: a name or address that cannot be one.
    """
    check_first_segment(command.username, "username")
    email = check_email(command.email) if command.email else None
    name = check_title(command.name or command.username, "name")
    user: User | None = await tx.scalar(
        upsert(User)
        .values(username=command.username, name=name, email=email, is_admin=command.is_admin)
        .on_conflict_do_nothing()
        .returning(User)
    )
    if user is None:
        named = select(User.id).where(func.lower(User.username) == command.username.lower())
        if email is None or await tx.scalar(named) is not None:
            raise Taken(f"There is already a user `{command.username}`.", field="username")
        raise Taken(f"There is already a user with the e-mail address `{email}`.", field="email")
    namespace = await groups.add(tx, CreateGroup(path=command.username, name=name), owner_user_id=user.id)
    await tx.execute(insert(Membership).values(user_id=user.id, group_id=namespace.id, role=int(Role.OWNER)))
    return user


async def by_username(snap: Snapshot, username: str) -> User:
    """Read step: the person of that name.

    Raises:
        UserNotFound: no person has it.
    """
    named = (func.lower(User.username) == username.lower(), ~User.is_bot, User.deleted_at.is_(None))
    user = await snap.scalar(select(User).where(*named)) if username.isprintable() else None
    if user is None:
        raise UserNotFound(f"There is no user `{username[:200]}`.", field="username")
    return user


async def find(snap: Snapshot, actor: Actor, who: str | Email) -> User:
    """Read step: the person of that username, or of that e-mail address if the actor sees it.

    An address of a user that the actor may not know of is refused as one that no user has.

    Raises:
        UserNotFound: there is none.
    """
    if isinstance(who, str):
        return await by_username(snap, who)
    addressed = (func.lower(User.email) == who.address.lower(), ~User.is_bot, repository.email_is_seen(actor))
    user = await snap.scalar(select(User).where(*addressed)) if who.address.isprintable() else None
    if user is None:
        raise UserNotFound(
            f"No user that you may know of has the e-mail address `{who.address[:200]}`; invite the person with "
            "`userInvite`.",
            field="email",
        )
    return user


async def get(db: Database, actor: Actor, who: int | str | Email) -> User:
    """A user that the actor may know of.

    Raises:
        UserNotFound: there is none, or the actor may not know of it.
    """
    async with db.read() as snap:
        return await visible(snap, actor, who)


async def visible(snap: Snapshot, actor: Actor, who: int | str | Email) -> User:
    """Read step: a user that the actor may know of, by number, username or e-mail address; bots and deleted ones, too.

    Raises:
        UserNotFound: there is none, or the actor may not know of it.
    """
    match who:
        case Email():
            return await find(snap, actor, who)
        case int():
            named = User.id == who if 0 < who < 2**63 else false()
        case str():
            named = func.lower(User.username) == who.lower() if who.isprintable() else false()
    if not policy.has_scope(actor, Permission.MEMBER_READ):
        named = and_(named, User.id == actor.user_id)
    user = await snap.scalar(select(User).where(named, repository.user_is_seen(actor)))
    if user is None:
        raise UserNotFound(f"There is no user `{str(who)[:200]}`, or you may not see it.", field="user")
    return user


async def username(snap: Snapshot, user_id: int | None) -> str:
    """Read step: the username with that id; empty for None and where there is none."""
    if user_id is None:
        return ""
    return await snap.scalar(select(User.username).where(User.id == user_id)) or ""


async def by_ids(db: Database, ids: Sequence[int]) -> list[User | None]:
    """For loaders: users in the order of the ids, for callers that see what these users have made."""
    async with db.read() as snap:
        return await repository.users_by_ids(snap, ids)


async def seen_by_ids(db: Database, actor: Actor, ids: Sequence[int]) -> list[User | None]:
    """For loaders: users in the order of the ids, None where the actor is a member of nothing that the user is, too."""
    async with db.read() as snap:
        return await repository.users_by_ids(snap, ids, repository.user_is_seen(actor))
