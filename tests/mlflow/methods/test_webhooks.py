"""MlflowClient: webhooks."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

from tests.support.mlflow.client import MLflow


def webhooks():
    from mlflow import MlflowClient
    from mlflow.entities.webhook import WebhookStatus

    client = MlflowClient()
    made = client.create_webhook(
        "ours", "https://example.com/hook", ["registered_model.created"], description="d", secret="s" * 20
    )
    client.create_webhook("other", "https://example.com/other", ["model_version_alias.created"])
    changed = client.update_webhook(made.webhook_id, name="renamed", status=WebhookStatus.DISABLED)
    result = client.get_webhook(made.webhook_id)
    names = sorted(one.name for one in client.list_webhooks())
    first = client.list_webhooks(max_results=1)
    second = client.list_webhooks(max_results=1, page_token=first.token)
    tried = client.test_webhook(made.webhook_id)
    client.delete_webhook(made.webhook_id)
    left = [one.name for one in client.list_webhooks()]
    return [
        [made.name, made.url, [str(one) for one in made.events], made.description, made.secret, str(made.status)],
        [changed.name, result.status == WebhookStatus.DISABLED, names, len(first), len(second), second.token],
        [tried.success, left],
    ]


async def test_webhooks(mlflow: MLflow) -> None:
    made, lists, rest = await mlflow(webhooks)
    assert made[:5] == ["ours", "https://example.com/hook", ["registered_model.created"], "d", None]
    assert lists == ["renamed", True, ["other", "renamed"], 1, 1, ""]
    assert rest == [False, ["other"]]
