"""What runs where: deployments of many projects, models and versions at once.

Keys begin with the project; results come in their order, and a key that may not be read has its refusal as the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import Columns, GuardedReads, Results
from app.db.database import Database
from app.db.statements import Fragment
from app.lifecycle.deployments.tables import Deployment
from app.pagination import Keyset, Page, Window
from app.registry.reads import reach

Key: TypeAlias = tuple[int, ...]
PROJECT: Columns = (Deployment.project_id,)
MODEL: Columns = (Deployment.project_id, Deployment.model_id)
VERSION: Columns = (Deployment.project_id, Deployment.version_id)
_LISTS = GuardedReads(Permission.DEPLOYMENT_READ, of_models=True)
RUNNING_SQL = Fragment("""
    SELECT d.project_id, d.id, d.version_id FROM deployments d
    WHERE d.project_id = one.project_id AND d.version_id = one.version_id AND d.ended_at IS NULL
    ORDER BY d.id LIMIT 2000
""")
"""SQL: what runs of the version that a row ``one`` names."""
_YANKED_AT = reach.yanked_at(Deployment.project_id, Deployment.version_id)
_LONGEST_YANKED: Keyset[Shown] = Keyset(
    "yanked deployments", (_YANKED_AT, Deployment.id), lambda shown: (shown.yanked_at, shown.row.id)
)
_NEWEST: Keyset[Shown] = Keyset("deployments", (Deployment.id,), lambda shown: (shown.row.id,), descending=True)


class Status(StrEnum):
    """How a deployment stands."""

    RUNNING = "RUNNING"
    SILENT = "SILENT"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deployments; ``silent_after`` is the time without heartbeat after which one is silent."""

    silent_after: timedelta
    status: Status | None = None
    environment: str | None = None
    endpoint: str | None = None
    is_yanked: bool = False
    """Only those that have not ended and whose version was yanked, the one that was yanked first before the others."""


class Shown(NamedTuple):
    """A deployment, and whether it is silent, by the database's clock."""

    row: Deployment
    is_silent: bool
    yanked_at: datetime | None
    """When the version that runs was yanked."""


async def by_keys(
    db: Database, actor: Actor, keys: Sequence[tuple[int, int]], silent_after: timedelta
) -> Results[Shown | None]:
    """Deployments by id; None where there is none."""
    parent = (Deployment.project_id, Deployment.id)
    statement = _deployments(actor, silent_after)
    return await _LISTS.singles(db, actor, keys, statement=statement, parent=parent, convert=_shown)


async def pages(
    db: Database, actor: Actor, keys: Sequence[Key], window: Window, wanted: Filter, *, parent: Columns
) -> Results[Page[Shown]]:
    """Deployments of each project, model or version (``PROJECT``, ``MODEL``, ``VERSION``), the newest first;
    those of yanked versions by when that was.
    """
    statement, order = _matching(actor, wanted), _LONGEST_YANKED if wanted.is_yanked else _NEWEST
    return await _LISTS.pages(
        db,
        actor,
        keys,
        window,
        statement=statement,
        order=order,
        row=Deployment,
        parent=parent,
        convert=_shown,
    )


async def counts(db: Database, actor: Actor, keys: Sequence[Key], wanted: Filter, *, parent: Columns) -> Results[int]:
    """How many deployments :func:`pages` goes through."""
    return await _LISTS.counts(db, actor, keys, statement=_matching(actor, wanted), parent=parent)


def _shown(row: Any) -> Shown:
    return Shown(row[0], row.is_silent, row.yanked_at)


def _deployments(actor: Actor, silent_after: timedelta) -> Select[Deployment, bool, datetime | None]:
    is_silent = _stands(Status.SILENT, silent_after).label("is_silent")
    reached = reach.reached(actor, Deployment.project_id, Deployment.model_id)
    return select(Deployment, is_silent, _YANKED_AT.label("yanked_at")).where(*reached)


def _matching(actor: Actor, wanted: Filter) -> Select[Deployment, bool, datetime | None]:
    statement = _deployments(actor, wanted.silent_after)
    if wanted.is_yanked:
        statement = statement.where(Deployment.ended_at.is_(None), _YANKED_AT.is_not(None))
    if wanted.environment is not None:
        statement = statement.where(Deployment.environment == wanted.environment)
    if wanted.endpoint is not None:
        statement = statement.where(Deployment.endpoint == wanted.endpoint)
    return statement if wanted.status is None else statement.where(_stands(wanted.status, wanted.silent_after))


def _stands(status: Status, silent_after: timedelta) -> ColumnElement[bool]:
    living = Deployment.ended_at.is_(None)
    is_late: Any = Deployment.heartbeat_at < func.now() - silent_after
    match status:
        case Status.ENDED:
            return Deployment.ended_at.is_not(None)
        case Status.SILENT:
            return and_(living, or_(is_late, Deployment.silent_at.is_not(None)))
        case Status.RUNNING:
            return and_(living, ~is_late, Deployment.silent_at.is_(None))
