"""The switches of a project and every protocol: experiments and registry, each off, private or on.

What may be seen is the same whatever the protocol: files of candidates as far as experiments may be seen, and what a
living version shows as far as the registry may be seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.access import projects
from app.access.policy import Role
from app.access.projects import UpdateProject
from app.artifacts.artifacts import Root
from app.artifacts.uploads import stream
from app.ids import GlobalId
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create as versions_create
from app.registry.versions import lookup
from app.registry.versions.request import CreateVersion
from app.runtime import Runtime
from app.tracking import candidates, file_owners, logged_models
from app.tracking.candidates import CreateCandidate
from app.tracking.logged_models import CreateLoggedModel
from tests.conftest import Person, TestProject, new_project
from tests.support.artifacts.links import ANNOUNCE, Caller

LEVELS = ("disabled", "private", "enabled")
STATES = list(product(LEVELS, LEVELS))
"""Registry and experiments."""


def content(name: str) -> bytes:
    return f"the bytes of {name}".encode()


@dataclass(frozen=True)
class File:
    """A file of a run or logged model; ``version`` shows it under ``shown_as``."""

    owner: str
    """`run:<hex>` or `model:<hex>`."""
    path: str
    artifact: UUID
    version: int | None = None
    shown_as: str = ""

    @property
    def data(self) -> bytes:
        return content(self.path)

    @property
    def id(self) -> str:
        return self.owner.partition(":")[2]

    @property
    def is_of_run(self) -> bool:
        return self.owner.startswith("run:")

    @property
    def folder(self) -> str:
        """Where MLflow's clients look for the files of its owner."""
        return f"0/{self.id}/artifacts" if self.is_of_run else f"0/models/m-{self.id}/artifacts"

    @property
    def named(self) -> dict[str, str]:
        return {"run_id": self.id} if self.is_of_run else {"model_id": f"m-{self.id}"}


@dataclass
class World:
    """A public project with files that a version shows, and files that none does."""

    runtime: Runtime
    project: TestProject
    files: list[File] = field(default_factory=list)
    experiment_of_model: int = 0
    metric: str = "loss"

    async def switch(self, registry: str, experiments: str) -> None:
        command = UpdateProject(self.project.id, registry_access=registry, experiments_access=experiments)
        await projects.edit(self.runtime.db, self.project.owner, command)

    async def add(self, root: Root, path: str, **more: Any) -> File:
        async def chunks() -> AsyncIterator[bytes]:
            yield content(path)

        command = stream.StoreArtifact(root, path, chunks(), size=len(content(path)))
        db, owner, lock = self.runtime.db, self.project.owner, file_owners.lock(root)
        stored = await stream.store(db, owner, self.runtime.blobs, command, lock_owner=lock, limit=1 << 20)
        named = f"model:{root.id.hex}" if root.logged_model_id else f"run:{root.id.hex}"
        self.files.append(File(named, path, stored.id, **more))
        return self.files[-1]

    def file(self, path: str) -> File:
        return next(one for one in self.files if one.path == path)


@pytest.fixture(scope="module")
async def world(runtime: Runtime, staff: dict[Role | None, Person]) -> World:
    project = await new_project(runtime, staff, visibility="public")
    made = World(runtime, project)
    db, owner = runtime.db, project.owner
    model = await models.create(db, owner, project.id, CreateModel("m"))
    made.experiment_of_model = model.experiment_number
    run = (await candidates.create(db, owner, project.id, CreateCandidate())).candidate
    unshared = (await candidates.create(db, owner, project.id, CreateCandidate())).candidate
    logged = (await logged_models.create(db, owner, project.id, CreateLoggedModel(0))).model
    other = (await logged_models.create(db, owner, project.id, CreateLoggedModel(0))).model
    root = Root(project.id, candidate_id=run.id)
    shown = await versions_create.create(
        db, owner, project.id, CreateVersion(model.id, candidate_id=run.id, artifact_folder="model")
    )
    of_logged = await versions_create.create(db, owner, project.id, CreateVersion(model.id, logged_model_id=logged.id))
    pushed = await versions_create.create(db, owner, project.id, CreateVersion(model.id))
    elsewhere = CreateVersion(model.id, candidate_id=unshared.id, source="s3://b/m", location="s3://b/m")
    await versions_create.create(db, owner, project.id, elsewhere)
    await made.add(root, "model/shown%20.bin", version=shown.id, shown_as="shown%20.bin")
    await made.add(root, "hidden%20.bin")
    await made.add(root, "modelled/hidden.bin")
    await made.add(Root(project.id, candidate_id=unshared.id), "alone.bin")
    await made.add(
        Root(project.id, logged_model_id=logged.id), "logged.bin", version=of_logged.id, shown_as="logged.bin"
    )
    await made.add(Root(project.id, logged_model_id=other.id), "unlogged.bin")
    await made.add(lookup.root_of(pushed)[0], "pushed.bin", version=pushed.id, shown_as="pushed.bin")
    return made


