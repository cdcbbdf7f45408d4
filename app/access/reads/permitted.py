"""Which projects allow an actor something, as SQL: for statements over all of them at once."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from app.access import policy, repository
from app.access.policy import Actor, Permission, ProjectAccess, Role
from app.access.tables import Project

_LEVELS = ("enabled", "private")
"""Those of a part of a project in which it may be seen at all."""


def projects_allowing(actor: Actor, permission: Permission, *, of_models: bool = False) -> Select[int]:
    """The numbers of living projects for which :func:`app.access.policy.allows` would be true.

    The policy itself is asked, for every role that an actor may have, so that there is one rule.
    ``of_models``: the statement itself leaves out models that the actor's token does not reach.
    """
    seen = select(Project.id).where(Project.deleted_at.is_(None), repository.visible_to(actor))
    switch = policy.SWITCHES.get(permission)
    if switch is None:
        return seen.where(_with_role(actor, permission, Project(), of_models))
    column = getattr(Project, switch)
    at_levels = [
        and_(column == level, _with_role(actor, permission, Project(**{switch: level}), of_models)) for level in _LEVELS
    ]
    return seen.where(or_(*at_levels))


def own_projects_allowing(actor: Actor, permission: Permission, *, of_models: bool = False) -> Select[int]:
    """Those of :func:`projects_allowing` that the actor is a member of, itself or by a group."""
    member = repository.membership_in_project(actor).is_not(None)
    return projects_allowing(actor, permission, of_models=of_models).where(member)


def _with_role(actor: Actor, permission: Permission, project: Project, of_models: bool) -> ColumnElement[bool]:
    roles = [
        role
        for role in (None, *Role)
        if policy.allows(actor, ProjectAccess(project, role), permission, of_models=of_models)
    ]
    role_here = repository.role_in_project(actor)
    if len(roles) == len(Role) + 1:
        return true()
    if not roles:
        return false()
    allowed = [role for role in roles if role is not None]
    among = [role_here.in_([int(role) for role in allowed])] if allowed else []
    return or_(*among, *([role_here.is_(None)] if None in roles else []))
