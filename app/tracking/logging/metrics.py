"""Metrics: their history, and the latest point of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.db.database import Tx
from app.db.statements import Statement
from app.errors import Invalid
from app.tracking import names
from app.tracking.logging.point_batch import STORE_POINTS, MetricInput, Points, is_later, values_of
from app.tracking.tables import Candidate, LoggedModel

UPSERT_MODEL_METRICS = Statement(
    "tracking.upsert_model_metrics",
    "Moves the latest values of logged models' metrics, each per data set, where a point is at least as late.",
    """
    INSERT INTO logged_model_metrics AS old
        (project_id, logged_model_id, key, dataset_name, dataset_digest, value, step, timestamp, candidate_id)
    SELECT :project::bigint, point.logged_model_id, point.key, point.dataset_name, point.dataset_digest,
        point.value, point.step, point.timestamp, :candidate::uuid
    FROM unnest(:logged_models::uuid[], :keys::text[], :dataset_names::text[], :dataset_digests::text[],
                :values::float8[], :steps::bigint[], :timestamps::bigint[])
        AS point (logged_model_id, key, dataset_name, dataset_digest, value, step, timestamp)
    ON CONFLICT (project_id, logged_model_id, key, dataset_name, dataset_digest) DO UPDATE
    SET value = excluded.value, step = excluded.step, timestamp = excluded.timestamp,
        candidate_id = excluded.candidate_id
    WHERE (excluded.step, excluded.timestamp, CASE WHEN excluded.value = 'NaN' THEN 0 ELSE excluded.value END)
            > (old.step, old.timestamp, CASE WHEN old.value = 'NaN' THEN 0 ELSE old.value END)
        OR (excluded.step, excluded.timestamp, excluded.value) = (old.step, old.timestamp, old.value)
    """,
)


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
    values, _ = values_of([Points(candidate.project_id, candidate.id, points)])
    await STORE_POINTS.execute(tx, **values)
    of_models = [one for one in points if one.logged_model_id is not None]
    if of_models:
        await _log_to_models(tx, candidate, of_models)


def fits(metric: MetricInput) -> bool:
    """Whether :func:`check` would accept it; faster."""
    return 0 <= metric.timestamp < 2**63 and -(2**63) <= metric.step < 2**63 and names.is_key(metric.key)


def check(metric: MetricInput, field: str) -> None:
    """Refuse a point that cannot be stored; ``field`` names it in the input.

    Raises:
        Invalid: with the field and the rule.
    """
    names.check_key(metric.key, f"{field}.key")
    if not 0 <= metric.timestamp < 2**63:
        raise Invalid(
            f"{metric.timestamp} is not a timestamp: milliseconds since 1970, from 0 on.", field=f"{field}.timestamp"
        )
    if not -(2**63) <= metric.step < 2**63:
        raise Invalid(f"{metric.step} is not a step: a whole number of 64 bits.", field=f"{field}.step")


async def _log_to_models(tx: Tx, candidate: Candidate, points: Sequence[MetricInput]) -> None:
    """Metrics that name a logged model are kept with it, too (MLflow 3)."""
    await _require_models(tx, candidate.project_id, {one.logged_model_id for one in points if one.logged_model_id})
    greatest = _greatest(points, _of_model)
    await UPSERT_MODEL_METRICS.execute(
        tx,
        project=candidate.project_id,
        candidate=candidate.id,
        logged_models=[one.logged_model_id for one in greatest],
        keys=[one.key for one in greatest],
        dataset_names=[one.dataset_name or "" for one in greatest],
        dataset_digests=[one.dataset_digest or "" for one in greatest],
        values=[one.value for one in greatest],
        steps=[one.step for one in greatest],
        timestamps=[one.timestamp for one in greatest],
    )


def _of_model(metric: MetricInput) -> tuple[str, ...]:
    return str(metric.logged_model_id), metric.key, metric.dataset_name or "", metric.dataset_digest or ""


async def _require_models(tx: Tx, project_id: int, ids: set[UUID]) -> None:
    statement = select(LoggedModel.id).where(
        LoggedModel.project_id == project_id, LoggedModel.id.in_(ids), LoggedModel.purge_at.is_(None)
    )
    missing = ids - set(await tx.scalars(statement))
    if missing:
        raise Invalid(f"There is no logged model m-{min(missing).hex}.", field="model_id")


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
