"""CI jobs and settings through GraphQL: what is linked, who sees what of it, and what lists cost."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from app.access import projects
from app.access.policy import Role
from app.access.projects import UpdateProject
from app.ids import GlobalId
from app.registry import models
from app.registry import purge as registry_purge
from app.registry.models import CreateModel
from app.registry.trash.retention import AT_ONCE
from app.registry.versions import create, delete
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking import purge as tracking_purge
from app.tracking.candidates import CreateCandidate
from tests.support.statements import statements

FIELDS = """id provider externalId status ciStatus name statusReason ciProject ref commitSha pipelineId pipelineUrl
  mergeRequestIid mergeRequestUrl username userUrl logUrl webUrl startedAt finishedAt createdAt lastCheckedAt
  nextCheckAt"""
CANDIDATE = f"""query c($path: String!, $uuid: String!) {{ candidate(by: {{path: {{project: $path, uuid: $uuid}}}}) {{
  ciJob {{ {FIELDS} }} ciJobs {{ id }} }} }}"""
VERSION = """query v($path: String!) { modelVersion(by: {path: {project: $path, model: "m", reference: "latest"}}) {
  ciJobs { id externalId provider } } }"""
LINK = """mutation l($input: CiJobLinkInput!) { ciJobLink(input: $input) {
  ciJob { id externalId status statusReason } userErrors { code field message } } }"""
UNLINK = """mutation u($input: CiJobUnlinkInput!) { ciJobUnlink(input: $input) {
  deletedId userErrors { code field } } }"""
REFRESH = """mutation r($input: CiJobRefreshInput!) { ciJobRefresh(input: $input) {
  ciJob { status statusReason } userErrors { code field } } }"""
NODE = "query n($id: ID!) { node(id: $id) { id ... on CiJob { externalId username } } }"
SAVE = """mutation s($input: CiSettingsUpdateInput!) { ciSettingsUpdate(input: $input) {
  ciSettings { provider baseUrl ciProject hasApiToken hasHookSecret hookUrl
    identity { isEnabled issuer audience ciProjectId ciOwnerId claims { name values } role scope } }
  userErrors { code field message } } }"""
SETTINGS = "query s($path: String!) { project(by: {path: $path}) { ciSettings { ciProject hasApiToken } } }"
DELETE = (
    "mutation d($input: CiSettingsDeleteInput!) { ciSettingsDelete(input: $input) { deletedId userErrors { code } } }"
)
MANY = """query q($path: String!, $n: Int!) { project(by: {path: $path}) { ciSettings { provider }
  experiments(first: 1) { nodes { candidates(first: $n) { nodes { ciJob { ciStatus } ciJobs { id name } } } } }
  models(first: $n) { nodes { versions(first: 2) { nodes { ciJobs { id name } } } } } } }"""


async def candidate(runtime, project, **tags) -> str:
    command = CreateCandidate(tags={key.replace("_", ".", 1): value for key, value in tags.items()})
    return (await candidates.create(runtime.db, project.owner, project.id, command)).id.hex


async def test_links_by_hand(data, runtime, project, at_gitlab, gitlab, poll, promised):
    me = project[Role.DEVELOPER]
    await at_gitlab()
    gitlab.statuses |= {5: ["running"], 6: ["success"]}
    uuid = await candidate(runtime, project)
    owner = {"candidate": {"path": {"project": project.path, "uuid": uuid}}}
    for id in ("5", "6", "5"):
        made = (await data(me, LINK, input={"owner": owner, "provider": "GITLAB", "externalId": id}))["ciJobLink"]
        assert (made["userErrors"], made["ciJob"]["status"], made["ciJob"]["statusReason"]) == ([], "PENDING", None)
    assert len(await promised()) == 2
    await poll()
    seen = (await data(me, CANDIDATE, path=project.path, uuid=uuid))["candidate"]
    assert seen["ciJob"]["id"] == seen["ciJobs"][0]["id"]
    assert len(seen["ciJobs"]) == 2
    assert (seen["ciJob"]["externalId"], seen["ciJob"]["ciStatus"], seen["ciJob"]["username"]) == (
        "6",
        "success",
        "ada",
    )
    last, first = (job["id"] for job in seen["ciJobs"])
    assert (await data(me, REFRESH, input={"id": last}))["ciJobRefresh"]["ciJob"]["status"] == "FINISHED"
    gone = await data(me, UNLINK, input={"owner": owner, "id": last})
    assert gone["ciJobUnlink"] == {"deletedId": last, "userErrors": []}
    again = await data(me, UNLINK, input={"owner": owner, "id": last})
    assert again["ciJobUnlink"]["userErrors"] == [{"code": "NOT_FOUND", "field": "id"}]
    assert await data(me, NODE, id=last) == {"node": None}
    assert (await data(me, NODE, id=first))["node"]["externalId"] == "5"


async def test_a_version_shows_its_own_jobs_and_those_of_its_candidate(data, runtime, project):
    me = project[Role.REPORTER]
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    command = CreateCandidate(tags={"gitlab.CI_JOB_ID": "1", "github.RUN_ID": "3"})
    source = await candidates.create(runtime.db, project.owner, project.id, command)
    tags = {"gitlab.CI_JOB_ID": "2"}
    await create.create(runtime.db, project.owner, project.id, CreateVersion("m", tags=tags, candidate_id=source.id))
    owner = {"modelVersion": {"path": {"project": project.path, "model": "m", "reference": "1.0.0"}}}
    for id in ("1", "4"):
        made = await data(me, LINK, input={"owner": owner, "provider": "GITLAB", "externalId": id})
        assert made["ciJobLink"]["userErrors"] == []
        assert made["ciJobLink"]["ciJob"]["statusReason"] == "The project has no CI settings for GitLab."
    seen = (await data(me, VERSION, path=project.path))["modelVersion"]["ciJobs"]
    assert [(job["provider"], job["externalId"]) for job in seen] == [
        ("GITLAB", "4"), ("GITLAB", "1"), ("GITLAB", "2"), ("GITHUB", "3"),
    ]  # fmt: skip
    gone = await data(me, UNLINK, input={"owner": owner, "id": seen[0]["id"]})
    assert gone["ciJobUnlink"]["userErrors"] == []
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, experiments_access="disabled"))
    seen = (await data(me, VERSION, path=project.path))["modelVersion"]["ciJobs"]
    assert {job["externalId"] for job in seen} == {"1", "2"}


@pytest.mark.parametrize("garbage", ["", "0", "x", "1/../2", "7 "])
async def test_garbage_is_refused_where_it_can_be(data, runtime, project, garbage):
    uuid = await candidate(runtime, project)
    owner = {"candidate": {"path": {"project": project.path, "uuid": uuid}}}
    made = await data(project[Role.OWNER], LINK, input={"owner": owner, "provider": "GITHUB", "externalId": garbage})
    (error,) = made["ciJobLink"]["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", "externalId")


async def test_visitors_see_little_and_strangers_nothing(ask, data, admin, runtime, project, at_gitlab, gitlab, poll):
    await at_gitlab()
    gitlab.statuses[5] = ["running"]
    uuid = await candidate(runtime, project, gitlab_CI_JOB_ID="5")
    await poll()
    full = (await data(project[Role.GUEST], CANDIDATE, path=project.path, uuid=uuid))["candidate"]["ciJob"]
    assert {name for name, value in full.items() if value is None} == {
        "statusReason", "finishedAt", "mergeRequestIid", "mergeRequestUrl",
    }  # fmt: skip
    for person in (None, project.stranger):
        assert (await ask(person, NODE, id=full["id"])).data == {"node": None}
        assert (await ask(person, CANDIDATE, path=project.path, uuid=uuid)).data == {"candidate": None}
    await project.open_group()
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, visibility="public"))
    for person in (None, project.stranger):
        little = (await data(person, CANDIDATE, path=project.path, uuid=uuid))["candidate"]["ciJob"]
        assert {name: value for name, value in little.items() if value is not None} == {
            "id": full["id"], "provider": "GITLAB", "externalId": "5", "status": "LINKED", "ciStatus": "running",
            "name": "train-model",
        }  # fmt: skip
        assert (await data(person, NODE, id=full["id"]))["node"]["username"] is None
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, experiments_access="private"))
    for person in (None, project.stranger):
        assert (await data(person, NODE, id=full["id"])) == {"node": None}
    assert (await data(project[Role.GUEST], NODE, id=full["id"]))["node"]["username"] == "ada"


async def test_settings(ask, data, runtime, project):
    me, of_project = project[Role.MAINTAINER], {"project": {"path": project.path}}
    assert (await data(me, SETTINGS, path=project.path))["project"]["ciSettings"] is None
    identity = {"isEnabled": True, "audience": "modelyard", "ciProjectId": "4711", "ciOwnerId": "31"}
    settings = {"provider": "GITLAB", "ciProject": "team/vision", "apiToken": "glpat-secret", "hookSecret": "hush"}
    saved = (await data(me, SAVE, input=of_project | settings | {"identity": identity}))["ciSettingsUpdate"]
    assert saved == {
        "userErrors": [],
        "ciSettings": {
            "provider": "GITLAB", "baseUrl": "https://gitlab.com", "ciProject": "team/vision", "hasApiToken": True,
            "hasHookSecret": True, "hookUrl": f"{runtime.settings.url}/ci/hooks/{project.id}/gitlab",
            "identity": {
                "isEnabled": True, "issuer": "https://gitlab.com", "audience": "modelyard", "role": "DEVELOPER",
                "ciProjectId": "4711", "ciOwnerId": "31",
                "claims": [{"name": "ref_protected", "values": ["true"]}], "scope": "API",
            },
        },
    }  # fmt: skip
    moved = of_project | {"ciProject": "team/speech", "hookSecret": ""}
    refused = (await data(me, SAVE, input=moved))["ciSettingsUpdate"]["userErrors"]
    assert [(error["code"], error["field"]) for error in refused] == [("INVALID", "ciProjectId")]
    numbers = {"ciProjectId": "4711", "ciOwnerId": "31"}
    changed = (await data(me, SAVE, input=moved | {"identity": numbers}))["ciSettingsUpdate"]
    assert changed["ciSettings"]["hasApiToken"] is True
    assert changed["ciSettings"]["hasHookSecret"] is False
    assert changed["ciSettings"]["identity"] == saved["ciSettings"]["identity"]
    async with runtime.db.read() as snap:
        stored = text(
            "SELECT to_jsonb(s)::text, encode(sealed_token, 'escape') FROM ci_settings s WHERE project_id = :id"
        )
        kept = str((await snap.execute(stored, {"id": project.id})).one())
    assert "glpat" not in kept
    assert "hush" not in kept
    for role in (Role.GUEST, Role.REPORTER, Role.DEVELOPER):
        answer = await ask(project[role], SETTINGS, path=project.path)
        assert [error["extensions"]["code"] for error in answer.errors] == ["FORBIDDEN"]
    assert (await data(me, DELETE, input=of_project))["ciSettingsDelete"] == {
        "deletedId": str(GlobalId.of("CiSettings", project.id)), "userErrors": [],
    }  # fmt: skip
    again = (await data(me, DELETE, input=of_project))["ciSettingsDelete"]
    assert again == {"deletedId": None, "userErrors": [{"code": "NOT_FOUND"}]}


async def test_settings_begin_with_provider_and_project(data, project):
    me, of_project = project[Role.MAINTAINER], {"project": {"path": project.path}}
    for settings, field in (({"ciProject": "a/b"}, "provider"), ({"provider": "GITHUB"}, "ciProject")):
        (error,) = (await data(me, SAVE, input=of_project | settings))["ciSettingsUpdate"]["userErrors"]
        assert (error["code"], error["field"]) == ("INVALID", field)


async def test_links_vanish_with_their_owners(runtime, project, ci_jobs):
    db, owner = runtime.db, project.owner
    model = await models.create(db, owner, project.id, CreateModel("m"))
    tags = {"gitlab.CI_JOB_ID": "5"}
    version = await create.create(db, owner, project.id, CreateVersion("m", tags=tags))
    other = await candidates.create(db, owner, project.id, CreateCandidate(tags={**tags, "github.RUN_ID": "6"}))
    assert {job.external_id for job in await ci_jobs()} == {"5", "6"}
    await candidates.delete_permanently(db, owner, project.id, other.id)
    await tracking_purge.candidate(db, project.id, other.id, progress=silent)
    assert {job.external_id for job in await ci_jobs()} == {"5"}
    await delete.delete(db, owner, project.id, version.id, keep=AT_ONCE)
    await registry_purge.version(db, project.id, version.id, progress=silent)
    assert await ci_jobs() == []
    assert model.name == "m"


async def silent(_done, _total):
    """Nobody asks how far it is."""


async def test_many_at_once_share_one_job_and_none_is_lost(runtime, project, ci_jobs):
    """Links are made and their owners removed side by side."""
    db, owner = runtime.db, project.owner

    async def live(number: int):
        made = await candidates.create(db, owner, project.id, CreateCandidate(tags={"gitlab.CI_JOB_ID": "5"}))
        if number % 2:
            await candidates.delete_permanently(db, owner, project.id, made.id)
            await tracking_purge.candidate(db, project.id, made.id, progress=silent)
        return made.id

    made = await asyncio.gather(*(live(number) for number in range(16)))
    (job,) = await ci_jobs()
    async with db.read() as snap:
        statement = text("SELECT candidate_id FROM candidate_ci_jobs WHERE project_id = :id AND ci_job_id = :job")
        kept = set(await snap.scalars(statement, {"id": project.id, "job": job.id}))
    assert kept == {id for number, id in enumerate(made) if not number % 2}


async def test_lists_cost_the_same_for_one_and_for_many(data, runtime, project, at_gitlab):
    await at_gitlab()
    db, owner = runtime.db, project.owner
    for number in range(8):
        tags = {"gitlab.CI_JOB_ID": str(number + 1)}
        source = await candidates.create(db, owner, project.id, CreateCandidate(tags=tags))
        await models.create(db, owner, project.id, CreateModel(f"m{number}"))
        await create.create(db, owner, project.id, CreateVersion(f"m{number}", tags=tags, candidate_id=source.id))
    costs = []
    for n in (1, 8):
        with statements(db) as sent:
            answer = (await data(project[Role.OWNER], MANY, path=project.path, n=n))["project"]
        assert len(answer["models"]["nodes"]) == n
        costs.append(len(sent))
    assert costs[0] == costs[1]


async def test_logging_without_ci_tags_costs_no_statement_for_them(runtime, project):
    with statements(runtime.db) as sent:
        made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(tags={"a": "b"}))
    assert made.tags["a"] == "b"
    assert [statement for statement in sent if "ci_" in statement and "tokens" not in statement] == []
