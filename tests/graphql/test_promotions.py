"""Promotions through GraphQL: what is answered, told to webhooks, and told to subscribers."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.ids import GlobalId
from app.registry import models
from app.registry.models import CreateModel
from tests.support.registry.promotions import version_with_file
from tests.support.registry.versions import create_version


@pytest.fixture(autouse=True)
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


PROMOTE = """mutation p($v: ID!, $stage: String!) {
  modelVersionPromote(input: {modelVersion: {id: $v}, stage: $stage, reason: "r"}) {
    modelVersion { version stage } promotion { id status givenReason verdicts { kind isFailing compared } }
    userErrors { code message } } }"""
REQUESTED = """query r($p: String!) { project(by: {path: $p}) { promotionRequests(status: OPEN, stage: "production") {
  totalCount nodes { id version viewerCanApprove events(first: 9) { nodes { kind body } } } } } }"""


def id_of(version):
    return str(GlobalId.of("ModelVersion", version.project_id, version.id))


async def told(runtime, project):
    """Events in the journal of the project about promotions."""
    async with runtime.db.read() as snap:
        statement = "SELECT type FROM project_events WHERE project_id = :p AND type LIKE 'PROMOTION%' ORDER BY id"
        return list(await snap.scalars(text(statement), {"p": project.id}))


async def test_refused_promotion_is_answered_with_its_verdicts_and_its_errors(data, runtime, project):
    version = await create_version(runtime, project, "1.0.0")
    payload = (await data(project[Role.OWNER], PROMOTE, v=id_of(version), stage="production"))["modelVersionPromote"]
    assert [error["code"] for error in payload["userErrors"]] == ["PROMOTION_REFUSED"]
    assert (payload["modelVersion"], payload["promotion"]["status"]) == (None, "REFUSED")
    failing = [verdict for verdict in payload["promotion"]["verdicts"] if verdict["isFailing"]]
    assert [(verdict["kind"], verdict["compared"]["files"]) for verdict in failing] == [("version_files", 0)]
    node = await data(
        project[Role.GUEST],
        "query n($id: ID!) { node(id: $id) { ... on Promotion { status modelVersion { version } } } }",
        id=payload["promotion"]["id"],
    )
    assert node["node"]["modelVersion"] == {"version": "1.0.0"}
    assert await told(runtime, project) == ["PROMOTION_REFUSED"]


async def test_requests_are_listed_with_their_timeline_and_told_to_subscribers(data, runtime, project):
    version = await version_with_file(runtime, project, "1.0.0")
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE model_versions SET created_by = NULL WHERE id = :v"), {"v": version.id})
    made = await data(
        project[Role.REPORTER],
        """mutation r($v: ID!) { promotionRequestCreate(input: {modelVersion: {id: $v}, stage: "production",
          isAutomatic: true}) { promotionRequest { id } userErrors { code } } }""",
        v=id_of(version),
    )
    id = made["promotionRequestCreate"]["promotionRequest"]["id"]
    listed = (await data(project[Role.MAINTAINER], REQUESTED, p=project.path))["project"]["promotionRequests"]
    assert (listed["totalCount"], listed["nodes"][0]["viewerCanApprove"]) == (1, True)
    own = (await data(project[Role.REPORTER], REQUESTED, p=project.path))["project"]["promotionRequests"]
    assert own["nodes"][0]["viewerCanApprove"] is False
    approve = """mutation a($id: ID!) { promotionRequestApprove(input: {id: $id}) {
      promotionRequest { status approvals { username fellAt } events(last: 1) { nodes { kind } } }
      promotion { status } userErrors { code } } }"""
    payload = (await data(project[Role.MAINTAINER], approve, id=id))["promotionRequestApprove"]
    assert payload["promotion"] == {"status": "COMPLETED"}
    assert payload["promotionRequest"]["status"] == "PROMOTED"
    assert payload["promotionRequest"]["events"]["nodes"] == [{"kind": "PROMOTED"}]
    assert await told(runtime, project) == [
        "PROMOTION_REQUEST_OPENED", "PROMOTION_REQUEST_APPROVED", "PROMOTION_COMPLETED", "PROMOTION_REQUEST_PROMOTED",
    ]  # fmt: skip


async def test_webhooks_are_told_of_promotions_and_requests(data, runtime, project):
    async with runtime.db.write() as tx:
        await tx.execute(
            text(
                "INSERT INTO webhooks (project_id, id, name, url, events, status) VALUES (:p, gen_random_uuid(), 'w', "
                "'https://127.0.0.1:9/', ARRAY['promotion.completed', 'promotion.refused'], 'active')"
            ),
            {"p": project.id},
        )
    empty = await create_version(runtime, project, "1.0.0")
    whole = await version_with_file(runtime, project, "1.1.0")
    for version in (empty, whole):
        await data(project[Role.OWNER], PROMOTE, v=id_of(version), stage="production")
    async with runtime.db.read() as snap:
        statement = "SELECT event, data FROM webhook_deliveries WHERE project_id = :p ORDER BY event"
        rows = [(row.event, row.data) for row in await snap.execute(text(statement), {"p": project.id})]
    assert [event for event, _ in rows] == ["promotion.completed", "promotion.refused"]
    assert rows[1][1]["failed_rules"][0]["name"] == "version_files"
    assert rows[0][1]["project"] == project.path
