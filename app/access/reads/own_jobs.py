"""Background jobs of all projects that a person is a member of, the newest first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.access.policy import Actor, Permission
from app.access.reads.permitted import own_projects_allowing
from app.db.database import Database
from app.db.merged_reads import merged
from app.pagination import Keyset, Page, Window
from app.queue.outbox import BackgroundJob

_ORDER: Keyset[Row[*tuple[Any, ...]]] = Keyset("own jobs", (BackgroundJob.id,), lambda row: (row.id,), descending=True)


async def page(db: Database, actor: Actor, window: Window, state: str | None = None) -> Page[UUID]:
    """The ids of jobs in that state (None: in any), the newest first. One statement."""
    statement = select(BackgroundJob.id)
    if state is not None:
        statement = statement.where(BackgroundJob.state == state)
    own = own_projects_allowing(actor, Permission.JOB_READ)
    async with db.read() as snap:
        rows = await merged(snap, statement, _ORDER, window, parent=BackgroundJob.project_id, parents=own)
    return Page([row.id for row in rows.items], rows.cursors, rows.has_next, rows.has_previous)
