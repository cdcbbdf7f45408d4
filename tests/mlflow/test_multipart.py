"""Large files in parts and in ranges, by the real client and by hand."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import hashlib

from tests.mlflow.client import MLflow
from tests.mlflow.conftest import Rest

MIB = 1024 * 1024


def send_in_parts_and_fetch_in_ranges(size):
    import os
    import tempfile
    from pathlib import Path

    import mlflow
    import requests
    from mlflow import MlflowClient

    changed = {
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": "4000000",
    }
    os.environ.update(changed)
    calls = []
    original = requests.Session.request

    def noting(self, method, url, **named):
        headers = named.get("headers") or {}
        calls.append(
            [method.upper(), url, "authorization" in {name.lower() for name in headers} or bool(named.get("auth"))]
        )
        return original(self, method, url, **named)

    requests.Session.request = noting
    try:
        with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
            data = os.urandom(size)
            path = Path(folder) / "weights ü+1.bin"
            path.write_bytes(data)
            mlflow.log_artifact(str(path), "deep/folder")
        with tempfile.TemporaryDirectory() as folder:
            found = MlflowClient().download_artifacts(run.info.run_id, "deep/folder/weights ü+1.bin", folder)
            same = Path(found).read_bytes() == data
        listed = [[one.path, one.file_size] for one in MlflowClient().list_artifacts(run.info.run_id, "deep/folder")]
    finally:
        requests.Session.request = original
        for name in changed:
            os.environ.pop(name)
    return {
        "same": same,
        "listed": listed,
        "parts": [one[2] for one in calls if one[0] == "PUT"],
        "ranges": [one[2] for one in calls if one[0] == "GET" and "signature=" in one[1].lower()],
        "sha256": hashlib.sha256(data).hexdigest(),
        "run_id": run.info.run_id,
    }


async def test_the_client_sends_parts_and_fetches_ranges_without_its_token(mlflow: MLflow, rest: Rest) -> None:
    found = await mlflow(send_in_parts_and_fetch_in_ranges, 12 * MIB + 17)
    assert found["same"]
    assert found["listed"] == [["deep/folder/weights ü+1.bin", 12 * MIB + 17]]
    assert found["parts"] == [False, False, False]
    url = f"{rest.base}/api/2.0/mlflow-artifacts/artifacts/0/{found['run_id']}/artifacts/deep/folder/weights ü+1.bin"
    head = await rest.http.head(url, headers=rest.headers)
    assert head.headers["etag"] == f'"{found["sha256"]}"'
