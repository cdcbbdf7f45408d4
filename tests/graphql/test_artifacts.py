"""Files through GraphQL: listed, linked, deleted."""

from __future__ import annotations

import hashlib

import pytest

from app.access.policy import Role
from app.artifacts.artifacts import Root
from app.artifacts.uploads.stream import StoreArtifact, store
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from app.tracking import candidates

LIST = """query q($id: ID!, $folder: String!) { modelVersion(by: {id: $id}) {
  artifacts(folder: $folder) { totalCount nodes { id path name size sha256 mediaType downloadUrl } } } }"""
FIND = """query a($id: ID!, $path: String!) {
  artifact(by: {path: {owner: {modelVersion: {id: $id}}, path: $path}}) { path } }"""
DELETE = """mutation d($id: ID!, $path: String!) {
  artifactsDelete(input: {owner: {modelVersion: {id: $id}}, path: $path}) {
    deletedCount userErrors { code field } } }"""


@pytest.fixture
async def version_id(data, runtime, project):
    """A version with `model/a.txt`, `model/b.bin` and `other.txt`."""
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    version = await create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
    for path in ("model/a.txt", "model/b.bin", "other.txt"):
        await upload(runtime, project, version.candidate_id, path)
    document = """query q($path: String!) {
      modelVersion(by: {path: {project: $path, model: "m", reference: "latest"}}) { id } }"""
    return (await data(project[Role.GUEST], document, path=project.path))["modelVersion"]["id"]


async def upload(runtime, project, candidate_id, path):
    async def chunks():
        yield path.encode()

    await store(
        runtime.db,
        project.owner,
        runtime.blobs,
        StoreArtifact(Root(project.id, candidate_id=candidate_id), path, chunks(), len(path)),
        lock_owner=lambda tx: candidates.lock_living(tx, project.id, candidate_id),
        limit=100,
    )


async def test_files_are_listed_and_downloaded_without_a_token(data, client, runtime, project, version_id):
    listed = await data(project[Role.GUEST], LIST, id=version_id, folder="model")
    files = listed["modelVersion"]["artifacts"]
    assert files["totalCount"] == 2
    first = files["nodes"][0]
    assert {name: first[name] for name in ("path", "name", "size", "sha256", "mediaType")} == {
        "path": "model/a.txt",
        "name": "a.txt",
        "size": 11,
        "sha256": hashlib.sha256(b"model/a.txt").hexdigest(),
        "mediaType": "text/plain",
    }
    answer = await client.get(first["downloadUrl"].removeprefix(runtime.settings.url))
    assert (answer.status_code, answer.content) == (200, b"model/a.txt")
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_artifact_lookup_by_path_and_by_id(data, project, version_id):
    listed = await data(project[Role.GUEST], LIST, id=version_id, folder="")
    (_, _, other) = listed["modelVersion"]["artifacts"]["nodes"]
    assert await data(project[Role.GUEST], FIND, id=version_id, path="other.txt") == {"artifact": {"path": "other.txt"}}
    assert await data(project[Role.GUEST], FIND, id=version_id, path="nothing.txt") == {"artifact": None}
    assert await data(project.stranger, FIND, id=version_id, path="other.txt") == {"artifact": None}
    by_id = "query n($id: ID!) { node(id: $id) { ... on Artifact { path } } }"
    assert await data(project[Role.GUEST], by_id, id=other["id"]) == {"node": {"path": "other.txt"}}
    assert await data(project.stranger, by_id, id=other["id"]) == {"node": None}


async def test_a_folder_is_deleted_with_all_below(data, project, version_id):
    refused = await data(project[Role.GUEST], DELETE, id=version_id, path="model")
    assert refused["artifactsDelete"]["userErrors"][0]["code"] == "FORBIDDEN"
    gone = await data(project[Role.REPORTER], DELETE, id=version_id, path="model/")
    assert gone["artifactsDelete"] == {"deletedCount": 2, "userErrors": []}
    left = await data(project[Role.GUEST], LIST, id=version_id, folder="")
    assert [file["path"] for file in left["modelVersion"]["artifacts"]["nodes"]] == ["other.txt"]


@pytest.mark.parametrize("path", ["", ".", "..", "../x", "a/../b", "/", "a\x00b", "a\\b"])
async def test_hostile_paths_are_refused_and_nothing_is_deleted(data, project, version_id, path):
    answer = await data(project[Role.REPORTER], DELETE, id=version_id, path=path)
    assert answer["artifactsDelete"]["deletedCount"] is None
    assert [error["field"] for error in answer["artifactsDelete"]["userErrors"]] == ["path"]
    left = await data(project[Role.GUEST], LIST, id=version_id, folder="")
    assert left["modelVersion"]["artifacts"]["totalCount"] == 3
