"""Events of CI systems: proved, and good for a poll at what is known, never for more."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from app.tracking import candidates
from app.tracking.candidates import CreateCandidate

SECRET = "hook-secret"


@pytest.fixture
def candidate(runtime, project):
    async def make(**tags):
        command = CreateCandidate(tags={key.replace("_", ".", 1): value for key, value in tags.items()})
        return await candidates.create(runtime.db, project.owner, project.id, command)

    return make


@pytest.fixture
def gitlab_event(client, project):
    async def send(job: object = 77, *, secret=SECRET, to=None, **event):
        told = {"object_kind": "build", "build_id": job, "build_status": "success", "project_id": 4711} | event
        headers = {"X-Gitlab-Token": secret, "X-Gitlab-Event": "Job Hook"}
        return await client.post(f"/ci/hooks/{to or project.id}/gitlab", json=told, headers=headers)

    return send


@pytest.fixture
def github_event(client, project):
    async def send(run: object = 5, *, secret=SECRET, repository="octo/vision", name="workflow_run"):
        told = {"action": "completed", "workflow_run": {"id": run}, "repository": {"full_name": repository}}
        body = json.dumps(told if name == "workflow_run" else {"zen": "Keep it simple", "hook_id": 1}).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature, "X-GitHub-Event": name, "Content-Type": "application/json"}
        return await client.post(f"/ci/hooks/{project.id}/github", content=body, headers=headers)

    return send


async def test_an_event_causes_a_poll_at_once(candidate, at_gitlab, gitlab, gitlab_event, poll, promised):
    await at_gitlab(hook_secret=SECRET)
    gitlab.statuses[77] = ["running", "success"]
    await candidate(gitlab_CI_JOB_ID="77")
    (job,) = await poll()
    (waiting,) = await promised()
    assert (await gitlab_event()).status_code == 202
    (now,) = await promised()
    assert now.id == waiting.id
    assert now.run_after <= waiting.run_after
    (job,) = await poll()
    assert (job.link_state, job.status) == ("finished", "success")


async def test_an_old_event_undoes_nothing(candidate, at_gitlab, gitlab, gitlab_event, poll):
    await at_gitlab(hook_secret=SECRET)
    gitlab.statuses[77] = ["success"]
    await candidate(gitlab_CI_JOB_ID="77")
    await poll()
    assert (await gitlab_event(build_status="running")).status_code == 204
    (job,) = await poll()
    assert (job.link_state, job.status) == ("finished", "success")


async def test_a_run_that_runs_again_is_followed_again(candidate, at_github, github, github_event, poll):
    await at_github(hook_secret=SECRET)
    github.statuses[5] = ["failure", "in_progress", "success"]
    await candidate(github_RUN_ID="5")
    assert [job.status for job in await poll()] == ["failure"]
    states = []
    for _ in range(2):
        assert (await github_event()).status_code == 202
        states += [(job.link_state, job.status) for job in await poll()]
    assert states == [("linked", "in_progress"), ("finished", "success")]


async def test_what_is_unknown_or_of_no_concern_is_ignored(candidate, at_gitlab, gitlab_event):
    await at_gitlab(hook_secret=SECRET)
    await candidate(gitlab_CI_JOB_ID="77")
    for event in ({"job": 78}, {"job": "77; drop"}, {"job": None}, {"job": {"x": 1}}, {"job": -1}, {"job": 2**70}):
        assert (await gitlab_event(**event)).status_code == 204
    assert (await gitlab_event(object_kind="push")).status_code == 204


async def test_events_of_other_repositories_and_pings_are_ignored(candidate, at_github, github_event):
    await at_github(hook_secret=SECRET)
    await candidate(github_RUN_ID="5")
    assert (await github_event(repository="octo/other")).status_code == 204
    assert (await github_event(name="ping")).status_code == 204
    assert (await github_event()).status_code == 202


async def test_what_is_not_proved_is_refused_all_alike(candidate, at_gitlab, gitlab_event, github_event, promised):
    await candidate(gitlab_CI_JOB_ID="77")
    refused = [await gitlab_event()]
    await at_gitlab()
    refused += [await gitlab_event(), await gitlab_event(secret=""), await gitlab_event(secret="nobody knows this")]
    await at_gitlab(hook_secret=SECRET)
    refused += [
        await gitlab_event(secret="wrong"), await gitlab_event(secret=""), await gitlab_event(secret=b"\xfc\xff"),
        await gitlab_event(to="999999999"), await gitlab_event(to="x"), await gitlab_event(to="9" * 40),
        await github_event(), await github_event(secret="wrong"),
    ]  # fmt: skip
    assert {answer.status_code for answer in refused} == {401}
    assert len({answer.content for answer in refused}) == 1


async def test_broken_and_large_bodies_are_refused(client, project, at_gitlab):
    await at_gitlab(hook_secret=SECRET)
    path, headers = f"/ci/hooks/{project.id}/gitlab", {"X-Gitlab-Token": SECRET}
    assert (await client.post(path, content=b"{", headers=headers)).status_code == 400
    assert (await client.post(path, content=b"[]", headers=headers)).status_code == 204
    large = b" " * (1024 * 1024 + 1)
    assert (await client.post(path, content=large, headers=headers)).status_code == 413

    async def stream():
        for _ in range(20):
            yield b" " * 100_000

    assert (await client.post(path, content=stream(), headers=headers)).status_code == 413
    assert (await client.get(path)).status_code == 405
