"""PostgreSQL that says "disk full" (SQLSTATE 53100), at each statement and at the commit: what each door answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app import disk_space
from app.disk_space import DiskSpace
from app.errors import StorageFull
from app.queue.notifier import Notifier
from app.runtime import Runtime, open_runtime
from app.settings import Settings
from tests.conftest import TestProject, new_project, serving
from tests.support.db import owner

NAME = "full"
GROWING = ("candidates", "candidate_params", "metric_points", "models", "model_versions", "blobs", "artifacts")
_FUNCTION = """
CREATE OR REPLACE FUNCTION say_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$
"""
_FOR_US = f"FOR EACH ROW WHEN (current_setting('application_name') = '{NAME}') EXECUTE FUNCTION say_full()"


@pytest.fixture(scope="module")
async def full(runtime: Runtime) -> AsyncIterator[None]:
    """Tables say so to one API, and to no other."""
    late = "CREATE CONSTRAINT TRIGGER say_full AFTER INSERT ON candidate_tags DEFERRABLE INITIALLY DEFERRED"
    await owner.execute(
        runtime.settings,
        _FUNCTION,
        *(f"CREATE TRIGGER say_full BEFORE INSERT ON {table} {_FOR_US}" for table in GROWING),
        f"CREATE TRIGGER say_full BEFORE UPDATE ON tokens {_FOR_US}",
        f"{late} {_FOR_US}",
    )
    yield
    tables = (*GROWING, "tokens", "candidate_tags")
    await owner.execute(runtime.settings, *(f"DROP TRIGGER say_full ON {table}" for table in tables))


class Doors:
    def __init__(self, http: httpx.AsyncClient, healthy: httpx.AsyncClient, project: TestProject) -> None:
        self.http, self.healthy, self.project = http, healthy, project
        self.tracking = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0"
        self.run = ""

    async def post(self, call: str, **body: object) -> httpx.Response:
        return await self.http.post(f"{self.tracking}/mlflow/{call}", json=body)

    def file(self, name: str = "new.bin") -> str:
        return f"{self.tracking}/mlflow-artifacts/artifacts/0/{self.run}/artifacts/{name}"

    def package(self) -> str:
        return f"/api/v4/projects/{self.project.id}/packages/ml_models/candidate:{self.run}/files/new.bin"

    async def mutate(self, document: str, **given: object) -> httpx.Response:
        return await self.http.post("/graphql", json={"query": document, "variables": {"input": given}})


@pytest.fixture
async def doors(full: None, migrated: Settings, runtime: Runtime, staff: dict, url: str) -> AsyncIterator[Doors]:
    project = await new_project(runtime, staff)
    async with (
        open_runtime(migrated, name=NAME) as opened,
        serving(opened) as address,
        httpx.AsyncClient(base_url=address, headers=project.headers, timeout=30) as http,
        httpx.AsyncClient(base_url=url, headers=project.headers, timeout=30) as healthy,
    ):
        api = Doors(http, healthy, project)
        begun = await healthy.post(f"{api.tracking}/mlflow/runs/create", json={"experiment_id": "0"})
        api.run = begun.json()["run"]["info"]["run_id"]
        assert (await healthy.put(api.file("kept.bin"), content=b"kept")).status_code == 200
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE tokens SET last_used_at = now() - interval '1 hour'"))
        yield api


CALLS: dict[str, Callable[[Doors], Awaitable[httpx.Response]]] = {
    "create-run": lambda doors: doors.post("runs/create", experiment_id="0"),
    "log-parameter": lambda doors: doors.post("runs/log-parameter", run_id=doors.run, key="a", value="1"),
    "log-metric": lambda doors: doors.post("runs/log-metric", run_id=doors.run, key="a", value=1, timestamp=1),
    "set-tag at the commit": lambda doors: doors.post("runs/set-tag", run_id=doors.run, key="a", value="1"),
    "create-model": lambda doors: doors.post("registered-models/create", name=f"m{uuid4().hex}"),
    "small file": lambda doors: doors.http.put(doors.file(), content=b"x" * 1000),
    "large file": lambda doors: doors.http.put(doors.file(), content=b"x" * 2_000_000),
    "package": lambda doors: doors.http.put(doors.package(), content=b"x" * 1000),
}


@pytest.mark.parametrize("name", CALLS)
async def test_calls_answer_507(doors: Doors, name: str) -> None:
    answer = await CALLS[name](doors)
    told = answer.json()
    code = None if name == "package" else "RESOURCE_EXHAUSTED"  # GitLab's answers have a message alone
    assert (answer.status_code, told.get("error_code")) == (507, code), answer.text
    assert told["message"].startswith("The disk of the database is full; nothing was stored.")
    assert answer.headers["retry-after"] == "30"
    listed = await doors.healthy.get(f"{doors.tracking}/mlflow/artifacts/list", params={"run_id": doors.run})
    assert [file["path"] for file in listed.json()["files"]] == ["kept.bin"]


async def test_mutation_on_a_full_disk_answers_a_code_and_the_probe_is_degraded(doors: Doors) -> None:
    before = (await doors.http.get("/health/ready")).json()
    assert before["parts"]["database"] == "ok"
    document = "mutation ($input: ModelCreateInput!) { modelCreate(input: $input) { userErrors { code message } } }"
    answer = await doors.mutate(document, project={"path": doors.project.path}, name="churn")
    (error,) = answer.json()["data"]["modelCreate"]["userErrors"]
    assert (answer.status_code, error["code"]) == (200, "STORAGE_FULL")
    assert "The disk of the database is full" in error["message"]
    after = await doors.http.get("/health/ready")
    assert (after.status_code, after.json()["status"], after.json()["parts"]["database"]) == (200, "degraded", "full")
    assert after.json()["reasons"]["database"].startswith("The disk of the database is full")


async def test_reads_work_while_the_disk_is_full(doors: Doors) -> None:
    """Also with a token whose last use is to be noted, which cannot be."""
    for answer in (
        await doors.http.get(f"{doors.tracking}/mlflow/runs/get", params={"run_id": doors.run}),
        await doors.http.get(doors.file("kept.bin")),
        await doors.post("runs/search", experiment_ids=["0"]),
        await doors.http.post("/graphql", json={"query": "{ viewer { user { username } } }"}),
    ):
        assert answer.status_code == 200, answer.text


async def test_growing_writes_are_refused_below_the_reserve_and_deletions_are_not(
    doors: Doors, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    """The room of the healthy API's database: its disk is given an end."""
    monkeypatch.setattr(runtime.db, "room", DiskSpace("the database", directory=tmp_path, reserve=1000))
    nothing = SimpleNamespace(statvfs=lambda _path: SimpleNamespace(f_bavail=999, f_frsize=1, f_blocks=0))
    monkeypatch.setattr(disk_space, "os", nothing)
    http, tracking = doors.healthy, doors.tracking
    for call, body in (
        ("runs/create", {"experiment_id": "0"}),
        ("runs/log-metric", {"run_id": doors.run, "key": "a", "value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"run_id": doors.run, "key": "a", "value": "1"}),
        ("registered-models/create", {"name": "churn"}),
        ("experiments/create", {"name": f"e{uuid4().hex}"}),
    ):
        assert (await http.post(f"{tracking}/mlflow/{call}", json=body)).status_code == 507, call
    assert (await http.put(doors.file(), content=b"x")).status_code == 507
    assert (await http.get("/health/ready")).json()["parts"]["database"] == "full"
    assert (await http.delete(doors.file("kept.bin"))).status_code == 200
    assert (await http.post(f"{tracking}/mlflow/runs/delete", json={"run_id": doors.run})).status_code == 200


async def test_redis_that_cannot_write_its_log_is_storage_full() -> None:
    """It says so to PING, too (MISCONF); jobs are found without it."""
    notifier = Notifier("redis://127.0.0.1:1/0")

    async def ping() -> None:
        from redis.exceptions import ResponseError  # noqa: PLC0415

        raise ResponseError("MISCONF Errors writing to the AOF file: No space left on device")

    notifier._pool = SimpleNamespace(ping=ping)  # type: ignore[assignment] # all that is called of the pool
    with pytest.raises(StorageFull):
        await notifier.ping()
