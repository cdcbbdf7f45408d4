"""Runs of MLflow's ``evaluate`` become evaluations of the versions that they evaluated.

Triggers note a run when it finishes and again when a version is made of what it evaluated; a worker then reads the run
and adds an evaluation for each version and data set. A run that is read twice adds nothing twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from app.access import users
from app.access.policy import Actor
from app.db.database import Database, Tx
from app.db.statements import Statement
from app.errors import ModelyardError
from app.lifecycle.evaluations import evaluations, events, facts
from app.lifecycle.evaluations.evaluations import CreateEvaluation, MetricInput
from app.registry.models import Model
from app.registry.reads import made_of
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion
from app.tracking.reads import evaluation_runs
from app.tracking.reads.evaluation_runs import EvaluationRun

log = structlog.get_logger()
BATCH = 50
"""Runs that are read in one turn."""
_LOGGED_MODEL = re.compile(r"m-[0-9a-f]{32}")
_EVALUATOR_KEYS = re.compile(
    r"(?:accuracy_score|balanced_accuracy_score|precision_score|recall_score|f1_score|log_loss|roc_auc|score|"
    r"precision_recall_auc|example_count|(?:true|false)_(?:positives|negatives)|mean_absolute_error|r2_score|max_error|"
    r"mean_squared_error|root_mean_squared_error|mean_absolute_percentage_error|(?:sum|mean)_on_target|"
    r".*/v\d+(?:/.*)?|latency/.*)"
)
"""What MLflow's own evaluators measure (``mlflow/models/evaluation``): in a run that trained too, the rest may not be
of the evaluation."""


class _Pending(NamedTuple):
    project_id: int
    candidate_id: UUID


class Measured(NamedTuple):
    """What a run says of one model on one data set."""

    model: str
    dataset_name: str
    dataset_digest: str
    metrics: Sequence[MetricInput]


# Locked against other workers, and against the triggers, which wait: what they note then is looked at again.
_TAKE = Statement(
    "evaluations.take_evaluation_run",
    "Locks one run that is to be read, unless another worker reads it.",
    """
    SELECT project_id, candidate_id FROM evaluation_runs WHERE is_pending
    ORDER BY project_id, candidate_id LIMIT 1 FOR UPDATE SKIP LOCKED
    """,
    row=_Pending,
)
_TAKEN = Statement(
    "evaluations.note_evaluation_run_read",
    "Notes that a run was read.",
    """
    UPDATE evaluation_runs SET is_pending = false WHERE project_id = :project AND candidate_id = :candidate
    """,
)
_REMEMBER = Statement(
    "evaluations.remember_evaluated_models",
    "Remembers which models a run evaluated, for versions that are made of them later.",
    """
    INSERT INTO evaluated_models (project_id, candidate_id, model)
    SELECT :project::bigint, :candidate::uuid, unnest(:models::text[]) ON CONFLICT DO NOTHING
    """,
)


async def ingest(db: Database) -> int:
    """Read runs that finished or met a new version, :data:`BATCH` at most; the number of them.

    Safe to run twice at once: each run is locked, and read in the transaction that notes it as read. A run that cannot
    become an evaluation is noted as read, with a line in the log.
    """
    for count in range(BATCH):
        async with db.write() as tx:
            pending = await _TAKE.fetch_one(tx)
            if pending is None:
                return count
            await _TAKEN.execute(tx, project=pending.project_id, candidate=pending.candidate_id)
            await _read(tx, pending.project_id, pending.candidate_id)
    return BATCH


def measured(run: EvaluationRun) -> list[Measured]:
    """What the run says, for each model and data set that it evaluated."""
    told = facts.evaluated_datasets(run.tag)
    models = {str(one["model"]) for one in told if one.get("model")} | {f"m-{id.hex}" for id in run.input_models}
    names = {str(one.get("name")) for one in told}
    results = []
    for dataset in _evaluated(run.datasets, names):
        key = (dataset["name"], dataset["digest"])
        values = [one for one in run.values if (one["dataset_name"], one["dataset_digest"]) == key]
        if not values and len(run.datasets) == 1:
            values = _without_dataset(run)
        for model in sorted(models):
            metrics = _of_model(values, model)
            if metrics:
                results.append(Measured(model, *key, metrics))
    return results


def _evaluated(inputs: Sequence[dict[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    """The inputs that were evaluated on; clients of 2.x name the data set by a hash that stands nowhere else."""
    named = [one for one in inputs if one["name"] in names]
    return named or (list(inputs) if len(inputs) == 1 else [])


def _without_dataset(run: EvaluationRun) -> list[dict[str, Any]]:
    """Metrics of a client that does not say on which data they were measured."""
    plain = [one for one in run.values if not one["dataset_name"]]
    return [one for one in plain if not run.is_training or _EVALUATOR_KEYS.fullmatch(one["key"])]


def _of_model(values: Iterable[dict[str, Any]], model: str) -> list[MetricInput]:
    """The finite values that are of the model, or of none in particular."""
    mine: dict[str, float] = {}
    for one in values:
        of = one["model"]
        if one["value"] is not None and (of is None or f"m-{UUID(of).hex}" == model):
            mine[one["key"]] = float(one["value"])
    return [MetricInput(key, mine[key]) for key in sorted(mine)][: evaluations.MAX_METRICS]


async def _read(tx: Tx, project_id: int, candidate_id: UUID) -> None:
    run = await evaluation_runs.read(tx, project_id, candidate_id)
    if run is None:
        return
    results = measured(run)
    models = sorted({one.model for one in results})
    await _REMEMBER.execute(tx, project=project_id, candidate=candidate_id, models=models)
    versions = await _versions(tx, project_id, models)
    username = await users.username(tx, run.created_by)
    actor = Actor(user_id=run.created_by, username=username)
    for result in results:
        for model, version in versions.get(result.model, []):
            await _add(tx, actor, model, version, run, result)


async def _versions(tx: Tx, project_id: int, models: Sequence[str]) -> dict[str, list[tuple[Model, ModelVersion]]]:
    logged = {model: UUID(model.removeprefix("m-")) for model in models if _LOGGED_MODEL.fullmatch(model)}
    uuids = [model for model in models if model not in logged]
    logged_at = await evaluation_runs.logged_at(tx, project_id, uuids) if uuids else []
    by_model = await made_of.logged_models(tx, project_id, list(logged.values()))
    by_folder = await made_of.folders(tx, project_id, [(one.candidate_id, one.artifact_folder) for one in logged_at])
    versions = {model: by_model.get(id, []) for model, id in logged.items()}
    return versions | {one.model_uuid: by_folder.get((one.candidate_id, one.artifact_folder), []) for one in logged_at}


async def _add(tx: Tx, actor: Actor, model: Model, version: ModelVersion, run: EvaluationRun, result: Measured) -> None:
    try:
        command = evaluations.checked(
            CreateEvaluation(
                dataset_name=result.dataset_name,
                dataset_digest=result.dataset_digest,
                metrics=result.metrics,
                name=run.name[:250],
                candidate_id=run.id,
                evaluated_at=run.ended_at,
            )
        )
        await lookup.lock_against_deletion(tx, version)
        made = await evaluations.add(tx, actor, version, command, source="mlflow")
    except ModelyardError as refusal:  # names and values of a run may be any that MLflow accepts
        log.info("evaluation_run.refused", candidate=run.id.hex, version=version.id, reason=refusal.message)
        return
    if not made.already_stored:
        await events.evaluation_created(tx, model, version, made.evaluation, len(command.metrics))
