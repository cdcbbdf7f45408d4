"""Files, logged models and whole model flavours through the real client."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import pytest

from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import MLflow


def log_files(names):
    import tempfile
    from pathlib import Path

    import mlflow
    from mlflow import MlflowClient

    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        for name in names:
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        mlflow.log_artifacts(folder)
        mlflow.log_text("other", names[0])
    client = MlflowClient()
    listed = []

    def walk(path):
        for entry in client.list_artifacts(run.info.run_id, path):
            listed.append([entry.path, entry.is_dir, entry.file_size])
            if entry.is_dir:
                walk(entry.path)

    walk(None)
    with tempfile.TemporaryDirectory() as folder:
        client.download_artifacts(run.info.run_id, "", folder)
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        result = {path.relative_to(folder).as_posix(): path.read_text() for path in files}
    return listed, result


async def test_folders_and_unusual_names_are_downloaded_unchanged(mlflow: MLflow) -> None:
    names = ["plain.txt", "a/b/c d+e %.txt", "a/ümlaut.txt"]
    listed, result = await mlflow(log_files, names)
    assert sorted(listed) == [
        ["a", True, None],
        ["a/b", True, None],
        ["a/b/c d+e %.txt", False, 15],
        ["a/ümlaut.txt", False, 13],
        ["plain.txt", False, 5],
    ]
    assert result == {name: name for name in names} | {"plain.txt": "other"}


def fit_and_register():
    import mlflow
    import numpy as np
    from mlflow import MlflowClient
    from sklearn.linear_model import LogisticRegression

    data, target = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    for c in (0.1, 10.0):
        with mlflow.start_run() as run:
            model = LogisticRegression(C=c).fit(data, target)
            more = {"pip_requirements": ["scikit-learn"]}  # else the client works them out, which takes seconds
            info = mlflow.sklearn.log_model(model, name="model", registered_model_name="m", **more)
            mlflow.log_metric("score", c, model_id=info.model_id)
    client = MlflowClient()
    client.set_registered_model_alias("m", "champion", "1")
    client.transition_model_version_stage("m", "1", "Production")
    loaded = {}
    for reference in ("/1", "/1.0.1", "/^1.0", "/latest", "/Production", "@champion"):
        model = mlflow.sklearn.load_model(f"models:/m{reference}")
        loaded[reference] = model.C
    by_run = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model").predict(data).tolist()
    logged = mlflow.get_logged_model(info.model_id)
    version = client.get_model_version("m", "2")
    files = [one.path for one in client.list_artifacts(run.info.run_id, "model")]
    searched = mlflow.search_logged_models(filter_string="metrics.score > 1", output_format="list")
    return {
        "loaded": loaded,
        "by_run": by_run,
        "status": str(logged.status),
        "metrics": {one.key: one.value for one in logged.metrics},
        "same": [version.source == f"models:/{info.model_id}", version.run_id == run.info.run_id],
        "has": "model/MLmodel" in files,
        "searched": [one.model_id == info.model_id for one in searched],
        "outputs": [one.model_id == info.model_id for one in client.get_run(run.info.run_id).outputs.model_outputs],
    }


async def test_log_register_and_load_a_model(mlflow: MLflow) -> None:
    assert await mlflow(fit_and_register) == {
        "loaded": {"/1": 0.1, "/1.0.1": 10.0, "/^1.0": 10.0, "/latest": 10.0, "/Production": 0.1, "@champion": 0.1},
        "by_run": [0, 0, 1, 1],
        "status": "READY",
        "metrics": {"score": 10.0},
        "same": [True, True],
        "has": True,
        "searched": [True],
        "outputs": [True],
    }


def fit_with_autolog():
    import mlflow
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("auto")
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            LogisticRegression().fit(np.array([[0.0], [1.0]]), np.array([0, 1]))
    finally:
        mlflow.sklearn.autolog(disable=True)
    result = mlflow.get_run(run.info.run_id)
    return [result.data.params["C"], "training_score" in result.data.metrics, len(result.outputs.model_outputs)]


async def test_autolog_logs_params_metrics_and_a_model(mlflow: MLflow) -> None:
    assert await mlflow(fit_with_autolog) == ["1.0", True, 1]


def live_as_a_logged_model():
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient()
    number = client.create_experiment("e")
    model = mlflow.initialize_logged_model(name="net", experiment_id=number, params={"a": "1"}, tags={"t": "1"})
    mlflow.finalize_logged_model(model.model_id, "READY")
    mlflow.log_model_params({"b": "2"}, model.model_id)
    client.set_logged_model_tags(model.model_id, {"u": "2"})
    client.delete_logged_model_tag(model.model_id, "t")
    result = client.get_logged_model(model.model_id)
    named = client.search_logged_models([number], "name = 'net' AND params.b = '2'")
    client.delete_logged_model(model.model_id)
    left = client.search_logged_models([number])
    tags = {key: value for key, value in result.tags.items() if not key.startswith("mlflow.")}
    return [result.name, str(result.status), result.params, tags, len(named), len(left)]


async def test_create_read_update_and_delete_a_logged_model(mlflow: MLflow) -> None:
    assert await mlflow(live_as_a_logged_model) == ["net", "READY", {"a": "1", "b": "2"}, {"u": "2"}, 1, 0]


@pytest.fixture
async def run_id(rest: Rest) -> str:
    return (await rest.post("runs/create", {})).json()["run"]["info"]["run_id"]


async def test_paths_that_leave_the_root_are_refused(rest: Rest, run_id: str) -> None:
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
    for path in ("a/%2e%2e/%2e%2e/b", "%252e%252e/b", "a//b", "a%5cb", "a%00b", "x" * 300):
        answer = await rest.http.put(f"{url}/{path}", content=b"x", headers=rest.headers)
        assert (path, answer.status_code) == (path, 400)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


async def test_files_are_streamed_both_ways(rest: Rest, run_id: str) -> None:
    async def body():
        for _ in range(40):
            yield b"0123456789" * 10_000

    path = f"0/{run_id}/artifacts/big.bin"
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/{path}"
    put = await rest.http.put(url, content=body(), headers=rest.headers)
    assert (put.status_code, put.json()) == (200, {})
    whole = await rest.http.get(url, headers=rest.headers)
    assert len(whole.content) == 4_000_000
    assert whole.headers["content-disposition"].startswith("attachment")
    assert whole.headers["x-content-type-options"] == "nosniff"
    part = await rest.http.get(url, headers={**rest.headers, "Range": "bytes=5-14"})
    assert (part.status_code, part.content) == (206, b"5678901234")
    same = await rest.http.get(url, headers={**rest.headers, "If-None-Match": whole.headers["etag"]})
    assert same.status_code == 304
    gone = await rest.http.delete(url, headers=rest.headers)
    assert gone.status_code == 200
    missing = await rest.http.get(url, headers=rest.headers)
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


async def test_a_missing_folder_is_empty(rest: Rest, run_id: str, project: TestProject) -> None:
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts"
    for path in (f"0/{run_id}/artifacts/nothing", f"0/{run_id}/artifacts", "0", ""):
        answer = await rest.http.get(url, params={"path": path}, headers=rest.headers)
        assert (answer.status_code, answer.json()) == (200, {"files": []})
    assert project.id > 0
