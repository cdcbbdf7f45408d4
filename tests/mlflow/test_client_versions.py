"""A day's work with clients between the oldest and the newest: 2.16.2 and 3.9.0, each in a project of its own."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow import client
from tests.support.mlflow.client import ClientError, MLflow

PNG = b"\x89PNG\r\n\x1a\n"
MEANING = {
    "/2": 201,
    "/1.2.0": 201,
    "/^1.2": 301,
    "/>=1,<1.2": 101,
    "/ 1.2.4 ": 301,
    "/latest": 401,
    "/Production": 301,
    "@champion": 201,
}


@pytest.fixture(params=list(client.BETWEEN))
async def between(request: pytest.FixtureRequest, base: str, project: TestProject) -> AsyncIterator[MLflow]:
    running = await client.start(client.BETWEEN[request.param])
    yield running.at(base, project.token)
    await client.stop(running)


def train():
    """Nested candidates with everything that training code logs, and what the client gives back of them."""
    import mlflow
    import numpy as np
    from mlflow import MlflowClient

    experiment = mlflow.set_experiment("été/ночь")
    with mlflow.start_run(run_name="sweep", tags={"team": "a"}) as parent:
        for depth in (3, 5):
            with mlflow.start_run(run_name=f"depth = {depth}", nested=True) as run:
                mlflow.log_params({"depth": depth, "solver": "lbfgs"})
                for step in range(3):
                    mlflow.log_metric("loss", 1 / (depth + step), step=step)
                mlflow.log_metrics({"f1": depth / 10, "odd": float("nan")})
                mlflow.log_text("some words", "notes/a b%20c.txt")
                mlflow.log_dict({"depth": depth}, "facts.json")
    run_id = run.info.run_id
    pixels = np.full((4, 4, 3), 255, dtype=np.uint8)
    with mlflow.start_run(run_id=run_id):
        mlflow.log_image(pixels, "plots/white.png")
        for step in (0, 1):
            mlflow.log_image(pixels, key="val curve", step=step, synchronous=True)
    client = MlflowClient()
    result = client.get_run(run_id)
    condition = f"tags.mlflow.parentRunId = '{parent.info.run_id}' AND params.solver = 'lbfgs' AND metrics.f1 > 0.2"
    frame = mlflow.search_runs([experiment.experiment_id], condition, order_by=["metrics.f1 DESC"])
    return {
        "client": mlflow.__version__,
        "run": run_id,
        "params": result.data.params,
        "metrics": sorted(result.data.metrics),
        "history": [round(point.value, 3) for point in client.get_metric_history(run_id, "loss")],
        "files": sorted(one.path for one in client.list_artifacts(run_id)),
        "text": mlflow.artifacts.load_text(f"runs:/{run_id}/notes/a b%20c.txt"),
        "facts": mlflow.artifacts.load_dict(f"runs:/{run_id}/facts.json"),
        "white": list(mlflow.artifacts.load_image(f"runs:/{run_id}/plots/white.png").size),
        "found": list(frame["tags.mlflow.runName"]),
    }


def fetch_images(run_id):
    """The names of the images in the folder that the client downloads."""
    from pathlib import Path

    import mlflow

    folder = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="images"))
    return sorted(f"images/{one.name}" for one in folder.iterdir())


def register():
    """Four versions of a model of one's own class, an alias, a stage and tags, and what searches find."""
    import mlflow
    from mlflow import MlflowClient

    class Adder(mlflow.pyfunc.PythonModel):
        def __init__(self, summand):
            self.summand = summand

        def predict(self, context, model_input, params=None):
            return [int(value) + self.summand for value in model_input["x"]]

    client = MlflowClient()
    for number, semver in enumerate(["1.0.0", "1.2.0", "1.2.4", "2.0.0"], 1):
        with mlflow.start_run() as run:
            mlflow.pyfunc.log_model("model", python_model=Adder(100 * number), pip_requirements=["mlflow"])
        made = mlflow.register_model(f"runs:/{run.info.run_id}/model", "adder", tags={"gitlab.version": semver})
    client.update_model_version("adder", made.version, description="the last one")
    client.set_registered_model_alias("adder", "champion", "2")
    client.set_model_version_tag("adder", "1", "kept", "no")
    client.transition_model_version_stage("adder", "3", "Production")
    return {
        "models": [one.name for one in client.search_registered_models("name LIKE 'add%'")],
        "versions": [
            [int(one.version), one.tags["gitlab.version"], one.current_stage]
            for one in client.search_model_versions("name = 'adder'", order_by=["version_number ASC"])
        ],
        "tagged": [int(one.version) for one in client.search_model_versions("tags.kept = 'no'")],
        "described": client.get_model_version("adder", "2.0.0").description,
        "aliases": client.get_registered_model("adder").aliases,
    }


def load(references):
    """What the loaded versions make of 1: 100 times the number of the version, and 1."""
    import mlflow
    import pandas as pd

    inputs = pd.DataFrame({"x": [1]})
    return [int(mlflow.pyfunc.load_model(f"models:/adder{one}").predict(inputs)[0]) for one in references]


async def test_clients_between_the_oldest_and_the_newest_work(between: MLflow, rest: Rest) -> None:
    seen = await between(train)
    run_id, version = seen.pop("run"), seen.pop("client")
    assert seen == {
        "params": {"depth": "5", "solver": "lbfgs"},
        "metrics": ["f1", "loss", "odd"],
        "history": [0.2, 0.167, 0.143],
        "files": ["facts.json", "images", "notes", "plots"],
        "text": "some words",
        "facts": {"depth": 5},
        "white": [4, 4],
        "found": ["depth = 5", "depth = 3"],
    }
    images = await images_to_the_letter(rest, run_id)
    if version == "3.9.0":  # 2.16.2 decodes what it has listed, and then asks for other names
        assert await between(fetch_images, run_id) == images
    assert await between(register) == {
        "models": ["adder"],
        "versions": [[1, "1.0.0", "None"], [2, "1.2.0", "None"], [3, "1.2.4", "Production"], [4, "2.0.0", "None"]],
        "tagged": [1],
        "described": "the last one",
        "aliases": {"champion": "2"},
    }
    assert dict(zip(MEANING, await between(load, list(MEANING)), strict=True)) == MEANING
    for unknown in ("/9.9.9", "/^3", "@nobody"):
        with pytest.raises(ClientError) as caught:
            await between(load, [unknown])
        assert "500" not in str(caught.value)


async def images_to_the_letter(rest: Rest, run_id: str) -> list[str]:
    """Paths such as `images/val curve%step%0%timestamp%1796…%….png`, which look encoded and are not."""
    folder = {"run_id": run_id, "path": "images"}
    listed = (await rest.send("GET", "artifacts/list", params=folder)).json()["files"]
    parts = [one["path"].removeprefix("images/val curve").split("%") for one in listed]
    kinds = sorted((*part[1:4], part[-1].partition(".")[2]) for part in parts)
    assert kinds == [("step", step, "timestamp", kind) for step in ("0", "1") for kind in ("png", "webp")]
    location = (await rest.get("runs/get", run_id=run_id)).json()["run"]["info"]["artifact_uri"]
    base = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/{location.removeprefix('mlflow-artifacts:/')}"
    for one in listed:
        got = await rest.http.get(f"{base}/{quote(one['path'])}", headers=rest.headers, follow_redirects=True)
        assert got.status_code == 200
        assert got.content.startswith(PNG if one["path"].endswith("png") else b"RIFF")
        assert len(got.content) == int(one["file_size"])
    return sorted(one["path"] for one in listed)
