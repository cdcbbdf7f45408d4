"""What waits, as /metrics tells it: by the API, and by a worker that has a port."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from datetime import UTC, datetime, timedelta

import httpx
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, text

from app.ids import uuid7
from app.main import create_app
from app.queue import outbox
from app.registry.background_jobs import PurgeModel
from app.upkeep import gauges
from tests.workers.test_crashes import until, worker
from workers import probe
from workers.liveness import STALLED_SECONDS, Liveness

KIND = "registry.of_this_test"
METRICS_TOKEN = "of-a-scraper-of-metrics"


def samples(exposed: str) -> dict[tuple[str, str, str], float]:
    """Value by name, kind and state."""
    return {
        (sample.name, sample.labels.get("kind", ""), sample.labels.get("state", "")): sample.value
        for family in text_string_to_metric_families(exposed)
        for sample in family.samples
    }


async def test_metrics_show_queues_and_their_age(runtime, project, set_row, admin):
    ago = datetime.now(UTC) - timedelta(hours=1)
    states = ({"state": "queued", "run_after": ago}, {"state": "queued", "attempt": 3},
              {"state": "running", "lease_until": ago}, {"state": "dead", "finished_at": func.now()},
              {"state": "succeeded", "finished_at": func.now()})  # fmt: skip
    for number, values in enumerate(states):
        async with runtime.db.write() as tx:
            job_id = await outbox.enqueue(tx, PurgeModel(project.id, number), project_id=project.id)
        await set_row(job_id, kind=KIND, **values)
    async with runtime.db.write() as tx:
        await tx.execute(text("DELETE FROM condemned_objects"))
        condemned = """INSERT INTO condemned_objects (object_key, reason, size, condemned_at)
                       VALUES ('v1/x', 'r', 7, :ago), ('v1/y', 'r', NULL, now())"""
        await tx.execute(text(condemned), {"ago": ago})
        await tx.execute(text("""INSERT INTO blobs (project_id, id, object_key, created_at, lease_until)
                                 VALUES (:project, :id, 'v1/z', '1990-01-01', now() + interval '1 hour')"""),
                         {"project": project.id, "id": uuid7()})  # fmt: skip
    app = create_app(runtime.settings, runtime=runtime)
    app.state.runtime = runtime
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/metrics", headers=admin.headers)
        again = await client.get("/metrics", headers=admin.headers)
    values = samples(answer.text)
    assert values["modelyard_figures_up", "", ""] == 1
    assert [values["modelyard_jobs", KIND, state] for state in ("queued", "running", "dead")] == [2, 1, 1]
    assert ("modelyard_jobs", KIND, "succeeded") not in values
    assert 3600 <= values["modelyard_jobs_oldest_due_seconds", KIND, ""] < 3700
    assert 3600 <= values["modelyard_jobs_lease_overdue_seconds", KIND, ""] < 3700
    assert values["modelyard_jobs_retrying", KIND, ""] == 1
    assert (values["modelyard_condemned_objects", "", ""], values["modelyard_condemned_bytes", "", ""]) == (2, 7)
    assert 3600 <= values["modelyard_condemned_oldest_seconds", "", ""] < 3700
    assert values["modelyard_pending_uploads_oldest_seconds", "", ""] > 1e9
    assert values["modelyard_silent_uploads_oldest_seconds", "", ""] >= 0
    told = {name for name, _, _ in values}
    assert {f"modelyard_{name}" for name in gauges._HELP} <= told
    assert "modelyard_bell_failures_total" in told
    assert (
        samples(again.text)["modelyard_condemned_oldest_seconds", "", ""]
        == (values["modelyard_condemned_oldest_seconds", "", ""])
    )
    async with runtime.db.write() as tx:
        await tx.execute(text("DELETE FROM background_jobs WHERE kind = :kind"), {"kind": KIND})
        await tx.execute(text("DELETE FROM blobs WHERE object_key = 'v1/z'"))
        await tx.execute(text("DELETE FROM condemned_objects WHERE object_key IN ('v1/x', 'v1/y')"))


async def test_metrics_without_a_database_leave_gauges_out(runtime, monkeypatch):
    monkeypatch.setattr(gauges, "TIMEOUT_SECONDS", 0)
    collector = gauges.GaugeCollector(runtime.db)
    await collector.refresh()
    (up,) = collector.collect()
    assert (up.name, up.samples[0].value) == ("modelyard_figures_up", 0)


async def test_stalled_pump_fails_the_liveness_probe(runtime):
    liveness = Liveness()
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(probe.application(runtime, liveness)), base_url="http://test"
    )
    async with client:
        assert (await client.get("/health/live")).status_code == 200
        liveness.at = time.monotonic() - STALLED_SECONDS
        assert (await client.get("/health/live")).status_code == 503
        liveness.beat()
        assert (await client.get("/health/live")).status_code == 200


async def test_worker_with_a_port_answers_probes_and_stops_on_signal(servers, tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("MODELYARD_WORKER_PORT", str(port))
    monkeypatch.setenv("MODELYARD_METRICS_TOKEN", METRICS_TOKEN)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def answers():
            try:
                return (await client.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

        with worker(servers, tmp_path / "worker.log") as process:
            await until(answers, "the worker did not answer")
            assert (await client.get("/health/ready")).json()["status"] == "ready"
            assert (await client.get("/metrics")).status_code == 401
            exposed = samples((await client.get("/metrics", auth=("prometheus", METRICS_TOKEN))).text)
            assert exposed["modelyard_figures_up", "", ""] == 1
            assert any(name == "modelyard_chore_last_success_timestamp_seconds" for name, _, _ in exposed)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 15) == 0
