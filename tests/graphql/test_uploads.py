"""Uploads through GraphQL: announced, sent by link, verified by a worker, in place, or clearly refused."""

from __future__ import annotations

import asyncio
import hashlib
import os
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text, update

from app.access.policy import Role
from app.artifacts import removal
from app.artifacts.artifacts import Root
from app.artifacts.tables import Artifact, Blob, CondemnedObject, MultipartUpload
from app.artifacts.upkeep import garbage, inspections
from app.artifacts.uploads import ingest, multipart, store_uploads
from app.artifacts.uploads import parts as uploads_parts
from app.errors import TooLarge
from app.ids import GlobalId
from app.inspection.processes import sandbox
from app.queue import leases
from app.queue.jobs import decode
from app.queue.outbox import BackgroundJob
from app.registry import models
from app.registry.models import CreateModel
from app.registry.trash.retention import AT_ONCE
from app.registry.versions import create as versions_create
from app.registry.versions import delete
from app.registry.versions.request import CreateVersion
from app.runtime import open_runtime
from app.tracking import file_owners
from app.upkeep import blob_references
from tests.conftest import serving
from tests.support.artifacts.links import location
from tests.support.statements import statements
from tests.support.storage.faults import faulty
from workers import executor
from workers.handlers import HANDLERS

MIB = 1024 * 1024
UPLOAD = """id path size sha256 status alreadyStored statusReason partSize partCount
  parts(maxParts: 1000) { number offset size url hasArrived } artifact { id path size sha256 status format }
  backgroundJob { status done total }"""
CREATE = f"""mutation c($owner: ArtifactOwnerLookup!, $files: [ArtifactUploadFileInput!]!) {{
  artifactUploadCreate(input: {{owner: $owner, files: $files}}) {{
    artifactUploads {{ {UPLOAD} }} userErrors {{ code field message }} }} }}"""
COMPLETE = f"""mutation c($ids: [ID!]!) {{ artifactUploadComplete(input: {{ids: $ids}}) {{
  artifactUploads {{ {UPLOAD} }} backgroundJob {{ id status }} userErrors {{ code field message }} }} }}"""
ABORT = """mutation a($ids: [ID!]!) { artifactUploadAbort(input: {ids: $ids}) {
  artifactUploads { status } userErrors { code message } } }"""
SHOW = f"query s($id: ID!) {{ artifactUpload(by: {{id: $id}}) {{ {UPLOAD} }} }}"
MISSING = """query m($id: ID!) { artifactUpload(by: {id: $id}) { parts(missingOnly: true) { number } } }"""
UNFINISHED = """query u($path: String!) { artifactUploads(project: {path: $path}) {
  totalCount nodes { id path status candidate { id } createdBy { username } } } }"""
RELEASE = """mutation r($id: ID!) { artifactRelease(input: {artifact: {id: $id}}) {
  artifact { status releasedAt downloadUrl } userErrors { code message } } }"""
FILE = "query f($id: ID!) { artifact(by: {id: $id}) { status statusReason downloadUrl scan { verdict imports } } }"


class Uploads:
    """A version of a fresh project, and what one does to its files."""

    def __init__(self, data, client, runtime, project, version) -> None:
        self.data, self.client, self.runtime, self.project = data, client, runtime, project
        self.version = version
        self.owner = {"modelVersion": {"id": str(GlobalId.of("ModelVersion", project.id, version.id))}}
        self.person = project[Role.OWNER]

    async def create(self, *files, person=None, owner=None):
        answer = await self.data(person or self.person, CREATE, owner=owner or self.owner, files=list(files))
        return answer["artifactUploadCreate"]

    async def begin(self, *files):
        made = await self.create(*files)
        assert made["userErrors"] == []
        return made["artifactUploads"]

    async def send(self, upload, content: bytes, *numbers: int):
        for part in upload["parts"]:
            if not numbers or part["number"] in numbers:
                piece = content[part["offset"] : part["offset"] + part["size"]]
                answer = await self.client.put(part["url"], content=piece)
                assert answer.status_code == 200, answer.text

    async def complete(self, *uploads, person=None):
        answer = await self.data(person or self.person, COMPLETE, ids=[upload["id"] for upload in uploads])
        return answer["artifactUploadComplete"]

    async def show(self, upload):
        return (await self.data(self.person, SHOW, id=upload["id"]))["artifactUpload"]

    async def work(self) -> None:
        """Do all jobs of the project, as workers would, those that wait for a moment at once."""
        for _ in range(20):
            async with self.runtime.db.read() as snap:
                ids = await snap.scalars(
                    select(BackgroundJob.id).where(
                        BackgroundJob.project_id == self.project.id, BackgroundJob.state == "queued"
                    )
                )
                jobs = ids.all()
            if not jobs:
                return
            async with self.runtime.db.write() as tx:
                await tx.execute(update(BackgroundJob).where(BackgroundJob.id.in_(jobs)).values(run_after=func.now()))
            for job in jobs:
                await executor.execute(self.runtime, job, "test")
        pytest.fail(f"The jobs {jobs} are still queued after twenty attempts.")

    async def put(self, path: str, content: bytes, **announced):
        (upload,) = await self.begin(described(path, content) | announced)
        await self.send(upload, content)
        await self.complete(upload)
        await self.work()
        return await self.show(upload)

    async def download(self, artifact) -> bytes:
        answer = await self.data(self.person, FILE, id=artifact["id"])
        got = await self.client.get(answer["artifact"]["downloadUrl"])
        assert got.status_code == 200
        return got.content

    async def keys(self) -> set[str]:
        return {listed.key async for listed in self.runtime.blobs.list_keys(f"v1/{self.project.id}/")}

    async def sweep(self) -> None:
        """Delete what is condemned now, not in half a minute."""
        async with self.runtime.db.write() as tx:
            mine = CondemnedObject.object_key.startswith(f"v1/{self.project.id}/")
            await tx.execute(update(CondemnedObject).where(mine).values(not_before=func.now()))
        await garbage.sweep(self.runtime.db, self.runtime.blobs)


