"""What a run of MLflow's ``evaluate`` says: which models, on which data, with which values. For features above.

``mlflow.evaluate`` of 2.x and ``mlflow.models.evaluate`` of 3.x note the model in the tag ``mlflow.datasets`` alone: by
its uuid (2.x) or as ``m-…`` (3.x). The data set stands among the run's inputs; 2.x logs metrics without it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from app.db.database import Snapshot, Tx
from app.db.statements import Statement
from app.tracking.tables import Candidate


class EvaluationRun(NamedTuple):
    """A finished run: its tag ``mlflow.datasets``, its inputs and its latest metrics (JSON), and who made it.

    Inputs are ``{name, digest, context}``, metrics ``{key, value, dataset_name, dataset_digest, model}``; a value that
    is no finite number is null.
    """

    id: UUID
    name: str
    tag: str | None
    input_models: list[UUID]
    inputs: str
    metrics: str
    ended_at: datetime
    created_by: int | None
    is_training: bool
    """Whether it has params or logged a model itself, so that its metrics may be of training, too."""

    @property
    def datasets(self) -> list[dict[str, Any]]:
        """The inputs."""
        read: list[dict[str, Any]] = orjson.loads(self.inputs)
        return read

    @property
    def values(self) -> list[dict[str, Any]]:
        """The metrics."""
        read: list[dict[str, Any]] = orjson.loads(self.metrics)
        return read


class LoggedAt(NamedTuple):
    """Where an MLflow 2 client logged a model."""

    model_uuid: str
    candidate_id: UUID
    artifact_folder: str


_READ = Statement(
    "tracking.evaluation_run",
    "What a run says that evaluated a model.",
    """
    SELECT c.id, c.name,
        (SELECT t.value FROM candidate_tags t WHERE t.project_id = c.project_id AND t.candidate_id = c.id
            AND t.key = 'mlflow.datasets') AS tag,
        ARRAY(SELECT u.logged_model_id FROM candidate_models u WHERE u.project_id = c.project_id
            AND u.candidate_id = c.id AND u.direction = 'input') AS input_models,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('name', d.name, 'digest', d.digest,
            'context', u.tags ->> 'mlflow.data.context') ORDER BY d.name, d.digest), '[]')
            FROM candidate_datasets u JOIN datasets d ON d.project_id = u.project_id AND d.id = u.dataset_id
            WHERE u.project_id = c.project_id AND u.candidate_id = c.id)::text AS inputs,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('key', m.key, 'value',
            CASE WHEN m.value IN ('NaN', 'Infinity', '-Infinity') THEN NULL ELSE m.value END,
            'dataset_name', m.dataset_name, 'dataset_digest', m.dataset_digest, 'model', m.model) ORDER BY m.key), '[]')
            FROM (
                SELECT m.key, m.value, coalesce(m.dataset_name, '') AS dataset_name,
                    coalesce(m.dataset_digest, '') AS dataset_digest, m.logged_model_id AS model
                FROM latest_metrics m WHERE m.project_id = c.project_id AND m.candidate_id = c.id
                UNION
                SELECT m.key, m.value, m.dataset_name, m.dataset_digest, m.logged_model_id
                FROM candidate_models u JOIN logged_model_metrics m ON m.project_id = u.project_id
                    AND m.logged_model_id = u.logged_model_id AND m.candidate_id = c.id
                WHERE u.project_id = c.project_id AND u.candidate_id = c.id
            ) AS m)::text AS metrics,
        CASE WHEN c.end_time BETWEEN 0 AND 253402300799999 THEN least(to_timestamp(c.end_time / 1000.0), now())
            ELSE c.updated_at END AS ended_at,
        c.created_by,
        EXISTS (SELECT FROM candidate_params p WHERE p.project_id = c.project_id AND p.candidate_id = c.id)
            OR EXISTS (SELECT FROM noted_models n WHERE n.project_id = c.project_id AND n.candidate_id = c.id)
            OR EXISTS (SELECT FROM candidate_models u WHERE u.project_id = c.project_id AND u.candidate_id = c.id
                AND u.direction = 'output') AS is_training
    FROM candidates c WHERE c.project_id = :project AND c.id = :candidate AND c.purge_at IS NULL AND c.status = 3
    """,
    row=EvaluationRun,
)
_LOGGED_AT = Statement(
    "tracking.where_models_were_logged",
    "Where models of these uuids were logged.",
    """
    SELECT model_uuid, candidate_id, artifact_folder FROM noted_models
    WHERE project_id = :project AND model_uuid = ANY (:uuids::text[])
    """,
    row=LoggedAt,
)
_NOTE = Statement(
    "tracking.note_model",
    "Notes where a model of this uuid was logged.",
    """
    INSERT INTO noted_models (project_id, model_uuid, candidate_id, artifact_folder)
    VALUES (:project, :uuid, :candidate, :folder) ON CONFLICT DO NOTHING
    """,
)
_MAX_UUID, _MAX_FOLDER = 100, 1_000


async def read(snap: Snapshot, project_id: int, candidate_id: UUID) -> EvaluationRun | None:
    """Read step: the run, if it is there and has finished."""
    return await _READ.fetch_one(snap, project=project_id, candidate=candidate_id)


async def logged_at(snap: Snapshot, project_id: int, uuids: list[str]) -> list[LoggedAt]:
    """Read step: where models of these uuids were logged; those that are not noted are left out."""
    return await _LOGGED_AT.fetch(snap, project=project_id, uuids=uuids)


async def note_model(tx: Tx, candidate: Candidate, entry: object) -> None:
    """Step: note the uuid and the folder of a model that an MLflow 2 client logged, if its entry has them."""
    if not isinstance(entry, dict):
        return
    uuid, folder = entry.get("model_uuid"), entry.get("artifact_path")
    fits = isinstance(uuid, str) and 0 < len(uuid) <= _MAX_UUID and "\0" not in uuid
    if fits and isinstance(folder, str) and len(folder) <= _MAX_FOLDER and "\0" not in folder:
        await _NOTE.execute(tx, project=candidate.project_id, uuid=uuid, candidate=candidate.id, folder=folder)