def sees(level: str, role: Role | None) -> bool:
    return level == "enabled" or (level == "private" and role is not None)


def caller(world: World, http: httpx.AsyncClient, url: str, role: Role | None) -> Caller:
    person = world.project.stranger if role is None else world.project[role]
    return Caller(http, url, world.project.id, person.headers)


ROLES = [None, Role.GUEST, Role.DEVELOPER]
NODE = """query n($id: ID!) { artifact(by: {id: $id}) { path size sha256 downloadUrl facts }
  node(id: $id) { ... on Artifact { downloadUrl } } }"""
BY_PATH = """query p($owner: ArtifactOwnerLookup!, $path: String!) {
  artifact(by: {path: {owner: $owner, path: $path}}) { path } }"""


async def downloads(by: Caller, world: World, file: File) -> AsyncIterator[tuple[str, bool]]:
    """Every door through which the file itself might come by its owner, and whether it did."""

    async def got(method: str, url: str, **options: Any) -> bool:
        answer = await by.send(method, url, **options)
        assert answer.status_code in {200, 404}, (url, answer.status_code, answer.text)
        if method == "GET":
            assert (answer.content == file.data) is (answer.status_code == 200), url
        return answer.status_code == 200

    async def linked(method: str, url: str, **options: Any) -> bool:
        answer = await by.send(method, url, **options)
        assert answer.status_code in {200, 404}, (url, answer.status_code, answer.text)
        if answer.status_code == 404:
            return False
        link = answer.json().get("url") or answer.json()["presigned_url"]
        assert (await by.http.get(link)).content == file.data
        return True

    path = file.path.replace("%", "%25")
    api = f"{by.mlflow}/api/2.0/mlflow"
    for prefix in ("api", "ajax-api"):
        target = f"{by.mlflow}/{prefix}/2.0/mlflow-artifacts/artifacts/{file.folder}"
        yield f"GET {prefix}", await got("GET", f"{target}/{path}")
        yield f"HEAD {prefix}", await got("HEAD", f"{target}/{path}")
        # A name as a client asks for it that decodes what a listing tells.
        yield f"decoded {prefix}", await got("GET", f"{target}/{file.path.replace('%20', ' ')}")
        yield f"presigned=true {prefix}", await linked("GET", f"{target}/{path}?presigned=true")
    yield "presigned", await linked("GET", f"{by.files}/presigned/{file.folder}/{path}")
    told = {**file.named, "path": file.path}
    yield "presigned-download-url", await linked("POST", f"{api}/artifacts/presigned-download-url", json=told)
    if file.is_of_run:
        yield "get-artifact", await got("GET", f"{by.mlflow}/get-artifact", params=told)
        yield "package", await got("GET", f"{by.packages}/candidate:{file.id}/files/{path}")
        yield "package HEAD", await got("HEAD", f"{by.packages}/candidate:{file.id}/files/{path}")
    else:
        requested = {"artifact_file_path": file.path}
        url = f"{by.mlflow}/ajax-api/2.0/mlflow/logged-models/m-{file.id}/artifacts/files"
        yield "logged model", await got("GET", url, params=requested)
    seen = await by.ask(NODE, id=str(GlobalId.of("Artifact", world.project.id, file.artifact)))
    assert (seen["artifact"] is None) is (seen["node"] is None)
    if seen["artifact"]:
        for one in seen.values():
            assert (await by.http.get(one["downloadUrl"])).content == file.data
    yield "GraphQL id", seen["artifact"] is not None
    folder, _, name = file.path.rpartition("/")
    for below in dict.fromkeys(("", folder)):
        listed = await by.send("GET", f"{by.files}/artifacts", params={"path": f"{file.folder}/{below}".rstrip("/")})
        assert listed.status_code in {200, 404}
        names = [one["path"] for one in listed.json().get("files", [])]
        yield f"list {below}", (name if below == folder else file.path.partition("/")[0]) in names


