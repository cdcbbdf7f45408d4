"""An invited person, from the link to the day of leaving: pages without script, a token, a training job of MLflow."""
# ruff: noqa: PLC0415 - what the client runs imports there

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.support.mlflow import client as mlflow_client
from tests.support.mlflow.client import ClientError
from tests.support.pages.visitor import Visitor

PASSWORD = "three weeks of GPUs"
INVITE = """mutation ($project: String!) {
  userInvite(input: {memberships: [{groupOrProject: {project: {path: $project}}, role: DEVELOPER}]}) {
    url userErrors { code message } } }"""
TOKEN = """mutation { tokenCreate(input: {name: "training"}) { secret userErrors { code message } } }"""
DEACTIVATE = """mutation ($username: String!) {
  userDeactivate(input: {user: {username: $username}}) { user { username } userErrors { code message } } }"""


def train(started, goes_on):
    """Log a step, say so, wait, and log the next one; the answer is the last step that was stored."""
    import time
    from pathlib import Path

    import mlflow

    client = mlflow.MlflowClient()
    run = client.create_run("0", run_name="training")
    client.log_metric(run.info.run_id, "loss", 0.5, step=1)
    Path(started).write_text(run.info.run_id)
    while not Path(goes_on).exists():
        time.sleep(0.05)
    client.log_metric(run.info.run_id, "loss", 0.4, step=2)
    return 2


@pytest.fixture
async def training():
    running = await mlflow_client.start()
    yield running
    await mlflow_client.stop(running)


async def ask(http, headers, document, **variables):
    answer = await http.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert "errors" not in answer.json(), answer.text
    (payload,) = answer.json()["data"].values()
    assert payload["userErrors"] == []
    return payload


async def test_invited_person_trains_until_deactivated(http, url, admin, project, training, tmp_path):
    username = f"grace-{uuid4().hex[:8]}"
    link = (await ask(http, admin.headers, INVITE, project=project.path))["url"]
    async with Visitor(url) as browser:
        page = await browser.open(link.removeprefix(url))
        form = page.form(link.removeprefix(url))
        more = {name: PASSWORD for name in form.fields if name.startswith("password")}
        account = await browser.send(form, {"username": username, "name": "Grace"} | more)
        assert (account.status, account.path) == (200, "/account")
        cookie = {"Origin": url, "X-Requested-With": "page"}
        token = (await ask(browser.http, cookie, TOKEN))["secret"]

    base = f"{url}/api/v4/projects/{project.id}/ml/mlflow"
    started, goes_on = tmp_path / "started", tmp_path / "goes_on"
    job = asyncio.create_task(training.at(base, token)(train, str(started), str(goes_on)))
    async with asyncio.timeout(60):
        while not started.exists():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    await ask(http, admin.headers, DEACTIVATE, username=username)
    goes_on.touch()
    with pytest.raises(ClientError, match="UNAUTHENTICATED"):
        await job
    seen = await http.get(
        f"{base}/api/2.0/mlflow/metrics/get-history",
        params={"run_id": started.read_text(), "metric_key": "loss"},
        headers=project.headers,
    )
    assert [point["step"] for point in seen.json()["metrics"]] == [1]
    async with Visitor(url) as again:
        form = (await again.open("/sign-in")).form("/sign-in")
        refused = await again.send(form, {"username": username, "password": PASSWORD})
        assert refused.status in {401, 403}
