"""Every value that a metric of a version has, wherever it comes from: training, evaluations, online experiments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from app.db.database import Snapshot
from app.db.statements import Statement
from app.registry.versions.lookup import ModelVersion
from app.tracking.reads import of_versions as tracked


class Source(StrEnum):
    """Where a value comes from."""

    CANDIDATE = "candidate"
    LOGGED_MODEL = "logged_model"
    EVALUATION = "evaluation"
    ONLINE = "online"


MOST_EVALUATIONS = 100
"""Of a version's evaluations that count, the latest ones are read."""
MOST_EXPERIMENTS = 50
OF_CANDIDATES = frozenset({Source.CANDIDATE, Source.LOGGED_MODEL})
"""Values that only callers may see who may read candidates."""


class MetricValue(NamedTuple):
    """A value of a metric; ``value`` may be NaN or infinite where a training run logged that.

    ``source_id`` is the id of the candidate or logged model (a UUID), of the evaluation, or of the online experiment
    with the name of the arm after a slash. ``slice`` is None for all of the data set. ``at`` is when it was measured,
    as the author of the measurement says.
    """

    version_id: int
    source: str
    source_id: str
    key: str
    value: float
    dataset_name: str | None
    dataset_digest: str | None
    slice: str | None
    at: datetime
    evaluation_name: str | None = None

    @property
    def name(self) -> str:
        """The key, as conditions call it."""
        return self.key


# An evaluation that another one corrects does not count. Of an arm the latest point of each key counts.
_OF_VERSIONS = Statement(
    "evaluations.metrics_of_versions",
    "Every current value of the metrics of versions, by version, key, data set and slice, the latest first.",
    f"""
    WITH wanted AS (
        SELECT * FROM unnest(:projects::bigint[], :versions::bigint[], :candidates::uuid[], :logged_models::uuid[])
            AS w (project_id, version_id, candidate_id, logged_model_id)
    )
    SELECT one.* FROM (
        SELECT t.version_id, t.source, t.source_id, t.key, t.value, t.dataset_name, t.dataset_digest,
            NULL::text AS slice, t.at, NULL::text AS evaluation_name
        FROM wanted w CROSS JOIN LATERAL (
            {tracked.metrics_sql("w.version_id", "w.project_id", "w.candidate_id", "w.logged_model_id")}
        ) AS t
        UNION ALL
        SELECT e.version_id, 'evaluation', e.id::text, m.key, m.value, nullif(e.dataset_name, ''),
            nullif(e.dataset_digest, ''), nullif(m.slice, ''), e.evaluated_at, nullif(e.name, '')
        FROM wanted w
        CROSS JOIN LATERAL (
            SELECT e.* FROM evaluations e WHERE e.project_id = w.project_id AND e.version_id = w.version_id
                AND NOT EXISTS (SELECT FROM evaluations later WHERE later.project_id = e.project_id
                    AND later.version_id = e.version_id AND later.replaces_id = e.id)
            ORDER BY e.evaluated_at DESC, e.id DESC LIMIT {MOST_EVALUATIONS}
        ) AS e
        JOIN evaluation_metrics m ON m.project_id = e.project_id AND m.evaluation_id = e.id
        UNION ALL
        SELECT a.version_id, 'online', a.experiment_id::text || '/' || a.name, p.key, p.value, NULL, NULL, NULL, p.at,
            x.name
        FROM wanted w
        CROSS JOIN LATERAL (
            SELECT a.* FROM online_arms a WHERE a.project_id = w.project_id AND a.version_id = w.version_id
            ORDER BY a.experiment_id DESC LIMIT {MOST_EXPERIMENTS}
        ) AS a
        JOIN online_experiments x ON x.project_id = w.project_id AND x.id = a.experiment_id
        CROSS JOIN LATERAL unnest(a.keys) AS k (key)
        CROSS JOIN LATERAL (
            SELECT p.key, p.value, p.at FROM online_points p
            WHERE p.project_id = w.project_id AND p.experiment_id = a.experiment_id AND p.arm = a.name AND p.key = k.key
            ORDER BY p.at DESC LIMIT 1
        ) AS p
    ) AS one
    ORDER BY one.version_id, one.key, one.dataset_name NULLS FIRST, one.dataset_digest NULLS FIRST,
        one.slice NULLS FIRST, one.at DESC, one.source, one.source_id
    """,  # noqa: S608 - a fragment
    row=MetricValue,
)


async def of_versions(
    snap: Snapshot, project_id: int, versions: Sequence[ModelVersion]
) -> dict[int, list[MetricValue]]:
    """Read step: as :func:`of_all`, of those of the versions that are of this project."""
    return await of_all(snap, [version for version in versions if version.project_id == project_id])


async def of_all(snap: Snapshot, versions: Sequence[ModelVersion]) -> dict[int, list[MetricValue]]:
    """Read step: the current values of all metrics of versions, by the version's id, in one statement.

    They are those of the candidate, the logged model, the 100 latest evaluations and the 50 latest experiments.

    Within a version by key, data set and slice, the latest first. Permissions are the caller's to ask.
    """
    by_version: dict[int, list[MetricValue]] = {version.id: [] for version in versions}
    if not versions:
        return by_version
    rows = await _OF_VERSIONS.fetch(
        snap,
        projects=[version.project_id for version in versions],
        versions=[version.id for version in versions],
        candidates=[version.candidate_id for version in versions],
        logged_models=[version.logged_model_id for version in versions],
    )
    for row in rows:
        by_version[row.version_id].append(row)
    return by_version


async def of_version(snap: Snapshot, project_id: int, version: ModelVersion) -> list[MetricValue]:
    """Read step: the same of one version."""
    return (await of_versions(snap, project_id, [version]))[version.id]
