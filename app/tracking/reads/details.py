"""Candidates together with what was logged to them: one statement for any number of candidates.

What was logged comes as arrays, one of each column for a candidate: PostgreSQL sends a row a candidate instead of a row
a value, and nobody builds an object for each on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql.selectable import LateralFromClause
from sqlalchemy.types import NULLTYPE

from app.db.compiled import CompiledQuery
from app.db.database import Snapshot
from app.tracking.tables import (
    Candidate,
    CandidateDataset,
    CandidateModel,
    CandidateParam,
    CandidateTag,
    Dataset,
    LatestMetric,
)


class CandidateRow(NamedTuple):
    """A candidate as it is read for answers: the columns of the row that clients see."""

    project_id: int
    id: UUID
    experiment_number: int
    name: str
    status: int
    start_time: int | None
    end_time: int | None
    user_name: str
    of_version: bool
    deleted_at: datetime | None
    purge_at: datetime | None


class LatestPoint(NamedTuple):
    """The latest point of a metric of a candidate."""

    key: str
    value: float
    step: int
    timestamp: int
    logged_model_id: UUID | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class DatasetRead(NamedTuple):
    """A data set."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """A data set that a candidate read, with the tags of that use."""

    dataset: Dataset | DatasetRead
    tags: dict[str, str]


class ModelUse(NamedTuple):
    """A logged model that a candidate read (``input``) or wrote (``output``)."""

    direction: str
    logged_model_id: UUID
    step: int


C = TypeVar("C", Candidate, CandidateRow)


@dataclass(frozen=True, slots=True)
class CandidateDetails(Generic[C]):
    """A candidate, as a row or as it is read for answers, and the latest state of its logs; metrics by key."""

    candidate: C
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[LatestPoint] = field(default_factory=list)
    inputs: list[DatasetInput] = field(default_factory=list)
    models: list[ModelUse] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.candidate.id


async def read(
    connection: asyncpg.Connection, project_id: int, ids: Sequence[UUID]
) -> list[CandidateDetails[CandidateRow]]:
    """Read step: those of the candidates that are not condemned, in the order of the ids. One statement."""
    if not ids:
        return []
    if len(ids) == 1:
        rows = await _DETAILS_OF_ONE.fetch(connection, of_project=project_id, id=ids[0])
    else:
        rows = await _DETAILS.fetch(connection, of_project=project_id, ids=ids)
    found = {details.id: details for details in map(_details, rows)}
    return [found[id] for id in ids if id in found]


def _details(row: Any) -> CandidateDetails[CandidateRow]:
    columns = len(CandidateRow._fields)
    listed = CandidateRow._make(row[:columns])
    params, param_values, tags, tag_values, keys, values, steps, timestamps, sources, inputs, models = row[columns:]
    return CandidateDetails(
        listed,
        dict(zip(params, param_values, strict=True)) if params else {},
        dict(zip(tags, tag_values, strict=True)) if tags else {},
        _metrics(keys, values, steps, timestamps, sources) if keys else [],
        [DatasetInput(DatasetRead(*columns), tags) for *columns, tags in orjson.loads(inputs)] if inputs else [],
        [ModelUse(way, UUID(id), step) for way, id, step in orjson.loads(models)] if models else [],
    )


def _metrics(
    keys: list[str], values: list[float], steps: list[int], timestamps: list[int], sources: str | None
) -> list[LatestPoint]:
    found = list(map(LatestPoint, keys, values, steps, timestamps))
    if sources is None:
        return found
    known = {key: (id and UUID(id), name, digest) for key, id, name, digest in orjson.loads(sources)}
    return [LatestPoint(*one[:4], *known[one.key]) if one.key in known else one for one in found]


async def is_needed(snap: Snapshot, project_id: int, candidate_id: UUID) -> bool:
    """Read step: whether a living model version was made from the candidate or from a model that it logged.

    Versions belong to a feature above this one; only the names of two columns are known here.
    """
    found = await snap.execute(_NEEDED_CANDIDATE, {"project": project_id, "candidate": candidate_id})
    return found.first() is not None


async def needed_of_experiment(snap: Snapshot, project_id: int, number: int) -> UUID | None:
    """Read step: a candidate of the experiment that a living model version needs, as :func:`is_needed`; None: none."""
    found: UUID | None = await snap.scalar(_NEEDED_OF_EXPERIMENT, {"project": project_id, "number": number})
    return found


_NEEDED = """
    SELECT c.id FROM candidates c WHERE c.project_id = :project AND {which} AND (
        EXISTS (SELECT FROM model_versions v JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
            WHERE v.project_id = c.project_id AND v.candidate_id = c.id
              AND v.deleted_at IS NULL AND m.deleted_at IS NULL)
        OR EXISTS (SELECT FROM logged_models l
            JOIN model_versions v ON v.project_id = l.project_id AND v.logged_model_id = l.id
            JOIN models m ON m.project_id = v.project_id AND m.id = v.model_id
            WHERE l.project_id = c.project_id AND l.source_candidate_id = c.id
              AND v.deleted_at IS NULL AND m.deleted_at IS NULL)
    ) LIMIT 1
