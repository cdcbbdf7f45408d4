"""Whole pieces of work as people do them with either client, and with both in one project."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from pathlib import Path

import pytest

from app.access.policy import Role
from tests.conftest import TestProject
from tests.support.mlflow.client import ClientError, MLflow

SEMVERS = ["1.0.0", "1.2.0", "1.2.4", "2.0.0-rc.1", "2.0.0", "2.1.0"]


def log_own_models(semvers):
    """A model of one's own class with a file that belongs to it, registered while it is logged."""
    import tempfile
    from pathlib import Path

    import mlflow
    from mlflow import MlflowClient

    class Adder(mlflow.pyfunc.PythonModel):
        def load_context(self, context):
            from pathlib import Path

            self.summand = int(Path(context.artifacts["summand"]).read_text())

        def predict(self, context, model_input, params=None):
            return [int(value) + self.summand for value in model_input["x"]]

    client = MlflowClient()
    client.create_registered_model("adder")
    for number, semver in enumerate(semvers, 1):
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name=semver) as run:
            summand = Path(folder) / "summand.txt"
            summand.write_text(str(100 * number))
            files = {"summand": str(summand)}
            mlflow.pyfunc.log_model("model", python_model=Adder(), artifacts=files, pip_requirements=["mlflow"])
        mlflow.register_model(f"runs:/{run.info.run_id}/model", "adder", tags={"gitlab.version": semver})
    client.set_registered_model_alias("adder", "champion", "2")
    client.transition_model_version_stage("adder", "3", "Production")


def add_one(references):
    """What the loaded versions make of 1: 100 times the number of the version, and 1."""
    import mlflow
    import pandas as pd

    inputs = pd.DataFrame({"x": [1]})
    return [int(mlflow.pyfunc.load_model(f"models:/adder{one}").predict(inputs)[0]) for one in references]


MEANING = {
    "/3": 301,
    "/1.2.0": 201,
    "/1.2.4": 301,
    "/2.0.0-rc.1": 401,
    "/^1.2": 301,
    "/~1.2.0": 301,
    "/1.x": 301,
    "/>=1,<2": 301,
    "/>=1.2,<1.2.4": 201,
    "/production": 301,
    "/Production": 301,
    "/latest": 601,
    "@champion": 201,
}


def download(reference):
    from pathlib import Path

    import mlflow

    folder = Path(mlflow.artifacts.download_artifacts(f"models:/adder{reference}"))
    one = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/adder{reference}/artifacts/summand.txt"))
    requirements = (folder / "requirements.txt").read_text().startswith("mlflow")
    info = mlflow.models.get_model_info(f"models:/adder{reference}")
    return [(folder / "artifacts" / "summand.txt").read_text(), one.read_text(), requirements, sorted(info.flavors)]


def predict_by_command(reference, folder):
    """What ``mlflow models predict`` writes: it loads a model as ``mlflow models serve`` does."""
    import json
    from pathlib import Path

    from click.testing import CliRunner
    from mlflow.cli import cli

    inputs, answer = Path(folder) / "asked.json", Path(folder) / "answer.json"
    inputs.write_text(json.dumps({"dataframe_split": {"columns": ["x"], "data": [[1], [2]]}}))
    words = ["models", "predict", "-m", f"models:/adder{reference}", "-i", str(inputs), "-o", str(answer)]
    done = CliRunner().invoke(cli, [*words, "--env-manager", "local"], catch_exceptions=False)
    return [done.exit_code, json.loads(answer.read_text())]


async def test_every_reference_loads_its_version(each_client: MLflow, tmp_path: Path) -> None:
    await each_client(log_own_models, SEMVERS)
    assert dict(zip(MEANING, await each_client(add_one, list(MEANING)), strict=True)) == MEANING
    assert await each_client(download, "/^1.2") == ["300", "300", True, ["python_function"]]
    assert await each_client(predict_by_command, "/~1.2.0", str(tmp_path)) == [0, {"predictions": [301, 302]}]
    for unknown in ("/9.9.9", "/^3", "/nothing", "@nobody"):
        with pytest.raises(ClientError) as caught:
            await each_client(add_one, [unknown])
        assert caught.value.code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "INTERNAL_ERROR"}, unknown
        assert "500" not in str(caught.value)


def version_of_alias(alias):
    from mlflow import MlflowClient

    return int(MlflowClient().get_model_version_by_alias("adder", alias).version)


