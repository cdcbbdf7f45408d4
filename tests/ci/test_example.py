"""What docs/ci.md shows is what works."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from app.ci.identities.trust import EditIdentity
from app.upkeep import project_deletion
from tests.support.ci import fake_servers
from tests.support.ci.issuer import AUDIENCE, OWNER, PROJECT, Issuer

GUIDE = Path(__file__).parents[2] / "docs" / "ci.md"
GITLAB, GITHUB, *_ = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL))


@pytest.fixture
async def issuer():
    async with fake_servers.running(Issuer()) as running:
        yield running


@pytest.fixture
def trust(configure, issuer):
    async def save():
        numbers = {"ci_project_id": PROJECT, "ci_owner_id": OWNER}
        identity = EditIdentity(enabled=True, audience=AUDIENCE, issuer=issuer.url, **numbers)
        defaults = {"provider": "gitlab", "base_url": "https://127.0.0.1:1", "ci_project": "team/vision"}
        return await configure(**defaults, hook_secret="hush", identity=identity)

    return save


async def shell(script: str, **environment: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "bash", "-e", "-c", script, stdout=-1, stderr=-1, env={**os.environ, **environment}
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.skipif(not shutil.which("curl"), reason="the example calls curl")
async def test_a_gitlab_job_gets_its_token(url, http, project, issuer, trust):
    await trust()
    exchange, export, _ = GITLAB["train"]["script"]
    script = f"{exchange}\n{export}\necho $MLFLOW_TRACKING_TOKEN"
    script = script.replace("https://models.example.org", url).replace("team/vision", project.path)
    token = (await shell(script, MODELYARD_ID_TOKEN=issuer.sign())).strip()
    answer = await http.post(
        "/graphql", json={"query": "{ viewer { user { username } } }"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.json()["data"]["viewer"]["user"]["username"].startswith("bot_")


def test_a_github_job_may_ask_for_its_identity():
    assert GITHUB["permissions"]["id-token"] == "write"
    (step,) = [step for step in GITHUB["jobs"]["train"]["steps"] if "id" in step.get("name", "")]
    assert "/ci/token" in step["run"]


async def test_nothing_is_told_of_a_deleted_project(client, runtime, project, issuer, trust):
    await trust()
    await project_deletion.delete(runtime.db, project.owner, project.id, project.path)
    form = {"project": str(project.id), "subject_token": issuer.sign()}
    assert (await client.post("/ci/token", data=form)).status_code == 401
    event = {"object_kind": "build", "build_id": 1}
    sent = await client.post(f"/ci/hooks/{project.id}/gitlab", json=event, headers={"X-Gitlab-Token": "hush"})
    assert sent.status_code == 401
    assert issuer.requests == []
