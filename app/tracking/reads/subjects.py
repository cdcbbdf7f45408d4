"""Candidates with all that was logged to them but metrics, for those who judge versions; none asks who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from app.db.database import Snapshot
from app.db.statements import Statement

MOST = 1_000
"""Params, tags and data sets of one candidate that are read, each in the order of their keys."""


class JudgedCandidate(NamedTuple):
    """A candidate, and the data sets that it read (``name``, ``digest``, ``context``); times are milliseconds."""

    id: UUID
    name: str
    status: int
    start_time: int | None
    end_time: int | None
    user_name: str
    created_by: int | None
    created_at: datetime
    params: Mapping[str, str]
    tags: Mapping[str, str]
    datasets: Sequence[Mapping[str, Any]]


class _Row(NamedTuple):
    id: UUID
    name: str
    status: int
    start_time: int | None
    end_time: int | None
    user_name: str
    created_by: int | None
    created_at: datetime
    params: str
    tags: str
    datasets: str


_READ_JUDGED = Statement(
    "tracking.read_judged_candidates",
    "Candidates with their params, tags and data sets, each as one JSON.",
    f"""
    SELECT c.id, c.name, c.status, c.start_time, c.end_time, c.user_name, c.created_by, c.created_at,
        (SELECT coalesce(jsonb_object_agg(p.key, p.value), '{{}}')::text FROM (SELECT p.key, p.value
            FROM candidate_params p WHERE p.project_id = c.project_id AND p.candidate_id = c.id
            ORDER BY p.key LIMIT {MOST}) AS p) AS params,
        (SELECT coalesce(jsonb_object_agg(t.key, t.value), '{{}}')::text FROM (SELECT t.key, t.value
            FROM candidate_tags t WHERE t.project_id = c.project_id AND t.candidate_id = c.id
            ORDER BY t.key LIMIT {MOST}) AS t) AS tags,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('name', d.name, 'digest', d.digest, 'context', d.context)
                ORDER BY d.name, d.digest), '[]')::text
            FROM (SELECT d.name, d.digest, u.tags ->> 'mlflow.data.context' AS context
                FROM candidate_datasets u JOIN datasets d ON d.project_id = u.project_id AND d.id = u.dataset_id
                WHERE u.project_id = c.project_id AND u.candidate_id = c.id ORDER BY d.name, d.digest LIMIT {MOST}) AS d
        ) AS datasets
    FROM candidates c WHERE c.project_id = :project AND c.id = ANY (:candidates::uuid[])
    """,  # noqa: S608 - of constants
    row=_Row,
)


async def of_candidates(snap: Snapshot, project_id: int, ids: Sequence[UUID]) -> dict[UUID, JudgedCandidate]:
    """Read step: candidates of a project by their ids, in one statement."""
    rows = await _READ_JUDGED.fetch(snap, project=project_id, candidates=list(ids))
    return {row.id: JudgedCandidate(*row[:-3], *(orjson.loads(text) for text in row[-3:])) for row in rows}


_READ_MAKERS = Statement(
    "tracking.read_makers",
    "Who made a candidate, and a logged model.",
    """
    SELECT c.created_by FROM candidates c WHERE c.project_id = :project AND c.id = :candidate
    UNION ALL
    SELECT l.created_by FROM logged_models l WHERE l.project_id = :project AND l.id = :logged_model::uuid
    """,
)


async def makers_of(
    snap: Snapshot, project_id: int, candidate_id: UUID, logged_model_id: UUID | None
) -> list[int | None]:
    """Read step: the users or bots who made a candidate and, where one is given, a logged model."""
    rows = await _READ_MAKERS.fetch(snap, project=project_id, candidate=candidate_id, logged_model=logged_model_id)
    return [row["created_by"] for row in rows]
