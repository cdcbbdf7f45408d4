"""Metrics: their history, and the latest point of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Float, Text, func, literal, select, tuple_
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import TableValuedAlias

from app.access import policy, projects
from app.access.policy import Actor, Permission
from app.db.database import Database, Snapshot, Tx
from app.errors import Invalid
from app.pagination import decode_cursor, encode_cursor
from app.tracking import names
from app.tracking.candidates import CandidateNotFound
from app.tracking.points import STORE, MetricInput, Points, arguments, rank
from app.tracking.tables import Candidate, LoggedModel, LoggedModelMetric, MetricPoint

MAX_POINTS = 25_000


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the history; ``timestamp`` is milliseconds since 1970."""

    value: float
    timestamp: int
    step: int


@dataclass(frozen=True, slots=True)
class History:
    """Points ordered by (timestamp, step, value); ``next_token`` is None at the end."""

    points: Sequence[Point]
    next_token: str | None


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
    async with db.read() as snap:
        access = await projects.visible(snap, actor, project)
        policy.require(actor, access, Permission.CANDIDATE_READ)
        await _require_candidate(snap, access.id, candidate_id)
        order = (MetricPoint.timestamp, MetricPoint.step, MetricPoint.value)
        statement = select(*order).distinct().order_by(*order)
        statement = statement.where(
            MetricPoint.project_id == access.id, MetricPoint.candidate_id == candidate_id, MetricPoint.key == key
        )
        if token:
            statement = statement.where(tuple_(*order) > tuple_(*_position(token)))
        rows = (await snap.execute(statement.limit(limit + 1 if limit else None))).all()
    more = limit is not None and len(rows) > limit
    points = [Point(row.value, row.timestamp, row.step) for row in (rows[:limit] if more else rows)]
    last = points[-1] if more else None
    following = encode_cursor(["points", last.timestamp, last.step, repr(last.value)]) if last else None
    return History(points, following)


async def add(tx: Tx, candidate: Candidate, points: Sequence[MetricInput]) -> None:
    """Step: append to the history and move the latest values. Three statements at most."""
    if not points:
        return
    given, _ = arguments([Points(candidate.project_id, candidate.id, points)])
    await (await tx.connection()).exec_driver_sql(STORE, tuple(given))
    of_models = [one for one in points if one.logged_model_id is not None]
    if of_models:
        await _log_to_models(tx, candidate, of_models)


def fits(metric: MetricInput) -> bool:
    """Whether :func:`check` would accept it, found out faster."""
    return 0 <= metric.timestamp < 2**63 and -(2**63) <= metric.step < 2**63 and names.is_key(metric.key)


def check(metric: MetricInput, place: str) -> None:
    """Refuse a point that cannot be stored.

    Raises:
        Invalid: with its place in the input.
    """
    names.check_key(metric.key, f"{place}.key")
    if not 0 <= metric.timestamp < 2**63:
        raise Invalid(
            f"{metric.timestamp} is not a timestamp: milliseconds since 1970, from 0 on.", field=f"{place}.timestamp"
        )
    if not -(2**63) <= metric.step < 2**63:
        raise Invalid(f"{metric.step} is not a step: a whole number of 64 bits.", field=f"{place}.step")


async def _require_candidate(snap: Snapshot, project_id: int, candidate_id: UUID) -> None:
    found = select(Candidate.id).where(
        Candidate.project_id == project_id, Candidate.id == candidate_id, Candidate.purge_at.is_(None)
    )
    if await snap.scalar(found) is None:
        raise CandidateNotFound(f"Run with id={candidate_id.hex} not found.")


def _position(token: str) -> tuple[int, int, float]:
    try:
        _, timestamp, step, value = decode_cursor(token)
        return int(timestamp), int(step), float(value)
    except (Invalid, ValueError, TypeError) as error:
        raise Invalid("Invalid page token: it is not one that this list gave out.", field="page_token") from error


async def _log_to_models(tx: Tx, candidate: Candidate, points: Sequence[MetricInput]) -> None:
    """Metrics that name a logged model are kept with it, too (MLflow 3)."""
    await _require_models(tx, candidate.project_id, {one.logged_model_id for one in points if one.logged_model_id})
    greatest = _greatest(
        points, lambda one: (str(one.logged_model_id), one.key, one.dataset_name or "", one.dataset_digest or "")
    )
    rows = _unnested(
        greatest, ("logged_model_id", "key", "dataset_name", "dataset_digest", "value", "step", "timestamp")
    )
    identity = (rows.c.logged_model_id, rows.c.key)
    dataset = (func.coalesce(rows.c.dataset_name, ""), func.coalesce(rows.c.dataset_digest, ""))
    point = (rows.c.value, rows.c.step, rows.c.timestamp)
    source = select(literal(candidate.project_id, BigInteger), *identity, *dataset, *point, literal(candidate.id))
    keys = ["project_id", "logged_model_id", "key", "dataset_name", "dataset_digest"]
    changing = ["value", "step", "timestamp", "candidate_id"]
    statement = upsert(LoggedModelMetric).from_select([*keys, *changing], source)
    new, old = statement.excluded, LoggedModelMetric
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=keys,
            set_={name: new[name] for name in changing},
            where=tuple_(new.step, new.timestamp, new.value) >= tuple_(old.step, old.timestamp, old.value),
        )
    )


async def _require_models(tx: Tx, project_id: int, ids: set[UUID]) -> None:
    statement = select(LoggedModel.id).where(
        LoggedModel.project_id == project_id, LoggedModel.id.in_(ids), LoggedModel.purge_at.is_(None)
    )
    missing = ids - set(await tx.scalars(statement))
    if missing:
        raise Invalid(f"There is no logged model m-{min(missing).hex}.", field="model_id")


_TYPES: dict[str, Any] = {
    "key": Text,
    "value": Float,
    "step": BigInteger,
    "timestamp": BigInteger,
    "logged_model_id": UuidType,
    "dataset_name": Text,
    "dataset_digest": Text,
}


def _unnested(points: Sequence[MetricInput], columns: Sequence[str]) -> TableValuedAlias:
    """The points as rows: one array a column, whatever the number of points."""
    arrays = [literal([getattr(one, name) for one in points], ARRAY(_TYPES[name])) for name in columns]
    return func.unnest(*arrays).table_valued(*columns).render_derived()


def _greatest(points: Sequence[MetricInput], key: Callable[[MetricInput], tuple[str, ...]]) -> list[MetricInput]:
    """Of each key the point with the greatest (step, timestamp, value), NaN above all as in PostgreSQL.

    One row a key, because PostgreSQL refuses to touch a row twice in one statement; in the order of the keys, so that
    concurrent batches lock rows in the same order.
    """
    greatest: dict[tuple[str, ...], MetricInput] = {}
    for one in points:
        best = greatest.get(key(one))
        if best is None or rank(one) >= rank(best):
            greatest[key(one)] = one
    return [greatest[name] for name in sorted(greatest)]
