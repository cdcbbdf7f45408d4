"""The history of one metric of a candidate, in columns: who writes tens of thousands of points wants no objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Text, Uuid, bindparam, func, select, tuple_

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.compiled import CompiledQuery
from app.db.database import Database
from app.errors import Invalid
from app.pagination import decode_cursor, encode_cursor, unreadable
from app.tracking.candidates import not_found
from app.tracking.logging.metrics import Point
from app.tracking.tables import Candidate, MetricPoint

_ORDER = (MetricPoint.timestamp, MetricPoint.step, MetricPoint.value)
_PLACE = ("at_timestamp", "at_step", "at_value")


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
    place = dict(zip(_PLACE, _position(token), strict=True)) if token else {}
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_READ)
    given = {"of_project": access.id, "of_candidate": candidate_id, "key": key, "most": limit and limit + 1}
    async with db.direct() as connection:
        rows = await (_REST if place else _WHOLE).fetch(connection, **given, **place)
    if not rows:
        raise not_found(candidate_id)
    return _cut(limit, *(column or [] for column in rows[0]))


def _columns(*, rest: bool) -> CompiledQuery:
    """One row with an array of each column; no row where there is no such candidate. ``rest``: after a place."""
    project, candidate = bindparam("of_project", type_=BigInteger), bindparam("of_candidate", type_=Uuid)
    mine = (MetricPoint.project_id == project, MetricPoint.candidate_id == candidate)
    points = select(*_ORDER).distinct().where(*mine, MetricPoint.key == bindparam("key", type_=Text))
    if rest:
        place = [bindparam(name, type_=column.type) for name, column in zip(_PLACE, _ORDER, strict=True)]
        points = points.where(tuple_(*_ORDER) > tuple_(*place))
    point = points.order_by(*_ORDER).limit(bindparam("most", type_=BigInteger)).subquery("points")
    found = select(*(func.array_agg(column).label(column.key) for column in point.c)).subquery("arrays")
    living = (Candidate.project_id == project, Candidate.id == candidate, Candidate.purge_at.is_(None))
    return CompiledQuery(select(*found.c).where(select(Candidate.id).where(*living).exists()))


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
        raise Invalid(f"{unreadable(token)}: it is not one that this list gave out.", field="page_token") from error


_WHOLE = _columns(rest=False)
_REST = _columns(rest=True)