async def by_version(by: Caller, world: World, file: File) -> AsyncIterator[tuple[str, bool]]:
    """Every door to the file through the version that shows it."""
    assert file.version is not None
    path = file.shown_as.replace("%", "%25")
    answer = await by.send("GET", f"{by.packages}/{file.version}/files/{path}")
    yield "package", answer.content == file.data
    id = str(GlobalId.of("ModelVersion", world.project.id, file.version))
    owner = {"modelVersion": {"id": id}}
    seen = await by.ask(BY_PATH, owner=owner, path=file.shown_as)
    yield "GraphQL path", seen["artifact"] is not None
    query = "query v($id: ID!) { modelVersion(by: {id: $id}) { number artifacts { totalCount nodes { path } } } }"
    version = (await by.ask(query, id=id))["modelVersion"]
    yield "GraphQL list", bool(version) and [one["path"] for one in version["artifacts"]["nodes"]] == [file.path]
    if version:
        told = {"name": "m", "version": str(version["number"]), "path": file.shown_as}
        answer = await by.send("GET", f"{by.mlflow}/model-versions/get-artifact", params=told)
        yield "get-artifact", answer.content == file.data
        answer = await by.send("GET", f"{by.mlflow}/api/2.0/mlflow/model-versions/get-download-uri", params=told)
        yield "get-download-uri", answer.is_success


async def by_candidate(by: Caller, world: World, file: File) -> AsyncIterator[tuple[str, bool]]:
    """Every door to a run or logged model itself, with the lists of its files that name it."""
    api = f"{by.mlflow}/api/2.0/mlflow"
    query: str

    async def ok(method: str, url: str, **options: Any) -> bool:
        answer = await by.send(method, url, **options)
        assert answer.status_code in {200, 404}, (url, answer.status_code, answer.text)
        return answer.status_code == 200

    if not file.is_of_run:
        yield "logged-models/get", await ok("GET", f"{api}/logged-models/m-{file.id}")
        yield "directories", await ok("GET", f"{api}/logged-models/m-{file.id}/artifacts/directories")
        yield "logged-models/search", await ok("POST", f"{api}/logged-models/search", json={"experiment_ids": ["0"]})
        id = str(GlobalId.of("LoggedModel", by.project_id, UUID(file.id)))
        query = """query l($id: ID!, $owner: ArtifactOwnerLookup!, $path: String!) {
          loggedModel(by: {id: $id}) { artifacts { nodes { path } } } node(id: $id) { id }
          artifact(by: {path: {owner: $owner, path: $path}}) { path } }"""
        owner: dict[str, object] = {"loggedModel": {"id": id}}
        for name, seen in (await by.ask(query, id=id, owner=owner, path=file.path)).items():
            yield name, seen is not None
        return
    named = {"run_id": file.id}
    yield "runs/get", await ok("GET", f"{api}/runs/get", params=named)
    yield "artifacts/list", await ok("GET", f"{api}/artifacts/list", params=named)
    yield "runs/search", await ok("POST", f"{api}/runs/search", json={"experiment_ids": ["0"]})
    history = {**named, "metric_key": world.metric}
    yield "get-history", await ok("GET", f"{api}/metrics/get-history", params=history)
    yield "experiments/get", await ok("GET", f"{api}/experiments/get", params={"experiment_id": "0"})
    own = {"experiment_id": str(world.experiment_of_model)}
    yield "[model] experiment", await ok("GET", f"{api}/experiments/get", params=own)
    yield "experiments/search", await ok("POST", f"{api}/experiments/search", json={"max_results": 5})
    id = str(GlobalId.of("Candidate", by.project_id, UUID(file.id)))
    owner = {"candidate": {"id": id}}
    query = """query c($id: ID!, $owner: ArtifactOwnerLookup!, $path: String!, $e: ID!) {
      candidate(by: {id: $id}) { name artifacts { totalCount nodes { path } } } node(id: $id) { id }
      artifact(by: {path: {owner: $owner, path: $path}}) { path }
      artifactUploads(owner: $owner) { nodes { id } }
      metricSeries(candidateIds: [$id], keys: ["loss"]) { candidate { name } }
      experiment(by: {id: $e}) { name candidates { totalCount } } }"""
    experiment = str(GlobalId.of("Experiment", by.project_id, world.experiment_of_model))
    requested = {"id": id, "owner": owner, "path": file.path, "e": experiment}
    for name, seen in (await by.ask(query, **requested)).items():
        yield name, bool(seen) and seen != [None]
    other = next(one for one in world.files if one.is_of_run and one.id != file.id)
    sides = [id, str(GlobalId.of("Candidate", by.project_id, UUID(other.id)))]
    compared = await by.ask("query k($ids: [ID!]!) { candidatesCompare(ids: $ids) { files { key } } }", ids=sides)
    yield "candidatesCompare", bool(compared) and compared["candidatesCompare"] is not None
    query = """query s($p: ProjectLookup!, $t: String!) { project(by: $p) { experiments { totalCount } }
      search(project: $p, search: $t) { totalCount } }"""
    counts = await by.ask(query, p={"path": world.project.path}, t=UUID(file.id).hex)
    yield "experiments counted", counts["project"]["experiments"]["totalCount"] > 0
    yield "search", counts["search"]["totalCount"] > 0


