"""What a filter asks of a candidate, as SQL conditions on its row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, Text, case, cast, exists, false, func

from app.search import sql
from app.search.ast import Comparison, Entity, Operator
from app.tracking.candidates import Status
from app.tracking.reads.datasets import CONTEXT_TAG
from app.tracking.tables import (
    Candidate,
    CandidateDataset,
    CandidateParam,
    CandidateTag,
    Dataset,
    LatestMetric,
)

_NEGATIVE = {Operator.NE, Operator.NOT_IN}


def condition(comparison: Comparison) -> ColumnElement[bool]:
    """Whether a candidate satisfies the comparison."""
    match comparison.entity:
        case Entity.ATTRIBUTE:
            return _by_attribute(comparison)
        case Entity.METRIC:
            return exists().where(
                *of_candidate(LatestMetric, comparison.key), sql.compare_number(LatestMetric.value, comparison)
            )
        case Entity.PARAM:
            return _by_pair(CandidateParam, comparison)
        case Entity.TAG:
            return _by_pair(CandidateTag, comparison)
        case Entity.DATASET:
            return _by_dataset(comparison)


def has_key(rows: Any, key: str) -> ColumnElement[bool]:
    """Whether the candidate has a metric, param or tag of that name."""
    return exists().where(*of_candidate(rows, key))


def of_candidate(rows: Any, key: str) -> tuple[ColumnElement[bool], ...]:
    """The row with that key of the candidate of the outer statement."""
    return (rows.project_id == Candidate.project_id, rows.candidate_id == Candidate.id, rows.key == key)


def attribute(key: str) -> ColumnElement[Any]:
    """What MLflow calls an attribute of a run."""
    columns: dict[str, Any] = {
        "run_id": Candidate.id,
        "run_name": Candidate.name,
        "user_id": Candidate.user_name,
        "start_time": Candidate.start_time,
        "end_time": Candidate.end_time,
        "status": case({int(status): status.name for status in Status}, value=Candidate.status),
        "artifact_uri": func.concat(
            "mlflow-artifacts:/",
            Candidate.experiment_number,
            "/",
            func.replace(cast(Candidate.id, Text), "-", ""),
            "/artifacts",
        ),
    }
    return _column(columns[key])


def dataset_column(key: str) -> SQLColumnExpression[Any]:
    """A property of a data set, or of its use by a candidate."""
    columns: dict[str, SQLColumnExpression[Any]] = {
        "name": Dataset.name,
        "digest": Dataset.digest,
        "context": CandidateDataset.tags.op("->>")(CONTEXT_TAG),
    }
    return columns[key]


def ids(comparison: Comparison) -> list[UUID]:
    """The ids that a comparison of ``run_id`` names, as far as they are ones."""
    given = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    return [id for text in given if (id := _uuid(str(text))) is not None]


def _by_attribute(comparison: Comparison) -> ColumnElement[bool]:
    match comparison.key:
        case "run_id":
            return _by_id(comparison)
        case "run_name":
            return sql.compare_name(attribute(comparison.key), comparison)
        case "status" if comparison.operator in {Operator.EQ, Operator.NE}:
            number = Status.__members__.get(str(comparison.value), 0)
            return sql.compare(_column(Candidate.status), replace(comparison, value=int(number)))
        case key:
            return sql.compare(attribute(key), comparison)


def _column(column: Any) -> ColumnElement[Any]:
    """The expression of a mapped attribute, for code that knows expressions only."""
    expression: ColumnElement[Any] = column
    return expression


def _by_id(comparison: Comparison) -> ColumnElement[bool]:
    """Equality by the index; LIKE on the form that clients know: 32 hexadecimal digits."""
    if comparison.operator in {Operator.LIKE, Operator.ILIKE}:
        return sql.compare(func.replace(cast(Candidate.id, Text), "-", ""), comparison)
    named = ids(comparison)
    among = Candidate.id.in_(named) if named else false()
    return ~among if comparison.operator in _NEGATIVE else among


def _by_pair(rows: type[CandidateParam | CandidateTag], comparison: Comparison) -> ColumnElement[bool]:
    if comparison.operator is Operator.IS_NULL:
        return ~has_key(rows, comparison.key)
    if comparison.operator is Operator.IS_NOT_NULL:
        return has_key(rows, comparison.key)
    return exists().where(*of_candidate(rows, comparison.key), sql.compare(rows.value, comparison))


def _by_dataset(comparison: Comparison) -> ColumnElement[bool]:
    return exists().where(
        CandidateDataset.project_id == Candidate.project_id,
        CandidateDataset.candidate_id == Candidate.id,
        Dataset.project_id == CandidateDataset.project_id,
        Dataset.id == CandidateDataset.dataset_id,
        sql.compare(dataset_column(comparison.key), comparison),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None
