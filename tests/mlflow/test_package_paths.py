"""Clients whose ``artifact_uri`` is one of GitLab's package paths write and read there."""

# ruff: noqa: PLC0415 - the functions run in the interpreter of the client
from __future__ import annotations

from tests.support.mlflow.client import MLflow


def through_package_paths(base):
    import pathlib
    import tempfile

    import mlflow
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    with mlflow.start_run() as run:
        pass
    repository = get_artifact_repository(f"{base}/candidate:{run.info.run_id}/files")
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "weights.bin"
        source.write_bytes(b"weights")
        repository.log_artifact(str(source), "model")
        target = pathlib.Path(folder) / "back.bin"
        repository._download_file("model/weights.bin", str(target))
        listed = [file.path for file in mlflow.MlflowClient().list_artifacts(run.info.run_id, "model")]
        return target.read_bytes().decode(), listed


async def test_an_http_artifact_uri_reads_and_writes_package_files(each_client: MLflow, url, project) -> None:
    base = f"{url}/api/v4/projects/{project.id}/packages/ml_models"
    assert await each_client(through_package_paths, base) == ["weights", ["model/weights.bin"]]
