"""What an installation may set of GraphQL's limits, and what breaking each is answered with."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from graphql import get_introspection_query
from sqlalchemy import text

from app.graphql.execution import budget
from app.main import create_app

VIEWER = "{ viewer { isAdmin } }"
SLOW = "query q($path: String!) { project(by: {path: $path}) { models(first: 1) { nodes { name } } } }"


@asynccontextmanager
async def configured(runtime, **settings):
    """A client of an API with other settings."""
    changed = replace(runtime, settings=runtime.settings.model_copy(update=settings))
    app = create_app(changed.settings, runtime=changed)
    app.state.runtime = changed
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", timeout=30) as opened:
        yield opened


async def ask(client, document, headers=None, **variables):
    return await client.post("/graphql", json={"query": document, "variables": variables}, headers=headers or {})


@pytest.mark.parametrize(
    ("setting", "value", "document", "what"),
    [
        ("graphql_max_tokens", 100, "{ viewer { " + "isAdmin " * 100 + "} }", "100 tokens"),
        ("graphql_max_depth", 5, "{ groups { nodes " + "{ parent " * 4 + "{ id }" + " }" * 6, "at most 5 levels"),
        ("graphql_max_aliases", 1, "{ a: viewer { isAdmin } b: viewer { isAdmin } }", "at most 1 aliases"),
        ("graphql_max_root_fields", 1, "{ viewer { isAdmin } projects { nodes { id } } }", "at most 1 root fields"),
        ("graphql_max_cost", 100, "{ projects(first: 100) { nodes { id } } }", "at most 100 points of cost"),
    ],
)
async def test_limits_of_documents_can_be_set(runtime, client, setting, value, document, what):
    async with configured(runtime, **{setting: value}) as strict:
        (error,) = (await ask(strict, document)).json()["errors"]
        assert what in error["message"]
        assert "data" in (await ask(strict, VIEWER)).json()
    assert "data" in (await ask(client, document)).json()


async def test_bodies_and_query_strings_can_be_limited(runtime):
    async with configured(runtime, graphql_max_body_bytes=1024) as strict:
        long = VIEWER + " " * 1024
        assert (await ask(strict, long)).status_code == 413
        assert (await strict.get("/graphql", params={"query": long})).status_code == 413
        assert (await ask(strict, VIEWER)).status_code == 200


@pytest.mark.parametrize(
    ("whom", "anonymous", "member"),
    [("everybody", None, None), ("signed-in", "UNAUTHENTICATED", None), ("nobody", "FORBIDDEN", "FORBIDDEN")],
)
async def test_introspection_setting_limits_who_may_introspect(runtime, project, whom, anonymous, member):
    documents = (get_introspection_query(), '{ ...a } fragment a on Query { __type(name: "Model") { name } }')
    async with configured(runtime, graphql_introspection=whom) as api:
        for headers, code in ((None, anonymous), (project.headers, member)):
            for document in documents:
                body = (await ask(api, document, headers)).json()
                codes = [error["extensions"]["code"] for error in body.get("errors", [])]
                assert codes == ([code] if code else [])
            assert (await ask(api, "{ __typename }", headers)).json()["data"] == {"__typename": "Query"}


MISSPELT = {
    "field": ("{ viewer { isAdmni } }", {}),
    "argument": ('{ projects(serach: "x") { totalCount } }', {}),
    "type": ('{ node(id: "x") { ... on Projcet { id } } }', {}),
    "enum value": ("{ backgroundJobs(status: QUEUD) { totalCount } }", {}),
    "type of a variable": ("query q($by: ProjectLokup!) { project(by: $by) { id } }", {}),
    "field of an input": ('{ project(by: {pahts: "x"}) { id } }', {}),
    "field in a variable": ("query q($by: ProjectLookup!) { project(by: $by) { id } }", {"by": {"pahts": "x"}}),
    "enum value in a variable": ("query q($s: BackgroundJobStatus) { backgroundJobs(status: $s) { totalCount } }",
                                 {"s": "QUEUD"}),
}  # fmt: skip


@pytest.mark.parametrize(("whom", "anonymous", "member"), [("everybody", 1, 1), ("signed-in", 0, 1), ("nobody", 0, 0)])
@pytest.mark.parametrize("what", MISSPELT)
async def test_a_misspelt_name_gets_suggestions_where_introspection_is_open(
    runtime, project, whom, anonymous, member, what
):
    document, variables = MISSPELT[what]
    async with configured(runtime, graphql_introspection=whom) as api:
        for headers, is_open in ((None, anonymous), (project.headers, member)):
            (error,) = (await ask(api, document, headers, **variables)).json()["errors"]
            assert error["extensions"]["code"] == "INVALID"
            assert ("Did you mean" in error["message"]) == bool(is_open), error


async def test_budget_is_spent_and_resets_each_minute(runtime, project, monkeypatch):
    minute = (time.time() // 60 + 10) * 60
    monkeypatch.setattr(budget.time, "time", lambda: minute + 18)
    async with configured(runtime, graphql_budget=5) as api:
        costs = [(await ask(api, VIEWER, project.headers)).json()["extensions"]["cost"] for _ in range(2)]
        assert [cost["remaining"] for cost in costs] == [3, 1]
        assert costs[0]["requested"] == 2
        assert costs[0]["resetAt"].endswith(":00+00:00")
        refused = await ask(api, VIEWER, project.headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "42")
        (error,) = refused.json()["errors"]
        assert (error["extensions"]["code"], error["extensions"]["retryAfter"]) == ("RATE_LIMITED", 42)
        assert error["extensions"]["cost"] == {
            "requested": 2,
            "limit": 5,
            "remaining": 1,
            "resetAt": costs[0]["resetAt"],
        }
        assert (await ask(api, VIEWER, project.stranger.headers)).status_code == 200
        assert (await ask(api, VIEWER)).status_code == 200
        monkeypatch.setattr(budget.time, "time", lambda: minute + 61)
        assert (await ask(api, VIEWER, project.headers)).status_code == 200


async def test_a_query_that_takes_too_long_is_ended_in_the_database_too(runtime, project):
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM models%'"
    )
    async with configured(runtime, graphql_query_seconds=0.5) as api:
        async with runtime.db.write() as tx:
            await tx.execute(text("LOCK TABLE models IN ACCESS EXCLUSIVE MODE"))
            began = time.monotonic()
            asking = asyncio.create_task(ask(api, SLOW, project.headers, path=project.path))
            while await tx.scalar(waiting) == 0:
                await asyncio.sleep(0.02)
                await tx.execute(text("SELECT pg_stat_clear_snapshot()"))
            answer = await asking
            assert time.monotonic() - began < 1.5  # its locks would have waited for two seconds
            await asyncio.sleep(0.1)
            await tx.execute(text("SELECT pg_stat_clear_snapshot()"))
            assert await tx.scalar(waiting) == 0
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
        assert (await ask(api, SLOW, project.headers, path=project.path)).json()["data"]["project"]
