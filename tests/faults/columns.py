"""The moments at which something breaks: each brings work to a named point, yields, and sees to the end of it.

They are brought about in the order in which they stand here, since a job that is held takes a slot of the worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from app.ids import GlobalId
from tests.faults.client import sha256
from tests.faults.ground_truth import eventually
from tests.faults.world import World, halves

Column = Callable[[World], AsyncIterator[None]]
COLUMNS: dict[str, tuple[str, Column]] = {}

_CREATE = """mutation c($owner: ArtifactOwnerLookup!, $files: [ArtifactUploadFileInput!]!) {
  artifactUploadCreate(input: {owner: $owner, files: $files}) {
    artifactUploads { id status parts { url offset size } } userErrors { code message } } }"""
_COMPLETE = """mutation c($ids: [ID!]!) { artifactUploadComplete(input: {ids: $ids}) {
  artifactUploads { id status } userErrors { code message } } }"""
_SHOW = "query s($id: ID!) { artifactUpload(by: {id: $id}) { status statusReason artifact { sha256 size status } } }"


def column(name: str, title: str) -> Callable[[Column], Column]:
    def add(made: Column) -> Column:
        COLUMNS[name] = (title, made)
        return made

    return add


@column("U1", "an upload streams")
async def streaming(world: World) -> AsyncIterator[None]:
    folder, content = await world.client.candidate(), world.content(400_000)
    middle, go_on = asyncio.Event(), asyncio.Event()
    sending = asyncio.ensure_future(world.client.put(folder, "streamed", halves(content, middle, go_on)))
    await middle.wait()
    yield
    go_on.set()
    world.note(await sending, folder, "streamed", content)
    await world.check(folder, "streamed")
    await world.put(folder, "streamed", content)
    await world.check(folder, "streamed")


async def _held_upload(world: World, point: str) -> AsyncIterator[None]:
    folder, content, trap = await world.client.candidate(), world.content(), world.trap(point)
    sending = asyncio.ensure_future(world.client.put(folder, "held", content))
    await trap.reached()
    yield
    trap.release()
    world.note(await sending, folder, "held", content)
    await world.check(folder, "held")
    await world.put(folder, "held", content)
    await world.check(folder, "held")


@column("U2", "object complete, pointer not committed")
def stored(world: World) -> AsyncIterator[None]:
    return _held_upload(world, "upload.stored")


@column("U3", "pointer committed, answer not sent")
def committed(world: World) -> AsyncIterator[None]:
    return _held_upload(world, "upload.committed")


@column("U4", "upload in parts joined, pointer not committed")
async def joined(world: World) -> AsyncIterator[None]:
    folder, content, trap = await world.client.candidate(), world.content(), world.trap("multipart.joined")
    begun = (await world.insist(lambda: world.client.parts("create", folder, path="parts", num_parts=1))).data
    sent = await world.client.send("PUT", begun["credentials"][0]["url"], bare=True, content=content)
    assert sent.is_ok
    message = {
        "path": "parts",
        "upload_id": begun["upload_id"],
        "parts": [{"part_number": 1, "etag": sent.etag, "url": begun["credentials"][0]["url"]}],
    }
    completing = asyncio.ensure_future(world.client.parts("complete", folder, **message))
    await trap.reached()
    yield
    trap.release()
    world.note(await completing, folder, "parts", content)
    await world.check(folder, "parts")
    await world.insist(lambda: world.client.parts("complete", folder, **message))
    world.ledger.doubtful.pop((folder, "parts"), None)
    world.ledger.present[folder, "parts"] = content
    await world.check(folder, "parts")


async def _announced(world: World, content: bytes) -> tuple[str, str]:
    """An announced upload whose bytes were sent; its id and the folder of the file."""
    folder = await world.client.candidate()
    candidate = folder.split("/")[1]
    files = [{"path": "announced", "size": len(content), "sha256": sha256(content)}]
    owner = {"candidate": {"path": {"project": _project(world), "uuid": candidate}}}
    made = (await world.insist(lambda: world.client.graphql(_CREATE, owner=owner, files=files))).data
    created = made["data"]["artifactUploadCreate"]
    assert created["userErrors"] == [], created
    (upload,) = created["artifactUploads"]
    sent = await world.client.send("PUT", upload["parts"][0]["url"], bare=True, content=content)
    assert sent.is_ok
    return upload["id"], folder


async def _ready(world: World, upload_id: str, folder: str, content: bytes) -> None:
    """Complete it, again if need be, and wait until a worker has published the file."""
    await world.insist(lambda: world.client.graphql(_COMPLETE, ids=[upload_id]))
    while True:
        shown = (await world.certain(lambda: world.client.graphql(_SHOW, id=upload_id))).data["data"]["artifactUpload"]
        assert shown["status"] in {"VERIFYING", "READY"}, shown
        if shown["status"] == "READY":
            break
        await asyncio.sleep(0.05)
    assert shown["artifact"]["sha256"] == sha256(content)
    world.ledger.present[folder, "announced"] = content
    await world.check(folder, "announced")


async def _held_ingestion(world: World, point: str) -> AsyncIterator[None]:
    content, trap = world.content(), world.trap(point)
    upload_id, folder = await _announced(world, content)
    await world.insist(lambda: world.client.graphql(_COMPLETE, ids=[upload_id]))
    await trap.reached()
    yield
    trap.release()
    await _ready(world, upload_id, folder, content)
    await world.truth.job_done("artifacts.ingest", "batch_id", await _batch(world, upload_id))


async def _batch(world: World, upload_id: str) -> object:
    statement = "SELECT batch_id FROM multipart_uploads WHERE id = :id"
    parsed = GlobalId.parse(upload_id)
    assert parsed is not None
    return (await world.truth.rows(statement, id=parsed.parts[-1]))[0][0]


@column("I2", "ingestion claimed")
def ingesting(world: World) -> AsyncIterator[None]:
    return _held_ingestion(world, "artifacts.ingest.claimed")


@column("I3", "ingestion done, finish not committed")
def ingested(world: World) -> AsyncIterator[None]:
    return _held_ingestion(world, "artifacts.ingest.done")


@column("C1", "CI job claimed to be asked for")
async def linking(world: World) -> AsyncIterator[None]:
    number = len(world.gitlab.statuses) + 1
    world.gitlab.statuses[number] = ["success"]
    run = (await world.client.candidate()).split("/")[1]
    trap = world.trap("ci.follow.claimed")
    await world.client.surely("runs/set-tag", run_id=run, key="gitlab.CI_JOB_ID", value=str(number))
    await trap.reached()
    yield
    trap.release()
    linked = "SELECT id, link_state, status FROM ci_jobs WHERE external_id = :number"

    async def has_status() -> bool:
        (job,) = await world.truth.rows(linked, number=str(number))
        assert job.link_state != "failed"
        return (job.link_state, job.status) == ("finished", "success")

    await eventually(has_status, "the CI job was not followed")
    (job,) = await world.truth.rows(linked, number=str(number))
    await world.truth.job_done("ci.follow", "ci_job_id", job.id)


@column("I1", "announced upload sent, not completed")
async def announced(world: World) -> AsyncIterator[None]:
    content = world.content()
    upload_id, folder = await _announced(world, content)
    yield
    await _ready(world, upload_id, folder, content)


async def _held_purge(world: World, point: str) -> AsyncIterator[None]:
    name, ((number, folder),) = await world.model()
    version_id, trap = await world.truth.version_id(name, number), world.trap(point)
    await world.client.surely("model-versions/delete", name=name, version=number)
    world.forget(folder)
    await trap.reached()
    yield
    trap.release()
    await world.check(folder, "weights.bin")
    await world.truth.job_done("registry.purge_version", "version_id", version_id)
    await _purged(world, folder)


@column("J2", "job running")
def running(world: World) -> AsyncIterator[None]:
    return _held_purge(world, "registry.purge_version.claimed")


@column("J3", "effects done, finish not committed")
def done(world: World) -> AsyncIterator[None]:
    return _held_purge(world, "registry.purge_version.done")


@column("J1", "job committed, not yet rung")
async def promised(world: World) -> AsyncIterator[None]:
    name, ((number, folder),) = await world.model()
    version_id, trap = await world.truth.version_id(name, number), world.trap("promise.committed")
    deleting = asyncio.ensure_future(world.client.call("model-versions/delete", name=name, version=number))
    await trap.reached()
    yield
    trap.release()
    outcome = await deleting
    assert outcome.is_ok or outcome.is_unknown
    world.forget(folder)
    await world.check(folder, "weights.bin")
    await world.truth.job_done("registry.purge_version", "version_id", version_id)
    await _purged(world, folder)


@column("D3", "rows gone, bytes not")
async def sweeping(world: World) -> AsyncIterator[None]:
    folder, content = await world.client.candidate(), world.content()
    await world.put(folder, "doomed", content)
    key = await world.truth.object_key(sha256(content))
    trap = world.trap(world.random.choice(["sweep.taken", "sweep.removed"]))
    await world.insist(lambda: world.client.delete(folder, "doomed"))
    world.forget(folder)
    await world.truth.write("UPDATE condemned_objects SET not_before = now()")
    await trap.reached()
    yield
    trap.release()
    await world.check(folder, "doomed")
    await world.truth.none("condemned_objects WHERE object_key = :key", key=key)
    assert key not in await world.truth.objects()


@column("D2", "in the middle of the cascade")
async def cascading(world: World) -> AsyncIterator[None]:
    name, made = await world.model(2)
    model_id, trap = await world.truth.model_id(name), world.trap("purge.versions_removed")
    await world.client.surely("registered-models/delete", name=name)
    await trap.reached()
    yield
    trap.release()
    await _gone(world, name, made, model_id)


@column("D1", "delete just acknowledged")
async def deleted(world: World) -> AsyncIterator[None]:
    name, made = await world.model(2)
    model_id = await world.truth.model_id(name)
    await world.client.surely("registered-models/delete", name=name)
    yield
    await _gone(world, name, made, model_id)


async def _gone(world: World, name: str, made: list[Any], model_id: int) -> None:
    """The model is not seen any more, its name is free, and a worker removes what it had."""
    for _, folder in made:
        world.forget(folder)
        await world.check(folder, "weights.bin")
    seen = await world.certain(lambda: world.client.ask("registered-models/get", name=name))
    assert seen.status == 404
    await world.client.surely("registered-models/create", name=name)
    await world.truth.job_done("registry.purge_model", "model_id", model_id)
    for _, folder in made:
        await _purged(world, folder)
    number, _ = await world.client.version(name)
    assert number == "1", "a new model begins anew"


async def _purged(world: World, folder: str) -> None:
    """No row is left of the candidate with this folder."""
    run = folder.split("/")[1]
    await world.truth.none("candidates WHERE id = :id", id=run)
    await world.truth.none("artifacts WHERE root_id = :id", id=run)


def _project(world: World) -> str:
    return world.installation.connection["MODELYARD_PROJECT"]
