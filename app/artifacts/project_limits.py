"""Setting the limits of a project: of its requests, and of the bytes of its files."""

from __future__ import annotations

from app.access import policy
from app.access.limits import project_limits
from app.access.policy import Actor, ProjectAccess
from app.artifacts import stored_bytes
from app.artifacts.stored_bytes import Kind
from app.db.database import Database


async def edit(db: Database, actor: Actor, project: int | str, **changes: int | None) -> ProjectAccess:
    """Change ``request_limit`` and ``storage_limit`` of a project; None: that of the installation. Administrators only.

    They hold from the next request of any process on. Where more is stored than a new limit allows, reading and
    deleting go on, and nothing more is stored.

    Raises:
        ProjectNotFound, Forbidden, Invalid: see :func:`app.access.limits.project_limits.set_limits`.
        Busy: an upload that is being finished does not end in time; nothing is changed.
    """
    async with db.write() as tx:
        access = await project_limits.set_limits(tx, actor, project, **changes)
        limits = stored_bytes.limits_of(actor, access, of_token=False)
        for limit in limits:
            await stored_bytes.set_limit(tx, limit)
        if not limits:
            await stored_bytes.end_limit(tx, Kind.PROJECT, access.id)
    policy.invalidate_cache(actor)
    return access
