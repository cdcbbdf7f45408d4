"""The functions of the ``mlflow`` module itself."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.mlflow.client import MLflow


def runs():
    import mlflow

    number = mlflow.create_experiment("made", tags={"a": "b"})
    mlflow.set_experiment("made")
    mlflow.set_experiment_tag("c", "d")
    mlflow.set_experiment_tags({"e": "f"})
    with mlflow.start_run(run_name="parent") as parent:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"lr": 0.1})
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"f1": 0.25}, step=2)
        mlflow.set_tag("t", "u")
        mlflow.set_tags({"v": "w"})
        mlflow.delete_tag("t")
        active = mlflow.active_run().info.run_id == parent.info.run_id
        with mlflow.start_run(run_name="child", nested=True) as child:
            above = mlflow.get_parent_run(child.info.run_id).info.run_name
    mlflow.start_run(run_name="third")
    mlflow.end_run("KILLED")
    last = mlflow.last_active_run().info.status
    result = mlflow.get_run(parent.info.run_id)
    frame = mlflow.search_runs([number], order_by=["attributes.run_name"])
    mlflow.delete_run(child.info.run_id)
    names = [one.info.run_name for one in mlflow.search_runs([number], output_format="list")]
    experiment = mlflow.get_experiment_by_name("made")
    tags = mlflow.get_experiment(number).tags
    listed = [one.name for one in mlflow.search_experiments(order_by=["name"])]
    mlflow.delete_experiment(number)
    stage = mlflow.get_experiment(number).lifecycle_stage
    return [
        [result.data.params, result.data.metrics, result.data.tags["v"], "t" in result.data.tags],
        [active, above, last, experiment.experiment_id == number, tags, listed, stage],
        list(frame["tags.mlflow.runName"]),
        sorted(names),
    ]


async def test_runs(each_client: MLflow) -> None:
    assert await each_client(runs) == [
        [{"depth": "3", "lr": "0.1"}, {"loss": 0.5, "f1": 0.25}, "w", False],
        [True, "parent", "KILLED", True, {"a": "b", "c": "d", "e": "f"}, ["Default", "made"], "deleted"],
        ["child", "parent", "third"],
        ["parent", "third"],
    ]


def files(folder):
    from pathlib import Path

    import matplotlib as mpl

    mpl.use("Agg")
    import mlflow
    import numpy as np
    from matplotlib import figure

    (Path(folder) / "in").mkdir()
    (Path(folder) / "in" / "a.txt").write_text("a")
    with mlflow.start_run() as run:
        mlflow.log_artifact(f"{folder}/in/a.txt")
        mlflow.log_artifacts(f"{folder}/in", "tree")
        mlflow.log_text("t", "t.txt")
        mlflow.log_dict({"k": 1}, "d.yaml")
        drawing = figure.Figure()
        drawing.subplots().plot([0, 1])
        mlflow.log_figure(drawing, "f.svg")
        mlflow.log_image(np.zeros((2, 2, 3), dtype=np.uint8), "i.png")
        mlflow.log_table({"x": [1], "y": [2]}, "table.json")
        uri = mlflow.get_artifact_uri("tree")
    table = mlflow.load_table("table.json", run_ids=[run.info.run_id])
    names = sorted(one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id))
    return [names, uri.endswith(f"/{run.info.run_id}/artifacts/tree"), [int(table["x"][0]), int(table["y"][0])]]


async def test_files(each_client: MLflow, tmp_path: Path) -> None:
    names = ["a.txt", "d.yaml", "f.svg", "i.png", "t.txt", "table.json", "tree"]
    assert await each_client(files, str(tmp_path)) == [names, True, [1, 2]]


def data_sets():
    import mlflow
    import pandas as pd

    with mlflow.start_run() as run:
        data = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), source="http://data/x.csv", name="x")
        mlflow.log_input(data, context="validation")
    used = mlflow.get_run(run.info.run_id).inputs.dataset_inputs[0]
    result = mlflow.search_runs(["0"], "dataset.name = 'x' AND dataset.context = 'validation'", output_format="list")
    return [used.dataset.name, used.dataset.source_type, len(result)]


async def test_data_sets(each_client: MLflow) -> None:
    assert await each_client(data_sets) == ["x", "http", 1]


def models():
    import mlflow
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(np.array([[0.0], [1.0]]), np.array([0, 1]))
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(model, "model", pip_requirements=[])
    made = mlflow.register_model(f"runs:/{run.info.run_id}/model", "flip")
    listed = [[one.name] for one in mlflow.search_registered_models()]
    versions = [int(one.version) for one in mlflow.search_model_versions(filter_string="name = 'flip'")]
    loaded = mlflow.pyfunc.load_model("models:/flip/1").predict(np.array([[0.0], [1.0]]))
    again = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model").predict([[1.0]])
    return [int(made.version), listed, versions, [int(one) for one in loaded], int(again[0])]


async def test_models(each_client: MLflow) -> None:
    assert await each_client(models) == [1, [["flip"]], [1], [0, 1], 1]


def evaluating():
    import mlflow
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    data = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [0, 1, 0, 1]})
    model = LogisticRegression(C=1000.0).fit(data[["x"]], [0, 1, 1, 1])
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(model, "model", pip_requirements=[])
        result = mlflow.evaluate(
            f"runs:/{run.info.run_id}/model",
            data,
            targets="y",
            model_type="classifier",
            evaluators="default",
            evaluator_config={"log_model_explainability": False},
        )
    logged = mlflow.get_run(run.info.run_id).data.metrics
    return [result.metrics["accuracy_score"], logged["accuracy_score"]]


async def test_evaluate(each_client: MLflow) -> None:
    assert await each_client(evaluating) == [0.75, 0.75]


PROJECT = {
    "MLproject": "name: tiny\nentry_points:\n  main:\n    parameters:\n      depth: {type: int, default: 2}\n"
    '    command: "python train.py {depth}"\n',
    "train.py": "import sys, mlflow\nwith mlflow.start_run():\n    mlflow.log_metric('got', int(sys.argv[1]))\n",
}


def projects(folder):
    import mlflow

    done = mlflow.run(folder, parameters={"depth": 5}, env_manager="local", experiment_id="0")
    result = mlflow.get_run(done.run_id)
    return [result.info.status, result.data.metrics, result.data.params]


async def test_projects(each_client: MLflow, tmp_path: Path) -> None:
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text)
    assert await each_client(projects, str(tmp_path)) == ["FINISHED", {"got": 5.0}, {"depth": "5"}]


def newer_functions():
    import mlflow

    mlflow.set_experiment("newer")
    mlflow.set_experiment_tag("a", "b")
    mlflow.delete_experiment_tag("a")
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1.0, synchronous=False)
        mlflow.log_metrics({"n": 2.0}, synchronous=False)
        mlflow.log_params({"p": 3}, synchronous=False)
        mlflow.set_tags({"t": "u"}, synchronous=False)
        mlflow.log_param("q", 4, synchronous=False).wait()
        mlflow.flush_async_logging()
    mlflow.delete_run(run.info.run_id)
    mlflow.restore_run(run.info.run_id)
    result = mlflow.get_run(run.info.run_id)
    experiment = result.info.experiment_id
    mlflow.delete_experiment(experiment)
    mlflow.restore_experiment(experiment)
    client = mlflow.MlflowClient()
    client.create_registered_model("m")
    client.create_model_version("m", "")
    mlflow.set_model_version_tag("m", "1", "k", "v")
    return [
        result.data.metrics,
        result.data.params,
        result.data.tags["t"],
        mlflow.get_experiment(experiment).tags,
        mlflow.get_experiment(experiment).lifecycle_stage,
        client.get_model_version("m", "1").tags["k"],
    ]


async def test_methods_of_newer_clients(mlflow: MLflow) -> None:
    metrics, params = {"m": 1.0, "n": 2.0}, {"p": "3", "q": "4"}
    assert await mlflow(newer_functions) == [metrics, params, "u", {}, "active", "v"]


def system_metrics():
    import time

    import mlflow

    mlflow.enable_system_metrics_logging()
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    mlflow.set_system_metrics_node_id("node-1")
    try:
        with mlflow.start_run() as run:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                time.sleep(0.3)
                result = mlflow.get_run(run.info.run_id).data.metrics
                if result:
                    break
    finally:
        mlflow.disable_system_metrics_logging()
        mlflow.set_system_metrics_node_id(None)
    return sorted({key.split("/")[0] + "/" + key.split("/")[1] for key in result})


async def test_system_metrics(mlflow: MLflow) -> None:
    assert await mlflow(system_metrics) == ["system/node-1"]


def learning():
    import mlflow
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    mlflow.autolog()
    mlflow.sklearn.autolog(log_models=False, silent=True)
    try:
        inputs, targets = load_iris(return_X_y=True)
        search = GridSearchCV(LogisticRegression(max_iter=200), {"C": [0.1, 1.0]}, cv=2)
        with mlflow.start_run() as run:
            search.fit(inputs, targets)
    finally:
        mlflow.sklearn.autolog(disable=True)
        mlflow.autolog(disable=True)
    children = mlflow.search_runs(
        ["0"], f"tags.mlflow.parentRunId = '{run.info.run_id}'", order_by=["params.C"], output_format="list"
    )
    result = mlflow.get_run(run.info.run_id)
    return [
        [one.data.params["C"] for one in children],
        result.data.params["best_C"],
        result.data.metrics["best_cv_score"] > 0.9,
        result.data.tags["estimator_name"],
    ]


async def test_autolog_of_scikit_learn_functions(each_client: MLflow) -> None:
    assert await each_client(learning) == [["0.1", "1.0"], "1.0", True, "GridSearchCV"]


def boosting(flavor):
    import importlib

    import mlflow
    import numpy as np

    try:
        library = importlib.import_module(flavor)
    except OSError as error:
        return {"lacking": str(error)}
    inputs, targets = np.arange(40.0).reshape(-1, 2), np.arange(20) % 2
    getattr(mlflow, flavor).autolog(log_models=True, silent=True)
    try:
        with mlflow.start_run() as run:
            if flavor == "xgboost":
                library.train({"objective": "binary:logistic"}, library.DMatrix(inputs, targets), 2)
            else:
                library.train({"objective": "binary", "verbose": -1}, library.Dataset(inputs, targets), 2)
    finally:
        getattr(mlflow, flavor).autolog(disable=True)
    result = mlflow.get_run(run.info.run_id)
    models = mlflow.search_logged_models(experiment_ids=["0"], output_format="list")
    loaded = mlflow.pyfunc.load_model(models[0].model_uri).predict(inputs)
    return {"objective": result.data.params["objective"].split(":")[0], "rows": len(loaded)}


@pytest.mark.parametrize("flavor", ["xgboost", "lightgbm"])
async def test_autolog_of_boosting_libraries(mlflow: MLflow, flavor: str) -> None:
    result = await mlflow(boosting, flavor)
    if "lacking" in result:
        pytest.skip(f"{flavor} cannot be loaded on this machine: {result['lacking']}")
    assert result == {"objective": "binary", "rows": 20}
