"""The unmodified client waits where a limit of requests says so, and goes on."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from app.access.limits import requests
from app.runtime import Runtime
from tests.conftest import TestProject
from tests.support.mlflow.client import MLflow


def log_thirty_metrics():
    import os  # noqa: PLC0415 - it runs in the client's process

    from mlflow import MlflowClient  # noqa: PLC0415 - likewise

    none = os.environ.pop("MLFLOW_HTTP_REQUEST_MAX_RETRIES")  # as many as a user has
    try:
        client = MlflowClient()
        run = client.create_run("0").info.run_id
        for step in range(30):
            client.log_metric(run, "loss", step, step=step)
        return len(client.get_metric_history(run, "loss"))
    finally:
        os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = none


async def test_the_client_retries_and_loses_nothing(
    each_client: MLflow, project: TestProject, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "WINDOW_SECONDS", 2)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET request_limit = 12 WHERE id = :id"), {"id": project.id})
    before = _refused()
    assert await each_client(log_thirty_metrics) == 30
    assert _refused() > before


def _refused() -> float:
    labels = {"method": "POST", "edge": "mlflow", "status": "429"}
    return REGISTRY.get_sample_value("modelyard_http_requests_total", labels) or 0.0