async def test_a_version_after_the_at_sign_needs_a_newer_client(mlflow: MLflow, oldest: MLflow) -> None:
    """2.7.1 refuses dots and the word ``latest`` itself, before it asks the server."""
    await mlflow(make_versions, "adder", ["1.0.0", "1.2.3"])
    assert [await mlflow(version_of_alias, one) for one in ("1.2.3", "1.0.0", "latest")] == [2, 1, 2]
    for alias, told in (("1.2.3", "Invalid alias name: '1.2.3'"), ("latest", "is reserved")):
        with pytest.raises(ClientError, match=told):
            await oldest(version_of_alias, alias)


def make_versions(name, semvers, source=""):
    from mlflow import MlflowClient

    client = MlflowClient()
    client.create_registered_model(name)
    made = [client.create_model_version(name, source, tags={"gitlab.version": one}) for one in semvers]
    return [int(one.version) for one in made]


def begin(name):
    import mlflow

    mlflow.set_experiment("shared")
    run = mlflow.start_run(run_name=name)
    mlflow.log_params({f"p{number}": number for number in range(250)})
    mlflow.log_metric("loss", 1.0, step=0)
    mlflow.log_table({"step": [0], "note": [f"begun by {mlflow.__version__}"]}, "notes.json")
    mlflow.end_run("SCHEDULED")
    return run.info.run_id


def go_on(run_id):
    import mlflow

    mlflow.set_experiment("shared")
    with mlflow.start_run(run_id=run_id):
        mlflow.log_param("p7", 7)
        mlflow.log_metrics({"loss": 0.5, "f1": 0.75}, step=1)
        mlflow.log_table({"step": [1], "note": [f"ended by {mlflow.__version__}"]}, "notes.json")
        with mlflow.start_run(run_name="child", nested=True):
            mlflow.set_tag("by", mlflow.__version__)


