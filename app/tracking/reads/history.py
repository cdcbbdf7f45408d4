"""The history of one metric of a candidate, in columns: tens of thousands of points need no objects.

Example: 20,000 points of a loss. As rows that were 20,000 objects on the way to JSON; as one row of three arrays the
answer went from 100 to 18.5 ms (docs/decisions/0018). A page begins after the point that its token names, which the
index on (project, candidate, key, timestamp, step, value) finds at once, so the last page costs what the first does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database
from app.db.statements import Statement
from app.errors import Invalid
from app.pagination import decode_cursor, encode_cursor, unreadable
from app.tracking.candidates import not_found
from app.tracking.logging.metrics import Point


class _Columns(NamedTuple):
    """The points as arrays; None where there are none."""

    timestamps: list[int] | None
    steps: list[int] | None
    values: list[float] | None


def _history(name: str, purpose: str, after: str = "") -> Statement[_Columns]:
    """One row with an array of each column; no row where there is no such candidate."""
    return Statement(
        name,
        purpose,
        f"""
        SELECT arrays.timestamps, arrays.steps, arrays.values FROM (
            SELECT array_agg(points.timestamp) AS timestamps, array_agg(points.step) AS steps,
                array_agg(points.value) AS values
            FROM (
                SELECT DISTINCT p.timestamp, p.step, p.value FROM metric_points p
                WHERE p.project_id = :project::bigint AND p.candidate_id = :candidate::uuid
                    AND p.key = :key::text {after}
                ORDER BY p.timestamp, p.step, p.value LIMIT :row_limit::bigint
            ) AS points
        ) AS arrays
        WHERE EXISTS (
            SELECT FROM candidates c
            WHERE c.project_id = :project::bigint AND c.id = :candidate::uuid AND c.purge_at IS NULL
        )
        """,  # noqa: S608 - of constants
        row=_Columns,
    )


READ_HISTORY = _history("tracking.read_history", "The points of a metric, equal ones once, as arrays.")
READ_HISTORY_AFTER = _history(
    "tracking.read_history_after",
    "The points of a metric after a point, equal ones once, as arrays.",
    "AND (p.timestamp, p.step, p.value) > (:after_timestamp::bigint, :after_step::bigint, :after_value::float8)",
)


@dataclass(frozen=True, slots=True)
class History:
    """Points ordered by (timestamp, step, value); ``next_token`` is None at the end."""

    values: Sequence[float]
    timestamps: Sequence[int]
    steps: Sequence[int]
    next_token: str | None

    @property
    def points(self) -> Iterator[Point]:
        """The same, point by point."""
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
    access = await projects.get(db, actor, project)
    policy.require(actor, access, Permission.CANDIDATE_READ)
    values = {"project": access.id, "candidate": candidate_id, "key": key, "row_limit": limit and limit + 1}
    async with db.direct() as connection:
        if position is None:
            columns = await READ_HISTORY.fetch_one(connection, **values)
        else:
            timestamp, step, value = position
            after = {"after_timestamp": timestamp, "after_step": step, "after_value": value}
            columns = await READ_HISTORY_AFTER.fetch_one(connection, **values, **after)
    if columns is None:
        raise not_found(candidate_id)
    return _cut(limit, columns.timestamps or [], columns.steps or [], columns.values or [])


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
