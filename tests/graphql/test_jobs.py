"""Background jobs through GraphQL: lists, retries, and giving up."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.access.policy import Role
from app.ids import GlobalId
from app.queue import outbox
from app.queue.outbox import BackgroundJob
from app.registry.background_jobs import PurgeModel
from app.webhooks.background_jobs import DeliverWebhook
from tests.graphql.conftest import Ask

RETRY = """mutation r($id: ID!) { backgroundJobRetry(input: {backgroundJob: {id: $id}}) {
  alreadyQueued backgroundJob { id status attemptCount statusReason viewerCanRetry viewerCanCancel }
  userErrors { code field } } }"""
CANCEL = """mutation c($id: ID!) { backgroundJobCancel(input: {backgroundJob: {id: $id}}) {
  backgroundJob { status statusReason } userErrors { code message } } }"""
LIST = """query l($by: ProjectLookup, $status: BackgroundJobStatus, $kind: String, $first: Int, $after: String) {
  backgroundJobs(project: $by, status: $status, kind: $kind, first: $first, after: $after) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { id kind status viewerCanRetry viewerCanCancel project { number } } } }"""
OF_PROJECT = """query p($path: String!, $status: BackgroundJobStatus, $kind: String) { project(by: {path: $path}) {
  backgroundJobs(status: $status, kind: $kind) { totalCount nodes { id requestedBy { username } } } } }"""


@pytest.fixture
async def jobs(runtime, project) -> dict[str, str]:
    """A dead purge that the guest asked for, and a delivery that waits."""
    async with runtime.db.write() as tx:
        guest = project[Role.GUEST].actor.user_id
        dead = await outbox.enqueue(tx, PurgeModel(project.id, 1), project_id=project.id, requested_by=guest)
        nothing = DeliverWebhook(project.id, dead)
        waiting = await outbox.enqueue(tx, nothing, project_id=project.id, requested_by=project.owner.user_id)
        values = {"state": "dead", "attempt": 10, "last_error": "no luck"}
        await tx.execute(update(BackgroundJob).where(BackgroundJob.id == dead).values(**values))
    return {name: str(GlobalId.of("BackgroundJob", id)) for name, id in {"dead": dead, "waiting": waiting}.items()}


async def test_retry_and_cancel_need_a_maintainer(ask: Ask, data: Ask, project, jobs):
    refused = (await data(project[Role.DEVELOPER], RETRY, id=jobs["dead"]))["backgroundJobRetry"]
    assert refused == {
        "alreadyQueued": False,
        "backgroundJob": None,
        "userErrors": [{"code": "FORBIDDEN", "field": None}],
    }
    maintainer = project[Role.MAINTAINER]
    done = (await data(maintainer, RETRY, id=jobs["dead"]))["backgroundJobRetry"]
    assert done == {
        "alreadyQueued": False, "userErrors": [],
        "backgroundJob": {"id": jobs["dead"], "status": "QUEUED", "attemptCount": 0, "statusReason": "no luck",
                          "viewerCanRetry": False, "viewerCanCancel": False},
    }  # fmt: skip
    (error,) = (await data(maintainer, CANCEL, id=jobs["dead"]))["backgroundJobCancel"]["userErrors"]
    assert error["code"] == "CONFLICT"
    assert "removes what was deleted" in error["message"]
    given_up = (await data(maintainer, CANCEL, id=jobs["waiting"]))["backgroundJobCancel"]
    assert given_up == {
        "backgroundJob": {"status": "CANCELLED", "statusReason": f"Cancelled by {maintainer.actor.username}."},
        "userErrors": [],
    }
    for document, field in ((RETRY, "backgroundJobRetry"), (CANCEL, "backgroundJobCancel")):
        for id in ("garbage", project.id):
            (error,) = (await data(maintainer, document, id=str(id)))[field]["userErrors"]
            assert error["code"] == "NOT_FOUND"


async def test_background_jobs_are_filtered_and_paged(data: Ask, project, jobs):
    maintainer, by = project[Role.MAINTAINER], {"path": project.path}
    all_of_it = (await data(maintainer, LIST, by=by))["backgroundJobs"]
    assert [node["id"] for node in all_of_it["nodes"]] == [jobs["waiting"], jobs["dead"]]
    assert all_of_it["totalCount"] == 2
    by_state = (await data(maintainer, LIST, by=by, status="DEAD"))["backgroundJobs"]["nodes"]
    assert by_state == [
        {"id": jobs["dead"], "kind": "registry.purge_model", "status": "DEAD", "viewerCanRetry": True,
         "viewerCanCancel": False, "project": {"number": project.id}}
    ]  # fmt: skip
    by_kind = (await data(maintainer, LIST, by=by, kind="webhooks.deliver"))["backgroundJobs"]["nodes"]
    assert [(node["id"], node["viewerCanCancel"]) for node in by_kind] == [(jobs["waiting"], True)]
    first = (await data(maintainer, LIST, by=by, first=1))["backgroundJobs"]
    then = (await data(maintainer, LIST, by=by, first=1, after=first["pageInfo"]["endCursor"]))["backgroundJobs"]
    assert [first["nodes"][0]["id"], then["nodes"][0]["id"]] == [jobs["waiting"], jobs["dead"]]
    assert (first["pageInfo"]["hasNextPage"], then["pageInfo"]["hasNextPage"]) == (True, False)
    below = (await data(maintainer, OF_PROJECT, path=project.path, status="DEAD"))["project"]["backgroundJobs"]
    guest = project[Role.GUEST].actor.username
    assert below == {"totalCount": 1, "nodes": [{"id": jobs["dead"], "requestedBy": {"username": guest}}]}


async def test_background_jobs_are_visible_to_requesters_members_and_administrators(
    ask: Ask, data: Ask, project, admin, jobs
):
    mine = (await data(project[Role.GUEST], LIST, first=1))["backgroundJobs"]["nodes"]
    assert [(node["id"], node["viewerCanRetry"]) for node in mine] == [(jobs["dead"], False)]
    empty = {"totalCount": 0, "nodes": [], "pageInfo": {"endCursor": None, "hasNextPage": False}}
    assert (await data(project.stranger, LIST, kind="registry.purge_model"))["backgroundJobs"] == empty
    assert (await data(None, LIST))["backgroundJobs"] == empty
    refused = await ask(project.stranger, LIST, by={"path": project.path})
    assert [error["extensions"]["code"] for error in refused.errors] == ["NOT_FOUND"]
    answer = (await data(admin, LIST, status="DEAD", kind="registry.purge_model", first=100))["backgroundJobs"]["nodes"]
    assert jobs["dead"] in [node["id"] for node in answer]
