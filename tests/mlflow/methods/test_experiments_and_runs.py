"""MlflowClient: experiments and runs."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from tests.support.mlflow.client import MLflow


def experiments():
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient()
    number = client.create_experiment("first", tags={"team": "a"})
    client.set_experiment_tag(number, "phase", "one")
    client.rename_experiment(number, "renamed")
    client.delete_experiment(number)
    deleted = [one.name for one in client.search_experiments(view_type=ViewType.DELETED_ONLY)]
    client.restore_experiment(number)
    result = client.get_experiment(number)
    by_name = client.get_experiment_by_name("renamed")
    living = [one.name for one in client.search_experiments(order_by=["name ASC"])]
    absent = client.get_experiment_by_name("first")
    return [result.name, result.tags, by_name.experiment_id == number, deleted, living, absent]


async def test_experiments(each_client: MLflow) -> None:
    tags = {"team": "a", "phase": "one"}
    assert await each_client(experiments) == ["renamed", tags, True, ["renamed"], ["Default", "renamed"], None]


def runs():
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient()
    parent = client.create_run("0", run_name="parent").info.run_id
    child = client.create_run("0", start_time=1000, tags={"mlflow.parentRunId": parent, "k": "v"}, run_name="child")
    name = child.info.run_id
    client.update_run(name, status="SCHEDULED", name="kid")
    client.delete_tag(name, "k")
    client.set_tag(name, "l", "w")
    client.set_terminated(name, status="FAILED", end_time=2000)
    client.delete_run(name)
    living = [one.info.run_name for one in client.search_runs(["0"])]
    deleted = [one.info.run_name for one in client.search_runs(["0"], run_view_type=ViewType.DELETED_ONLY)]
    client.restore_run(name)
    result = client.get_run(name)
    info, tags = result.info, {key: value for key, value in result.data.tags.items() if not key.startswith("mlflow.")}
    above = client.get_parent_run(name).info.run_name
    return [info.run_name, info.status, info.start_time, info.end_time, tags, above, living, deleted]


async def test_runs(each_client: MLflow) -> None:
    expected = ["kid", "FAILED", 1000, 2000, {"l": "w"}, "parent", ["parent"], ["kid"]]
    assert await each_client(runs) == expected


def logging():
    from mlflow import MlflowClient
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    client = MlflowClient()
    run = client.create_run("0").info.run_id
    client.log_param(run, "depth", 3)
    for step, value in enumerate([0.25, 0.75, 0.5]):
        client.log_metric(run, "loss", value, timestamp=10 + step, step=step)
    client.log_batch(run, [Metric("f1", 0.5, 5, 0)], [Param("lr", "0.1")], [RunTag("phase", "one")])
    data = Dataset("digits", "abc", "http", "http://data/digits", profile="{}")
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    history = [[one.value, one.timestamp, one.step] for one in client.get_metric_history(run, "loss")]
    result = client.get_run(run)
    used = [[one.dataset.name, one.tags[0].value] for one in result.inputs.dataset_inputs]
    return [result.data.params, result.data.metrics, result.data.tags["phase"], history, used]


async def test_logging(each_client: MLflow) -> None:
    assert await each_client(logging) == [
        {"depth": "3", "lr": "0.1"},
        {"loss": 0.5, "f1": 0.5},
        "one",
        [[0.25, 10, 0], [0.75, 11, 1], [0.5, 12, 2]],
        [["digits", "training"]],
    ]


def newer_tracking():
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModelOutput

    client = MlflowClient()
    number = client.create_experiment("e", tags={"a": "b"})
    client.delete_experiment_tag(number, "a")
    run = client.create_run(number).info.run_id
    model = client.create_logged_model(number, source_run_id=run).model_id
    client.log_outputs(run, [LoggedModelOutput(model, 7)])
    result = client.get_run(run).outputs.model_outputs
    return [client.get_experiment(number).tags, [[one.model_id == model, one.step] for one in result]]


async def test_methods_of_newer_clients(mlflow: MLflow) -> None:
    assert await mlflow(newer_tracking) == [{}, [[True, 7]]]
