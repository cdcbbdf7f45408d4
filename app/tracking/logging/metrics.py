"""Metrics: their history, and the latest point of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    SQLColumnExpression,
    Text,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.selectable import TableValuedAlias

from app.db.database import Tx
from app.errors import Invalid
from app.search.sql import NAN
from app.tracking import names
from app.tracking.logging.point_batch import STORE, MetricInput, Points, arguments, is_later
from app.tracking.tables import Candidate, LoggedModel, LoggedModelMetric

MAX_POINTS = 25_000


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the history; ``timestamp`` is milliseconds since 1970."""

    value: float
    timestamp: int
    step: int


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
            where=or_(
                tuple_(new.step, new.timestamp, _rank(new.value)) > tuple_(old.step, old.timestamp, _rank(old.value)),
                tuple_(new.step, new.timestamp, new.value) == tuple_(old.step, old.timestamp, old.value),
            ),
        )
    )


def _rank(value: SQLColumnExpression[float]) -> ColumnElement[float]:
    return case((value == NAN, 0.0), else_=value)


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
    """Of each key the point with the greatest (step, timestamp, value), where NaN counts as 0.

    One row a key, because PostgreSQL refuses to touch a row twice in one statement; in the order of the keys, so that
    concurrent batches lock rows in the same order.
    """
    greatest: dict[tuple[str, ...], MetricInput] = {}
    for one in points:
        best = greatest.get(key(one))
        if best is None or is_later(one, best):
            greatest[key(one)] = one
    return [greatest[name] for name in sorted(greatest)]
