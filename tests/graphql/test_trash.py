"""The trash as clients see it: what deletions answer, what is listed for whom, and the way back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text as statement

from app.access.policy import Role
from app.registry.references.parse import ByNumber
from app.registry.versions import lookup
from app.runtime import Runtime
from tests.conftest import serving
from tests.support.registry.versions import store_file

MODEL = 'mutation m($p: String!) { modelCreate(input: {project: {path: $p}, name: "m"}) { model { id } } }'
VERSION = """mutation v($p: String!) { modelVersionCreate(input: {model: {path: {project: $p, name: "m"}}}) {
  modelVersion { id } } }"""
DELETE_VERSION = """mutation d($id: ID!, $now: Boolean! = false) {
  modelVersionDelete(input: {modelVersion: {id: $id}, permanently: $now}) {
    deletedId modelVersion { deletedAt purgeAt deletedBy { username } } backgroundJob { status nextAttemptAt }
    userErrors { code message field } } }"""
DELETE_MODEL = """mutation d($id: ID!, $now: Boolean! = false) {
  modelDelete(input: {model: {id: $id}, permanently: $now}) {
    deletedId model { name deletedAt purgeAt deletedBy { username } } backgroundJob { status }
    userErrors { code message field } } }"""
RESTORE_MODEL = """mutation r($id: ID!, $name: String) { modelRestore(input: {model: {id: $id}, name: $name}) {
  model { id name deletedAt purgeAt latestVersion { number } } userErrors { code message field } } }"""
RESTORE_VERSION = """mutation r($id: ID!) { modelVersionRestore(input: {modelVersion: {id: $id}}) {
  modelVersion { id number deletedAt stage } userErrors { code message field } } }"""
VERSIONS = """query q($p: String!, $view: ViewType!) { model(by: {path: {project: $p, name: "m"}}) {
  versions(view: $view) { totalCount nodes { number deletedAt } } } }"""
MODELS = """query q($p: String!, $view: ViewType!) { project(by: {path: $p}) {
  models(view: $view) { totalCount nodes { name deletedAt versions(view: ALL) { totalCount nodes { number } } } } } }"""
STORAGE = "query q($p: String!) { project(by: {path: $p}) { storage { stored { size } restorableSize } } }"


@pytest.fixture
async def ids(data, project):
    """The model ``m`` and its versions 1 and 2."""
    owner, path = project[Role.OWNER], project.path
    model = (await data(owner, MODEL, p=path))["modelCreate"]["model"]["id"]
    versions = [(await data(owner, VERSION, p=path))["modelVersionCreate"]["modelVersion"]["id"] for _ in range(2)]
    return [model, *versions]


async def test_a_deletion_says_until_when_it_can_be_undone(data, project, ids):
    reporter = project[Role.REPORTER]
    answer = (await data(reporter, DELETE_VERSION, id=ids[1]))["modelVersionDelete"]
    assert (answer["deletedId"], answer["userErrors"]) == (ids[1], [])
    gone = answer["modelVersion"]
    deleted, purge = (datetime.fromisoformat(gone[name]) for name in ("deletedAt", "purgeAt"))
    assert purge - deleted == timedelta(days=30)
    assert gone["deletedBy"] == {"username": reporter.actor.username}
    assert answer["backgroundJob"]["status"] == "QUEUED"
    assert datetime.fromisoformat(answer["backgroundJob"]["nextAttemptAt"]) == purge
    answer = (await data(reporter, DELETE_MODEL, id=ids[0]))["modelDelete"]
    assert answer["model"]["name"] == "m"
    assert answer["model"]["deletedBy"] == {"username": reporter.actor.username}


async def test_a_permanent_deletion_leaves_nothing_to_be_shown(data, project, ids):
    (refusal,) = (await data(project[Role.DEVELOPER], DELETE_VERSION, id=ids[1], now=True))["modelVersionDelete"][
        "userErrors"
    ]
    assert refusal["code"] == "FORBIDDEN"
    answer = (await data(project[Role.MAINTAINER], DELETE_VERSION, id=ids[1], now=True))["modelVersionDelete"]
    assert (answer["modelVersion"], answer["deletedId"], answer["userErrors"]) == (None, ids[1], [])
    (refusal,) = (await data(project[Role.OWNER], RESTORE_VERSION, id=ids[1]))["modelVersionRestore"]["userErrors"]
    assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "modelVersion")
    await data(project[Role.OWNER], DELETE_MODEL, id=ids[0])
    answer = (await data(project[Role.MAINTAINER], DELETE_MODEL, id=ids[0], now=True))["modelDelete"]
    assert (answer["model"], answer["userErrors"]) == (None, [])


async def test_versions_are_listed_by_view(data, project, ids):
    owner, path = project[Role.OWNER], project.path
    await data(owner, DELETE_VERSION, id=ids[1])
    listed = {}
    for view in ("ACTIVE", "DELETED", "ALL"):
        page = (await data(owner, VERSIONS, p=path, view=view))["model"]["versions"]
        listed[view] = sorted(node["number"] for node in page["nodes"])
        assert page["totalCount"] == len(page["nodes"])
    assert listed == {"ACTIVE": [2], "DELETED": [1], "ALL": [1, 2]}
    restored = (await data(owner, RESTORE_VERSION, id=ids[1]))["modelVersionRestore"]
    assert restored["modelVersion"] == {"id": ids[1], "number": 1, "deletedAt": None, "stage": "none"}


async def test_models_are_listed_by_view_with_what_would_come_back(data, project, ids):
    owner, path = project[Role.OWNER], project.path
    await data(owner, DELETE_MODEL, id=ids[0])
    assert (await data(owner, MODELS, p=path, view="ACTIVE"))["project"]["models"]["nodes"] == []
    for view in ("DELETED", "ALL"):
        (shown,) = (await data(owner, MODELS, p=path, view=view))["project"]["models"]["nodes"]
        assert (shown["name"], shown["versions"]["totalCount"]) == ("m", 2)
        assert shown["deletedAt"]
    restored = (await data(owner, RESTORE_MODEL, id=ids[0], name="n"))["modelRestore"]["model"]
    assert restored == {
        "id": ids[0], "name": "n", "deletedAt": None, "purgeAt": None, "latestVersion": {"number": 2},
    }  # fmt: skip
    assert (await data(owner, MODELS, p=path, view="DELETED"))["project"]["models"]["nodes"] == []


async def test_who_may_not_restore_sees_no_trash(data, project, ids):
    path = project.path
    await data(project[Role.OWNER], DELETE_VERSION, id=ids[1])
    seen = {}
    for role in (Role.GUEST, Role.REPORTER):
        for view in ("DELETED", "ALL"):
            page = (await data(project[role], VERSIONS, p=path, view=view))["model"]["versions"]
            seen[role, view] = sorted(node["number"] for node in page["nodes"])
            assert page["totalCount"] == len(page["nodes"])
    assert seen == {
        (Role.GUEST, "DELETED"): [], (Role.GUEST, "ALL"): [2],
        (Role.REPORTER, "DELETED"): [1], (Role.REPORTER, "ALL"): [1, 2],
    }  # fmt: skip
    await data(project[Role.OWNER], DELETE_MODEL, id=ids[0])
    for view in ("DELETED", "ALL"):
        assert (await data(project[Role.GUEST], MODELS, p=path, view=view))["project"]["models"]["nodes"] == []


async def test_a_name_that_was_taken_again_is_a_user_error(data, project, ids):
    owner = project[Role.OWNER]
    await data(owner, DELETE_MODEL, id=ids[0])
    await data(owner, MODEL, p=project.path)
    (error,) = (await data(owner, RESTORE_MODEL, id=ids[0]))["modelRestore"]["userErrors"]
    assert (error["code"], error["field"]) == ("TAKEN", "name")
    assert "Restore it under another name" in error["message"]


async def test_bytes_in_the_trash_count_as_restorable_until_another_needs_them(data, runtime, project, ids):
    owner = project[Role.OWNER]
    for number, id in enumerate(ids[1:]):
        version = await lookup.by_reference(runtime.db, project.owner, project.id, "m", ByNumber(number + 1))
        root, _ = lookup.root_of(version)
        await store_file(runtime, project, root, "own.bin", b"own%d" % number)
        await store_file(runtime, project, root, "shared.bin", b"shared")
        assert id

    async def sizes():
        storage = (await data(owner, STORAGE, p=project.path))["project"]["storage"]
        return storage["stored"]["size"], storage["restorableSize"]

    assert await sizes() == (14, 0)
    await data(owner, DELETE_VERSION, id=ids[1])
    assert await sizes() == (14, 4)
    await data(owner, DELETE_MODEL, id=ids[0])
    assert await sizes() == (14, 14)
    await data(owner, RESTORE_MODEL, id=ids[0])
    assert await sizes() == (14, 4)
    await data(owner, RESTORE_VERSION, id=ids[1])
    assert await sizes() == (14, 0)


async def test_with_no_restore_days_a_deletion_is_final(http, project, runtime, ids):
    settings = runtime.settings.model_copy(update={"restore_days": 0})
    values = {name: getattr(runtime, name) for name in Runtime.__dataclass_fields__} | {"settings": settings}
    async with serving(Runtime(**values)) as url:
        sent = {"query": DELETE_VERSION, "variables": {"id": ids[1]}}
        answer = (await http.post(f"{url}/graphql", json=sent, headers=project[Role.REPORTER].headers)).json()
        assert answer["data"]["modelVersionDelete"]["modelVersion"] is None
        address = f"{url}/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/registered-models/delete"
        answer = await http.request("DELETE", address, json={"name": "m"}, headers=project[Role.DEVELOPER].headers)
        assert answer.status_code == 200
    async with runtime.db.read() as snap:
        due = "SELECT count(*) FROM models WHERE project_id = :id AND purge_at <= now()"
        assert await snap.scalar(statement(due), {"id": project.id}) == 1


async def test_what_mlflow_clients_delete_can_be_restored(data, http, project, ids):
    base = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow"
    headers = project[Role.DEVELOPER].headers
    sent = {"name": "m", "version": "1"}
    assert (await http.request("DELETE", f"{base}/model-versions/delete", json=sent, headers=headers)).is_success
    assert (await http.get(f"{base}/model-versions/get", params=sent, headers=headers)).status_code == 404
    restored = (await data(project[Role.OWNER], RESTORE_VERSION, id=ids[1]))["modelVersionRestore"]
    assert restored["modelVersion"]["number"] == 1
    assert (await http.get(f"{base}/model-versions/get", params=sent, headers=headers)).is_success
    name = {"name": "m"}
    assert (await http.request("DELETE", f"{base}/registered-models/delete", json=name, headers=headers)).is_success
    assert (await http.post(f"{base}/registered-models/create", json=name, headers=headers)).is_success
    restored = (await data(project[Role.OWNER], RESTORE_MODEL, id=ids[0], name="old-m"))["modelRestore"]
    assert restored["model"]["name"] == "old-m"
    assert (await http.get(f"{base}/registered-models/get", params={"name": "old-m"}, headers=headers)).is_success
