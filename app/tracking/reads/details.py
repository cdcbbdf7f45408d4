"""Candidates together with what was logged to them: one statement for any number of candidates.

What was logged comes as arrays, one of each column for a candidate: PostgreSQL sends a row a candidate instead of a row
a value, and no object is built for each on the way.

Example: a page of 100 candidates with ten metrics, ten params and five tags. As rows that were 2,500, each turned into
an object and then into JSON, in eight statements; as columns it is 100 rows of eight arrays, which ``zip`` turns into
dictionaries. ``runs/search`` of such a page went from 27 to 4.7 ms, ``runs/get`` from 8 to 0.8 (docs/decisions/0018).
Data sets and models, which few candidates have, come as one JSON text, NULL without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import orjson

from app.db.statements import Fragment, Statement, columns
from app.tracking.tables import Candidate, Dataset


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
    """The latest point of a metric of a candidate; ``timestamp`` is milliseconds since 1970."""

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
        """The id of the candidate."""
        return self.candidate.id


class _Row(NamedTuple):
    """The columns of a candidate, then what was logged to it; None where there is nothing of a kind."""

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
    param_keys: list[str] | None
    param_values: list[str]
    tag_keys: list[str] | None
    tag_values: list[str]
    metric_keys: list[str] | None
    metric_values: list[float]
    metric_steps: list[int]
    metric_timestamps: list[int]
    metric_sources: str | None
    """JSON: key, logged model, name and digest of the data set of those metrics that have any of these."""
    inputs: str | None
    """JSON: the fields of :class:`DatasetRead` and the tags of each use."""
    models: str | None
    """JSON: the fields of :class:`ModelUse`."""


_OWN = len(CandidateRow._fields)
assert _Row._fields[:_OWN] == CandidateRow._fields, "a row begins with the columns of the candidate"

_DETAILS = Fragment(f"""
    SELECT {
    columns(
        _Row,
        of="c",
        param_keys="params.keys",
        param_values="params.values",
        tag_keys="tags.keys",
        tag_values="tags.values",
        metric_keys="metrics.keys",
        metric_values="metrics.values",
        metric_steps="metrics.steps",
        metric_timestamps="metrics.timestamps",
        metric_sources="metrics.sources",
        inputs="inputs.json",
        models="models.json",
    )
}
    FROM candidates c
    JOIN LATERAL (
        SELECT array_agg(p.key ORDER BY p.key) AS keys, array_agg(p.value ORDER BY p.key) AS values
        FROM candidate_params p WHERE p.project_id = c.project_id AND p.candidate_id = c.id
    ) AS params ON true
    JOIN LATERAL (
        SELECT array_agg(t.key ORDER BY t.key) AS keys, array_agg(t.value ORDER BY t.key) AS values
        FROM candidate_tags t WHERE t.project_id = c.project_id AND t.candidate_id = c.id
    ) AS tags ON true
    JOIN LATERAL (
        SELECT array_agg(m.key ORDER BY m.key) AS keys, array_agg(m.value ORDER BY m.key) AS values,
            array_agg(m.step ORDER BY m.key) AS steps, array_agg(m.timestamp ORDER BY m.key) AS timestamps,
            CAST(json_agg(json_build_array(m.key, m.logged_model_id, m.dataset_name, m.dataset_digest) ORDER BY m.key)
                FILTER (WHERE m.logged_model_id IS NOT NULL OR m.dataset_name IS NOT NULL) AS text) AS sources
        FROM latest_metrics m WHERE m.project_id = c.project_id AND m.candidate_id = c.id
    ) AS metrics ON true
    JOIN LATERAL (
        SELECT CAST(json_agg(json_build_array({columns(DatasetRead, of="d")}, i.tags) ORDER BY d.id) AS text) AS json
        FROM candidate_datasets i JOIN datasets d ON d.project_id = i.project_id AND d.id = i.dataset_id
        WHERE i.project_id = c.project_id AND i.candidate_id = c.id
    ) AS inputs ON true
    JOIN LATERAL (
        SELECT CAST(json_agg(json_build_array({columns(ModelUse, of="u")}) ORDER BY u.step, u.logged_model_id) AS text)
            AS json
        FROM candidate_models u WHERE u.project_id = c.project_id AND u.candidate_id = c.id
    ) AS models ON true
    WHERE c.project_id = :project AND c.purge_at IS NULL
""")  # noqa: S608 - of constants
READ_DETAILS = Statement(
    "tracking.read_details",
    "Living and deleted candidates with all that was logged to them, in any order.",
    f"{_DETAILS} AND c.id = ANY (:ids::uuid[])",
    row=_Row,
)
# For itself, since PostgreSQL keeps a plan only while it knows no better one: for a list it would plan every time.
READ_DETAILS_OF_ONE = Statement(
    "tracking.read_details_of_one",
    "A living or deleted candidate with all that was logged to it.",
    f"{_DETAILS} AND c.id = :id",
    row=_Row,
)


async def read(
    connection: asyncpg.Connection, project_id: int, ids: Sequence[UUID]
) -> list[CandidateDetails[CandidateRow]]:
    """Read step: those of the candidates that are not about to be purged, in the order of the ids. One statement."""
    if not ids:
        return []
    if len(ids) == 1:
        rows = await READ_DETAILS_OF_ONE.fetch(connection, project=project_id, id=ids[0])
    else:
        rows = await READ_DETAILS.fetch(connection, project=project_id, ids=ids)
    details = {row.id: _details(row) for row in rows}
    return [details[id] for id in ids if id in details]


def _details(row: _Row) -> CandidateDetails[CandidateRow]:
    return CandidateDetails(
        CandidateRow._make(row[:_OWN]),
        dict(zip(row.param_keys, row.param_values, strict=True)) if row.param_keys else {},
        dict(zip(row.tag_keys, row.tag_values, strict=True)) if row.tag_keys else {},
        _metrics(row) if row.metric_keys else [],
        [DatasetInput(DatasetRead(*of_dataset), tags) for *of_dataset, tags in orjson.loads(row.inputs)]
        if row.inputs
        else [],
        [ModelUse(direction, UUID(id), step) for direction, id, step in orjson.loads(row.models)] if row.models else [],
    )


def _metrics(row: _Row) -> list[LatestPoint]:
    points = list(map(LatestPoint, row.metric_keys or [], row.metric_values, row.metric_steps, row.metric_timestamps))
    if row.metric_sources is None:
        return points
    sources = {key: (id and UUID(id), name, digest) for key, id, name, digest in orjson.loads(row.metric_sources)}
    return [LatestPoint(*one[:4], *sources[one.key]) if one.key in sources else one for one in points]