def look(run_id):
    import json

    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    result = client.get_run(run_id)
    history = [point.value for point in client.get_metric_history(run_id, "loss")]
    table = mlflow.artifacts.load_dict(f"runs:/{run_id}/notes.json")
    children = client.search_runs([result.info.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    kept = json.loads(result.data.tags["mlflow.loggedArtifacts"])
    return {
        "status": result.info.status,
        "params": len(result.data.params),
        "metrics": result.data.metrics,
        "history": history,
        "notes": [row[1] for row in table["data"]],
        "children": [one.data.tags["by"] for one in children],
        "tables": [one["path"] for one in kept],
    }


@pytest.mark.parametrize("first", ["2.7.1", "3.17.2"])
async def test_runs_of_one_client_are_continued_by_another(mlflow: MLflow, oldest: MLflow, first: str) -> None:
    by = {"2.7.1": oldest, "3.17.2": mlflow}
    second = next(version for version in by if version != first)
    run_id = await by[first](begin, "both")
    await by[second](go_on, run_id)
    seen = [await client(look, run_id) for client in by.values()]
    assert seen[0] == seen[1]
    assert seen[0] == {
        "status": "FINISHED",
        "params": 250,
        "metrics": {"loss": 0.5, "f1": 0.75},
        "history": [1.0, 0.5],
        "notes": [f"begun by {first}", f"ended by {second}"],
        "children": [second],
        "tables": ["notes.json"],
    }


async def test_a_model_logged_by_one_client_is_loaded_by_another(mlflow: MLflow, oldest: MLflow) -> None:
    await oldest(log_own_models, ["1.0.0", "1.1.0", "1.2.0"])
    assert await mlflow(add_one, ["/^1.0", "@champion", "/1.0.0"]) == [301, 201, 101]


def of_a_logged_model():
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()

    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["x"]

    info = mlflow.pyfunc.log_model(name="echo", python_model=Echo(), pip_requirements=["mlflow"])
    made = mlflow.register_model(f"models:/{info.model_id}", "echo", tags={"gitlab.version": "0.3.0"})
    copied = client.copy_model_version("models:/echo/^0.3", "copy")
    client.rename_registered_model("echo", "renamed")
    tags = client.get_logged_model(info.model_id).tags
    return [
        made.source == f"models:/{info.model_id}",
        client.get_model_version("renamed", "0.3.0").source == f"models:/{info.model_id}",
        copied.tags["gitlab.version"],
        "renamed" in tags["mlflow.modelVersions"] or "echo" in tags["mlflow.modelVersions"],
        sorted(mlflow.pyfunc.load_model("models:/renamed/latest").metadata.flavors),
        sorted(mlflow.pyfunc.load_model("models:/copy/latest").metadata.flavors),
    ]


async def test_a_logged_model_is_registered_copied_and_renamed(mlflow: MLflow) -> None:
    flavors = ["python_function"]
    assert await mlflow(of_a_logged_model) == [True, True, "0.3.0", True, flavors, flavors]


def rename_and_archive():
    from mlflow import MlflowClient

    client = MlflowClient()
    client.transition_model_version_stage("old", "1", "Production")
    client.set_registered_model_alias("old", "champion", "1")
    client.rename_registered_model("old", "new")
    client.transition_model_version_stage("new", "1.1.0", "Production", archive_existing_versions=True)
    client.set_registered_model_alias("new", "champion", "2")
    stages = {one.tags["gitlab.version"]: one.current_stage for one in client.search_model_versions("name = 'new'")}
    return [stages, int(client.get_model_version_by_alias("new", "champion").version)]


async def test_a_renamed_model_keeps_its_stages_and_aliases(each_client: MLflow) -> None:
    await each_client(make_versions, "old", ["1.0.0", "1.1.0"], "s3://models/old")
    assert await each_client(rename_and_archive) == [{"1.0.0": "Archived", "1.1.0": "Production"}, 2]


def type_commands(folder):
    """The commands of the client's own command line, in its process."""
    import json
    from pathlib import Path

    import mlflow
    from click.testing import CliRunner
    from mlflow.cli import cli

    def type_(*words):
        done = CliRunner().invoke(cli, list(words))
        if done.exit_code:
            raise RuntimeError(f"{words}: {done.output} {done.exception!r}")
        return done.output

    folder = Path(folder)
    (folder / "in" / "deep").mkdir(parents=True)
    (folder / "in" / "deep" / "a.txt").write_text("typed")
    made = type_("experiments", "create", "-n", "typed")
    number = made.split()[-1]
    type_("experiments", "rename", "-x", number, "--new-name", "renamed")
    listed = "renamed" in type_("experiments", "search")
    with mlflow.start_run(experiment_id=number, run_name="one") as run:
        mlflow.log_metric("m", 1)
    name = run.info.run_id
    type_("artifacts", "log-artifacts", "-l", str(folder / "in"), "-r", name, "-a", "there")
    below = json.loads(type_("artifacts", "list", "-r", name, "-a", "there"))
    type_("artifacts", "download", "-u", f"runs:/{name}/there", "-d", str(folder / "out"))
    described = json.loads(type_("runs", "describe", "--run-id", name))
    shown = name in type_("runs", "list", "--experiment-id", number)
    type_("experiments", "csv", "-x", number, "-o", str(folder / "runs.csv"))
    type_("runs", "delete", "--run-id", name)
    gone = name not in type_("runs", "list", "--experiment-id", number)
    type_("runs", "restore", "--run-id", name)
    type_("experiments", "delete", "-x", number)
    type_("experiments", "restore", "-x", number)
    return [
        [listed, shown, gone, name in (folder / "runs.csv").read_text()],
        [[one["path"], one["is_dir"]] for one in below],
        [path.read_text() for path in (folder / "out").rglob("a.txt")],
        [described["info"]["run_name"], described["data"]["metrics"]],
        mlflow.get_run(name).info.lifecycle_stage,
    ]


async def test_the_mlflow_command_line_works(each_client: MLflow, tmp_path: Path) -> None:
    assert await each_client(type_commands, str(tmp_path)) == [
        [True] * 4,
        [["there/deep", True]],
        ["typed"],
        ["one", {"m": 1.0}],
        "active",
    ]


def fit_with_autolog(log_models):
    import mlflow
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    inputs, targets = load_iris(return_X_y=True, as_frame=True)
    mlflow.sklearn.autolog(log_models=log_models, registered_model_name="iris" if log_models else None, silent=True)
    try:
        with mlflow.start_run() as run:
            model = make_pipeline(StandardScaler(), LogisticRegression()).fit(inputs, targets)
            model.score(inputs, targets)
    finally:
        mlflow.sklearn.autolog(disable=True)
    result = mlflow.get_run(run.info.run_id)
    loaded = mlflow.pyfunc.load_model("models:/iris/latest")
    files = {one.path for one in mlflow.MlflowClient().list_artifacts(run.info.run_id)}
    return {
        "steps": [result.data.params[name] for name in ("logisticregression__C", "standardscaler__with_mean")],
        "metrics": sorted(name for name in result.data.metrics if "accuracy" in name),
        "data": [one.dataset.name for one in result.inputs.dataset_inputs] != [],
        "files": "estimator.html" in files,
        "inputs": loaded.metadata.get_input_schema().input_names()[0],
        "right": int((loaded.predict(inputs) == targets).sum()) > 140,
    }


async def test_autolog_registers_the_fitted_model(each_client: MLflow) -> None:
    assert await each_client(fit_with_autolog, True) == {
        "steps": ["1.0", "True"],
        "metrics": ["training_accuracy_score"],
        "data": True,
        "files": True,
        "inputs": "sepal length (cm)",
        "right": True,
    }


def log_in_parallel(count):
    """As hyper-parameter searches do: one parent, children in threads of their own."""
    from concurrent.futures import ThreadPoolExecutor

    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    with mlflow.start_run(run_name="search") as parent:
        tags = {"mlflow.parentRunId": parent.info.run_id}

    def child(number):
        run = client.create_run("0", run_name=f"trial {number}", tags=tags).info.run_id
        client.log_param(run, "trial", number)
        for step in range(3):
            client.log_metric(run, "score", number + step / 10, step=step)
        client.log_text(run, str(number), "result/score.txt")
        client.set_terminated(run)
        return run

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(child, range(count)))
    query = f"tags.mlflow.parentRunId = '{parent.info.run_id}' AND metrics.score > 0"
    result = client.search_runs(["0"], query, order_by=["metrics.score DESC"], max_results=3)
    texts = [mlflow.artifacts.load_text(f"runs:/{run}/result/score.txt") for run in runs]
    return [[one.info.run_name for one in result], texts == [str(number) for number in range(count)]]


async def test_child_runs_are_logged_in_parallel(each_client: MLflow) -> None:
    assert await each_client(log_in_parallel, 12) == [["trial 11", "trial 10", "trial 9"], True]


def watch_the_machine():
    import time

    import mlflow

    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(1)
    with mlflow.start_run(log_system_metrics=True) as run:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not mlflow.get_run(run.info.run_id).data.metrics:
            time.sleep(0.1)
    keys = mlflow.get_run(run.info.run_id).data.metrics
    mlflow.set_system_metrics_sampling_interval(None)
    mlflow.set_system_metrics_samples_before_logging(None)
    return sorted(key for key in keys if key.endswith(("memory_usage_percentage", "cpu_utilization_percentage")))


async def test_system_metrics_are_logged_with_the_run(mlflow: MLflow) -> None:
    assert await mlflow(watch_the_machine) == [
        "system/cpu_utilization_percentage",
        "system/system_memory_usage_percentage",
    ]


def log_asynchronously():
    import mlflow

    with mlflow.start_run() as run:
        for step in range(50):
            mlflow.log_metric("loss", 1 / (1 + step), step=step, synchronous=False)
        waiting = [
            mlflow.log_metrics({"a": 1.0, "b": 2.0}, synchronous=False),
            mlflow.log_params({"p": 1, "q": "x"}, synchronous=False),
            mlflow.set_tag("t", "u", synchronous=False),
            mlflow.set_tags({"v": "w"}, synchronous=False),
        ]
        for one in waiting:
            one.wait()
        mlflow.flush_async_logging()
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    result = mlflow.get_run(run.info.run_id).data
    return [[point.step for point in history], result.params, result.tags["t"] + result.tags["v"], len(result.metrics)]


async def test_asynchronous_logging_loses_nothing(mlflow: MLflow) -> None:
    assert await mlflow(log_asynchronously) == [list(range(50)), {"p": "1", "q": "x"}, "uw", 3]


def try_to_write():
    import mlflow

    mlflow.MlflowClient().create_registered_model("m")


async def test_a_reader_who_writes_is_refused_with_a_reason(
    each_client: MLflow, project: TestProject, base: str
) -> None:
    reader = each_client.at(base, project[Role.REPORTER].token)
    with pytest.raises(ClientError) as caught:
        await reader(try_to_write)
    assert caught.value.code == "PERMISSION_DENIED"
    with pytest.raises(ClientError) as caught:
        await each_client.at(base, project.stranger.token)(try_to_write)
    assert caught.value.code == "RESOURCE_DOES_NOT_EXIST"
