"""The history of one metric of a candidate, in columns: who writes tens of thousands of points wants no objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.types import NULLTYPE

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.errors import Invalid
from app.pagination import decode_cursor, encode_cursor
from app.tracking.candidates import CandidateNotFound
from app.tracking.metrics import Point
from app.tracking.tables import Candidate, MetricPoint

_ORDER = (MetricPoint.timestamp, MetricPoint.step, MetricPoint.value)


@dataclass(frozen=True, slots=True)
class History:
    """Points ordered by (timestamp, step, value); ``next_token`` is None at the end."""

    values: Sequence[float]
    timestamps: Sequence[int]
    steps: Sequence[int]
    next_token: str | None

    @property
    def points(self) -> Iterator[Point]:
        return map(Point, self.values, self.timestamps, self.steps)


async def history(
    db: Database,
    actor: Actor,
    project: int | str,
    candidate_id: UUID,
    key: str,
    *,
    limit: int | None = None,
    token: str | None = None,
) -> History:
    """The points of one metric, equal ones once; without a limit all of them. An unknown metric has none.

    Raises:
        CandidateNotFound: there is no such candidate.
        Invalid: a limit below 1, or a token that is not ours.
    """
    if limit is not None and limit < 1:
        raise Invalid(f"max_results is {limit}; it must be positive.", field="max_results")
    position = _position(token) if token else None
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        points = select(*_ORDER).distinct().where(MetricPoint.key == key).order_by(*_ORDER).limit(limit and limit + 1)
        if position is not None:
            points = points.where(tuple_(*_ORDER) > tuple_(*position))
        row = (await snap.execute(_columns(access.id, candidate_id, points))).one_or_none()
    if row is None:
        raise CandidateNotFound(f"Run with id={candidate_id.hex} not found.")
    return _cut(limit, *(column or [] for column in row))


def _columns(project_id: int, candidate_id: UUID, points: Select[int, int, float]) -> Select[tuple[object, ...]]:
    """One row with an array of each column; no row where there is no such candidate."""
    mine = (MetricPoint.project_id == project_id, MetricPoint.candidate_id == candidate_id)
    point = points.where(*mine).subquery("points")
    # Without a type: the driver's lists are taken as they are.
    arrays = [func.array_agg(column, type_=NULLTYPE).label(column.key) for column in point.c]
    found = select(*arrays).select_from(point).subquery("arrays")
    living = (Candidate.project_id == project_id, Candidate.id == candidate_id, Candidate.purge_at.is_(None))
    return select(*found.c).where(select(Candidate.id).where(*living).exists())


def _cut(limit: int | None, timestamps: list[int], steps: list[int], values: list[float]) -> History:
    if limit is None or len(values) <= limit:
        return History(values, timestamps, steps, None)
    last = limit - 1
    token = encode_cursor(["points", timestamps[last], steps[last], repr(values[last])])
    return History(values[:limit], timestamps[:limit], steps[:limit], token)


def _position(token: str) -> tuple[int, int, float]:
    try:
        _, timestamp, step, value = decode_cursor(token)
        return int(timestamp), int(step), float(value)
    except (Invalid, ValueError, TypeError) as error:
        raise Invalid("Invalid page token: it is not one that this list gave out.", field="page_token") from error
