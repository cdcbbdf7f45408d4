"""How long what was deleted can be restored, and what is due.

``purge_at`` is settled by the deletion: a setting that changes later holds for later deletions. All moments are the
database's, so clocks of API processes and workers decide nothing. A moment long ago says that the removal has begun,
which holds even where the database's own clock steps back.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_

from app.access import policy
from app.access.policy import Actor, Permission, ProjectAccess
from app.errors import NotFound
from app.registry.tables import Model, ModelVersion
from app.tracking.search.candidate_search import View

KEPT = timedelta(days=30)
"""For how long, where no setting says otherwise (``MODELYARD_RESTORE_DAYS``)."""
AT_ONCE = timedelta()


class NotRestorable(NotFound):
    """There is no such thing in the trash: it was never deleted, its time is over, or it may not be seen."""


def period(actor: Actor, access: ProjectAccess, keep: timedelta, *, permanently: bool) -> timedelta:
    """For how long a deletion by the actor can be undone.

    Raises:
        Forbidden: deleting permanently needs a role that the actor has not.
    """
    if not permanently:
        return keep
    policy.require(actor, access, Permission.REGISTRY_PURGE, of_models=True)
    return AT_ONCE


def is_restorable(table: type[Model | ModelVersion]) -> ColumnElement[bool]:
    """The condition that a row is in the trash at this very moment, also after a lock was waited for."""
    return and_(table.deleted_at.is_not(None), table.purge_at > func.clock_timestamp())


def is_due(table: type[Model | ModelVersion]) -> ColumnElement[bool]:
    """The condition that a deleted row can be restored no more; one without ``purge_at`` never could."""
    return and_(table.deleted_at.is_not(None), func.coalesce(table.purge_at, table.deleted_at) <= func.now())


def in_view(table: type[Model | ModelVersion], view: View) -> ColumnElement[bool]:
    """The condition for lists: those that live, those in the trash, or both."""
    in_trash = and_(table.deleted_at.is_not(None), table.purge_at > func.now())
    match view:
        case View.ACTIVE:
            return table.deleted_at.is_(None)
        case View.DELETED:
            return in_trash
        case View.ALL:
            return or_(table.deleted_at.is_(None), in_trash)
