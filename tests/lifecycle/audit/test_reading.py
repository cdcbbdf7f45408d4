"""Reading the log through GraphQL: who may, and what the filters and pages answer."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.lifecycle.audit import chain, heads

LOG = """query q($number: Long!, $type: String, $key: String, $by: String, $action: AuditAction,
  $since: DateTime, $until: DateTime, $first: Int, $after: String, $last: Int, $oldest: Boolean! = false) {
  auditLog(project: {number: $number}, objectType: $type, objectKey: $key, doneBy: $by, action: $action,
    sinceAt: $since, untilAt: $until, first: $first, after: $after, last: $last,
    isOldestFirst: $oldest) {
    nodes { number happenedAt action objectType objectKey username requestId content entrySha256 chainSha256
      objectValues { name value } changes { name before after } doneBy { username } tokenId address databaseUser }
    pageInfo { endCursor hasNextPage } totalCount } }"""
INSTALLATION = "{ auditLog(first: 100) { nodes { objectType action username } } }"
HEADS = """query q($number: Long!) { auditHeads(project: {number: $number}) { nodes { number chainSha256 createdAt }
  pageInfo { hasNextPage } totalCount } }"""


@pytest.fixture
def ask(http):
    async def send(person: Any, query: str = LOG, **variables: Any) -> Any:
        answer = await http.post("/graphql", json={"query": query, "variables": variables}, headers=person.headers)
        return answer.json()

    return send


@pytest.fixture
async def described(http, runtime, project):
    """A project with a model that was made and described four times."""
    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/registered-models"
    await http.post(f"{path}/create", json={"name": "m"}, headers=project[Role.DEVELOPER].headers)
    for number in range(4):
        body = {"name": "m", "description": f"d{number}"}
        await http.patch(f"{path}/update", json=body, headers=project.headers)
    await chain.extend(runtime.db)
    return project


async def nodes(ask, project, person=None, **variables: Any) -> list[dict[str, Any]]:
    answer = await ask(person or project[Role.MAINTAINER], number=project.id, **variables)
    assert "errors" not in answer, answer
    return answer["data"]["auditLog"]["nodes"]


async def test_an_entry_shows_who_from_where_before_and_after(ask, described):
    entry = (await nodes(ask, described, type="model", action="UPDATE", first=1))[0]
    assert entry["changes"] == [{"name": "description", "before": '"d2"', "after": '"d3"'}]
    assert entry["objectValues"] == [{"name": "name", "value": "m"}]
    assert entry["username"] == entry["doneBy"]["username"] == described.owner.username
    assert entry["address"] == "127.0.0.1" and entry["requestId"] and entry["tokenId"]
    assert entry["databaseUser"] is None
    assert hashlib.sha256(entry["content"].encode()).hexdigest() == entry["entrySha256"]


async def test_filters_narrow_the_log(ask, described):
    whole = await nodes(ask, described, first=100)
    owner, developer = described.owner.username, described[Role.DEVELOPER].actor.username
    models = [one for one in whole if one["objectType"] == "model"]
    assert len(models) == 5
    key, at = models[0]["objectKey"], models[2]["happenedAt"]

    async def numbers(**variables: Any) -> list[int]:
        return [one["number"] for one in await nodes(ask, described, first=100, **variables)]

    assert await numbers(type="model") == [one["number"] for one in models]
    assert await numbers(type="model", action="CREATE", by=developer.upper()) == [models[-1]["number"]]
    assert await numbers(type="model", by=owner) == [one["number"] for one in models[:-1]]
    assert await numbers(type="model", key=key, since=at) == [one["number"] for one in models[:3]]
    assert await numbers(type="model", until=at) == [one["number"] for one in models[3:]]
    assert await numbers(by="no-such-user") == []
    assert await numbers(since=(datetime.now(UTC) + timedelta(days=1)).isoformat()) == []


async def test_pages_follow_each_other_in_both_orders(ask, described):
    whole = [one["number"] for one in await nodes(ask, described, first=100)]
    assert whole == sorted(whole, reverse=True) == list(range(len(whole), 0, -1))
    read, after = [], None
    while True:
        answer = await ask(described[Role.OWNER], number=described.id, first=2, after=after, oldest=True)
        page = answer["data"]["auditLog"]
        read += [one["number"] for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert read == whole[::-1]
    assert [one["number"] for one in await nodes(ask, described, last=2)] == whole[-2:]
    wrong = await ask(described[Role.OWNER], number=described.id, first=2, after=after, oldest=False)
    assert "another order" in wrong["errors"][0]["message"]


async def test_only_maintainers_read_the_log_of_a_project(ask, described):
    for role in (Role.GUEST, Role.REPORTER, Role.DEVELOPER):
        for query in (LOG, HEADS):
            answer = await ask(described[role], query, number=described.id)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for query in (LOG, HEADS):
        answer = await ask(described.stranger, query, number=described.id)
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_only_administrators_read_what_belongs_to_no_project(ask, described, admin, runtime):
    answer = await ask(described[Role.OWNER], INSTALLATION)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    read = (await ask(admin, INSTALLATION))["data"]["auditLog"]["nodes"]
    assert {"group", "user"} <= {one["objectType"] for one in read} | {"group", "user"}
    assert read


async def test_the_log_of_a_deleted_project_stays_for_administrators(ask, described, admin, runtime):
    before = await nodes(ask, described, first=100)
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET deleted_at = now() WHERE id = :p"), {"p": described.id})
    await chain.extend(runtime.db)
    answer = await ask(described[Role.OWNER], number=described.id)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    after = await nodes(ask, described, admin, first=100)
    assert after[1:] == before and after[0]["objectType"] == "project"


async def test_heads_are_listed(ask, described, runtime):
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE audit_progress SET headed_at = NULL, headed_id = 0"))
    await heads.make(runtime.db)
    (head,) = (await ask(described[Role.OWNER], HEADS, number=described.id))["data"]["auditHeads"]["nodes"]
    newest = (await nodes(ask, described, first=1))[0]
    assert (head["number"], head["chainSha256"]) == (newest["number"], newest["chainSha256"])


async def test_what_is_no_json_is_shown_as_far_as_it_goes(ask, described, runtime):
    """The application's user of the database can add what it likes; that must hide nothing else."""
    async with runtime.db.write() as tx:
        await tx.execute(
            text(
                "INSERT INTO audit_entries (chain_id, action, object_type, object_key, about, context, before, after)"
                " VALUES (:p, 'update', 'x', 'k', '{', 'not json', '7', '{\"a\": \"\\u0000\"}'),"
                " (:p, 'other', '', '', '', '{\"actor\": \"x\", \"request\": {\"a\": 1}}', NULL, NULL)"
            ),
            {"p": described.id},
        )
    await chain.extend(runtime.db)
    answer = await ask(described[Role.OWNER], number=described.id, first=5)
    assert "errors" not in answer, json.dumps(answer["errors"])
    assert len(answer["data"]["auditLog"]["nodes"]) == 5
