"""Announced uploads of a whole project that have not ended: what is on its way, and by whom."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from app.access import projects
from app.access.policy import Actor, ProjectAccess
from app.artifacts import visibility
from app.artifacts.tables import MultipartUpload
from app.artifacts.uploads.announced import is_own
from app.db.database import Database
from app.pagination import Keyset, Page, Window

_ORDER: Keyset[MultipartUpload] = Keyset(
    "unfinished uploads", (MultipartUpload.id,), lambda upload: (upload.id,), descending=True
)


async def page(db: Database, actor: Actor, project_id: int, window: Window) -> Page[MultipartUpload]:
    """Uploads that take parts or are being verified, newest first; those who are no members see their own.

    Raises:
        NotFound: the project does not exist or may not be seen.
    """
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project_id)
        statement = _unfinished(select(MultipartUpload), actor, access)
        return _ORDER.page((await snap.scalars(_ORDER.apply(statement, window))).all(), window)


async def count(db: Database, actor: Actor, project_id: int) -> int:
    """How many uploads :func:`page` would page through.

    Raises:
        NotFound: the project does not exist or may not be seen.
    """
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project_id)
        statement = select(func.count()).select_from(MultipartUpload)
        return await snap.scalar(_unfinished(statement, actor, access)) or 0


def _unfinished(statement: Select[Any], actor: Actor, access: ProjectAccess) -> Select[Any]:
    shown = visibility.conditions(MultipartUpload, visibility.of_actor(actor, access))
    statement = statement.where(
        MultipartUpload.project_id == access.id,
        MultipartUpload.size.is_not(None),
        MultipartUpload.state.in_(("open", "verifying")),
        *shown,
    )
    return statement if access.role is not None else statement.where(is_own(actor))