def described(path: str, content: bytes) -> dict[str, object]:
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture
async def uploads(data, client, runtime, project):
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    version = await versions_create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
    return Uploads(data, client, runtime, project, version)


async def test_lost_parts_fail_the_upload(uploads):
    (upload,) = await uploads.begin(described("f.bin", b"sent"))
    await uploads.send(upload, b"sent")
    await uploads.runtime.blobs.remove(sorted(await uploads.keys()))
    await uploads.complete(upload)
    await uploads.work()
    assert "announce the file and send it again" in (await uploads.show(upload))["statusReason"]


async def test_many_files_are_uploaded_verified_and_downloaded(uploads):
    contents = {f"model/{i}.bin": os.urandom(1_000 + i) for i in range(20)} | {"empty.txt": b""}
    made = await uploads.begin(*(described(path, content) for path, content in contents.items()))
    assert [upload["path"] for upload in made] == list(contents)
    assert {upload["status"] for upload in made} == {"OPEN"}
    assert made[-1]["partCount"] == 0
    for upload in made:
        await uploads.send(upload, contents[upload["path"]])
    done = await uploads.complete(*made)
    assert done["userErrors"] == []
    assert {upload["status"] for upload in done["artifactUploads"]} == {"VERIFYING"}
    await uploads.work()
    for upload in made:
        ready = await uploads.show(upload)
        assert ready["status"] == "READY"
        assert ready["backgroundJob"] == {"status": "SUCCEEDED", "done": 20_190, "total": 20_190}
        assert ready["artifact"]["sha256"] == hashlib.sha256(contents[upload["path"]]).hexdigest()
        assert await uploads.download(ready["artifact"]) == contents[upload["path"]]
    assert len(await uploads.keys()) == 21


async def test_large_file_is_uploaded_in_parts_and_resumed(uploads):
    content = os.urandom(40 * MIB)
    (upload,) = await uploads.begin(described("big.bin", content))
    assert (upload["partSize"], upload["partCount"]) == (16 * MIB, 3)
    assert [part["size"] for part in upload["parts"]] == [16 * MIB, 16 * MIB, 8 * MIB]
    await uploads.send(upload, content, 3, 1)
    again = await uploads.show(upload)
    assert [part["hasArrived"] for part in again["parts"]] == [True, False, True]
    assert (await uploads.data(uploads.person, MISSING, id=upload["id"]))["artifactUpload"]["parts"] == [{"number": 2}]
    refused = await uploads.complete(upload)
    assert (refused["artifactUploads"], refused["userErrors"][0]["code"]) == (None, "PARTS_MISSING")
    assert "part 2 of 3" in refused["userErrors"][0]["message"]
    await uploads.send(upload, content, 2)
    await uploads.send(upload, content, 1)  # again
    assert (await uploads.complete(upload))["artifactUploads"][0]["status"] == "VERIFYING"
    assert (await uploads.complete(upload))["artifactUploads"][0]["status"] == "VERIFYING"
    await uploads.work()
    ready = await uploads.show(upload)
    assert (ready["status"], ready["backgroundJob"]["total"]) == ("READY", 40 * MIB)
    assert await uploads.download(ready["artifact"]) == content
    assert (await uploads.complete(upload))["artifactUploads"][0]["status"] == "READY"


async def test_stored_bytes_need_not_be_sent(uploads):
    content = os.urandom(5_000)
    first = await uploads.put("a.bin", content)
    shared, other = await uploads.begin(described("b.bin", content), described("c.bin", b"other"))
    assert (shared["status"], shared["alreadyStored"], shared["parts"]) == ("READY", True, [])
    assert shared["artifact"]["sha256"] == first["sha256"]
    assert (other["status"], other["alreadyStored"]) == ("OPEN", False)
    assert await uploads.download(shared["artifact"]) == content
    assert len(await uploads.keys()) == 1


async def test_stored_bytes_replace_an_older_file(uploads):
    content, older = os.urandom(5_000), os.urandom(10)
    await uploads.put("a.bin", content)
    await uploads.put("b.bin", older)
    (shared,) = await uploads.begin(described("b.bin", content))
    assert shared["alreadyStored"]
    assert await uploads.download(shared["artifact"]) == content
    await uploads.sweep()
    assert len(await uploads.keys()) == 1


