"""Steps of the worker that removes what is left of a deleted group."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from app.access import repository
from app.access.tables import Group, Membership, Project, Token
from app.access.tables_of_people import InvitationRole, ServiceAccount
from app.db.database import Snapshot, Tx


async def namespace(snap: Snapshot, user_id: int) -> Group | None:
    """Read step: the group that is a user's own."""
    own: Group | None = await snap.scalar(
        select(Group).where(Group.owner_user_id == user_id, Group.deleted_at.is_(None))
    )
    return own


async def hidden_projects(snap: Snapshot, group_id: int) -> list[int]:
    """Read step: the projects that were in a group when it was deleted, and are not removed yet."""
    inside = select(Group.id).where(repository.within_group(group_id), Group.deleted_at.is_not(None))
    hidden = select(Project.id).where(Project.group_id.in_(inside), Project.deleted_at.is_not(None))
    return list(await snap.scalars(hidden.order_by(Project.id)))


async def forget(tx: Tx, group_id: int) -> None:
    """Step: remove the rows of a deleted group and of those in it, the deepest first."""
    inside = select(Group.id).where(repository.within_group(group_id), Group.deleted_at.is_not(None))
    deepest_first = inside.order_by(func.cardinality(Group.lineage).desc(), Group.id)
    ids = list(await tx.scalars(deepest_first))
    for kind in (Membership, Token, InvitationRole, ServiceAccount):
        await tx.execute(delete(kind).where(kind.group_id.in_(ids)))
    # In one statement: a group refers to the one that it is in.
    await tx.execute(delete(Group).where(Group.id.in_(ids)))
