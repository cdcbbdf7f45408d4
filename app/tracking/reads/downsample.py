"""Histories of one metric over several candidates at once, for charts: whole or thinned out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot
from app.errors import Invalid
from app.tracking.candidates import CandidateNotFound
from app.tracking.logging.metrics import Point
from app.tracking.tables import Candidate, MetricPoint

MAX_SIZE = 2_500


@dataclass(frozen=True, slots=True)
class Sample:
    """A point and whose it is."""

    candidate_id: UUID
    point: Point


async def whole(
    db: Database, actor: Actor, project: int | str, candidate_ids: Sequence[UUID], key: str, *, limit: int
) -> list[Sample]:
    """The first ``limit`` points in all, by candidate, then (timestamp, step, value); equal ones once.

    Raises:
        CandidateNotFound: one of the candidates is not there.
    """
    order = (MetricPoint.candidate_id, MetricPoint.timestamp, MetricPoint.step, MetricPoint.value)
    points = select(*order).distinct().order_by(*order).limit(limit)
    return await _read(db, actor, project, candidate_ids, points.where(MetricPoint.key == key))


async def thinned(
    db: Database,
    actor: Actor,
    project: int | str,
    candidate_ids: Sequence[UUID],
    key: str,
    *,
    size: int,
    steps: tuple[int, int] | None = None,
) -> list[Sample]:
    """Of each candidate at most ``size`` points, by (step, timestamp, value), within the steps (both included).

    The points of a candidate are cut into ``size`` parts of equal number; the first of each is taken, but of the last
    part the last one, with a size of 1 only the last of all (MLflow REST: metrics/get-history-bulk-interval).

    Raises:
        CandidateNotFound: one of the candidates is not there.
        Invalid: the size is not between 1 and 2,500.
    """
    check_size(size)
    order = (MetricPoint.step, MetricPoint.timestamp, MetricPoint.value)
    points = select(MetricPoint.candidate_id, *order).distinct().where(MetricPoint.key == key)
    if steps is not None:
        points = points.where(MetricPoint.step.between(*steps))
    return await _read(db, actor, project, candidate_ids, points, size=size)


def check_size(size: int) -> int:
    """How many points a sample of one candidate may have.

    Raises:
        Invalid: it is not between 1 and 2,500.
    """
    if not 1 <= size <= MAX_SIZE:
        raise Invalid(f"max_results must be between 1 and {MAX_SIZE}. Got {size}.", field="size")
    return size


def check_steps(first: int | None, last: int | None) -> tuple[int, int] | None:
    """Both ends of a range of steps, or None for all.

    Raises:
        Invalid: one end is missing, or they stand the wrong way round.
    """
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise Invalid("If either start step or end step are specified, both must be specified.", field="step")
    if first > last:
        raise Invalid(f"end_step must be greater than start_step. Found start_step={first} and end_step={last}.")
    return first, last


def thin(points: Select[*tuple[Any, ...]], size: int) -> Select[*tuple[Any, ...]]:
    """Of each candidate's points at most ``size``: the first of each of as many parts, and the last of all."""
    each = points.subquery()
    order: list[Any] = [each.c.step, each.c.timestamp, each.c.value]
    whose: Any = each.c.candidate_id
    placed = select(
        each,
        (func.row_number().over(partition_by=whose, order_by=order) - 1).label("position"),
        func.count().over(partition_by=whose).label("total"),
    ).subquery()
    position, total = placed.c.position, placed.c.total
    kept = or_(position == total - 1, and_(_begins_part(position, total, size), position < total - total // size))
    names = ("candidate_id", "timestamp", "step", "value")
    return select(*(placed.c[name] for name in names)).where(kept).order_by(placed.c.candidate_id, position)


def _begins_part(position: Any, total: Any, size: int) -> ColumnElement[bool]:
    """Whether a point, counted from 0, is the first of its part; the first parts have one point more if need be.

    The last part begins ``total // size`` points before the end, unless there are fewer points than parts.

    That is what ``ntile`` cuts, without another sort of all points.
    """
    short = total // size
    in_longer = (total % size) * (short + 1)
    begins_short = (position - in_longer) % func.greatest(short, 1) == 0
    return case((position < in_longer, position % (short + 1) == 0), else_=begins_short)


async def _read(
    db: Database,
    actor: Actor,
    project: int | str,
    candidate_ids: Sequence[UUID],
    points: Select[*tuple[Any, ...]],
    *,
    size: int | None = None,
) -> list[Sample]:
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        await _require(snap, access.id, candidate_ids)
        mine = and_(MetricPoint.project_id == access.id, MetricPoint.candidate_id.in_(candidate_ids))
        statement = points.where(mine)
        rows = (await snap.execute(statement if size is None else thin(statement, size))).all()
    return [Sample(row.candidate_id, Point(row.value, row.timestamp, row.step)) for row in rows]


async def _require(snap: Snapshot, project_id: int, candidate_ids: Sequence[UUID]) -> None:
    living = select(Candidate.id).where(
        Candidate.project_id == project_id, Candidate.id.in_(candidate_ids), Candidate.purge_at.is_(None)
    )
    missing = set(candidate_ids) - set(await snap.scalars(living))
    if missing:
        raise CandidateNotFound(f"Run with id={min(missing).hex} not found.")
