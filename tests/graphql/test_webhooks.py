"""Webhooks through GraphQL: their life, who may see them, and what lists cost."""

from __future__ import annotations

import json

import pytest

from app.access.policy import Role
from app.registry import models
from app.registry.models import CreateModel
from app.webhooks import dispatch
from tests.support.statements import statements
from tests.webhooks.conftest import receiver, subscribe  # noqa: F401  (fixtures)

CREATE = """mutation c($input: WebhookCreateInput!) { webhookCreate(input: $input) {
  webhook { id uuid name url description events status hasSecret project { number } createdBy { username } }
  userErrors { code field message } } }"""
UPDATE = """mutation u($input: WebhookUpdateInput!) { webhookUpdate(input: $input) {
  webhook { name status hasSecret events } userErrors { code field } } }"""
TEST = """mutation t($input: WebhookTestInput!) { webhookTest(input: $input) {
  result { status responseStatus responseBody statusReason } userErrors { code field } } }"""
REPLAY = """mutation r($input: WebhookDeliveryReplayInput!) { webhookDeliveryReplay(input: $input) {
  webhookDelivery { uuid replayOf { uuid } status attemptCount } userErrors { code field } } }"""
DELETE = (
    """mutation d($input: WebhookDeleteInput!) { webhookDelete(input: $input) { deletedId userErrors { code } } }"""
)
NODE = "query n($id: ID!) { node(id: $id) { id ... on Webhook { name } } }"
LIST = """query l($path: String!, $n: Int!) { project(by: {path: $path}) { webhooks(first: $n) { nodes {
  id name createdBy { username } deliveries(first: 2) { pageInfo { hasNextPage } nodes {
    id uuid event payload status attemptCount responseStatus responseBody statusReason replayOf { uuid } } } } } } }"""


async def listed(data, project, n: int = 10):
    answer = await data(project[Role.MAINTAINER], LIST, path=project.path, n=n)
    return answer["project"]["webhooks"]["nodes"]


async def test_webhook_create_test_deliver_replay_update_delete(data, runtime, project, receiver):  # noqa: F811
    me = project[Role.MAINTAINER]
    given = {
        "project": {"path": project.path},
        "name": "ci",
        "url": receiver.url,
        "events": ["registered_model.created"],
    }
    made = (await data(me, CREATE, input={**given, "secret": "hush", "description": "d"}))["webhookCreate"]
    assert made["userErrors"] == []
    hook = made["webhook"]
    assert {**hook, "id": "", "uuid": ""} == {
        "id": "", "uuid": "", "name": "ci", "url": receiver.url, "description": "d", "status": "ACTIVE",
        "events": ["registered_model.created"], "hasSecret": True, "project": {"number": project.id},
        "createdBy": {"username": me.actor.username},
    }  # fmt: skip
    assert await data(me, NODE, id=hook["id"]) == {"node": {"id": hook["id"], "name": "ci"}}
    tried = (await data(me, TEST, input={"id": hook["id"]}))["webhookTest"]["result"]
    assert tried == {"status": "DELIVERED", "responseStatus": 200, "responseBody": "answer 200", "statusReason": None}

    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    ((first,),) = [hook["deliveries"]["nodes"] for hook in await listed(data, project)]
    assert (first["status"], first["attemptCount"], json.loads(first["payload"])["data"]["name"]) == (
        "PENDING",
        0,
        model.name,
    )
    again = (await data(me, REPLAY, input={"id": first["id"]}))["webhookDeliveryReplay"]["webhookDelivery"]
    assert (again["replayOf"], again["status"]) == ({"uuid": first["uuid"]}, "PENDING")
    await dispatch.deliver(runtime.db, runtime.webhook_client, project.id, again["uuid"])
    ((newest, _),) = [hook["deliveries"]["nodes"] for hook in await listed(data, project)]
    assert (newest["uuid"], newest["status"], newest["responseStatus"]) == (again["uuid"], "DELIVERED", 200)

    changed = await data(me, UPDATE, input={"id": hook["id"], "name": "cd", "status": "DISABLED", "secret": ""})
    assert changed["webhookUpdate"]["webhook"] == {
        "name": "cd", "status": "DISABLED", "hasSecret": False, "events": ["registered_model.created"],
    }  # fmt: skip
    assert (await data(me, DELETE, input={"id": hook["id"]}))["webhookDelete"]["deletedId"] == hook["id"]
    assert await data(me, NODE, id=hook["id"]) == {"node": None}
    assert await listed(data, project) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "-x"), ("url", "http://example.org"), ("events", []), ("events", ["model.exploded"]),
     ("description", "x" * 1001), ("secret", "x" * 1001)],
)  # fmt: skip
async def test_invalid_webhook_input_names_the_field(data, project, field, value):
    given = {
        "project": {"path": project.path},
        "name": "ci",
        "url": "https://example.org",
        "events": ["prompt.created"],
    }
    answer = await data(project[Role.OWNER], CREATE, input={**given, field: value})
    (error,) = answer["webhookCreate"]["userErrors"]
    assert error["field"] == field


async def test_reporters_and_developers_are_refused(ask, project, subscribe):  # noqa: F811
    await subscribe("registered_model.created")
    for role in (Role.GUEST, Role.REPORTER, Role.DEVELOPER):
        answer = await ask(project[role], LIST, path=project.path, n=1)
        assert [error["extensions"]["code"] for error in answer.errors] == ["FORBIDDEN"]
    assert (await ask(project.stranger, LIST, path=project.path, n=1)).data == {"project": None}


async def test_webhook_lists_cost_the_same_for_one_and_for_many(data, runtime, project, subscribe):  # noqa: F811
    for number in range(12):
        await subscribe("registered_model.created")
        await models.create(runtime.db, project.owner, project.id, CreateModel(f"m{number}"))
    costs = []
    for n in (1, 12):
        with statements(runtime.db) as sent:
            assert len(await listed(data, project, n)) == n
        costs.append(len(sent))
    assert costs[0] == costs[1]