@pytest.mark.parametrize("announced", [{"sha256": "0" * 64}, {"sha256": None}])
async def test_a_wrong_hash_fails_and_leaves_nothing(uploads, announced):
    failed = await uploads.put("a.bin", b"content", **announced)
    if announced["sha256"] is None:
        assert (failed["status"], failed["artifact"]["sha256"]) == ("READY", hashlib.sha256(b"content").hexdigest())
        return
    assert (failed["status"], failed["artifact"]) == ("FAILED", None)
    assert "announced was 000" in failed["statusReason"]
    assert failed["backgroundJob"]["status"] == "SUCCEEDED"
    await uploads.sweep()
    assert await uploads.keys() == set()


async def test_a_failed_upload_leaves_the_older_file(uploads):
    await uploads.put("a.bin", b"older")
    failed = await uploads.put("a.bin", b"newer", sha256="1" * 64)
    assert failed["status"] == "FAILED"
    async with uploads.runtime.db.read() as snap:
        rows = (await snap.scalars(select(Artifact).where(Artifact.project_id == uploads.project.id))).all()
    assert [row.path for row in rows] == ["a.bin"]
    await uploads.sweep()
    assert len(await uploads.keys()) == 1


async def test_a_part_of_another_size_is_refused(uploads, client):
    one, large = await uploads.begin(described("a.bin", b"12345"), {"path": "l", "size": 20 * MIB})
    for part, size in ((one["parts"][0], 4), (large["parts"][1], 5)):
        answer = await client.put(part["url"], content=b"x" * size)
        assert answer.status_code == 400, answer.text
        assert str(part["size"]) in answer.json()["message"]


async def test_a_part_that_is_sent_again_counts_once(uploads):
    (upload,) = await uploads.begin({"path": "a", "size": 5})
    await uploads.send(upload, b"first")
    await uploads.send(upload, b"other")
    await uploads.complete(upload)
    await uploads.work()
    ready = await uploads.show(upload)
    assert await uploads.download(ready["artifact"]) == b"other"
    await uploads.sweep()
    assert len(await uploads.keys()) == 1


@pytest.mark.parametrize(
    ("files", "code", "field"),
    [
        ([], "INVALID", "files"),
        ([{"path": "a", "size": -1}], "INVALID", "files.0.size"),
        ([{"path": "a", "size": 1}, {"path": "../a", "size": 1}], "INVALID", "files.1.path"),
        ([{"path": "a", "size": 1}, {"path": "a", "size": 2}], "INVALID", "files"),
        ([{"path": "a", "size": 1, "sha256": "xyz"}], "INVALID", "files.0.sha256"),
        ([{"path": "a", "size": 6 * 1024**4}], "TOO_LARGE", None),
        ([{"path": f"{i}", "size": 1} for i in range(1_001)], "INVALID", "files"),
    ],
)
async def test_invalid_files_are_refused_when_announced(uploads, files, code, field):
    refused = await uploads.create(*files)
    assert refused["artifactUploads"] is None
    assert [(error["code"], error["field"]) for error in refused["userErrors"]] == [(code, field)]
    async with uploads.runtime.db.read() as snap:
        mine = MultipartUpload.project_id == uploads.project.id
        assert await snap.scalar(select(func.count()).select_from(MultipartUpload).where(mine)) == 0


async def test_only_the_creator_continues_an_upload(uploads):
    (upload,) = await uploads.begin(described("a.bin", b"x"))
    await uploads.send(upload, b"x")
    for role, code in ((Role.MAINTAINER, "FORBIDDEN"), (Role.REPORTER, "FORBIDDEN"), (Role.GUEST, "FORBIDDEN")):
        refused = await uploads.complete(upload, person=uploads.project[role])
        assert [error["code"] for error in refused["userErrors"]] == [code]
    refused = await uploads.complete(upload, person=uploads.project.stranger)
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_FOUND"]
    shown = (await uploads.data(uploads.project[Role.REPORTER], SHOW, id=upload["id"]))["artifactUpload"]
    assert (shown["status"], shown["parts"]) == ("OPEN", [])
    assert (await uploads.data(uploads.project.stranger, SHOW, id=upload["id"]))["artifactUpload"] is None
    given_up = await uploads.data(uploads.project[Role.MAINTAINER], ABORT, ids=[upload["id"]])
    assert given_up["artifactUploadAbort"]["artifactUploads"] == [{"status": "ABORTED"}]


async def test_a_project_lists_the_uploads_that_have_not_ended(uploads):
    first, second, third = await uploads.begin(*(described(name, name.encode()) for name in ("a", "b", "c")))
    await uploads.send(first, b"a")
    await uploads.complete(first)
    await uploads.work()
    await uploads.data(uploads.person, ABORT, ids=[second["id"]])
    path = uploads.project.path
    listed = (await uploads.data(uploads.project[Role.REPORTER], UNFINISHED, path=path))["artifactUploads"]
    assert (listed["totalCount"], [each["id"] for each in listed["nodes"]]) == (1, [third["id"]])
    assert listed["nodes"][0]["status"] == "OPEN"
    assert listed["nodes"][0]["candidate"] is not None
    assert (await uploads.data(uploads.project.stranger, UNFINISHED, path=path))["artifactUploads"] is None


