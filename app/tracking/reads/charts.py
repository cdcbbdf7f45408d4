"""Histories of metrics for charts, of many candidates in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from app.access.policy import Actor, Permission
from app.access.reads.guarded import GuardedReads, Results
from app.db.database import Database, Snapshot
from app.errors import Invalid
from app.search.sql import NAN
from app.tracking.logging.metrics import Point
from app.tracking.reads import downsample
from app.tracking.reads.loaders import CandidateKey
from app.tracking.tables import MetricPoint

MIN_POINTS = 4
MAX_POINTS = downsample.MAX_SIZE
MAX_KEYS = 20
MAX_CANDIDATES = 100
MAX_ANSWER = 100_000
_LISTS = GuardedReads(Permission.CANDIDATE_READ)
Steps = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one metric in the order of their steps; ``total``: how many different ones there are in all."""

    key: str
    total: int = 0
    points: list[Point] = field(default_factory=list)


def check_curves(candidates: int, metrics: int, size: int) -> None:
    """Refuse more curves than an answer can hold.

    Raises:
        Invalid: more than 100 candidates, or more than 100,000 points.
    """
    if not 1 <= candidates <= MAX_CANDIDATES:
        raise Invalid(f"There are {candidates} ids; 1 to {MAX_CANDIDATES} can be asked for.", field="ids")
    if candidates * metrics * size > MAX_ANSWER:
        message = f"{candidates * metrics} curves of {size:,} points are more than {MAX_ANSWER:,} points in all."
        raise Invalid(message, field="maxPoints")


async def sampled(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], metric: str, *, size: int, steps: Steps
) -> Results[list[Point]]:
    """Of each candidate at most ``size`` points of a metric, cut as :func:`app.tracking.reads.downsample.thinned` does.

    Raises:
        Invalid: the size is not between 1 and 2,500.
    """
    if not 1 <= size <= downsample.MAX_SIZE:
        raise Invalid(
            f"`maxPoints` is {size}; 1 to {downsample.MAX_SIZE:,} points can be requested.", field="maxPoints"
        )

    async def fetch(snap: Snapshot, allowed: list[CandidateKey]) -> list[list[Point]]:
        statement = downsample.thin(_points(allowed, [metric], steps), size)
        points: dict[Any, list[Point]] = defaultdict(list)
        for row in await snap.execute(statement):
            points[row.candidate_id].append(Point(row.value, row.timestamp, row.step))
        return [points[candidate_id] for _, candidate_id in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


async def outlined(
    db: Database, actor: Actor, keys: Sequence[CandidateKey], metrics: Sequence[str], *, size: int, steps: Steps
) -> Results[list[Series]]:
    """Of each candidate and metric at most ``size`` points that keep the outline of the curve.

    The points, ordered by step, time and value, are cut into parts of equal number; of each part the least and the
    greatest value are taken, and of all the first and the last. A metric that has no more than ``size`` points keeps
    all. NaN is taken only where a part has nothing else.

    Raises:
        Invalid: the size is not between 4 and 2,500, or there are more than 20 metrics.
    """
    if not MIN_POINTS <= size <= MAX_POINTS:
        message = f"`maxPoints` is {size}; {MIN_POINTS} to {MAX_POINTS:,} points can be asked for."
        raise Invalid(message, field="maxPoints")
    if not 1 <= len(set(metrics)) <= MAX_KEYS:
        raise Invalid(f"There are {len(set(metrics))} keys; 1 to {MAX_KEYS} can be asked for.", field="keys")

    async def fetch(snap: Snapshot, allowed: list[CandidateKey]) -> list[list[Series]]:
        curves: dict[Any, Series] = {}
        for row in await snap.execute(_outline(_points(allowed, metrics, steps), size)):
            series = curves.setdefault((row.candidate_id, row.key), Series(row.key, row.total))
            series.points.append(Point(row.value, row.timestamp, row.step))
        return [[curves.get((id, key), Series(key)) for key in dict.fromkeys(metrics)] for _, id in allowed]

    return await _LISTS.read(db, actor, keys, fetch)


def _points(keys: Sequence[CandidateKey], metrics: Sequence[str], steps: Steps) -> Select[*tuple[Any, ...]]:
    """Equal points once."""
    row = MetricPoint
    statement = select(row.candidate_id, row.key, row.step, row.timestamp, row.value).distinct()
    statement = statement.where(
        row.project_id.in_({project_id for project_id, _ in keys}),
        row.candidate_id.in_([candidate_id for _, candidate_id in keys]),
        row.key.in_(metrics),
    )
    return statement.where(row.step.between(*steps)) if steps is not None else statement


def _outline(points: Select[*tuple[Any, ...]], size: int) -> Select[*tuple[Any, ...]]:
    each = points.subquery()
    curve: list[ColumnElement[Any]] = [each.c.candidate_id, each.c.key]
    order: list[ColumnElement[Any]] = [each.c.step, each.c.timestamp, each.c.value]
    parts = select(
        each,
        func.ntile((size - 2) // 2).over(partition_by=curve, order_by=order).label("part"),
        func.row_number().over(partition_by=curve, order_by=order).label("position"),
        func.count().over(partition_by=curve).label("total"),
    ).subquery()
    part = [parts.c.candidate_id, parts.c.key, parts.c.part]
    value = func.nullif(parts.c.value, NAN)
    least, greatest = value.asc().nulls_last(), value.desc().nulls_last()
    ranked = select(
        parts,
        func.row_number().over(partition_by=part, order_by=[least, parts.c.position]).label("least"),
        func.row_number().over(partition_by=part, order_by=[greatest, parts.c.position.desc()]).label("greatest"),
    ).subquery()
    kept = or_(
        ranked.c.total <= size, ranked.c.least == 1, ranked.c.greatest == 1, ranked.c.position.in_([1, ranked.c.total])
    )
    names = ("candidate_id", "key", "step", "timestamp", "value", "total")
    kept_points = select(*(ranked.c[name] for name in names)).where(kept)
    return kept_points.order_by(ranked.c.candidate_id, ranked.c.key, ranked.c.position)
