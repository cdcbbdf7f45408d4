"""Experiments and runs through the real client."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import math

import pytest

from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import ClientError, MLflow


def log_a_run(name):
    import mlflow

    mlflow.set_experiment(name)
    with mlflow.start_run(run_name="first", tags={"team": "a"}) as run:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"lr": 0.1, "loss": "hinge"})
        for step in range(3):
            mlflow.log_metric("accuracy", 0.5 + step / 10, step=step)
        mlflow.log_metrics({"f1": 0.25, "recall": float("nan"), "top": float("inf")}, step=1)
        mlflow.set_tag("phase", "one")
        mlflow.set_tags({"a/b": "c"})
    result = mlflow.get_run(run.info.run_id)
    return {
        "id": run.info.run_id,
        "name": result.info.run_name,
        "status": result.info.status,
        "stage": result.info.lifecycle_stage,
        "uri": result.info.artifact_uri,
        "experiment": result.info.experiment_id,
        "ended": result.info.end_time >= result.info.start_time,
        "params": result.data.params,
        "metrics": {key: str(value) for key, value in result.data.metrics.items()},
        "tags": {key: value for key, value in result.data.tags.items() if not key.startswith("mlflow.")},
    }


async def test_a_run_is_logged_and_read_back(mlflow: MLflow) -> None:
    result = await mlflow(log_a_run, "digits")
    run_id = result.pop("id")
    assert result == {
        "name": "first",
        "status": "FINISHED",
        "stage": "active",
        "uri": f"mlflow-artifacts:/1/{run_id}/artifacts",
        "experiment": "1",
        "ended": True,
        "params": {"depth": "3", "lr": "0.1", "loss": "hinge"},
        "metrics": {"accuracy": "0.7", "f1": "0.25", "recall": "nan", "top": "inf"},
        "tags": {"team": "a", "phase": "one", "a/b": "c"},
    }


def run_without_experiment():
    import mlflow

    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    experiment = mlflow.get_experiment(run.info.experiment_id)
    return [experiment.experiment_id, experiment.name, run.info.run_name.count("-")]


async def test_the_default_experiment_exists_in_a_new_project(mlflow: MLflow) -> None:
    assert await mlflow(run_without_experiment) == ["0", "Default", 2]


def live_as_an_experiment():
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient()
    number = client.create_experiment("one", tags={"a": "1"})
    client.set_experiment_tag(number, "b", "2")
    client.delete_experiment_tag(number, "a")
    client.rename_experiment(number, "two")
    run = client.create_run(number).info.run_id
    client.delete_experiment(number)
    deleted = client.get_experiment(number).lifecycle_stage, client.get_run(run).info.lifecycle_stage
    only = [one.name for one in client.search_experiments(view_type=ViewType.DELETED_ONLY)]
    client.restore_experiment(number)
    again = client.get_experiment_by_name("two")
    restored = again.lifecycle_stage, client.get_run(run).info.lifecycle_stage
    return [deleted, only, restored, dict(again.tags), client.get_experiment_by_name("one"), again.artifact_location]


async def test_create_read_update_and_delete_an_experiment(mlflow: MLflow) -> None:
    expected = [["deleted"] * 2, ["two"], ["active"] * 2, {"b": "2"}, None, "mlflow-artifacts:/1"]
    assert await mlflow(live_as_an_experiment) == expected


def search_experiments():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.get_experiment("0")
    for name in ("alpha", "beta", "gamma"):
        client.create_experiment(name, tags={"kind": name[0]})

    def names(**query):
        return [one.name for one in client.search_experiments(**query)]

    return [
        names(order_by=["name ASC"]),
        names(filter_string="tags.kind = 'b'"),
        names(filter_string="name LIKE '%a' AND name != 'beta'", order_by=["name DESC"]),
        names(),
    ]


async def test_search_experiments(mlflow: MLflow) -> None:
    assert await mlflow(search_experiments) == [
        ["Default", "alpha", "beta", "gamma"],
        ["beta"],
        ["gamma", "alpha"],
        ["gamma", "beta", "alpha", "Default"],
    ]


def search_runs():
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    ids = [client.create_experiment(name) for name in ("one", "two")]
    for index in range(6):
        run = client.create_run(ids[index % 2], run_name=f"r{index}", start_time=1000 + index)
        client.log_param(run.info.run_id, "kind", "even" if index % 2 == 0 else "odd")
        client.set_tag(run.info.run_id, "my.tag", str(index))
        if index < 4:
            client.log_metric(run.info.run_id, "score", index)

    def names(filter_string="", order_by=None, **more):
        result = client.search_runs(ids, filter_string, order_by=order_by or ["start_time ASC"], **more)
        return [run.info.run_name for run in result]

    first = client.search_runs(ids, max_results=4)
    second = client.search_runs(ids, max_results=4, page_token=first.token)
    pages = [[run.info.run_name for run in page] for page in (first, second)]
    frame = mlflow.search_runs(search_all_experiments=True)
    return {
        "default": pages,
        "ended": second.token,
        "metric": names("metrics.score >= 2"),
        "param": names("params.kind = 'odd' and attributes.run_name != 'r1'"),
        "tag": names("tags.`my.tag` = '5'"),
        "ordered": names(order_by=["metrics.score DESC"]),
        "like": names("attributes.run_name LIKE 'r_' AND params.kind ILIKE 'EV%'"),
        "all": len(frame),
    }


async def test_search_runs(mlflow: MLflow) -> None:
    result = await mlflow(search_runs)
    assert result == {
        "default": [["r5", "r4", "r3", "r2"], ["r1", "r0"]],
        "ended": None,
        "metric": ["r2", "r3"],
        "param": ["r3", "r5"],
        "tag": ["r5"],
        "ordered": ["r3", "r2", "r1", "r0", "r5", "r4"],
        "like": ["r0", "r2", "r4"],
        "all": 6,
    }


def change_a_param():
    import mlflow

    with mlflow.start_run():
        mlflow.log_param("depth", 3)
        mlflow.log_param("depth", 3)
        mlflow.log_param("depth", 4)


async def test_params_are_written_once(mlflow: MLflow) -> None:
    with pytest.raises(ClientError, match="Changing param values is not allowed") as caught:
        await mlflow(change_a_param)
    assert caught.value.code == "INVALID_PARAMETER_VALUE"


def history_of(points):
    import mlflow
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    client = MlflowClient()
    with mlflow.start_run() as run:
        client.log_batch(run.info.run_id, metrics=[Metric("m", *point) for point in points])
    result = client.get_metric_history(run.info.run_id, "m")
    latest = client.get_run(run.info.run_id).data.metrics["m"]
    return [[str(one.value), one.timestamp, one.step] for one in result], str(latest)


async def test_metric_history_is_ordered_without_duplicates(mlflow: MLflow) -> None:
    points = [[3.0, 20, 1], [1.0, 10, 5], [3.0, 20, 1], [2.0, 20, 1], [math.nan, 5, -1]]
    history, latest = await mlflow(history_of, points)
    assert history == [["nan", 5, -1], ["1.0", 10, 5], ["2.0", 20, 1], ["3.0", 20, 1]]
    assert latest == "1.0"


def trash_a_run():
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    run = client.create_run("0").info.run_id
    client.set_tag(run, "a", "1")
    client.delete_tag(run, "a")
    client.delete_run(run)
    client.delete_run(run)
    try:
        client.log_metric(run, "m", 1)
        refused = ""
    except MlflowException as error:
        refused = error.error_code
    client.restore_run(run)
    client.log_metric(run, "m", 1)
    client.update_run(run, status="KILLED", name="renamed")
    result = client.get_run(run)
    return [refused, result.info.status, result.info.run_name, result.data.tags, result.data.metrics]


async def test_a_run_goes_to_the_trash_and_back(mlflow: MLflow) -> None:
    expected = ["INVALID_PARAMETER_VALUE", "KILLED", "renamed", {"mlflow.runName": "renamed"}, {"m": 1.0}]
    assert await mlflow(trash_a_run) == expected


def nest_runs():
    import mlflow

    with mlflow.start_run() as parent, mlflow.start_run(nested=True):
        pass
    result = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", output_format="list")
    return len(result)


async def test_nested_runs_name_their_parent(mlflow: MLflow) -> None:
    assert await mlflow(nest_runs) == 1


def log_a_dataset():
    import mlflow
    import numpy as np

    data = mlflow.data.from_numpy(np.array([[1.0, 2.0]]), name="tiny")
    with mlflow.start_run() as run:
        mlflow.log_input(data, context="training")
        mlflow.log_input(data, context="training")
    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    result = mlflow.search_runs(filter_string="dataset.name = 'tiny' AND dataset.context = 'training'")
    return [[one.dataset.name, {tag.key: tag.value for tag in one.tags}] for one in inputs], len(result)


async def test_log_inputs_stores_datasets(mlflow: MLflow) -> None:
    assert await mlflow(log_a_dataset) == [[["tiny", {"mlflow.data.context": "training"}]], 1]


@pytest.mark.parametrize("run_id", ["0" * 32, "nonsense", "../../etc"])
async def test_an_unknown_run_is_not_found(rest: Rest, run_id: str) -> None:
    answer = await rest.get("runs/get", run_id=run_id)
    assert answer.status_code == 404
    assert answer.json() == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": answer.json()["message"],
    }
    assert answer.json()["message"].startswith(f"Run with id={run_id} not found")


async def test_runs_of_other_projects_are_not_found(rest: Rest, mlflow: MLflow, project: TestProject) -> None:
    other = Rest(rest.http, rest.base.replace(f"/{project.id}/", "/1/"), project.headers)
    answer = await other.get("experiments/get", experiment_id="0")
    assert answer.status_code == 404
    assert answer.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


async def test_changing_a_param_names_both_values(rest: Rest) -> None:
    run = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
    body = {"run_id": run, "key": "lr", "value": "0.1"}
    assert (await rest.post("runs/log-parameter", body)).status_code == 200
    assert (await rest.post("runs/log-parameter", body)).status_code == 200
    answer = await rest.post("runs/log-parameter", {**body, "value": "0.2"})
    told = (
        "Changing param values is not allowed. Param with key='lr' was already logged with value='0.1' "
        f"for run ID='{run}'. Attempted logging new value '0.2'."
    )
    assert [answer.status_code, answer.json()["message"]] == [400, told]


async def test_log_inputs_keeps_the_order_of_datasets(rest: Rest) -> None:
    run = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
    names = ["z", "a", "m", "b", "y"]
    data = [{"dataset": {"name": one, "digest": "1", "source_type": "http", "source": "http://x"}} for one in names]
    await rest.post("runs/log-inputs", {"run_id": run, "datasets": data})
    result = (await rest.get("runs/get", run_id=run)).json()["run"]["inputs"]["dataset_inputs"]
    assert [one["dataset"]["name"] for one in result] == names


async def test_an_experiment_with_a_negative_id_is_not_found(rest: Rest) -> None:
    answer = await rest.get("experiments/get", experiment_id="-1337")
    assert [answer.status_code, answer.json()["error_code"]] == [404, "RESOURCE_DOES_NOT_EXIST"]
    assert "No Experiment with id=-1337 exists" in answer.json()["message"]
