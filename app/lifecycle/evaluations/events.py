"""Webhook events of evaluations, online experiments and facts; each function is a step of the change it tells of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.db.database import Tx
from app.ids import GlobalId
from app.lifecycle.evaluations.six_facts import FactKind
from app.lifecycle.evaluations.tables import Evaluation, OnlineArm, OnlineExperiment
from app.registry.models import Model
from app.registry.versions.lookup import ModelVersion
from app.webhooks import events
from app.webhooks.events import Event


async def evaluation_created(
    tx: Tx, model: Model, version: ModelVersion, evaluation: Evaluation, metric_count: int
) -> None:
    """Step: ``evaluation.created``."""
    data = _version(model, version) | {
        "id": str(GlobalId.of("Evaluation", evaluation.project_id, evaluation.id)),
        "evaluation_name": evaluation.name,
        "dataset_name": evaluation.dataset_name,
        "dataset_digest": evaluation.dataset_digest,
        "metric_count": metric_count,
        "evaluation_source": evaluation.source,
        "replaces": evaluation.replaces_id is not None,
        "actor": evaluation.username,
    }
    await events.record(tx, version.project_id, [Event("evaluation.created", data)])


async def facts_stated(
    tx: Tx, model: Model, version: ModelVersion, facts: Collection[FactKind], actor: str, note: str
) -> None:
    """Step: ``model_version_facts.stated``; once for all facts of a call."""
    data = _version(model, version) | {"facts": sorted(facts), "note": note or None, "actor": actor}
    await events.record(tx, version.project_id, [Event("model_version_facts.stated", data)])


async def experiment_created(tx: Tx, experiment: OnlineExperiment, arms: Collection[OnlineArm]) -> None:
    """Step: ``online_experiment.created``."""
    data = _experiment(experiment, arms) | {"actor": experiment.username}
    await events.record(tx, experiment.project_id, [Event("online_experiment.created", data)])


async def experiment_concluded(tx: Tx, experiment: OnlineExperiment, arms: Collection[OnlineArm]) -> None:
    """Step: ``online_experiment.concluded``."""
    data = _experiment(experiment, arms) | {
        "conclusion": experiment.conclusion,
        "winner": experiment.winner,
        "actor": experiment.concluded_by_name,
    }
    await events.record(tx, experiment.project_id, [Event("online_experiment.concluded", data)])


def _version(model: Model, version: ModelVersion) -> dict[str, Any]:
    return {"name": model.name, "version": str(version.number), "semver": version.version}


def _experiment(experiment: OnlineExperiment, arms: Collection[OnlineArm]) -> dict[str, Any]:
    return {
        "id": str(GlobalId.of("OnlineExperiment", experiment.project_id, experiment.id)),
        "experiment_name": experiment.name,
        "kind": experiment.kind,
        "arms": [
            {"arm": arm.name, "name": arm.model_name, "version": str(arm.number), "semver": arm.version} for arm in arms
        ],
    }