"""
_NEEDED_CANDIDATE = text(_NEEDED.format(which="c.id = :candidate"))
_NEEDED_OF_EXPERIMENT = text(_NEEDED.format(which="c.experiment_number = :number"))


async def has_model(snap: Snapshot, project_id: int, experiment_number: int) -> bool:
    """Read step: whether a living model has the experiment as its own; the name alone says nothing."""
    key = (project_id, experiment_number)
    return key in await with_models(snap, [key])


async def with_models(snap: Snapshot, keys: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Read step: those of the experiments, by project and number, that a living model has as its own.

    Models belong to a feature above this one; only the names of a few columns are known here.
    """
    places, numbers = [key[0] for key in keys], [key[1] for key in keys]
    rows = await snap.execute(_WITH_MODELS, {"projects": places, "numbers": numbers})
    return {(row.project_id, row.experiment_number) for row in rows}


_WITH_MODELS = text("""
    SELECT m.project_id, m.experiment_number
    FROM unnest(:projects, :numbers) AS given(project_id, experiment_number)
    JOIN models AS m USING (project_id, experiment_number) WHERE m.deleted_at IS NULL
""").bindparams(bindparam("projects", type_=ARRAY(BigInteger)), bindparam("numbers", type_=ARRAY(BigInteger)))


def _gathered(table: FromClause, *columns: str, beside: Sequence[ColumnElement[Any]] = ()) -> LateralFromClause:
    """Of the candidate of the outer row the columns as arrays, by key."""
    key = table.c.key
    # Without a type: the driver's lists are taken as they are.
    arrays = [func.array_agg(aggregate_order_by(table.c[name], key), type_=NULLTYPE).label(name) for name in columns]
    return _of_candidate(select(*arrays, *beside), table)


def _of_candidate(statement: Select[*tuple[Any, ...]], table: FromClause) -> LateralFromClause:
    mine = statement.where(table.c.project_id == _CANDIDATES.c.project_id, table.c.candidate_id == _CANDIDATES.c.id)
    return mine.correlate(_CANDIDATES).lateral(f"all_{table.description}")


def _lists(columns: Sequence[ColumnElement[Any]], order: Sequence[ColumnElement[Any]]) -> Any:
    """Rows as a JSON list of lists; NULL without rows, as most candidates are."""
    return func.json_agg(aggregate_order_by(func.json_build_array(*columns), *order))


def _metrics_statement() -> LateralFromClause:
    c = LatestMetric.__table__.c
    sources = _lists([c.key, c.logged_model_id, c.dataset_name, c.dataset_digest], [c.key])
    has_source = or_(c.logged_model_id.is_not(None), c.dataset_name.is_not(None))
    beside = cast(sources.filter(has_source), Text).label("sources")
    return _gathered(LatestMetric.__table__, "key", "value", "step", "timestamp", beside=[beside])


def _inputs_statement() -> LateralFromClause:
    link, data = CandidateDataset.__table__, Dataset.__table__
    columns = [data.c[name] for name in DatasetRead._fields]
    same = and_(data.c.project_id == link.c.project_id, data.c.id == link.c.dataset_id)
    found = cast(_lists([*columns, link.c.tags], [data.c.id]), Text).label("found")
    return _of_candidate(select(found).select_from(link.join(data, same)), link)


def _models_statement() -> LateralFromClause:
    c = CandidateModel.__table__.c
    used = _lists([c.direction, c.logged_model_id, c.step], [c.step, c.logged_model_id])
    return _of_candidate(select(cast(used, Text).label("found")), CandidateModel.__table__)


def _statement(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """The columns of the row, then the arrays; what few candidates have comes as the text of JSON."""
    logged = (
        _gathered(CandidateParam.__table__, "key", "value"),
        _gathered(CandidateTag.__table__, "key", "value"),
        _metrics_statement(),
        _inputs_statement(),
        _models_statement(),
    )
    joined: FromClause = _CANDIDATES
    for one in logged:
        joined = joined.join(one, true())
    columns = [column for one in logged for column in one.c]
    return (
        select(*(_CANDIDATES.c[name] for name in CandidateRow._fields), *columns)
        .select_from(joined)
        .where(
            _CANDIDATES.c.project_id == bindparam("of_project"),
            which,
            _CANDIDATES.c.purge_at.is_(None),
        )
    )


_CANDIDATES = Candidate.__table__
_DETAILS = CompiledQuery(_statement(_CANDIDATES.c.id == func.any(bindparam("ids", type_=ARRAY(UuidType)))))
_DETAILS_OF_ONE = CompiledQuery(_statement(_CANDIDATES.c.id == bindparam("id", type_=UuidType)))
"""For itself, since PostgreSQL keeps a plan only while it knows no better one: for a list it would plan every time."""