async def test_uploads_of_both_an_owner_and_a_project_are_refused(uploads, ask):
    for arguments in ("", '(owner: {candidate: {id: "x"}}, project: {path: "x"})'):
        answer = await ask(uploads.person, f"{{ artifactUploads{arguments} {{ totalCount }} }}")
        assert [error["extensions"]["code"] for error in answer.errors] == ["INVALID"]


async def test_abort_leaves_nothing_in_the_store(uploads, client):
    small, large = await uploads.begin(described("a.bin", b"x"), {"path": "l", "size": 20 * MIB})
    await uploads.send(small, b"x")
    await uploads.send(large, bytes(20 * MIB), 1)
    for _ in range(2):
        answer = await uploads.data(uploads.person, ABORT, ids=[small["id"], large["id"]])
        assert answer["artifactUploadAbort"] == {"artifactUploads": [{"status": "ABORTED"}] * 2, "userErrors": []}
    assert (await client.put(small["parts"][0]["url"], content=b"x")).status_code == 409
    assert (await client.put(large["parts"][1]["url"], content=bytes(4 * MIB))).status_code == 409
    refused = await uploads.complete(small)
    assert [error["code"] for error in refused["userErrors"]] == ["CONFLICT"]
    await uploads.sweep()
    assert await uploads.keys() == set()
    pending = [one async for one in uploads.runtime.blobs.list_uploads(f"v1/{uploads.project.id}/")]
    assert pending == []


async def test_an_upload_to_a_deleted_version_ends_as_failed(uploads):
    (upload,) = await uploads.begin(described("a.bin", b"x"))
    await uploads.send(upload, b"x")
    await uploads.complete(upload)
    await delete.delete(uploads.runtime.db, uploads.project.owner, uploads.project.id, uploads.version.id, keep=AT_ONCE)
    async with uploads.runtime.db.read() as snap:
        kinds = select(BackgroundJob.id, BackgroundJob.kind).where(BackgroundJob.project_id == uploads.project.id)
        jobs = {row.kind: row.id for row in await snap.execute(kinds)}
    await executor.execute(uploads.runtime, jobs["registry.purge_version"], "test")
    await uploads.work()
    shown = await uploads.show(upload)
    assert (shown["status"], shown["artifact"]) == ("FAILED", None)
    assert "candidate" in shown["statusReason"]
    await uploads.sweep()
    assert await uploads.keys() == set()


async def test_an_upload_to_a_deleted_version_is_not_begun(uploads):
    await delete.delete(uploads.runtime.db, uploads.project.owner, uploads.project.id, uploads.version.id)
    refused = await uploads.create(described("a.bin", b"x"))
    assert [error["code"] for error in refused["userErrors"]] == ["NOT_FOUND"]


async def test_unknown_upload_ids_are_refused(uploads):
    for ids in (["x"], [str(GlobalId.of("ArtifactUpload", uploads.project.id, UUID(int=1)))]):
        answer = await uploads.data(uploads.person, COMPLETE, ids=ids)
        assert [error["code"] for error in answer["artifactUploadComplete"]["userErrors"]] == ["NOT_FOUND"]
        assert (await uploads.data(uploads.person, SHOW, id=ids[0]))["artifactUpload"] is None


async def test_two_completions_at_once_make_one_job(uploads):
    (upload,) = await uploads.begin(described("a.bin", b"x"))
    await uploads.send(upload, b"x")
    answers = await asyncio.gather(*(uploads.complete(upload) for _ in range(5)))
    assert {answer["artifactUploads"][0]["status"] for answer in answers} == {"VERIFYING"}
    assert len({answer["backgroundJob"]["id"] for answer in answers}) == 1


async def test_an_empty_file_is_completed_twice_at_once(uploads):
    (upload,) = await uploads.begin({"path": "empty", "size": 0})
    answers = await asyncio.gather(*(uploads.complete(upload) for _ in range(5)))
    assert [answer["userErrors"] for answer in answers] == [[]] * 5
    await uploads.work()
    assert (await uploads.show(upload))["status"] == "READY"


async def test_aborted_upload_prevents_the_completion_of_its_batch(uploads, monkeypatch):
    kept, given_up = await uploads.begin(described("a.bin", b"x"), described("b.bin", b"y"))
    await uploads.send(kept, b"x")
    await uploads.send(given_up, b"y")
    require_parts = store_uploads.require_parts

    async def abort_then(*arguments):
        await uploads.data(uploads.person, ABORT, ids=[given_up["id"]])
        await require_parts(*arguments)

    monkeypatch.setattr(store_uploads, "require_parts", abort_then)
    refused = await uploads.complete(kept, given_up)
    assert [error["code"] for error in refused["userErrors"]] == ["CONFLICT"]
    assert (await uploads.show(kept))["status"] == "OPEN"


async def test_part_counts_when_the_client_disconnects_after_the_commit(uploads, monkeypatch):
    (upload,) = await uploads.begin(described("a.bin", b"x"))
    adopt = uploads_parts._adopt

    async def leave_after(*arguments):
        await adopt(*arguments)
        raise TooLarge("The client has left.")

    with monkeypatch.context() as patched:
        patched.setattr(uploads_parts, "_adopt", leave_after)
        assert (await uploads.client.put(upload["parts"][0]["url"], content=b"x")).status_code == 413
    assert [part["hasArrived"] for part in (await uploads.show(upload))["parts"]] == [True]
    await uploads.sweep()
    await uploads.complete(upload)
    await uploads.work()
    assert await uploads.download((await uploads.show(upload))["artifact"]) == b"x"