@pytest.mark.parametrize(("registry", "experiments"), STATES)
async def test_every_protocol_shows_a_file_or_none_does(http, url, world, registry, experiments):
    await world.switch(registry, experiments)
    for role, file in product(ROLES, world.files):
        by = caller(world, http, url, role)
        of_candidate, of_version = sees(experiments, role), sees(registry, role) and file.version is not None
        async for door, got in downloads(by, world, file):
            assert (role, file.path, door, got) == (role, file.path, door, of_candidate or of_version)
        if file.version is not None:
            async for door, got in by_version(by, world, file):
                assert (role, file.path, door, got) == (role, file.path, door, of_version)


@pytest.mark.parametrize("experiments", LEVELS)
async def test_every_protocol_shows_a_candidate_or_none_does(http, url, world, experiments):
    await world.switch("enabled", experiments)
    for role, path in product(ROLES, ("hidden%20.bin", "alone.bin", "unlogged.bin", "pushed.bin")):
        by = caller(world, http, url, role)
        async for door, got in by_candidate(by, world, world.file(path)):
            assert (role, path, door, got) == (role, path, door, sees(experiments, role))


AROUND = """query a($id: ID!) { modelVersion(by: {id: $id}) {
  version candidate { uuid } loggedModel { name } ciJobs { id } model { name experiment { name } } } }"""


@pytest.mark.parametrize("experiments", LEVELS)
async def test_versions_lead_to_candidates_that_may_be_seen(http, url, world, experiments):
    await world.switch("enabled", experiments)
    for role, path in product(ROLES, ("model/shown%20.bin", "logged.bin", "pushed.bin")):
        file, shown = world.file(path), sees(experiments, role)
        id = str(GlobalId.of("ModelVersion", world.project.id, file.version))
        seen = (await caller(world, http, url, role).ask(AROUND, id=id))["modelVersion"]
        assert (role, path, seen["candidate"] is not None) == (role, path, shown)
        assert (seen["loggedModel"] is not None) is (shown and not file.is_of_run)
        assert (seen["model"]["experiment"] is not None) is shown
        assert seen["ciJobs"] == []


