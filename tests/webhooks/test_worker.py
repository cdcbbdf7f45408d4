"""From a change in the registry to the receiver, by a real worker process."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.registry import models
from app.registry.models import CreateModel
from app.webhooks.deliveries import WebhookDelivery
from tests.workers.test_crashes import until, worker

pytestmark = pytest.mark.usefixtures("empty_queue")


async def test_a_worker_delivers(servers, runtime, project, subscribe, receiver, tmp_path):
    await subscribe("registered_model.created")
    for name in ("a", "b", "c"):
        await models.create(runtime.db, project.owner, project.id, CreateModel(name))

    async def delivered() -> bool:
        async with runtime.db.read() as snap:
            done = (WebhookDelivery.project_id == project.id, WebhookDelivery.state == "delivered")
            return await snap.scalar(select(func.count()).where(*done)) == 3

    with worker(servers, tmp_path / "worker.log"):
        await until(delivered, "the deliveries were not made")
    assert len({headers["X-MLflow-Delivery-Id"] for headers, _ in receiver.got}) == 3
    assert "s3cret" not in (tmp_path / "worker.log").read_text()
