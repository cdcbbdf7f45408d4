"""Webhooks by the unmodified client and by bare requests."""

from __future__ import annotations

import pytest

from app.access.policy import Role
from tests.mlflow.conftest import Rest
from tests.support.mlflow.client import ClientError
from tests.webhooks.conftest import receiver  # noqa: F401  (fixture)


def life(url):
    from mlflow import MlflowClient  # noqa: PLC0415
    from mlflow.entities.webhook import WebhookEvent  # noqa: PLC0415

    client = MlflowClient()
    made = client.create_webhook(
        "hook", url, ["model_version.created", "registered_model.created"], description="d", secret="s"
    )
    result = client.get_webhook(made.webhook_id)
    tried = client.test_webhook(made.webhook_id)
    other = client.test_webhook(made.webhook_id, event=WebhookEvent.from_str("prompt_alias.deleted"))
    changed = client.update_webhook(made.webhook_id, name="new", events=["prompt.created"], status="DISABLED")
    for number in range(3):
        client.create_webhook(f"h{number}", url, ["model_version_tag.set"])
    first = client.list_webhooks(max_results=3)
    rest = client.list_webhooks(max_results=3, page_token=first.token)
    client.delete_webhook(made.webhook_id)
    return {
        "made": [
            result.name,
            result.url,
            result.description,
            str(result.status),
            [str(event) for event in result.events],
        ],
        "same": result.creation_timestamp == made.creation_timestamp == made.last_updated_timestamp,
        "secret": result.secret,
        "tried": [tried.success, tried.response_status, tried.response_body, tried.error_message],
        "other": other.success,
        "changed": [changed.name, changed.description, str(changed.status), [str(event) for event in changed.events]],
        "listed": [[hook.name for hook in first], bool(first.token), [hook.name for hook in rest], bool(rest.token)],
        "left": [hook.name for hook in client.list_webhooks()],
    }


def get(webhook_id):
    from mlflow import MlflowClient  # noqa: PLC0415

    MlflowClient().get_webhook(webhook_id)


async def test_the_client_manages_webhooks(mlflow, receiver):  # noqa: F811
    assert await mlflow(life, receiver.url) == {
        "made": ["hook", receiver.url, "d", "ACTIVE", ["model_version.created", "registered_model.created"]],
        "same": True,
        "secret": None,
        "tried": [True, 200, "answer 200", None],
        "other": True,
        "changed": ["new", "d", "DISABLED", ["prompt.created"]],
        "listed": [["h2", "h1", "h0"], True, ["new"], False],
        "left": ["h2", "h1", "h0"],
    }
    assert [b'"action":"deleted"' in body for _, body in receiver.got] == [False, True]


async def test_an_unknown_webhook_is_not_found(mlflow):
    for webhook_id in ("nothing", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(ClientError, match=f"Webhook with ID {webhook_id} not found") as refused:
            await mlflow(get, webhook_id)
        assert refused.value.code == "RESOURCE_DOES_NOT_EXIST"


async def test_testing_a_webhook_reports_a_failing_receiver(rest: Rest, receiver):  # noqa: F811
    receiver.answers = [(500, {})]
    hook = {"name": "h", "url": receiver.url, "events": [{"entity": "PROMPT", "action": "CREATED"}]}
    key = (await rest.post("webhooks", hook)).json()["webhook"]["webhook_id"]
    assert (await rest.post(f"webhooks/{key}/test")).json()["result"] == {
        "success": False, "response_status": 500, "response_body": "answer 500",
        "error_message": "The receiver answered 500.",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": "-a"}, {"name": "a" * 64}, {"name": "a b"}, {"url": ""}, {"url": "http://example.org"},
        {"url": "https://10.0.0.1"}, {"events": []}, {"events": [{"entity": "PROMPT"}]}, {"events": "PROMPT"},
        {"events": [{"entity": "PROMPT", "action": "DELETED"}]}, {"events": [{"entity": "X", "action": "SET"}]},
        {"events": [{"entity": 0, "action": 0}]}, {"status": "ASLEEP"}, {"secret": 5},
    ],
)  # fmt: skip
async def test_invalid_webhook_fields_are_invalid_parameters(rest: Rest, change):
    hook = {"name": "h", "url": "https://example.org", "events": [{"entity": "PROMPT", "action": "CREATED"}]}
    answer = await rest.post("webhooks", {**hook, **change})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("query", [{"max_results": 0}, {"max_results": 1001}, {"page_token": "garbage"}])
async def test_invalid_webhook_pages_are_invalid_parameters(rest: Rest, query):
    assert (await rest.get("webhooks", **query)).json()["error_code"] == "INVALID_PARAMETER_VALUE"


async def test_webhooks_need_a_maintainer(http, base, project):
    statuses = {}
    for role in Role:
        statuses[role] = (await Rest(http, base, project[role].headers).get("webhooks")).status_code
        hidden = (await Rest(http, base, project[role].headers).get("webhooks/none")).status_code
        assert hidden == (404 if statuses[role] == 200 else statuses[role])
    assert [statuses[role] for role in Role] == [403, 403, 403, 200, 200]
    assert (await Rest(http, base, project.stranger.headers).get("webhooks")).status_code == 404
