"""What candidates and logged models say of the versions that were made of them, for features above the registry.

Fragments and statements that take columns or arrays of the caller; none of them asks who may see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.db.database import Snapshot
from app.db.statements import Fragment, Statement

MOST_PARAMS = 1_000
"""Hyper-parameters of one candidate that are read."""
MOST_METRICS = 2_000
"""Metrics of one candidate, and of one logged model, that are read."""


class Told(NamedTuple):
    """One thing that a candidate or logged model says: a ``tag``, ``param`` or ``dataset``, by key and value.

    Of a data set the key is its name, the value its digest, and ``context`` as what it was read (training, …).
    """

    project_id: int
    owner_id: UUID
    of: str
    kind: str
    key: str
    value: str
    context: str | None
    at: datetime | None


_TOLD = Statement(
    "tracking.told_of_versions",
    "Some tags, the params and the data sets of candidates and logged models.",
    """
    WITH candidate AS (
        SELECT c.project_id, c.id, c.created_at FROM candidates c
        JOIN unnest(:candidate_projects::bigint[], :candidates::uuid[]) AS w (project_id, id)
            ON c.project_id = w.project_id AND c.id = w.id
    ), logged AS (
        SELECT l.project_id, l.id, l.params, l.tags, l.created_at FROM logged_models l
        JOIN unnest(:model_projects::bigint[], :logged_models::uuid[]) AS w (project_id, id)
            ON l.project_id = w.project_id AND l.id = w.id
    )
    SELECT c.project_id, c.id AS owner_id, 'candidate' AS of, 'tag' AS kind, t.key, t.value, NULL::text AS context,
        coalesce(t.set_at, c.created_at) AS at
    FROM candidate c JOIN candidate_tags t
        ON t.project_id = c.project_id AND t.candidate_id = c.id AND t.key = ANY (:tags::text[])
    UNION ALL
    SELECT c.project_id, c.id, 'candidate', 'param', p.key, p.value, NULL, c.created_at
    FROM candidate c CROSS JOIN LATERAL (
        SELECT p.key, p.value FROM candidate_params p WHERE p.project_id = c.project_id AND p.candidate_id = c.id
        ORDER BY p.key LIMIT :most_params
    ) AS p
    UNION ALL
    SELECT c.project_id, c.id, 'candidate', 'dataset', d.name, d.digest, u.tags ->> 'mlflow.data.context',
        coalesce(u.noted_at, c.created_at)
    FROM candidate c JOIN candidate_datasets u ON u.project_id = c.project_id AND u.candidate_id = c.id
    JOIN datasets d ON d.project_id = u.project_id AND d.id = u.dataset_id
    UNION ALL
    SELECT l.project_id, l.id, 'logged_model', 'param', p.key, p.value, NULL, l.created_at
    FROM logged l CROSS JOIN LATERAL (
        SELECT p.key, p.value FROM jsonb_each_text(l.params) AS p ORDER BY p.key LIMIT :most_params
    ) AS p
    UNION ALL
    SELECT l.project_id, l.id, 'logged_model', 'tag', t.key, t.value, NULL, l.created_at
    FROM logged l CROSS JOIN LATERAL jsonb_each_text(l.tags) AS t WHERE t.key = ANY (:tags::text[])
    """,
    row=Told,
)


async def told(
    snap: Snapshot,
    candidates: Sequence[tuple[int, UUID]],
    logged_models: Sequence[tuple[int, UUID]],
    tags: Sequence[str],
) -> list[Told]:
    """Read step: params, data sets and these tags of candidates and logged models (project and id of each), in one
    statement.
    """
    return await _TOLD.fetch(
        snap,
        candidate_projects=[project for project, _ in candidates],
        candidates=[id for _, id in candidates],
        model_projects=[project for project, _ in logged_models],
        logged_models=[id for _, id in logged_models],
        tags=list(tags),
        most_params=MOST_PARAMS,
    )


def metrics_sql(version: str, project: str, candidate: str, logged_model: str) -> Fragment:
    """SQL: the latest metrics of the candidate and the logged model that three columns name, beside the first one.

    Columns: version_id, source, source_id (text), key, value, dataset_name, dataset_digest, at. A metric of a logged
    model stands with that, not again with the candidate that logged it.
    """
    return Fragment(f"""
        (SELECT {version} AS version_id, 'candidate' AS source, m.candidate_id::text AS source_id, m.key, m.value,
            m.dataset_name, m.dataset_digest, {_moment("m.timestamp")} AS at
        FROM latest_metrics m
        WHERE m.project_id = {project} AND m.candidate_id = {candidate}
            AND (m.logged_model_id IS NULL OR m.logged_model_id IS DISTINCT FROM {logged_model})
        ORDER BY m.key LIMIT {MOST_METRICS})
        UNION ALL
        (SELECT {version}, 'logged_model', m.logged_model_id::text, m.key, m.value,
            nullif(m.dataset_name, ''), nullif(m.dataset_digest, ''), {_moment("m.timestamp")}
        FROM logged_model_metrics m
        WHERE m.project_id = {project} AND m.logged_model_id = {logged_model}
        ORDER BY m.key LIMIT {MOST_METRICS})
    """)  # noqa: S608 - names of columns in constants


def _moment(milliseconds: str) -> str:
    """SQL: the moment of a timestamp; clients send any number, and PostgreSQL's time ends."""
    return f"to_timestamp(least(greatest({milliseconds}, 0), 253402300799999) / 1000.0)"