async def test_lists_hold_no_names_that_may_not_be_seen(http, url, world):
    await world.switch("enabled", "disabled")
    by, file = caller(world, http, url, Role.GUEST), world.file("hidden%20.bin")
    listed = await by.send("GET", f"{by.files}/artifacts", params={"path": file.folder})
    assert listed.json() == {"files": [{"path": "model", "is_dir": True}]}
    missing = await by.send("GET", f"{by.files}/artifacts/{file.folder}/hidden .bin")
    there = await by.send("GET", f"{by.files}/artifacts/{file.folder}/hidden%2520.bin")
    for answer in (missing, there):
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert missing.json()["message"] == "No such artifact: 'hidden .bin'."


async def writes(by: Caller, file: File, name: str) -> AsyncIterator[tuple[str, int]]:
    """Every door through which files of an owner are written by its id, and what it answers."""
    api = f"{by.mlflow}/api/2.0/mlflow"
    folder = f"{name.rpartition('/')[0]}/" if "/" in name else ""
    target = f"{by.files}/artifacts/{file.folder}/{name}"
    yield "PUT", (await by.send("PUT", target, content=b"small")).status_code
    yield "PUT large", (await by.send("PUT", target, content=bytes(300_000))).status_code
    told = {"path": name.rpartition("/")[2], "num_parts": 1}
    begun = await by.send("POST", f"{by.files}/mpu/create/{file.folder}/{folder}".rstrip("/"), json=told)
    yield "mpu", begun.status_code
    told = {**file.named, "path": name}
    linked = await by.send("POST", f"{api}/artifacts/presigned-upload-url", json=told)
    yield "presigned", linked.status_code
    if file.is_of_run:
        package = f"{by.packages}/candidate:{file.id}/files/{name}"
        yield "package", (await by.send("PUT", package, content=b"small")).status_code
        yield "authorize", (await by.send("PUT", f"{package}/authorize")).status_code
        page = f"{by.mlflow}/ajax-api/2.0/mlflow/upload-artifact?run_uuid={file.id}&path={name}"
        yield "page", (await by.send("POST", page, content=b"small")).status_code
    yield "DELETE", (await by.send("DELETE", target)).status_code


@pytest.mark.parametrize(
    ("registry", "experiments", "inside", "outside"),
    [
        ("disabled", "disabled", False, False),
        ("enabled", "disabled", True, False),
        ("disabled", "enabled", True, True),
        ("enabled", "enabled", True, True),
    ],
)
async def test_every_protocol_writes_a_file_or_none_does(http, url, world, registry, experiments, inside, outside):
    await world.switch(registry, experiments)
    by = caller(world, http, url, Role.DEVELOPER)
    for path, name, may in (
        ("hidden%20.bin", "model/new.bin", inside),
        ("hidden%20.bin", "new.bin", outside),
        ("hidden%20.bin", "modelled/new.bin", outside),
        ("alone.bin", "new.bin", outside),
        ("logged.bin", "new.bin", inside),
        ("unlogged.bin", "new.bin", outside),
        ("pushed.bin", "new.bin", inside),
    ):
        async for door, status in writes(by, world.file(path), name):
            assert (path, name, door, status in {200, 201}) == (path, name, door, may)
            assert may or status == 404, (path, name, door, status)
    if not outside:  # nothing is told of what is there, nor is anything deleted
        absent = File(f"run:{'0' * 32}", "x", UUID(int=0))
        for file in (absent, world.file("alone.bin")):
            for target in (file.folder, f"{file.folder}/alone.bin"):
                answer = await by.send("DELETE", f"{by.files}/artifacts/{target}")
                assert answer.status_code == 404
                assert "switched off" in answer.json()["message"]
        await world.switch("enabled", "enabled")
        kept = await by.send("GET", f"{by.files}/artifacts/{world.file('alone.bin').folder}/alone.bin")
        assert kept.content == content("alone.bin")


