"""Whether few candidates match a part of a filter: an index counts them before the search is made.

A search that would go through all candidates for the sake of a handful begins with the handful instead. Matches are
counted up to a limit only, and the limit bounds what either way of searching can cost.

Example: ``params.model = 'cnn'``. The index of params has equal values together, so counting reads at most 1,001 of its
entries (``FEW`` + 1), whether 40 of 100,000 candidates match or all do. Where 40 match, the search sorts these 40:
349 ms became 4.4 ms, counting included (docs/decisions/0018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select, true

from app.search import sql
from app.search.ast import And, Comparison, Entity, Expression, Operator
from app.tracking.search import conditions
from app.tracking.search.index_statements import EXPERIMENT_NUMBERS, PROJECT, AnySelect
from app.tracking.tables import (
    PREFIX_LENGTH,
    Candidate,
    CandidateDataset,
    CandidateParam,
    CandidateTag,
    Dataset,
    LatestMetric,
)

VERY_FEW = 200
"""Up to so many candidates are filtered one by one and sorted, sooner than any index is scanned in order."""
FEW = 1_000
"""The same where a first scan along the order has not filled the page."""
MANY = 3_000
"""The same for candidates that match all parts: counting those costs more, and saves more."""
_RANGES = {Operator.EQ, Operator.LT, Operator.LE, Operator.GT, Operator.GE}


def required(expression: Expression | None) -> list[Comparison]:
    """The comparisons that all have to hold, as far as the filter is made of such."""
    match expression:
        case Comparison():
            return [expression]
        case And(operands):
            return [one for one in operands if isinstance(one, Comparison)]
        case _:
            return []


def matching(comparison: Comparison) -> AnySelect | None:
    """The ids of candidates that match, read from an index; None when no index has them."""
    match comparison.entity:
        case Entity.METRIC:
            return _logged(LatestMetric, comparison.key, sql.compare_number(LatestMetric.value, comparison))
        case Entity.PARAM:
            return _by_pair(CandidateParam, comparison)
        case Entity.TAG:
            return _by_pair(CandidateTag, comparison)
        case Entity.DATASET:
            return _by_dataset(comparison)
        case Entity.ATTRIBUTE:
            return _by_attribute(comparison)


def in_all(candidates: Sequence[AnySelect]) -> AnySelect:
    """The ids that all of the statements return."""
    first, *others = (one.subquery() for one in candidates)
    (id,) = first.c
    return select(id).where(*(id.in_(select(*other.c)) for other in others))


def count(candidates: Sequence[AnySelect], limit: int = FEW) -> Select[*tuple[Any, ...]]:
    """How many rows each of the statements returns, at most one more than ``limit``."""
    rows: ColumnElement[int] = literal_column(str(limit + 1))
    some = (one.limit(rows).subquery() for one in candidates)
    return select(*(select(func.count()).select_from(one).scalar_subquery() for one in some))


def among(candidates: AnySelect) -> ColumnElement[bool]:
    """Whether a candidate is one of them; as an array, so that PostgreSQL begins with them."""
    return Candidate.id == func.any(func.array(candidates.scalar_subquery()))


def _logged(rows: Any, key: str, condition: ColumnElement[bool]) -> AnySelect:
    here = (rows.project_id == PROJECT, rows.experiment_number == func.any(EXPERIMENT_NUMBERS), rows.key == key)
    return select(rows.candidate_id).where(*here, condition)


def _by_pair(rows: type[CandidateParam | CandidateTag], comparison: Comparison) -> AnySelect | None:
    match comparison.operator:
        case Operator.IS_NULL:
            return None
        case Operator.IS_NOT_NULL:
            return _logged(rows, comparison.key, true())
        case Operator.EQ:
            value = str(comparison.value)
            prefix = func.left(rows.value, literal_column(str(PREFIX_LENGTH))).collate("C")
            return _logged(rows, comparison.key, and_(prefix == value[:PREFIX_LENGTH], rows.value == value))
        case _:
            return _logged(rows, comparison.key, sql.compare(rows.value, comparison))


def _by_dataset(comparison: Comparison) -> AnySelect:
    same = and_(Dataset.project_id == CandidateDataset.project_id, Dataset.id == CandidateDataset.dataset_id)
    here = (Dataset.project_id == PROJECT, Dataset.experiment_number == func.any(EXPERIMENT_NUMBERS))
    column = conditions.dataset_column(comparison.key)
    return select(CandidateDataset.candidate_id).join(Dataset, same).where(*here, sql.compare(column, comparison))


def _by_attribute(comparison: Comparison) -> AnySelect | None:
    here = (Candidate.project_id == PROJECT, Candidate.experiment_number == func.any(EXPERIMENT_NUMBERS))
    match comparison.key:
        case "start_time" if comparison.operator in _RANGES:
            return select(Candidate.id).where(*here, sql.compare(Candidate.start_time, comparison))
        case "run_name" if comparison.operator is not Operator.NE:
            return select(Candidate.id).where(*here, conditions.condition(comparison))
        case "run_id" if comparison.operator in {Operator.EQ, Operator.IN}:
            return select(Candidate.id).where(*here, conditions.condition(comparison))
        case _:
            return None
