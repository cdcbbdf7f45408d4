"""Users: people, and the bots behind tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.access import groups, policy, repository
from app.access.groups import CreateGroup
from app.access.names import check_path, check_title
from app.access.policy import Actor, Role
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


async def create(db: Database, actor: Actor, command: CreateUser) -> User:
    """Make a user with a namespace of the same name. Administrators only.

    Raises:
        Forbidden: the actor is no administrator.
        Taken: a user or group has that name.
    """
    policy.require_administrator(actor)
    async with db.write() as tx:
        return await add(tx, command)


async def add(tx: Tx, command: CreateUser) -> User:
    """Step: the user, its namespace, and its ownership of that.

    Raises:
        Taken: a user or group has that name.
    """
    check_path(command.username, "username")
    name = check_title(command.name or command.username, "name")
    user: User | None = await tx.scalar(
        upsert(User)
        .values(username=command.username, name=name, is_admin=command.is_admin)
        .on_conflict_do_nothing()
        .returning(User)
    )
    if user is None:
        raise Taken(f"There is already a user `{command.username}`.", field="username")
    namespace = await groups.add(tx, CreateGroup(path=command.username, name=name), owner_user_id=user.id)
    await tx.execute(insert(Membership).values(user_id=user.id, group_id=namespace.id, role=int(Role.OWNER)))
    return user


async def by_username(snap: Snapshot, username: str) -> User:
    """Read step: the person of that name.

    Raises:
        UserNotFound: no person has it.
    """
    user = await snap.scalar(select(User).where(func.lower(User.username) == username.lower(), ~User.is_bot))
    if user is None:
        raise UserNotFound(f"There is no user `{username[:200]}`.", field="username")
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