async def test_announced_uploads_are_not_completed_through_mlflow_endpoints(uploads, client):
    (upload,) = await uploads.begin({"path": "x/l.bin", "size": 17 * MIB, "sha256": "0" * 64})
    parts = [
        {
            "part_number": part["number"],
            "etag": (await client.put(part["url"], content=bytes(part["size"]))).headers["etag"],
        }
        for part in upload["parts"]
    ]
    mpu = f"/api/v4/projects/{uploads.project.id}/ml/mlflow/api/2.0/mlflow-artifacts/mpu"
    path = f"0/{uploads.version.candidate_id.hex}/artifacts/x"
    body = {"path": "l.bin", "upload_id": upload["parts"][0]["url"].split("/")[-2], "parts": parts}
    for end in ("complete", "abort"):
        refused = await client.post(f"{mpu}/{end}/{path}", json=body, headers=uploads.person.headers)
        assert (refused.status_code, refused.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert (await uploads.show(upload))["status"] == "OPEN"


async def test_the_parts_of_one_request_are_limited(uploads, ask):
    files = [{"path": f"{i}", "size": 20 * 1024 * MIB} for i in range(9)]
    document = CREATE.replace("maxParts: 1000", "maxParts: 1000, afterNumber: 0")
    answer = await ask(uploads.person, document, owner=uploads.owner, files=files)
    assert answer.errors == []
    nodes = "query n($ids: [ID!]!) { nodes(ids: $ids) { ... on ArtifactUpload { %s } } }" % " ".join(  # noqa: UP031
        f"p{i}: parts(maxParts: 1000) {{ number }}" for i in range(2)
    )
    ids = [upload["id"] for upload in answer.data["artifactUploadCreate"]["artifactUploads"]]
    refused = await ask(uploads.person, nodes, ids=ids)
    assert {error["extensions"]["code"] for error in refused.errors} == {"TOO_LARGE"}


async def test_concurrent_verification_stores_the_file_once(uploads):
    (upload,) = await uploads.begin(described("a.bin", bytes(20 * MIB)))
    await uploads.send(upload, bytes(20 * MIB))
    await uploads.complete(upload)
    async with uploads.runtime.db.read() as snap:
        job = (await snap.scalars(select(BackgroundJob).where(BackgroundJob.project_id == uploads.project.id))).one()
    lease = await leases.claim(uploads.runtime.db, job.id, "one")

    async def silent(_done, _total):
        pass

    again = [HANDLERS[job.kind](uploads.runtime, decode(job.kind, job.payload), silent) for _ in range(3)]
    await asyncio.gather(*again)
    assert lease is not None
    assert await leases.succeed(uploads.runtime.db, lease)
    ready = await uploads.show(upload)
    assert ready["status"] == "READY"
    assert len(await uploads.keys()) == 1


async def test_uncompleted_uploads_expire(uploads):
    made = await uploads.begin(described("a.bin", b"x"), {"path": "l", "size": 20 * MIB})
    await uploads.send(made[0], b"x")
    await uploads.send(made[1], bytes(20 * MIB), 1)
    async with uploads.runtime.db.write() as tx:
        mine = MultipartUpload.project_id == uploads.project.id
        await tx.execute(update(MultipartUpload).where(mine).values(expires_at=func.now()))
    await multipart.expire(uploads.runtime.db, uploads.runtime.blobs)
    assert await uploads.show(made[0]) is None
    await uploads.sweep()
    assert await uploads.keys() == set()
    async with uploads.runtime.db.read() as snap:
        assert await snap.scalar(select(func.count()).where(Blob.project_id == uploads.project.id)) == 0


async def test_a_thousand_files_cost_a_fixed_number_of_statements(uploads, runtime):
    document = """mutation c($owner: ArtifactOwnerLookup!, $files: [ArtifactUploadFileInput!]!) {
      artifactUploadCreate(input: {owner: $owner, files: $files}) {
        artifactUploads { id parts { url } } userErrors { code } } }"""
    counts = []
    await uploads.begin({"path": "first", "size": 1})  # from here on the version is OPEN
    for number in (1, 1_000):
        files = [{"path": f"{number}/{i}", "size": 50_000, "sha256": f"{i:064x}"} for i in range(number)]
        with statements(runtime.db) as seen:
            answer = await uploads.data(uploads.person, document, owner=uploads.owner, files=files)
        assert len(answer["artifactUploadCreate"]["artifactUploads"]) == number
        counts.append([statement[:60] for statement in seen])
    assert counts[0] == counts[1]
    async with runtime.db.read() as snap:
        assert await snap.scalar(text("SELECT 1")) == 1


async def test_release_from_quarantine_covers_equal_bytes_in_slices(uploads, monkeypatch):
    monkeypatch.setattr("app.artifacts.upkeep.quarantine.SLICE", 2)
    evil = b"cos\nsystem\n(S'echo evil'\ntR."
    shown = [await uploads.put(f"{number}.pkl", evil) for number in range(5)]
    assert {one["artifact"]["status"] for one in shown} == {"QUARANTINED"}
    key = shown[3]["artifact"]["id"]
    answer = (await uploads.data(uploads.project[Role.MAINTAINER], RELEASE, id=key))["artifactRelease"]
    assert answer["artifact"]["status"] == "READY"
    assert {(await uploads.show(one))["artifact"]["status"] for one in shown} == {"READY"}


async def test_dangerous_files_wait_for_a_maintainer(uploads, client):
    evil = b"cos\nsystem\n(S'echo evil'\ntR."
    shown = await uploads.put("model.pkl", evil)
    assert (shown["status"], shown["artifact"]["status"]) == ("READY", "QUARANTINED")
    key = shown["artifact"]["id"]
    result = (await uploads.data(uploads.person, FILE, id=key))["artifact"]
    assert (result["downloadUrl"], result["scan"]["verdict"]) == (None, "DANGEROUS")
    assert "os.system" in result["scan"]["imports"]
    assert "os.system" in result["statusReason"]
    mlflow = f"/api/v4/projects/{uploads.project.id}/ml/mlflow/api/2.0/mlflow-artifacts/artifacts"
    candidate = uploads.version.candidate_id.hex
    refused = await client.get(f"{mlflow}/0/{candidate}/artifacts/model.pkl", headers=uploads.person.headers)
    assert refused.status_code in {403, 404}, refused.text
    (again,) = await uploads.begin(described("copy.pkl", evil))
    assert (again["alreadyStored"], again["artifact"]["status"]) == (True, "QUARANTINED")
    for role in (Role.DEVELOPER, Role.GUEST):
        answer = await uploads.data(uploads.project[role], RELEASE, id=key)
        assert [error["code"] for error in answer["artifactRelease"]["userErrors"]] == ["FORBIDDEN"]
    released = (await uploads.data(uploads.project[Role.MAINTAINER], RELEASE, id=key))["artifactRelease"]
    assert (released["artifact"]["status"], released["userErrors"]) == ("READY", [])
    assert (await client.get(released["artifact"]["downloadUrl"])).content == evil
    assert await uploads.download(again["artifact"]) == evil
    twice = (await uploads.data(uploads.project[Role.MAINTAINER], RELEASE, id=key))["artifactRelease"]
    assert [error["code"] for error in twice["userErrors"]] == ["CONFLICT"]
    third = await uploads.put("third.pkl", evil)
    await uploads.work()
    assert third["artifact"]["status"] == "READY"


# Runs `true` when it is unpickled, and has none of the marks by which pickles are known: only the name tells.
UNMARKED = b"\x8c\x02os\x8c\x06system\x93(\x8c\x04truetR."
CUT = b"GGUF\x03\x00\x00\x00" + bytes(4)


async def test_stored_bytes_under_a_name_of_another_kind_are_inspected_first(uploads):
    first = await uploads.put("weights.bin", UNMARKED)
    assert first["artifact"]["status"] == "READY"
    older = await uploads.put("weights.pkl", b"\x80\x04N.")
    (upload,) = await uploads.begin(described("weights.pkl", UNMARKED))
    assert (upload["status"], upload["alreadyStored"], upload["parts"]) == ("VERIFYING", True, [])
    assert (upload["artifact"], upload["backgroundJob"]["status"]) == (None, "QUEUED")
    assert await uploads.download(older["artifact"]) == b"\x80\x04N."
    await uploads.work()
    ended = await uploads.show(upload)
    assert (ended["status"], ended["artifact"]["status"]) == ("READY", "QUARANTINED")
    assert ended["backgroundJob"]["done"] == ended["backgroundJob"]["total"] == len(UNMARKED)
    (again,) = await uploads.begin(described("folder/other.pkl", UNMARKED))
    assert (again["status"], again["artifact"]["status"], again["backgroundJob"]) == ("READY", "QUARANTINED", None)
    (plain,) = await uploads.begin(described("other.bin", UNMARKED))
    assert (plain["status"], plain["artifact"]["status"]) == ("READY", "READY")
    await uploads.sweep()
    assert len(await uploads.keys()) == 1


async def test_bytes_that_failed_inspection_fail_at_once(uploads):
    first = await uploads.put("a/cut.gguf", CUT)
    assert first["artifact"]["status"] == "FAILED"
    (again,) = await uploads.begin(described("b/cut.gguf", CUT))
    assert (again["status"], again["alreadyStored"], again["artifact"]["status"]) == ("READY", True, "FAILED")
    shown = (await uploads.data(uploads.person, FILE, id=again["artifact"]["id"]))["artifact"]
    assert (
        shown["statusReason"]
        == (await uploads.data(uploads.person, FILE, id=first["artifact"]["id"]))["artifact"]["statusReason"]
    )


async def test_inspection_that_timed_out_is_repeated(uploads, monkeypatch):
    async def too_slow(_order, _reader):
        raise sandbox.Killed("It took longer than 120 seconds.")

    with monkeypatch.context() as slow:
        slow.setattr(sandbox, "run", too_slow)
        first = await uploads.put("a.pkl", b"\x80\x04N.")
    assert first["artifact"]["status"] == "QUARANTINED"
    (again,) = await uploads.begin(described("b.pkl", b"\x80\x04N."))
    assert (again["status"], again["alreadyStored"]) == ("VERIFYING", True)
    await uploads.work()
    assert (await uploads.show(again))["artifact"]["status"] == "READY"


async def test_bytes_pending_inspection_outlive_their_first_file(uploads, runtime):
    first = await uploads.put("weights.bin", UNMARKED)
    kept, given_up = await uploads.begin(described("a.pkl", UNMARKED), described("b.pkl", UNMARKED))
    root = Root(uploads.project.id, candidate_id=uploads.version.candidate_id)
    await removal.remove(runtime.db, uploads.project.owner, root, first["path"], lock_owner=file_owners.lock(root))
    await uploads.data(uploads.person, ABORT, ids=[given_up["id"]])
    await uploads.sweep()
    (key,) = await uploads.keys()
    ((explained,), _) = await blob_references.explain(runtime.db, key)
    assert [file.path for file in explained.files] == ["a.pkl"]
    await uploads.work()
    assert (await uploads.show(kept))["artifact"]["status"] == "QUARANTINED"
    assert (await uploads.show(given_up))["artifact"] is None


@pytest.mark.parametrize("end", ["abort", "expire"])
async def test_bytes_without_a_pending_upload_are_removed(uploads, runtime, end):
    first = await uploads.put("weights.bin", UNMARKED)
    (upload,) = await uploads.begin(described("weights.pkl", UNMARKED))
    root = Root(uploads.project.id, candidate_id=uploads.version.candidate_id)
    await removal.remove(runtime.db, uploads.project.owner, root, first["path"], lock_owner=file_owners.lock(root))
    if end == "abort":
        await uploads.data(uploads.person, ABORT, ids=[upload["id"]])
    else:
        async with runtime.db.write() as tx:
            mine = MultipartUpload.project_id == uploads.project.id
            await tx.execute(update(MultipartUpload).where(mine).values(expires_at=func.now()))
        await multipart.expire(runtime.db, runtime.blobs)
    await uploads.sweep()
    assert await uploads.keys() == set()
    await uploads.work()
    assert (await uploads.show(upload) or {"artifact": None})["artifact"] is None


async def test_damaged_stored_bytes_have_to_be_sent_again(uploads, runtime):
    await uploads.put("weights.bin", UNMARKED)
    (upload,) = await uploads.begin(described("weights.pkl", UNMARKED))
    async with runtime.db.write() as tx:
        mine = Blob.project_id == uploads.project.id
        await tx.execute(update(Blob).where(mine).values(damage="missing", damaged_at=func.now()))
    await uploads.work()
    failed = await uploads.show(upload)
    assert (failed["status"], failed["artifact"]) == ("FAILED", None)
    assert "damaged" in failed["statusReason"]
    (again,) = await uploads.begin(described("weights.pkl", UNMARKED))
    assert (again["status"], again["alreadyStored"]) == ("OPEN", False)


async def test_stored_bytes_inspected_by_two_workers_become_one_file(uploads, runtime):
    await uploads.put("weights.bin", UNMARKED)
    made = await uploads.begin(*(described(f"{number}.pkl", UNMARKED) for number in range(5)))
    async with runtime.db.read() as snap:
        of_kind = (BackgroundJob.project_id == uploads.project.id, BackgroundJob.state == "queued")
        job = (await snap.scalars(select(BackgroundJob).where(*of_kind))).one()

    async def silent(_done, _total):
        pass

    await asyncio.gather(
        *(HANDLERS[job.kind](uploads.runtime, decode(job.kind, job.payload), silent) for _ in range(3))
    )
    await uploads.work()
    ended = [await uploads.show(upload) for upload in made]
    assert {(one["status"], one["artifact"]["status"]) for one in ended} == {("READY", "QUARANTINED")}
    assert len(await uploads.keys()) == 1


async def test_batch_is_verified_in_slices_with_progress(uploads, runtime, monkeypatch):
    monkeypatch.setattr(ingest, "SLICE_FILES", 5)
    contents = {f"{number}.dat": b"%02d" % number * 50 for number in range(12)}
    made = await uploads.begin(*(described(path, content) for path, content in contents.items()))
    for upload in made:
        await uploads.send(upload, contents[upload["path"]])
    await uploads.complete(*made)
    async with runtime.db.read() as snap:
        of_kind = (BackgroundJob.project_id == uploads.project.id, BackgroundJob.kind == "artifacts.ingest")
        job_id = await snap.scalar(select(BackgroundJob.id).where(*of_kind))
    seen = []
    for _ in range(3):
        outcome = await executor.execute(runtime, job_id, "test")
        ended = [(await uploads.show(upload))["status"] for upload in made]
        seen.append((outcome, ended.count("READY"), (await uploads.show(made[0]))["backgroundJob"]))
    assert [(outcome, ready) for outcome, ready, _ in seen] == [
        ("put behind", 5),
        ("put behind", 10),
        ("succeeded", 12),
    ]
    assert [told["done"] for _, _, told in seen] == [500, 1_000, 1_200]
    assert {told["total"] for _, _, told in seen} == {1_200}


async def test_statement_count_is_fixed_for_many_files_of_stored_bytes(uploads, runtime):
    await uploads.put("known.bin", b"known")
    counts = []
    for number in (1, 100):
        files = [described(f"{number}/{i}.dat", b"known") for i in range(number)]
        with statements(runtime.db) as seen:
            made = await uploads.begin(*files)
        assert {upload["status"] for upload in made} == {"VERIFYING"}
        counts.append(len(seen))
    assert counts[0] == counts[1]


async def test_lost_inspection_jobs_are_queued_again(uploads, data, client, runtime, project, monkeypatch):
    """Those of all versions, however many others wait: a batch is not all of them."""
    monkeypatch.setattr(inspections, "BATCH", 2)
    for number in range(3):
        model = await models.create(runtime.db, project.owner, project.id, CreateModel(f"waiting-{number}"))
        version = await versions_create.create(runtime.db, project.owner, project.id, CreateVersion(model.id))
        await Uploads(data, client, runtime, project, version).put("a.bin", os.urandom(100))
    mine = Artifact.project_id == project.id
    async with runtime.db.write() as tx:
        await tx.execute(
            update(Artifact).where(mine).values(inspected_at=None, created_at=func.now() - text("interval '2 minutes'"))
        )
    assert await inspections.promise_overdue(runtime.db) >= 3
    await uploads.work()
    async with runtime.db.read() as snap:
        assert await snap.scalar(select(func.count()).where(mine, Artifact.inspected_at.is_(None))) == 0


async def test_parts_go_to_the_store_itself_where_clients_reach_it(uploads, runtime):
    settings = runtime.settings.model_copy(update={"s3_public_url": runtime.settings.s3_url})
    contents = {"one.bin": os.urandom(300_000), "big.bin": os.urandom(20 * MIB), "empty.bin": b""}
    at_store = []
    async with open_runtime(settings) as public, serving(public) as address, httpx.AsyncClient() as client:

        async def ask(document, **variables):
            body = {"query": document, "variables": variables}
            answer = await client.post(f"{address}/graphql", json=body, headers=uploads.person.headers, timeout=30)
            return answer.json()["data"]

        files = [described(path, content) for path, content in contents.items()]
        made = (await ask(CREATE, owner=uploads.owner, files=files))["artifactUploadCreate"]["artifactUploads"]
        for upload in made:
            for part in upload["parts"]:
                piece = contents[upload["path"]][part["offset"] : part["offset"] + part["size"]]
                there = await location(part["url"], part["size"])
                assert there.startswith(runtime.settings.s3_url)
                at_store.append((there, part["size"]))
                # Clients that wait for 100-continue are redirected to the store; the API passes the bytes of others on.
                url = there if part["number"] % 2 else part["url"]
                assert (await client.put(url, content=piece, timeout=30)).status_code == 200
        done = (await ask(COMPLETE, ids=[upload["id"] for upload in made]))["artifactUploadComplete"]
        assert done["userErrors"] == []
        await uploads.work()
        for upload in made:
            ready = (await ask(SHOW, id=upload["id"]))["artifactUpload"]
            assert ready["artifact"]["sha256"] == hashlib.sha256(contents[upload["path"]]).hexdigest()
        # What was signed for the upload cannot change the file afterwards.
        for url, size in at_store:
            assert (await client.put(url, content=b"x" * size, timeout=30)).status_code in {403, 404}
        for part in (*made[0]["parts"], *made[1]["parts"]):
            assert (await client.put(part["url"], content=b"x" * part["size"], timeout=30)).status_code == 409
    for upload in made:
        ready = await uploads.show(upload)
        assert await uploads.download(ready["artifact"]) == contents[upload["path"]]


async def test_full_store_is_507_and_the_same_link_works_later(uploads, runtime):
    small, large = os.urandom(1_000), os.urandom(20 * MIB)
    async with faulty(runtime.settings.s3_url) as faults:
        settings = runtime.settings.model_copy(update={"s3_url": faults.url})
        async with open_runtime(settings) as shaky, serving(shaky) as address, httpx.AsyncClient() as client:
            body = {"owner": uploads.owner, "files": [described("small", small), described("large", large)]}
            answer = await client.post(
                f"{address}/graphql", json={"query": CREATE, "variables": body}, headers=uploads.person.headers
            )
            made = answer.json()["data"]["artifactUploadCreate"]["artifactUploads"]
            for upload, content in zip(made, (small, large), strict=True):
                part = upload["parts"][-1]
                piece = content[part["offset"] : part["offset"] + part["size"]]
                faults.planned["PUT"] = [507, 507, 507]
                refused = await client.put(part["url"], content=piece, timeout=30)
                assert (refused.status_code, "Retry-After" in refused.headers) == (507, True)
                faults.planned.clear()
                assert (await uploads.show(upload))["status"] == "OPEN"
                assert (await client.put(part["url"], content=piece, timeout=30)).status_code == 200
    await uploads.send(made[1], large, 1)
    assert (await uploads.complete(*made))["userErrors"] == []
    await uploads.work()
    assert [(await uploads.show(upload))["status"] for upload in made] == ["READY", "READY"]
    await uploads.sweep()
    assert len(await uploads.keys()) == 2
