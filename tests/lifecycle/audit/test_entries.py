"""Each change leaves an entry: who, by what, before and after; and no secret."""

from __future__ import annotations

import asyncio
import hashlib
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.access.policy import Role
from app.db import change_context
from app.db.change_context import ChangeContext
from app.lifecycle.gates import change
from app.lifecycle.gates.change import SetGates
from app.lifecycle.gates.sets import GateRequest


def _mlflow(project, path: str) -> str:
    return f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/{path}"


async def _model(http, project, name: str = "m", **more):
    headers = project.headers | {"X-Request-Id": f"make-{uuid4().hex}"}
    answer = await http.post(_mlflow(project, "registered-models/create"), json={"name": name, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def test_an_entry_says_who_did_it_from_where_and_by_which_request(http, project, entries):
    answer = await _model(http, project, description="first")
    (entry,) = await entries.of_chain(project.id, object_type="model")
    assert entry["action"] == "create"
    assert entry["about"] == {"name": "m"}
    assert entry["after"]["description"] == "first" and entry["before"] is None
    assert entry["context"]["actor"] == project.owner.user_id
    assert entry["context"]["username"] == project.owner.username
    assert entry["context"]["token"] == project.owner.token_id
    assert entry["context"]["address"] == "127.0.0.1"
    assert entry["context"]["request"] == answer.headers["x-request-id"]


async def test_an_update_tells_only_what_changed(http, project, entries):
    await _model(http, project, description="first")
    await http.patch(
        _mlflow(project, "registered-models/update"),
        json={"name": "m", "description": "second"},
        headers=project.headers,
    )
    (entry,) = await entries.of_chain(project.id, object_type="model", action="update")
    assert (entry["before"], entry["after"]) == ({"description": "first"}, {"description": "second"})


async def test_what_is_undone_leaves_no_entry(runtime, project, entries):
    with pytest.raises(DBAPIError):
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE projects SET name = 'other' WHERE id = :id"), {"id": project.id})
            await tx.execute(text("UPDATE projects SET name = name || chr(0) WHERE id = :id"), {"id": project.id})
    assert await entries.of_chain(project.id, object_type="project", action="update") == []


async def test_a_change_past_the_application_names_the_user_of_the_database(runtime, project, entries):
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET name = 'other' WHERE id = :id"), {"id": project.id})
    (entry,) = await entries.of_chain(project.id, object_type="project", action="update")
    assert list(entry["context"]) == ["database_user"]
    assert entry["after"] == {"name": "other"}


async def test_versions_made_together_each_have_their_own_author(http, project, entries):
    await _model(http, project)
    people = [project[role] for role in (Role.DEVELOPER, Role.MAINTAINER, Role.OWNER)] * 5

    async def create(person):
        answer = await http.post(
            _mlflow(project, "model-versions/create"), json={"name": "m", "source": ""}, headers=person.headers
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["model_version"]["version"], person, answer.headers["x-request-id"]

    made = await asyncio.gather(*map(create, people))
    versions = {
        str(entry["about"]["number"]): entry
        for entry in await entries.of_chain(project.id, object_type="model_version")
    }
    assert len(versions) == len(made) == 15
    for number, person, request in made:
        context = versions[number]["context"]
        assert (context["username"], context["request"]) == (person.actor.username, request)


async def test_candidates_and_files_made_together_each_have_their_own_author(http, project, entries):
    people = [project[role] for role in (Role.DEVELOPER, Role.MAINTAINER, Role.OWNER)] * 4

    async def create(person):
        answer = await http.post(
            _mlflow(project, "runs/create"), json={"experiment_id": "0", "start_time": 1}, headers=person.headers
        )
        run = answer.json()["run"]["info"]["run_id"]
        put = await http.put(
            f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/a.txt",
            content=b"the same bytes of all" if person.actor.username.startswith("owner") else run.encode(),
            headers=person.headers,
        )
        assert put.status_code == 200, put.text
        return run, person, answer.headers["x-request-id"], put.headers["x-request-id"]

    made = await asyncio.gather(*map(create, people))
    runs = {
        entry["object_key"].replace("-", ""): entry
        for entry in await entries.of_chain(project.id, object_type="candidate")
    }
    files = {
        entry["about"]["candidate_id"].replace("-", ""): entry
        for entry in await entries.of_chain(project.id, object_type="artifact")
    }
    for run, person, created, put in made:
        assert (runs[run]["context"]["username"], runs[run]["context"]["request"]) == (person.actor.username, created)
        assert (files[run]["context"]["username"], files[run]["context"]["request"]) == (person.actor.username, put)
        assert files[run]["about"]["path"] == "a.txt"


async def test_secrets_are_in_no_entry(http, project, entries, runtime):
    query = "mutation($i: TokenCreateInput!) { tokenCreate(input: $i) { secret userErrors { message } } }"
    person = project[Role.OWNER]
    answer = await http.post(
        "/graphql", json={"query": query, "variables": {"i": {"name": "ci", "scopes": ["API"]}}}, headers=person.headers
    )
    secret = answer.json()["data"]["tokenCreate"]["secret"]
    await _model(http, project, name="leaky", description=f"use {secret} to read it")
    async with runtime.db.read() as snap:
        rows = (await snap.execute(text("SELECT e::text FROM audit_entries e"))).scalars().all()
    assert any("[secret]" in row for row in rows)
    digest = hashlib.sha256(secret.encode()).hexdigest()
    assert not [row for row in rows if secret in row or digest in row]


async def test_address_of_a_gates_webhook_is_in_no_entry(project, entries, runtime):
    gates = [
        GateRequest("webhook", {"url": "https://example.com/hooks/T0K3N"}, secret="signs the questions"),
        GateRequest("size_limit", {"maxBytes": 1_000}),
    ]
    await change.set_gates(runtime.db, runtime.gate_clients, project.owner, project.id, SetGates("staging", gates, 0))
    webhook, size = [entry["after"] for entry in await entries.of_chain(project.id, object_type="gate")]
    assert (webhook["config"], webhook["sealed_secret"]) == (
        {"url": "[not shown]", "timeoutSeconds": 10}, "[not shown]",
    )  # fmt: skip
    assert size["config"]["maxBytes"] == 1_000


async def test_long_texts_are_kept_as_their_beginning_and_hash(http, project, entries):
    long = "é" * 9_000
    await _model(http, project, description=long)
    (entry,) = await entries.of_chain(project.id, object_type="model")
    assert entry["after"]["description"] == {
        "begins": "é" * 200,
        "characters": 9_000,
        "sha256": hashlib.sha256(long.encode()).hexdigest(),
    }
    assert entry["after"]["name"] == "m"


async def test_no_value_of_a_caller_ends_the_quoting(runtime, project, entries):
    hostile = "'; DROP TABLE models; -- $context$ $$ \\' \n\t \x00 \u2028 é"
    with change_context.within(ChangeContext(actor=1, username=hostile, client=hostile, request=hostile)):
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE projects SET name = 'other' WHERE id = :id"), {"id": project.id})
    (entry,) = await entries.of_chain(project.id, object_type="project", action="update")
    shown = "'; DROP TABLE models; -- $context$ $$ \\'    é"
    assert entry["context"]["username"] == shown
    # The next transaction of the connection has no context any more.
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET name = 'more' WHERE id = :id"), {"id": project.id})
    assert (
        "database_user" in (await entries.of_chain(project.id, object_type="project", action="update"))[-1]["context"]
    )
