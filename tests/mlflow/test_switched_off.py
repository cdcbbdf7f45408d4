"""What a version shows is loaded by its own name, whether or not experiments may be seen."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import pytest

from app.access import projects
from app.access.policy import Role
from app.access.projects import UpdateProject
from app.runtime import Runtime
from tests.conftest import TestProject
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import ClientError, MLflow


def download(uri):
    from pathlib import Path

    import mlflow

    root = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
    files = [root] if root.is_file() else [path for path in root.rglob("*") if path.is_file()]
    return sorted([path.name, path.read_text()] for path in files if path.name != "registered_model_meta")


def listed(run_id):
    import mlflow

    return [one.path for one in mlflow.MlflowClient().list_artifacts(run_id)]


async def test_versions_are_loaded_while_experiments_are_switched_off(
    each_client: MLflow, base: str, rest: Rest, project: TestProject, runtime: Runtime
) -> None:
    run = (await rest.post("runs/create", {"experiment_id": "0"})).json()["run"]["info"]["run_id"]
    for path in ("model/MLmodel", "model/data/w.bin", "secret.txt"):
        address = f"{base}/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/{path}"
        assert (await rest.http.put(address, content=path.encode(), headers=rest.headers)).status_code == 200
    await rest.post("registered-models/create", {"name": "m"})
    source = {"name": "m", "source": f"runs:/{run}/model", "run_id": run}
    assert (await rest.post("model-versions/create", source)).status_code == 200
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, experiments_access="disabled"))
    guest = each_client.at(base, project[Role.GUEST].token)
    whole = [["MLmodel", "model/MLmodel"], ["w.bin", "model/data/w.bin"]]
    assert await guest(download, "models:/m/1") == whole
    assert await guest(download, f"mlflow-artifacts:/0/{run}/artifacts/model/data/w.bin") == whole[1:]
    with pytest.raises(ClientError, match=r"404 Client Error|No such artifact"):
        await guest(download, f"mlflow-artifacts:/0/{run}/artifacts/secret.txt")
    with pytest.raises(ClientError, match="switched off"):
        await guest(listed, run)
