"""Runs of MLflow's `evaluate`, of the real clients, become evaluations of the versions that they evaluated."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.lifecycle.evaluations import facts, metrics, mlflow_runs
from app.lifecycle.evaluations.six_facts import FactKind
from app.registry.references.parse import parse_reference
from app.registry.versions import lookup
from app.tracking.reads.evaluation_runs import EvaluationRun
from tests.support.mlflow.client import NEWEST, OLDEST

PROGRAM = Path(__file__).parent / "evaluate_program.py"
TAG = '[{"name":"%s","hash":"0fa1","model":"%s"}]'


async def run_client(url, project, python: Path, order: str) -> dict[str, Any]:
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"{url}/api/v4/projects/{project.id}/ml/mlflow",
        "MLFLOW_TRACKING_TOKEN": project.token,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        "MPLBACKEND": "Agg",
    }
    process = await asyncio.create_subprocess_exec(
        python, PROGRAM, order, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-3000:]
    made: dict[str, Any] = json.loads(output.decode().rpartition("made:")[2].splitlines()[0])
    return made


async def values_of(runtime, project, number: int) -> list[metrics.MetricValue]:
    version = await lookup.by_reference(runtime.db, project.owner, project.id, "iris", parse_reference(f"#{number}"))
    async with runtime.db.read() as snap:
        return [one for one in await metrics.of_version(snap, project.id, version) if one.source == "evaluation"]


@pytest.mark.parametrize("python", [OLDEST, NEWEST], ids=["2.7.1", "3.17.2"])
@pytest.mark.parametrize("order", ["after", "before"])
async def test_an_evaluation_by_the_client_is_one_of_the_version(runtime, url, project, python, order) -> None:
    made = await run_client(url, project, python, order)
    await mlflow_runs.ingest(runtime.db)
    await mlflow_runs.ingest(runtime.db)
    values = await values_of(runtime, project, made["number"])
    assert {one.key: one.value for one in values} == pytest.approx(made["metrics"])
    assert {(one.dataset_name, one.evaluation_name) for one in values} == {("iris-holdout", "evaluation")}
    assert all(one.dataset_digest for one in values)
    version = await lookup.by_reference(runtime.db, project.owner, project.id, "iris", parse_reference("#1"))
    async with runtime.db.read() as snap:
        six = await facts.of_version(snap, project.id, version)
    assert six[FactKind.METRICS].is_present
    assert six[FactKind.HYPER_PARAMETERS].entries["max_iter"] == "200"


def run(**values: Any) -> EvaluationRun:
    """A run of `evaluate` as a client of 3.x leaves it behind."""
    model = f"m-{uuid4().hex}"
    given: dict[str, Any] = {
        "id": uuid4(), "name": "n", "tag": TAG % ("d", model), "input_models": [], "ended_at": None, "created_by": None,
        "inputs": json.dumps([{"name": "d", "digest": "1", "context": None}]), "is_training": False,
        "metrics": json.dumps(
            [{"key": "acc", "value": 0.5, "dataset_name": "d", "dataset_digest": "1", "model": None}]
        ),
    }  # fmt: skip
    return EvaluationRun(**{**given, **values})


def plain(**values: float | None) -> str:
    """Metrics as a client of 2.x logs them."""
    return json.dumps(
        [{"key": key, "value": value, "dataset_name": "", "dataset_digest": "", "model": None}
         for key, value in values.items()]
    )  # fmt: skip


@pytest.mark.parametrize("tag", [None, "", "no json", "{}", "[1, null]", '[{"name": "d"}]', '[{"model": ""}]'])
def test_a_tag_that_names_no_model_makes_no_evaluation(tag) -> None:
    assert mlflow_runs.measured(run(tag=tag)) == []


def test_values_that_are_no_numbers_are_left_out() -> None:
    (one,) = mlflow_runs.measured(run(metrics=plain(roc_auc=None, score=0.5)))
    assert [metric.key for metric in one.metrics] == ["score"]
    assert mlflow_runs.measured(run(metrics=plain(roc_auc=None))) == []


def test_of_a_run_that_trained_too_only_what_evaluators_measure_counts() -> None:
    logged = plain(loss=0.1, training_score=0.9, accuracy_score=0.8, **{"toxicity/v1/mean": 0.1})
    (one,) = mlflow_runs.measured(run(metrics=logged, is_training=True))
    assert [metric.key for metric in one.metrics] == ["accuracy_score", "toxicity/v1/mean"]
    (all_of_it,) = mlflow_runs.measured(run(metrics=logged))
    assert len(all_of_it.metrics) == 4


def test_data_that_was_not_evaluated_on_counts_for_nothing() -> None:
    inputs = [{"name": "d", "digest": "1", "context": None}, {"name": "train", "digest": "2", "context": None}]
    assert [one.dataset_name for one in mlflow_runs.measured(run(inputs=json.dumps(inputs)))] == ["d"]


async def test_runs_without_a_mark_are_not_noted_and_marked_ones_are_read_once(runtime, url, project, made) -> None:
    candidate = made.first.candidate_id
    async with runtime.db.write() as tx:
        for key, value in (("mlflow.datasets", TAG % ("d", "unheard of")), ("x", "y")):
            await tx.execute(
                text("INSERT INTO candidate_tags (project_id, candidate_id, key, value) VALUES (:p, :c, :k, :v)"),
                {"p": project.id, "c": candidate, "k": key, "v": value},
            )
        for id in (candidate, made.second.candidate_id):
            await tx.execute(text("UPDATE candidates SET status = 1 WHERE id = :id"), {"id": id})
            await tx.execute(text("UPDATE candidates SET status = 3 WHERE id = :id"), {"id": id})
    async with runtime.db.read() as snap:
        noted = await snap.scalars(
            text("SELECT candidate_id FROM evaluation_runs WHERE project_id = :p AND is_pending"), {"p": project.id}
        )
    assert list(noted) == [candidate]
    await asyncio.gather(*(mlflow_runs.ingest(runtime.db) for _ in range(3)))
    async with runtime.db.read() as snap:
        left = await snap.scalar(
            text("SELECT count(*) FROM evaluation_runs WHERE project_id = :p AND is_pending"), {"p": project.id}
        )
    assert left == 0
