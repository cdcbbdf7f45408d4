"""A project that is deleted is gone at once, and in the end from every table and from the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from app.access import jobs as jobs_seen
from app.access import members, policy, projects, tokens
from app.access.members import GroupOrProject
from app.access.one_time_links import invitations
from app.access.one_time_links.invitations import Invite, InvitedRole
from app.access.policy import Permission, Role
from app.access.projects import CreateProject
from app.access.reads import loaders
from app.access.service_accounts import changes
from app.access.service_accounts.changes import CreateServiceAccount
from app.access.tokens import IssueToken
from app.artifacts import artifacts
from app.artifacts.artifacts import Root
from app.artifacts.reads import downloads
from app.artifacts.tables import Artifact, CondemnedObject
from app.artifacts.upkeep import garbage, inspections
from app.artifacts.upkeep.inspections import InspectedFile
from app.artifacts.uploads import multipart, parts
from app.artifacts.uploads.multipart import CreateUpload
from app.ci import configuration
from app.ci.configuration import EditSettings
from app.errors import Forbidden, Invalid, NotFound, Unauthenticated
from app.inspection.reports import Report
from app.metadata import PROJECT_TABLES, metadata
from app.pagination import Window
from app.queue import outbox
from app.queue.search import JobFilter
from app.registry.references.parse import ByNumber
from app.registry.references.resolve import Named
from app.registry.versions import delete
from app.tracking import file_owners
from app.upkeep import project_deletion
from app.webhooks import webhooks
from app.webhooks.background_jobs import DeliverWebhook
from app.webhooks.webhooks import CreateWebhook
from tests.conftest import new_project

TABLES = sorted(name for name, table in metadata.tables.items() if "project_id" in table.columns)


async def fill(http, project) -> str:
    """Something in every table; the id of a candidate."""
    base = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0"

    async def post(path: str, body: dict) -> dict:
        answer = await http.post(f"{base}/mlflow/{path}", json=body, headers=project.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    run = (await post("runs/create", {"experiment_id": "0"}))["run"]["info"]["run_id"]
    model = (await post("logged-models", {"experiment_id": "0", "source_run_id": run}))["model"]["info"]["model_id"]
    metric = {"key": "m", "value": 1, "timestamp": 1, "step": 0}
    logged = {"metrics": [metric, metric | {"model_id": model}], "params": [{"key": "p", "value": "v"}]}
    await post("runs/log-batch", {"run_id": run, **logged, "tags": [{"key": "t", "value": "v"}]})
    data = {"name": "d", "digest": "1", "source_type": "http", "source": "http://x"}
    await post("runs/log-inputs", {"run_id": run, "datasets": [{"dataset": data}], "models": [{"model_id": model}]})
    webhook = CreateWebhook("w", "https://example.org", ["model_version.created"])
    await webhooks.create(project.runtime.db, project.owner, project.runtime.webhook_client, project.id, webhook)
    await post("registered-models/create", {"name": "r"})
    await post("model-versions/create", {"name": "r", "source": f"runs:/{run}/x", "run_id": run})
    await post("registered-models/alias", {"name": "r", "alias": "a", "version": "1"})
    await configuration.save(
        project.runtime.db,
        project.owner,
        project.runtime.ci_client,
        project.id,
        EditSettings(provider="gitlab", ci_project="a/b"),
    )
    job = {"key": "gitlab.CI_JOB_ID", "value": "1"}
    await post("runs/set-tag", {"run_id": run, **job})
    await post("model-versions/set-tag", {"name": "r", "version": "1", **job})
    for path in ("f", "g", "x/f"):
        address = f"{base}/mlflow-artifacts/artifacts/0/{run}/artifacts/{path}"
        assert (await http.put(address, content=path[-1:].encode(), headers=project.headers)).status_code == 200
    await post("model-versions/create", {"name": "r", "source": f"runs:/{run}", "run_id": run})
    await delete.delete(project.runtime.db, project.owner, project.id, Named("r", ByNumber(2)))
    return run


LIFECYCLE = """mutation f($p: String!) {
  gatesSet(input: {project: {path: $p}, stage: "staging", expectedNumber: 0, gates: [
    {kind: "approvals", config: {}, isRequired: false}]}) { userErrors { message } }
  evaluationCreate(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}}, datasetName: "d",
    metrics: [{key: "m", value: 1}]}) { userErrors { message } }
  onlineExperimentCreate(input: {project: {path: $p}, name: "x", kind: "ab", arms: [
    {name: "a", share: 0.5, modelVersion: {path: {project: $p, model: "r", reference: "#1"}}},
    {name: "b", share: 0.5, modelVersion: {path: {project: $p, model: "r", reference: "#1"}}}]}) {
    onlineExperiment { id } userErrors { message } }
  factsSet(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}},
    hyperParameters: [{key: "p", value: "2"}]}) { userErrors { message } }
  deploymentRegister(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}},
    environment: "e", endpoint: "x"}) { userErrors { message } }
  derivationCreate(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}}, kind: QUANTIZED,
    baseName: "hub/base"}) { userErrors { message } }
  promotionRequestCreate(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}},
    stage: "production"}) { promotionRequest { id } userErrors { message } }
  modelVersionPromote(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}}, stage: "staging"}) {
    promotion { status } userErrors { message } }
  modelVersionDeprecate(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}}, reason: "old"}) {
    userErrors { message } }
  modelVersionSeal(input: {modelVersion: {path: {project: $p, model: "r", reference: "#1"}}}) {
    userErrors { message } } }"""
POINT = """mutation l($x: ID!) {
  onlineExperimentLog(input: {id: $x, points: [{arm: "a", key: "k", value: 1}]}) { userErrors { message } } }"""
# What only other people, workers and time bring about.
WRITTEN = (
    """INSERT INTO promotion_approvals (project_id, request_id, user_id, username, checked)
      SELECT project_id, id, requested_by, 'u', '{}' FROM promotion_requests WHERE project_id = :p""",
    """INSERT INTO pulls (project_id, version_id, day, user_id, door, downloads, bytes, resolutions, first_at, last_at)
      SELECT :p, id, '2027-01-31', 0, 'mlflow', 1, 1, 1, now(), now() FROM model_versions
      WHERE project_id = :p AND number = 1""",
    """INSERT INTO unread_lineage_tags (project_id, version_id) SELECT :p, id FROM model_versions
      WHERE project_id = :p AND number = 1""",
    """INSERT INTO evaluation_runs (project_id, candidate_id) SELECT :p, id FROM candidates
      WHERE project_id = :p LIMIT 1""",
    """INSERT INTO evaluated_models (project_id, candidate_id, model) SELECT project_id, candidate_id, 'm'
      FROM evaluation_runs WHERE project_id = :p""",
    """INSERT INTO noted_models (project_id, candidate_id, model_uuid, artifact_folder)
      SELECT project_id, candidate_id, 'm', ''
      FROM evaluation_runs WHERE project_id = :p""",
)


async def fill_lifecycle(http, project) -> None:
    """What versions meet on their way to production."""

    async def ask(document: str, **variables: str) -> dict:
        answer = await http.post("/graphql", json={"query": document, "variables": variables}, headers=project.headers)
        body = answer.json()
        assert "errors" not in body, body
        assert [payload["userErrors"] for payload in body["data"].values() if payload["userErrors"]] == []
        return body["data"]

    made = await ask(LIFECYCLE, p=project.path)
    assert made["modelVersionPromote"]["promotion"]["status"] == "COMPLETED"
    await ask(POINT, x=made["onlineExperimentCreate"]["onlineExperiment"]["id"])
    async with project.runtime.db.write() as tx:
        for statement in WRITTEN:
            await tx.execute(text(statement), {"p": project.id})


async def begin_upload(project, root):
    command = CreateUpload(root, "big", 2)
    return await multipart.create(
        project.runtime.db, project.owner, project.runtime.blobs, command, lock_owner=file_owners.lock(root)
    )


async def rows_of(runtime, project_id: int) -> dict[str, int]:
    async with runtime.db.read() as snap:
        count = "SELECT count(*) FROM {} WHERE project_id = :project"
        return {name: await snap.scalar(text(count.format(name)), {"project": project_id}) for name in TABLES}


async def silent(_done: int, _total: int | None) -> None:
    pass


async def test_nothing_is_left_and_others_keep_everything(runtime, http, project, staff):
    other = await new_project(runtime, staff)
    for each in (project, other):
        run = await fill(http, each)
        await fill_lifecycle(http, each)
        root = Root(each.id, candidate_id=UUID(hex=run))
        await begin_upload(each, root)
        await look_at(runtime, root, "f")
        await tokens.issue(runtime.db, each.owner, IssueToken("t", project_id=each.id))
        target = GroupOrProject(project_id=each.id)
        await changes.create(runtime.db, each.owner, CreateServiceAccount(target, "robot"))
        await invitations.create(runtime.db, each.owner, Invite(roles=[InvitedRole(target, Role.GUEST)]))
    before = await rows_of(runtime, project.id)
    assert {name for name, count in before.items() if not count} == set(), "fill() leaves a table empty"
    untouched = await rows_of(runtime, other.id)

    job = await project_deletion.delete(runtime.db, project.owner, project.id, project.path)
    told = []

    async def progress(done, total):
        told.append((done, total))

    await project_deletion.purge(runtime.db, runtime.blobs, project.id, PROJECT_TABLES, progress=progress)
    assert await rows_of(runtime, project.id) == dict.fromkeys(TABLES, 0)
    assert told[0] == (0, len(TABLES))
    assert told[-1] == (len(TABLES), len(TABLES))
    async with runtime.db.read() as snap:
        assert await snap.scalar(text("SELECT count(*) FROM projects WHERE id = :id"), {"id": project.id}) == 0
    await sweep_now(runtime, project.id)
    assert [listed async for listed in runtime.blobs.list_keys(f"v1/{project.id}/")] == []
    assert await rows_of(runtime, other.id) == untouched
    assert len([listed async for listed in runtime.blobs.list_keys(f"v1/{other.id}/")]) == 2
    assert (await jobs_seen.get(runtime.db, project.owner, job)).kind == "access.purge_project"
    await project_deletion.purge(runtime.db, runtime.blobs, project.id, PROJECT_TABLES, progress=silent)
    await project_deletion.purge(runtime.db, runtime.blobs, other.id, PROJECT_TABLES, progress=silent)
    assert await rows_of(runtime, other.id) == untouched


async def look_at(runtime, root, path: str):
    async with runtime.db.write() as tx:
        artifact = await artifacts.find(tx, root, path)
        blob_id = await tx.scalar(select(Artifact.blob_id).where(Artifact.id == artifact.id))
        await inspections.record(tx, root.project_id, [InspectedFile(artifact.id, blob_id, path, Report())])


async def sweep_now(runtime, project_id: int):
    async with runtime.db.write() as tx:
        mine = CondemnedObject.object_key.startswith(f"v1/{project_id}/")
        past = datetime.now(UTC) - timedelta(seconds=1)
        await tx.execute(update(CondemnedObject).where(mine).values(not_before=past))
    await garbage.sweep(runtime.db, runtime.blobs)


async def test_a_deleted_project_is_gone_at_once_for_all_callers(runtime, http, admin, project, staff):
    run = await fill(http, project)
    root = Root(project.id, candidate_id=UUID(hex=run))
    upload = await begin_upload(project, root)
    issued = await tokens.issue(runtime.db, project.owner, IssueToken("t", project_id=project.id))
    async with runtime.db.read() as snap:
        link = downloads.link(runtime.settings, project.owner, await artifacts.find(snap, root, "f"), base="")
    assert (await http.get(link)).status_code == 200
    await project_deletion.delete(runtime.db, project.owner, project.path, project.path)

    for person in (*project.people.values(), admin):
        for reference in (project.id, project.path):
            with pytest.raises(NotFound):
                await projects.get(runtime.db, person.actor, reference)
        page = await projects.search(runtime.db, person.actor, Window(first=100), group_id=project.group_id)
        assert list(page.items) == []
        assert await projects.by_ids(runtime.db, person.actor, [project.id]) == [None]
    address = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/runs/get?run_id={run}"
    assert (await http.get(address, headers=project.headers)).status_code == 404
    assert (await http.get(link)).status_code == 404
    with pytest.raises(NotFound):
        await parts.open_upload(runtime.db, project.owner, project.id, upload.id)
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(runtime.db, issued.secret)
    (jobs,) = await loaders.jobs_of_projects(runtime.db, project.owner, [(project.id,)], Window(), JobFilter())
    assert isinstance(jobs, NotFound)
    with pytest.raises(NotFound):
        await project_deletion.delete(runtime.db, project.owner, project.id, project.path)
    async with runtime.db.read() as snap:
        active = "SELECT count(*) FROM webhooks WHERE project_id = :project AND status = 'active'"
        assert await snap.scalar(text(active), {"project": project.id}) == 0

    made = await projects.create(runtime.db, project.owner, CreateProject(project.group_id, "project"))
    assert (made.project.full_path, made.id > project.id) == (project.path, True)
    await project_deletion.purge(runtime.db, runtime.blobs, project.id, PROJECT_TABLES, progress=silent)
    assert (await projects.get(runtime.db, project.owner, project.path)).id == made.id


async def test_only_owners_who_confirm_may(runtime, project):
    with pytest.raises(NotFound):
        await project_deletion.delete(runtime.db, project.stranger.actor, project.id, project.path)
    for role in (Role.GUEST, Role.REPORTER, Role.DEVELOPER, Role.MAINTAINER):
        with pytest.raises(Forbidden):
            await project_deletion.delete(runtime.db, project[role].actor, project.id, project.path)
    for wrong in ("", "project", project.path.upper(), str(project.id)):
        with pytest.raises(Invalid):
            await project_deletion.delete(runtime.db, project.owner, project.id, wrong)
    access = await projects.get(runtime.db, project.owner, project.id)
    assert policy.allows(project.owner, access, Permission.PROJECT_DELETE)


async def test_a_purge_that_is_cut_off_goes_on_and_meets_late_rows(runtime, http, project, monkeypatch):
    monkeypatch.setattr(project_deletion, "BATCH", 1)
    await fill(http, project)
    scope = GroupOrProject(project_id=project.id)
    await project_deletion.delete(runtime.db, project.owner, project.id, project.path)
    with pytest.raises(NotFound):
        await members.set_role(runtime.db, project.owner, scope, project.stranger.actor.username, Role.GUEST)
    calls = 0

    async def cut_off(_done, _total):
        nonlocal calls
        calls += 1
        if calls == 9:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await project_deletion.purge(runtime.db, runtime.blobs, project.id, PROJECT_TABLES, progress=cut_off)

    async def late_rows(done, total):
        if done == total and not await has_late_row():
            async with runtime.db.write() as tx:
                await outbox.enqueue(tx, DeliverWebhook(project.id, late), project_id=project.id)

    async def has_late_row():
        nonlocal seen
        seen += 1
        return seen > 2

    seen, late = 0, UUID(int=1)
    await project_deletion.purge(runtime.db, runtime.blobs, project.id, PROJECT_TABLES, progress=late_rows)
    assert seen == 3
    assert await rows_of(runtime, project.id) == dict.fromkeys(TABLES, 0)
    async with runtime.db.read() as snap:
        assert await snap.scalar(text("SELECT count(*) FROM projects WHERE id = :id"), {"id": project.id}) == 0
