"""The order of a search for candidates as sort keys; it ends in the start, the newest first, and the id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func
from sqlalchemy.orm import aliased

from app.search import sql
from app.search.ast import Entity, OrderKey
from app.search.keyset import SortKey
from app.tracking.search.conditions import attribute, of_candidate
from app.tracking.tables import CandidateParam, CandidateTag, LatestMetric

AnySelect = Select[*tuple[Any, ...]]
_KINDS: dict[str, type[Any]] = {"start_time": int, "end_time": int, "run_id": UUID}


def sorted_by(statement: AnySelect, keys: Sequence[OrderKey]) -> tuple[AnySelect, list[SortKey]]:
    """The statement with what the keys need joined to it, and the sort keys."""
    sort_keys: list[SortKey] = []
    for key in keys:
        statement, more = _sorted_by(statement, key)
        sort_keys += more
    if not any(key.key == "start_time" for key in keys):
        sort_keys.append(SortKey(attribute("start_time"), int, descending=True))
    return statement, [*sort_keys, SortKey(attribute("run_id"), UUID, nullable=False)]


def _sorted_by(statement: AnySelect, key: OrderKey) -> tuple[AnySelect, list[SortKey]]:
    match key.entity:
        case Entity.ATTRIBUTE:
            kind = _KINDS.get(key.key, str)
            return statement, [SortKey(attribute(key.key), kind, key.descending, nullable=key.key != "run_id")]
        case Entity.METRIC:
            metric = aliased(LatestMetric)
            statement = statement.outerjoin(metric, and_(*of_candidate(metric, key.key)))
            # NaN stands after all numbers and before candidates without the metric, whatever the direction.
            rank = case((metric.value == sql.NAN, 1), (metric.value.is_(None), 2), else_=0)
            value = func.nullif(metric.value, sql.NAN)
            return statement, [SortKey(rank, int, nullable=False), SortKey(value, float, key.descending)]
        case _:
            pair: Any = aliased(CandidateParam if key.entity is Entity.PARAM else CandidateTag)
            statement = statement.outerjoin(pair, and_(*of_candidate(pair, key.key)))
            return statement, [SortKey(pair.value.collate("C"), str, key.descending)]
