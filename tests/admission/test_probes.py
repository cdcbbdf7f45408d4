"""`/health/ready` however many ask, and who may read `/metrics`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from app.access import tokens
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from app.http.probes.single_flight import SingleFlight
from app.main import create_app

SCRAPER = "a-token-of-the-scraper"


def _client(runtime, **settings):
    changed = runtime.settings.model_copy(update=settings)
    app = create_app(changed, runtime=runtime)
    app.state.runtime = replace(runtime, settings=changed)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_metrics_need_a_token_by_default(runtime, project):
    async with _client(runtime) as client:
        stranger = await client.get("/metrics")
        assert stranger.status_code == 401
        assert "MODELYARD_METRICS_TOKEN" in stranger.json()["message"]
        assert (await client.get("/metrics", headers={"Authorization": "Bearer x"})).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": "Bearer None"})).status_code == 401
        assert (await client.get("/metrics", headers=project.people[Role.OWNER].headers)).status_code == 403


async def test_metrics_accept_administrator_tokens_with_any_scope(runtime, admin):
    async with runtime.db.write() as tx:
        user_id = admin.actor.user_id
        issued = await tokens.add(tx, IssueToken("t", (Scope.READ_API,)), user_id=user_id, created_by=user_id)
    async with _client(runtime) as client:
        for secret in (admin.token, issued.secret):
            answer = await client.get("/metrics", headers={"Authorization": f"Bearer {secret}"})
            assert answer.status_code == 200
            assert "modelyard_figures_up" in answer.text
        await tokens.revoke(runtime.db, admin.actor, issued.token.id)
        assert (await client.get("/metrics", headers={"Authorization": f"Bearer {secret}"})).status_code == 401


async def test_the_metrics_token_is_accepted_for_metrics_only(runtime):
    async with _client(runtime, metrics_token=SecretStr(SCRAPER)) as client:
        bearer = {"Authorization": f"Bearer {SCRAPER}"}
        assert (await client.get("/metrics", headers=bearer)).status_code == 200
        assert (await client.get("/metrics", auth=("prometheus", SCRAPER))).status_code == 200
        assert (await client.get("/metrics", headers={"Authorization": f"Bearer {SCRAPER}x"})).status_code == 401
        assert (await client.post("/graphql", json={"query": "{ __typename }"}, headers=bearer)).status_code == 401


def test_a_short_metrics_token_is_refused(runtime):
    values = runtime.settings.model_dump() | {"metrics_token": "short"}
    with pytest.raises(ValueError, match="must have at least 16 characters"):
        type(runtime.settings).model_validate(values)


async def test_a_project_token_does_not_open_metrics(runtime, admin, project):
    issued = await tokens.issue(runtime.db, admin.actor, IssueToken("t", project_id=project.id, role=Role.GUEST))
    async with _client(runtime) as client:
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {issued.secret}"})
    assert answer.status_code == 403


async def test_no_label_of_a_metric_comes_from_a_client(runtime, admin):
    async with _client(runtime) as client:
        for number in range(5):
            await client.request(f"MADEUP{number}", f"/made-up-{number}")
        exposed = (await client.get("/metrics", headers=admin.headers)).text
    assert "made-up" not in exposed.lower()
    assert 'method="OTHER"' in exposed


async def test_concurrent_readiness_probes_share_one_check(runtime, monkeypatch):
    query, may_answer = [], asyncio.Event()

    async def ping() -> None:
        query.append(1)
        await may_answer.wait()

    monkeypatch.setattr(type(runtime.db), "ping", lambda _self: ping())
    async with _client(runtime) as client:
        asking = [asyncio.create_task(client.get("/health/ready")) for _ in range(50)]
        while not query:  # noqa: ASYNC110 - it is what is looked at
            await asyncio.sleep(0.001)
        asking[0].cancel()
        may_answer.set()
        answers = await asyncio.gather(*asking[1:])
    assert {answer.status_code for answer in answers} == {200}
    assert len(query) == 1


async def test_a_shared_result_is_repeated_while_it_is_fresh_and_so_is_a_failure():
    now, query = 100.0, []

    async def ask() -> int:
        query.append(now)
        if len(query) == 2:
            raise ValueError
        return len(query)

    flight = SingleFlight(ask, 0.5, lambda: now)
    assert [await flight(), await flight()] == [1, 1]
    now += 0.5
    for _ in range(2):
        with pytest.raises(ValueError):
            await flight()
    now += 0.5
    assert await flight() == 3
    assert len(query) == 3
