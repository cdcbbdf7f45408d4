"""The limits of a project, in its row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import update

from app.access import access_log, policy, projects
from app.access.access_log import Action
from app.access.policy import Actor, ProjectAccess
from app.access.tables import Project
from app.db.database import Tx
from app.errors import Invalid

MOST = 2**62
"""No limit is higher."""


async def set_limits(tx: Tx, actor: Actor, project: int | str, **changes: int | None) -> ProjectAccess:
    """Step: other limits of a project, ``request_limit`` and ``storage_limit``; None: that of the installation.

    The owners of a project may not raise its limits: only administrators change them.

    Raises:
        ProjectNotFound: it does not exist, or may not be seen.
        Forbidden: the actor is no administrator, or its token is confined to a project, a group or models.
        Invalid: a limit below one request, or below zero bytes.
    """
    policy.require_administrator(actor, "change the limits of a project")
    # Not counted: else a limit that is used up, or mistyped, could not be raised.
    access = await projects.visible(tx, replace(actor, cache=None), project)
    if actor.cache is not None:
        actor.cache.leave_uncounted(access.id)
    for name, least in (("request_limit", 1), ("storage_limit", 0)):
        value = changes.get(name)
        if value is not None and not least <= value <= MOST:
            raise Invalid(f"`{value}` is no limit; it is a number from {least} on, or null.", field=name)
    if not changes:
        return access
    living = (Project.id == access.id, Project.deleted_at.is_(None))
    row = await tx.scalar(update(Project).where(*living).values(**changes).returning(Project))
    if row is None:
        raise projects.ProjectNotFound(f"There is no project `{access.project.full_path}` any more.")
    told: dict[str, Any] = {"path": row.full_path, **changes}
    await access_log.record(tx, Action.LIMITS_UPDATE, actor=actor, project_id=row.id, **told)
    return ProjectAccess(row, access.role)
