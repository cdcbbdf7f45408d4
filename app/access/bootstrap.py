"""What a new installation begins with: an administrator, a group, a project and a token."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, insert, select

from app.access import groups, tokens, users
from app.access.groups import CreateGroup
from app.access.policy import Role
from app.access.tables import Group, Membership, Project, User
from app.access.tokens import IssueToken
from app.access.users import CreateUser
from app.db.database import Database, Tx
from app.errors import Unauthenticated

ADMIN = "admin"
GROUP = "demo"
PROJECT = "models"
_LOCK = 0x4D594246
"""Advisory lock of the bootstrap."""


@dataclass(frozen=True, slots=True)
class FirstStart:
    """Where to begin; ``token`` is the administrator's."""

    admin_username: str
    project_path: str
    project_id: int
    token: str


async def ensure(db: Database, *, token: str | None) -> FirstStart:
    """Find or make the administrator, the first project and a working token; safe to repeat.

    A token that still works is given back as it is; otherwise a new one is made, since only its hash was kept.
    """
    async with db.write() as tx:
        admin = await _admin(tx)
        project = await _project(tx, admin)
    token = token if token and await _works(db, token) else None
    if token is None:
        async with db.write() as tx:
            command = IssueToken(name="first start")
            token = (await tokens.add(tx, command, user_id=admin.id, created_by=admin.id)).secret
    return FirstStart(admin.username, project.full_path, project.id, token)


async def _works(db: Database, token: str) -> bool:
    try:
        await tokens.authenticate(db, token)
    except Unauthenticated:
        return False
    return True


async def _admin(tx: Tx) -> User:
    # Two first starts at once: the second waits here and then reads what the first has written.
    await tx.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    admin = await tx.scalar(
        select(User).where(User.is_admin, ~User.is_bot, User.blocked_at.is_(None)).order_by(User.id).limit(1)
    )
    return admin or await users.add(tx, CreateUser(ADMIN, "Administrator", is_admin=True))


async def _project(tx: Tx, admin: User) -> Project:
    first = await tx.scalar(select(Project).where(Project.deleted_at.is_(None)).order_by(Project.id).limit(1))
    if first is not None:
        return first
    group = await tx.scalar(select(Group).where(Group.full_path == GROUP, Group.deleted_at.is_(None)))
    if group is None:
        group = await groups.add(tx, CreateGroup(GROUP, "Demo"))
        await tx.execute(insert(Membership).values(user_id=admin.id, group_id=group.id, role=int(Role.OWNER)))
    values = {"group_id": group.id, "path": PROJECT, "full_path": f"{GROUP}/{PROJECT}", "name": "Models"}
    statement = insert(Project).values(**values, created_by=admin.id).returning(Project)
    return (await tx.scalars(statement)).one()