async def test_only_bytes_that_may_be_seen_need_not_be_sent(http, url, world):
    """A hash is not enough to learn that a file is there which one may not see, nor to have it."""
    by = caller(world, http, url, Role.DEVELOPER)
    pushed = world.file("pushed.bin")
    owner = {"modelVersion": {"id": str(GlobalId.of("ModelVersion", world.project.id, pushed.version))}}
    query = ANNOUNCE.replace("artifactUploads { id", "artifactUploads { id alreadyStored")

    async def stored(of: str, name: str) -> bool:
        data = content(of)
        file = {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        (made,) = (await by.ask(query, owner=owner, files=[file]))["artifactUploadCreate"]["artifactUploads"]
        return made["alreadyStored"]

    await world.switch("enabled", "disabled")
    for path, told in (
        ("model/shown%20.bin", True),
        ("logged.bin", True),
        ("alone.bin", False),
        ("unlogged.bin", False),
    ):
        assert (path, await stored(path, f"{path}-1")) == (path, told)
    await world.switch("enabled", "private")
    for path in ("alone.bin", "unlogged.bin"):
        assert (path, await stored(path, f"{path}-2")) == (path, True)


async def test_a_version_opens_no_files_that_its_maker_may_not_see(http, url, world):
    by = caller(world, http, url, Role.REPORTER)
    developer = caller(world, http, url, Role.DEVELOPER)
    hidden = world.file("hidden%20.bin")
    create = """mutation v($m: ModelLookup!, $c: ID, $f: String!) {
      modelVersionCreate(input: {model: $m, candidateId: $c, artifactFolder: $f}) {
        modelVersion { id } userErrors { code message } } }"""
    model = {"path": {"project": world.project.path, "name": "m"}}
    await world.switch("enabled", "disabled")
    for run, folder in ((hidden.id, ""), (hidden.id, "modelled"), (world.file("alone.bin").id, ""), ("0" * 32, "")):
        candidate = str(GlobalId.of("Candidate", world.project.id, UUID(run)))
        made = (await by.ask(create, m=model, c=candidate, f=folder))["modelVersionCreate"]
        assert (made["modelVersion"], [one["code"] for one in made["userErrors"]]) == (None, ["NOT_FOUND"])
        told = {"name": "m", "source": f"runs:/{run}/{folder}", "run_id": run}
        url_ = f"{by.mlflow}/api/2.0/mlflow/model-versions/create"
        assert (await developer.send("POST", url_, json=told)).status_code == 404
    for id in (world.file("unlogged.bin").id, "0" * 32):
        told = {"name": "m", "source": f"models:/m-{id}"}
        assert (await developer.send("POST", url_, json=told)).status_code == 404
    # What a version shows may be shown by another one: its folder, what is below, and its copies.
    candidate = str(GlobalId.of("Candidate", world.project.id, UUID(hidden.id)))
    for folder in ("model", "model/below"):
        made = (await by.ask(create, m=model, c=candidate, f=folder))["modelVersionCreate"]
        assert made["userErrors"] == []
    told = {"name": "m", "source": "models:/m/1"}
    assert (await developer.send("POST", url_, json=told)).status_code == 200
    made = (await by.ask(create, m=model, c=None, f=""))["modelVersionCreate"]
    assert made["userErrors"] == []


async def test_a_version_whose_files_are_elsewhere_shows_none_of_its_candidate(http, url, world):
    """Neither by lists nor by comparing, whatever may be seen besides; and a run of elsewhere needs no experiments."""
    query = """query v($p: ModelVersionLookup!, $o: ArtifactOwnerLookup!, $ids: [ID!]!) {
      modelVersion(by: $p) { location artifacts { totalCount nodes { path } } }
      artifact(by: {path: {owner: $o, path: "alone.bin"}}) { path }
      modelVersionsCompare(ids: $ids) { files { key } } }"""
    elsewhere = {"path": {"project": world.project.path, "model": "m", "reference": "#4"}}
    ask = "query i($a: ModelVersionLookup!, $b: ModelVersionLookup!) {"
    ask += " a: modelVersion(by: $a) { id } b: modelVersion(by: $b) { id } }"
    for experiments in LEVELS:
        await world.switch("enabled", experiments)
        by = caller(world, http, url, Role.DEVELOPER)
        other = {"path": {"project": world.project.path, "model": "m", "reference": "#3"}}
        ids = [one["id"] for one in (await by.ask(ask, a=elsewhere, b=other)).values()]
        seen = await by.ask(query, p=elsewhere, o={"modelVersion": elsewhere}, ids=ids)
        assert seen["modelVersion"] == {"location": "s3://b/m", "artifacts": {"totalCount": 0, "nodes": []}}
        assert seen["artifact"] is None
        assert [one["key"] for one in seen["modelVersionsCompare"]["files"]] == ["pushed.bin"]
        told = {"name": "m", "source": "s3://b/m", "run_id": "1" * 32}
        url_ = f"{by.mlflow}/api/2.0/mlflow/model-versions/create"
        made = await by.send("POST", url_, json=told)
        assert made.json()["model_version"]["run_id"] == "1" * 32


async def test_quarantine_is_not_ended_by_who_may_not_see_the_file(http, url, world):
    by = caller(world, http, url, Role.MAINTAINER)
    release = "mutation r($id: ID!) { artifactRelease(input: {artifact: {id: $id}}) { userErrors { code } } }"
    await world.switch("enabled", "disabled")
    for path, code in (("alone.bin", "NOT_FOUND"), ("pushed.bin", "CONFLICT")):
        id = str(GlobalId.of("Artifact", world.project.id, world.file(path).artifact))
        told = (await by.ask(release, id=id))["artifactRelease"]["userErrors"]
        assert (path, [one["code"] for one in told]) == (path, [code])


async def test_uploads_are_seen_as_the_files_they_will_be(http, url, world):
    by = caller(world, http, url, Role.DEVELOPER)
    ask = "query u($id: ID!) { artifactUpload(by: {id: $id}) { path parts { url } } node(id: $id) { id } }"
    complete = """mutation c($ids: [ID!]!) { artifactUploadComplete(input: {ids: $ids}) { userErrors { code } }
      artifactUploadAbort(input: {ids: $ids}) { userErrors { code } } }"""
    made = {}
    await world.switch("enabled", "enabled")
    for path, name in (("hidden%20.bin", "model/on-its-way"), ("alone.bin", "on-its-way")):
        owner = {"candidate": {"id": str(GlobalId.of("Candidate", world.project.id, UUID(world.file(path).id)))}}
        (made[name],) = await by.announce(owner, **{name: 5})
    await world.switch("enabled", "disabled")
    for name, shown in (("model/on-its-way", True), ("on-its-way", False)):
        seen = await by.ask(ask, id=made[name]["id"])
        assert [one is not None for one in seen.values()] == [shown, shown]
        sent = await http.put(made[name]["parts"][0]["url"], content=b"bytes")
        assert (name, sent.status_code) == (name, 200 if shown else 404)
        ended = await by.ask(complete, ids=[made[name]["id"]])
        assert [bool(one["userErrors"]) for one in ended.values()] == [not shown, not shown]


async def test_storage_counts_what_visitors_may_see(http, url, runtime, staff):
    project = await new_project(runtime, staff, visibility="public")
    made = World(runtime, project)
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    pushed = await versions_create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
    run = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate
    await made.add(lookup.root_of(pushed)[0], "pushed.bin")
    await made.add(Root(project.id, candidate_id=run.id), "hidden-for-visitors.bin")
    query = "query s($p: ProjectLookup!) { project(by: $p) { storage { stored { objectCount size } } } }"
    sizes = {path: len(content(path)) for path in ("pushed.bin", "hidden-for-visitors.bin")}
    both, one = (2, sum(sizes.values())), (1, sizes["pushed.bin"])
    for registry, experiments, told in (
        ("enabled", "enabled", both),
        ("disabled", "enabled", both),
        ("enabled", "disabled", one),
        ("enabled", "private", one),
        ("private", "private", (0, 0)),
    ):
        await made.switch(registry, experiments)
        for role, expected in ((None, told), (Role.GUEST, both)):
            seen = await caller(made, http, url, role).ask(query, p={"path": project.path})
            stored = seen["project"]["storage"]["stored"]
            assert (role, stored["objectCount"], int(stored["size"])) == (role, *expected)
