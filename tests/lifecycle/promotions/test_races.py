"""Promotions that race, in one process and in two: one wins, and the others are told who won."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app import faults
from app.access.policy import Role
from app.ids import GlobalId
from app.lifecycle.promotions import outcomes
from app.lifecycle.promotions.outcomes import PromotionOvertaken
from app.registry.versions import lookup
from tests.support.paused_step import at_once
from tests.support.registry.promotions import approved, opened, promoted, version_with_file

pytestmark = pytest.mark.usefixtures("model")

PROMOTE = """mutation p($v: ID!, $stage: String!, $current: Long) {
  modelVersionPromote(input: {modelVersion: {id: $v}, stage: $stage, expectedCurrent: $current}) {
    modelVersion { version } promotion { status version } userErrors { code message } } }"""


@asynccontextmanager
async def api_process(folder: Path, number: int, **environment: str):
    """An API process of the installation of these tests, on a port of its own; killed at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"MODELYARD_PORT": str(port), "MODELYARD_URL": f"http://127.0.0.1:{port}", **environment}
    with (folder / f"api{number}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - it goes on running
            [sys.executable, "-m", "app.cli", "api"], env={**os.environ, **settings}, stdout=log, stderr=log
        )
    try:
        async with httpx.AsyncClient(base_url=settings["MODELYARD_URL"], timeout=60) as client:
            for _ in range(600):
                try:
                    if (await client.get("/healthz")).status_code < 500:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
            yield client, process
    finally:
        process.kill()
        process.wait()


async def send(client, project, version, stage, current=None):
    variables = {"v": str(GlobalId.of("ModelVersion", project.id, version.id)), "stage": stage, "current": current}
    headers = project[Role.MAINTAINER].headers
    answer = await client.post("/graphql", json={"query": PROMOTE, "variables": variables}, headers=headers)
    return answer.json()["data"]["modelVersionPromote"]


async def states_of(runtime, project):
    async with runtime.db.read() as snap:
        rows = await snap.execute(
            text("SELECT state, version FROM promotions WHERE project_id = :p ORDER BY id"), {"p": project.id}
        )
        return [tuple(row) for row in rows]


async def holders_of(runtime, project, stage):
    async with runtime.db.read() as snap:
        statement = "SELECT version FROM model_versions WHERE project_id = :p AND stage = :s"
        return list(await snap.scalars(text(statement), {"p": project.id, "s": stage}))


async def test_one_of_fifty_promotions_over_two_processes_wins_and_the_others_name_it(runtime, project, tmp_path):
    versions = [await version_with_file(runtime, project, f"1.0.{patch}") for patch in range(50)]
    async with AsyncExitStack() as stack:
        clients = [(await stack.enter_async_context(api_process(tmp_path, n)))[0] for n in range(2)]
        answers = await asyncio.gather(
            *(send(clients[n % 2], project, version, "production", 0) for n, version in enumerate(versions))
        )
    won = [answer for answer in answers if not answer["userErrors"]]
    assert len(won) == 1
    winner = won[0]["modelVersion"]["version"]
    lost = [answer for answer in answers if answer["userErrors"]]
    assert {answer["userErrors"][0]["code"] for answer in lost} == {"STAGE_MOVED"}
    maintainer = project[Role.MAINTAINER].actor.username
    assert all(f"({winner}), promoted by {maintainer}" in answer["userErrors"][0]["message"] for answer in lost)
    assert all(answer["promotion"]["status"] == "REFUSED" for answer in lost)
    assert await holders_of(runtime, project, "production") == [winner]
    states = await states_of(runtime, project)
    assert (len(states), states.count(("completed", winner))) == (50, 1)


async def test_the_same_version_fifty_times_is_one_promotion(runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    entries = await asyncio.gather(*(promoted(runtime, project, version, "production") for _ in range(50)))
    assert len({entry.promotion.id for entry in entries}) == 1
    assert await states_of(runtime, project) == [("completed", "1.0.0")]


async def test_promotion_that_another_overtakes_between_its_phases_loses(runtime, project, tmp_path):
    first, second = [await version_with_file(runtime, project, text) for text in ("1.0.0", "1.1.0")]
    faults.arm(tmp_path)
    try:
        (tmp_path / "promotion.prepared").write_text("hold\n")
        slow = asyncio.create_task(promoted(runtime, project, first, "production"))
        reached = tmp_path / "promotion.prepared.reached"
        while not reached.exists():  # noqa: ASYNC110 - the trap knows no event
            await asyncio.sleep(0.01)
        await promoted(runtime, project, second, "production")
        reached.unlink()
        with pytest.raises(PromotionOvertaken, match=r"1\.1\.0"):
            await slow
    finally:
        faults.arm(None)


async def test_approval_and_promotion_at_once_do_not_wait_for_each_other(runtime, project, monkeypatch):
    async with runtime.db.write() as tx:
        statement = "UPDATE name_protections SET approvals = 1 WHERE project_id = :p AND kind = 'stage'"
        await tx.execute(text(statement), {"p": project.id})
    maintainer, owner = project[Role.MAINTAINER].actor, project.owner
    version = await version_with_file(runtime, project, "1.0.0")
    async with runtime.db.write() as tx:  # as if others had made them
        await tx.execute(text("UPDATE model_versions SET created_by = NULL WHERE id = :v"), {"v": version.id})
        await tx.execute(text("UPDATE candidates SET created_by = NULL WHERE id = :c"), {"c": version.candidate_id})
    request = await opened(runtime, project, version, "production", maintainer, promotes_when_approved=True)
    results = await at_once(
        monkeypatch,
        outcomes.complete,
        approved(runtime, project, request, owner),
        promoted(runtime, project, version, "production", maintainer),
    )
    assert not [result for result in results if isinstance(result, BaseException)], results
    assert await states_of(runtime, project) == [("completed", "1.0.0")]


@pytest.mark.parametrize("point", ["promotion.prepared", "promotion.moved"])
async def test_killed_between_the_phases_nothing_is_half_done(runtime, project, tmp_path, point):
    version = await version_with_file(runtime, project, "1.0.0")
    (tmp_path / "traps").mkdir()
    (tmp_path / "traps" / point).write_text("kill\n")
    async with api_process(tmp_path, 1, MODELYARD_FAULTS=str(tmp_path / "traps")) as (client, process):
        with pytest.raises(httpx.TransportError):
            await send(client, project, version, "production", 0)
        assert process.wait(10) == -9
    now = await lookup.get(runtime.db, project.owner, project.id, version.id)
    assert (now.stage, now.sealed_at) == ("none", None)
    assert await states_of(runtime, project) == []
    await promoted(runtime, project, version, "production", expected_current=0)
    assert await states_of(runtime, project) == [("completed", "1.0.0")]
