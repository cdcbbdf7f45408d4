"""Limits of stored bytes: by all doors, exact at the commit, and given back by deletion."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import replace
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, text

from app.access import tokens
from app.access.limits.requests import Defaults
from app.access.policy import Role, Scope
from app.access.tokens import IssueToken
from app.artifacts import project_limits, stored_bytes
from app.artifacts.artifacts import Root
from app.artifacts.stored_bytes import Kind
from app.artifacts.tables import MultipartUpload
from app.artifacts.uploads import announced, ingest, parts
from app.artifacts.uploads.announced import AnnouncedFile
from app.artifacts.uploads.stream import SMALL_BYTES
from app.errors import Conflict, Forbidden, Invalid
from app.ids import GlobalId
from app.metadata import PROJECT_TABLES
from app.runtime import open_runtime
from app.tracking import file_owners
from app.upkeep import project_deletion
from tests.conftest import new_person, serving

STORAGE = """query s($p: String!) { project(by: {path: $p}) { limits { requestLimit storageLimit }
  storage { stored { size } sizeLimit restorableSize awaitingRemoval { size } } } }"""
SET = """mutation l($p: String!, $size: Long) { projectLimitsUpdate(input: {project: {path: $p}, storageLimit: $size}) {
  project { limits { requestLimit storageLimit } } userErrors { code message } } }"""
ANNOUNCE = """mutation a($c: ID!, $files: [ArtifactUploadFileInput!]!) { artifactUploadCreate(
  input: {owner: {candidate: {id: $c}}, files: $files}) { artifactUploads { id alreadyStored parts { number url } }
  userErrors { code message } } }"""
KB = 1_000


class Files:
    """A candidate of a project, and ways to store files for it."""

    def __init__(self, http: httpx.AsyncClient, project, headers: dict[str, str] | None = None) -> None:
        self.http, self.project, self.headers = http, project, headers or project.headers
        self.base = f"/api/v4/projects/{project.id}/ml/mlflow"
        self.run = ""

    async def begin(self) -> Files:
        answer = await self.post("mlflow/runs/create", {"experiment_id": "0"})
        self.run = answer.json()["run"]["info"]["run_id"]
        return self

    async def post(self, path: str, body: dict) -> httpx.Response:
        return await self.http.post(f"{self.base}/api/2.0/{path}", json=body, headers=self.headers)

    def path(self, name: str) -> str:
        return f"{self.base}/api/2.0/mlflow-artifacts/artifacts/0/{self.run}/artifacts/{name}"

    async def put(self, name: str, data: bytes) -> httpx.Response:
        return await self.http.put(self.path(name), content=data, headers=self.headers)

    async def put_chunked(self, name: str, data: bytes) -> httpx.Response:
        async def chunks():
            for at in range(0, len(data), 50 * KB):
                yield data[at : at + 50 * KB]

        return await self.http.put(self.path(name), content=chunks(), headers=self.headers)


def new(size: int) -> bytes:
    return os.urandom(size)


async def limit(runtime, admin, project, size: int | None) -> None:
    await project_limits.edit(runtime.db, admin.actor, project.id, storage_limit=size)


async def counted(runtime, kind: Kind, id: int) -> int | None:
    async with runtime.db.read() as snap:
        of = {"kind": int(kind), "id": id}
        return await snap.scalar(text("SELECT used FROM stored_bytes WHERE kind = :kind AND subject_id = :id"), of)


async def summed(runtime, project_id: int) -> int:
    async with runtime.db.read() as snap:
        sql = "SELECT coalesce(sum(size), 0) FROM blobs WHERE project_id = :id AND state = 'stored'"
        return int(await snap.scalar(text(sql), {"id": project_id}))


@pytest.fixture
async def files(http, project) -> Files:
    return await Files(http, project).begin()


class TestSetting:
    async def test_only_administrators_set_limits(self, runtime, http, admin, project):
        for role in Role:
            sent = {"query": SET, "variables": {"p": project.path, "size": 10}}
            answer = await http.post("/graphql", json=sent, headers=project[role].headers)
            assert answer.json()["data"]["projectLimitsUpdate"]["userErrors"][0]["code"] == "FORBIDDEN"
        narrow = {"project_boundary": project.id}, {"group_boundary": project.group_id}, {"model_patterns": ("a*",)}
        for actor in (project.owner, *(replace(admin.actor, **confined) for confined in narrow)):
            with pytest.raises(Forbidden):
                await project_limits.edit(runtime.db, actor, project.id, storage_limit=None)
        sent = {"query": SET, "variables": {"p": project.path, "size": 10}}
        payload = (await http.post("/graphql", json=sent, headers=admin.headers)).json()["data"]["projectLimitsUpdate"]
        assert payload == {"project": {"limits": {"requestLimit": None, "storageLimit": 10}}, "userErrors": []}

    async def test_what_is_left_out_stays_and_null_is_the_default(self, runtime, admin, project):
        await project_limits.edit(runtime.db, admin.actor, project.id, request_limit=7, storage_limit=8)
        access = await project_limits.edit(runtime.db, admin.actor, project.id, storage_limit=None)
        assert (access.project.request_limit, access.project.storage_limit) == (7, None)
        assert await counted(runtime, Kind.PROJECT, project.id) is None

    @pytest.mark.parametrize("changes", [{"request_limit": 0}, {"storage_limit": -1}, {"storage_limit": 2**63}])
    async def test_nonsense_is_refused(self, runtime, admin, project, changes):
        with pytest.raises(Invalid):
            await project_limits.edit(runtime.db, admin.actor, project.id, **changes)

    async def test_members_see_the_limit_and_what_is_used(self, runtime, http, admin, files):
        project = files.project
        assert (await files.put("a", new(3 * KB))).is_success
        await limit(runtime, admin, project, 10 * KB)
        sent = {"query": STORAGE, "variables": {"p": project.path}}
        shown = (await http.post("/graphql", json=sent, headers=project[Role.GUEST].headers)).json()["data"]["project"]
        assert shown["limits"] == {"requestLimit": None, "storageLimit": 10 * KB}
        assert (shown["storage"]["stored"]["size"], shown["storage"]["sizeLimit"]) == (3 * KB, 10 * KB)


class TestDoors:
    @pytest.mark.parametrize("size", [30 * KB, SMALL_BYTES + 100 * KB])
    async def test_put_with_a_size_is_refused_before_its_bytes_are_stored(self, runtime, admin, files, size):
        assert (await files.put("first", new(10 * KB))).is_success
        await limit(runtime, admin, files.project, size + 5 * KB)
        answer = await files.put("second", new(size))
        assert (answer.status_code, answer.json()["error_code"]) == (507, "RESOURCE_EXHAUSTED")
        assert "10,000 bytes of the" in answer.json()["message"]
        assert "retry-after" not in answer.headers
        assert (
            await summed(runtime, files.project.id) == await counted(runtime, Kind.PROJECT, files.project.id) == 10 * KB
        )
        assert (await files.put("third", new(size - 5 * KB))).is_success

    async def test_put_without_a_size_is_cut_where_the_room_ends(self, runtime, admin, files):
        await limit(runtime, admin, files.project, 400 * KB)
        answer = await files.put_chunked("a", new(600 * KB))
        assert (answer.status_code, answer.json()["error_code"]) == (507, "RESOURCE_EXHAUSTED")
        assert (await files.put_chunked("a", new(400 * KB))).is_success
        assert (await files.put_chunked("b", new(1))).status_code == 507

    async def test_the_same_bytes_count_once_and_are_stored_again_where_no_room_is_left(self, runtime, admin, files):
        data = new(10 * KB)
        await limit(runtime, admin, files.project, 10 * KB)
        for name in ("a", "b", "a"):
            assert (await files.put(name, data)).is_success
        assert await counted(runtime, Kind.PROJECT, files.project.id) == 10 * KB
        assert (await files.put("c", b"x")).status_code == 507
        assert (await files.put("empty", b"")).is_success

    async def test_files_under_package_paths(self, runtime, http, admin, files):
        project = files.project
        await limit(runtime, admin, project, 5 * KB)
        made = await files.post("mlflow/registered-models/create", {"name": "m"})
        assert made.is_success
        version = await files.post("mlflow/model-versions/create", {"name": "m", "source": "", "run_id": ""})
        number = version.json()["model_version"]["version"]
        assert number
        path = f"/api/v4/projects/{project.id}/packages/ml_models/candidate:{files.run}/files/f.bin"
        answer = await http.put(path, content=new(6 * KB), headers=project.headers)
        assert answer.status_code == 507, answer.text
        assert (await http.put(path, content=new(5 * KB), headers=project.headers)).is_success

    async def test_multipart_uploads_of_the_client(self, runtime, http, admin, files):
        await limit(runtime, admin, files.project, 8 * 1024 * KB)
        base = f"{files.base}/api/2.0/mlflow-artifacts/mpu"
        where = f"0/{files.run}/artifacts"

        async def upload(size: int) -> httpx.Response:
            begun = await http.post(
                f"{base}/create/{where}", json={"path": f"big{size}", "num_parts": 2}, headers=files.headers
            )
            assert begun.is_success, begun.text
            parts = []
            for credential, data in zip(begun.json()["credentials"], (new(5 * 1024 * 1024), new(size)), strict=True):
                sent = await http.put(credential["url"], content=data)
                assert sent.is_success, sent.text
                parts.append({"part_number": credential["part_number"], "etag": sent.headers["etag"], "url": ""})
            done = {"path": f"big{size}", "upload_id": begun.json()["upload_id"], "parts": parts}
            return await http.post(f"{base}/complete/{where}", json=done, headers=files.headers)

        refused = await upload(4 * 1024 * KB)
        assert (refused.status_code, refused.json()["error_code"]) == (507, "RESOURCE_EXHAUSTED")
        assert (await upload(2 * 1024 * KB)).is_success
        await limit(runtime, admin, files.project, 10)
        begun = await http.post(f"{base}/create/{where}", json={"path": "no", "num_parts": 1}, headers=files.headers)
        assert begun.status_code == 507

    async def test_announced_uploads(self, runtime, http, admin, files):
        project, data = files.project, new(4 * KB)
        sha256 = hashlib.sha256(data).hexdigest()
        assert (await files.put("there", data)).is_success
        await limit(runtime, admin, project, 10 * KB)
        id = str(GlobalId.of("Candidate", project.id, files.run))

        async def announce(*entries: dict) -> dict:
            sent = {"query": ANNOUNCE, "variables": {"c": id, "files": list(entries)}}
            return (await http.post("/graphql", json=sent, headers=project.headers)).json()["data"][
                "artifactUploadCreate"
            ]

        refused = await announce({"path": "a", "size": 4 * KB}, {"path": "b", "size": 3 * KB})
        assert refused["userErrors"][0]["code"] == "QUOTA"
        assert refused["artifactUploads"] is None
        shared = await announce({"path": "a", "size": 6 * KB}, {"path": "b", "size": 4 * KB, "sha256": sha256})
        assert shared["userErrors"] == []
        assert [one["alreadyStored"] for one in shared["artifactUploads"]] == [False, True]


class TestExactness:
    @pytest.mark.parametrize("size", [20 * KB, SMALL_BYTES + 50 * KB])
    async def test_uploads_at_once_do_not_pass_the_limit_together(self, runtime, migrated, admin, project, size):
        await limit(runtime, admin, project, 5 * size + size // 2)
        async with (
            open_runtime(migrated, name="second") as other,
            serving(other) as second,
            serving(runtime) as first,
            httpx.AsyncClient(base_url=first, timeout=60) as a,
            httpx.AsyncClient(base_url=second, timeout=60) as b,
        ):
            files = [await Files(client, project).begin() for client in (a, b)]
            answers = await asyncio.gather(*(files[number % 2].put(f"f{number}", new(size)) for number in range(24)))
        codes = sorted(answer.status_code for answer in answers)
        assert codes == [200] * 5 + [507] * 19
        assert await counted(runtime, Kind.PROJECT, project.id) == await summed(runtime, project.id) == 5 * size

    async def test_many_projects_in_one_batch_do_not_wait_in_a_circle(self, runtime, http, admin, staff):
        from tests.conftest import new_project  # noqa: PLC0415

        projects = [await new_project(runtime, staff) for _ in range(4)]
        stores = []
        for one in projects:
            await limit(runtime, admin, one, 20 * KB)
            stores.append(await Files(http, one).begin())
        answers = await asyncio.gather(*(files.put(f"f{number}", new(KB)) for number in range(30) for files in stores))
        assert sorted(answer.status_code for answer in answers) == [200] * 80 + [507] * 40
        for one in projects:
            assert await counted(runtime, Kind.PROJECT, one.id) == await summed(runtime, one.id) == 20 * KB

    async def test_uploads_under_way_when_counting_begins_are_counted(self, runtime, admin, files):
        await limit(runtime, admin, files.project, None)
        sending = [asyncio.create_task(files.put(f"f{number}", new(5 * KB))) for number in range(40)]
        await asyncio.sleep(0.03)
        await limit(runtime, admin, files.project, 10_000 * KB)
        answers = await asyncio.gather(*sending)
        assert {answer.status_code for answer in answers} == {200}
        assert (await files.put("last", new(KB))).is_success
        assert await counted(runtime, Kind.PROJECT, files.project.id) == await summed(runtime, files.project.id)

    async def test_a_process_that_knows_nothing_of_the_limit_cannot_pass_it(self, runtime, admin, files):
        await limit(runtime, admin, files.project, 10 * KB)
        assert (await files.put("a", new(9 * KB))).is_success
        with pytest.raises(Conflict):
            async with runtime.db.write() as tx:
                await tx.execute(
                    text("INSERT INTO blobs (project_id, id, object_key, state, sha256, size) VALUES "
                         "(:p, gen_random_uuid(), :key, 'stored', sha256('x'), 2000)"),
                    {"p": files.project.id, "key": uuid4().hex},
                )  # fmt: skip


class TestLoweredAndFreed:
    async def test_below_what_is_used_reading_and_deleting_go_on(self, runtime, http, admin, files):
        assert (await files.put("a", new(10 * KB))).is_success
        assert (await files.put("b", new(10 * KB))).is_success
        await limit(runtime, admin, files.project, 5 * KB)
        assert (await files.put("c", new(1))).status_code == 507
        assert len((await http.get(files.path("a"), headers=files.headers, follow_redirects=True)).content) == 10 * KB
        for name in ("a", "b"):
            assert (await http.delete(files.path(name), headers=files.headers)).is_success
        assert await counted(runtime, Kind.PROJECT, files.project.id) == 0
        assert (await files.put("c", new(5 * KB))).is_success

    async def test_nothing_is_counted_for_a_project_that_was_removed(self, runtime, admin, files):
        await limit(runtime, admin, files.project, 25 * KB)
        assert (await files.put("a", new(10 * KB))).is_success
        project = files.project
        await project_deletion.delete(runtime.db, project.owner, project.id, project.path)
        await project_deletion.purge(runtime.db, runtime.blobs, project.id, PROJECT_TABLES, progress=quiet)
        assert await counted(runtime, Kind.PROJECT, project.id) is None

    async def test_replacing_a_file_frees_the_former_bytes(self, runtime, admin, files):
        await limit(runtime, admin, files.project, 25 * KB)
        for _ in range(4):
            assert (await files.put("a", new(10 * KB))).is_success
        assert await counted(runtime, Kind.PROJECT, files.project.id) == 10 * KB

    async def test_what_is_in_the_trash_counts_and_is_shown_as_restorable(self, runtime, http, admin, files):
        data = new(6 * KB)
        await limit(runtime, admin, files.project, 10 * KB)
        assert (await files.put("a", data)).is_success
        other = await Files(files.http, files.project).begin()
        assert (await other.put("b", new(2 * KB))).is_success
        assert (await files.post("mlflow/runs/delete", {"run_id": files.run})).is_success
        sent = {"query": STORAGE, "variables": {"p": files.project.path}}
        storage = (await http.post("/graphql", json=sent, headers=files.headers)).json()["data"]["project"]["storage"]
        assert (storage["stored"]["size"], storage["restorableSize"]) == (8 * KB, 6 * KB)
        assert (await other.put("c", new(4 * KB))).status_code == 507
        assert (await other.put("d", data)).is_success
        storage = (await http.post("/graphql", json=sent, headers=files.headers)).json()["data"]["project"]["storage"]
        assert storage["restorableSize"] == 0
        hidden = (await http.post("/graphql", json=sent, headers=files.project.stranger.headers)).json()
        assert hidden["data"]["project"] is None


class TestDefaults:
    async def test_the_limit_of_the_installation_holds_where_a_project_has_none(
        self, runtime, admin, files, monkeypatch
    ):
        monkeypatch.setattr(runtime.authenticator.meter, "defaults", Defaults(project_bytes=10 * KB))
        assert (await files.put("a", new(11 * KB))).status_code == 507
        assert (await files.put("a", new(9 * KB))).is_success
        await limit(runtime, admin, files.project, 30 * KB)
        assert (await files.put("b", new(11 * KB))).is_success
        monkeypatch.setattr(runtime.authenticator.meter, "defaults", Defaults())
        await limit(runtime, admin, files.project, None)
        assert (await files.put("c", new(50 * KB))).is_success

    async def test_defaults_that_hold_no_more_are_forgotten(self, runtime, files, monkeypatch):
        monkeypatch.setattr(runtime.authenticator.meter, "defaults", Defaults(project_bytes=10 * KB))
        assert (await files.put("a", new(9 * KB))).is_success
        monkeypatch.setattr(runtime.authenticator.meter, "defaults", Defaults())
        await stored_bytes.follow_defaults(runtime.db, None, None)
        assert await counted(runtime, Kind.PROJECT, files.project.id) is None
        assert (await files.put("b", new(9 * KB))).is_success


class TestTokens:
    async def test_a_token_stores_no_more_than_its_limit_whatever_the_project_allows(self, runtime, http, project):
        command = IssueToken("ci", (Scope.API,), role=Role.DEVELOPER, project_id=project.id)
        issued = await tokens.issue(runtime.db, project.owner, command)
        async with runtime.db.write() as tx:
            sql = "UPDATE tokens SET storage_limit = 10000 WHERE id = :id"
            await tx.execute(text(sql), {"id": issued.token.id})
        limited = await Files(http, project, {"Authorization": f"Bearer {issued.secret}"}).begin()
        owner = await Files(http, project).begin()
        assert (await limited.put("a", new(6 * KB))).is_success
        assert (await limited.put("big", new(5 * KB))).status_code == 507
        assert (await owner.put("big", new(50 * KB))).is_success
        assert await counted(runtime, Kind.TOKEN, issued.token.id) == 6 * KB
        assert (await limited.put("b", new(4 * KB))).is_success
        refused = await limited.put("c", b"x")
        assert "this token" in refused.json()["message"]
        assert (await http.delete(limited.path("a"), headers=owner.headers)).is_success
        assert (await limited.put("c", new(6 * KB))).is_success

    async def test_bytes_of_others_do_not_count_for_it(self, runtime, http, admin, project):
        data = new(8 * KB)
        owner = await Files(http, project).begin()
        assert (await owner.put("a", data)).is_success
        person = await new_person(runtime, admin, f"p-{uuid4().hex[:8]}")
        assert person
        command = IssueToken("ci", (Scope.API,), role=Role.DEVELOPER, project_id=project.id)
        issued = await tokens.issue(runtime.db, project.owner, command)
        async with runtime.db.write() as tx:
            sql = "UPDATE tokens SET storage_limit = 1000 WHERE id = :id"
            await tx.execute(text(sql), {"id": issued.token.id})
        limited = await Files(http, project, {"Authorization": f"Bearer {issued.secret}"}).begin()
        assert (await limited.put("same", data)).is_success
        assert await counted(runtime, Kind.TOKEN, issued.token.id) == 0


async def test_of_announced_files_that_do_not_fit_together_the_worker_refuses_one_and_says_why(
    runtime, admin, project, http
):
    await limit(runtime, admin, project, 10 * KB)
    files = await Files(http, project).begin()
    root = Root(project.id, UUID(hex=files.run))
    made = []
    for number in range(2):
        data = [AnnouncedFile(f"f{number}", 6 * KB)]
        made += await announced.create(
            runtime.db, project.owner, runtime.blobs, root, data, lock_owner=file_owners.lock(root), limit=10**9
        )
    for upload in made:
        await parts.receive(runtime.db, runtime.blobs, upload, once(new(6 * KB)), 6 * KB)
    _, job = await announced.complete(runtime.db, project.owner, runtime.blobs, project.id, [one.id for one in made])
    assert job
    mine = select(MultipartUpload).where(MultipartUpload.id.in_([one.id for one in made]))
    async with runtime.db.read() as snap:
        batch = (await snap.scalars(mine)).all()[0].batch_id
    await ingest.ingest(runtime.db, runtime.blobs, project.id, batch, lock_of=file_owners.lock, progress=quiet)
    async with runtime.db.read() as snap:
        rows = (await snap.scalars(mine)).all()
    assert sorted(row.state for row in rows) == ["completed", "failed"]
    assert "leaves no room for 6,000 more" in next(row.reason for row in rows if row.state == "failed")
    assert await counted(runtime, Kind.PROJECT, project.id) == 6 * KB


async def once(data: bytes):
    yield data


async def quiet(_done, _total) -> None: ...
