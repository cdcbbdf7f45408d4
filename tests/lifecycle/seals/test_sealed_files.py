"""No file of a sealed version changes, by anyone and by whichever door."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.artifacts import links
from app.artifacts.sealed import VersionSealed
from app.artifacts.uploads import ingest
from app.artifacts.uploads.announced import AnnouncedFile
from app.files import announced
from app.files.targets import VersionFiles
from app.lifecycle.seals import manifests, seals, withdrawals
from app.lifecycle.seals.withdrawals import Kind, Withdraw
from app.registry.versions import delete, lookup
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate
from app.webhooks import webhooks
from app.webhooks.webhooks import CreateWebhook
from tests.lifecycle.seals.conftest import FILES, sealed_version, version_with_files
from tests.support.lifecycle.doors import FILE_DOORS, Doors
from tests.support.registry.versions import set_file_state, store_file


async def manifest_of(runtime, version):
    async with runtime.db.read() as snap:
        return await manifests.of_version(snap, version)


@pytest.mark.parametrize("path", ["MLmodel", "new/file.bin"], ids=["overwritten", "added"])
@pytest.mark.parametrize("door", FILE_DOORS)
async def test_even_the_owner_changes_no_file_of_a_sealed_version(runtime, project, model, http, door, path):
    version = await sealed_version(runtime, project)
    refusal = await FILE_DOORS[door](Doors(http, project, version), project[Role.OWNER], path)
    assert refusal is not None and "sealed" in refusal, refusal
    assert any(code in refusal for code in ("VERSION_SEALED", "409")), refusal
    assert (await manifest_of(runtime, version)).digest == version.manifest_digest


@pytest.mark.parametrize("door", FILE_DOORS)
async def test_files_of_an_open_version_change_at_every_door(runtime, project, model, http, door):
    version = await version_with_files(runtime, project)
    assert await FILE_DOORS[door](Doors(http, project, version), project[Role.OWNER], "MLmodel") is None


async def test_what_was_begun_before_the_seal_does_not_arrive_after_it(runtime, project, model, http):
    version = await version_with_files(runtime, project)
    doors, owner = Doors(http, project, version), project[Role.OWNER]
    parts = {"path": "MLmodel", "num_parts": 1}
    address = f"{doors.mlflow}/api/2.0/mlflow-artifacts/mpu/create/{doors.files}"
    begun = (await http.post(address, headers=owner.headers, json=parts)).json()
    etag = (await http.put(begun["credentials"][0]["url"], content=b"x" * 10)).headers["etag"]
    link = {"run_id": version.candidate_id.hex, "path": "MLmodel"}
    address = f"{doors.mlflow}/api/2.0/mlflow/artifacts/presigned-upload-url"
    presigned = (await http.post(address, headers=owner.headers, json=link)).json()["presigned_url"]

    sealed = await seals.seal_version(runtime.db, project.owner, project.id, version.id)

    body = {"path": "MLmodel", "upload_id": begun["upload_id"], "parts": [{"part_number": 1, "etag": etag}]}
    address = f"{doors.mlflow}/api/2.0/mlflow-artifacts/mpu/complete/{doors.files}"
    completed = await http.post(address, headers=owner.headers, json=body)
    assert (completed.status_code, "sealed" in completed.text) == (409, True)
    put = await http.put(presigned, content=b"by link")
    assert (put.status_code, "sealed" in put.text) == (409, True)
    assert (await manifest_of(runtime, version)).digest == sealed.manifest_digest


STATEMENTS = {
    "insert": """
        INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type)
        SELECT project_id, gen_random_uuid(), candidate_id, 'added', blob_id, media_type FROM artifacts
        WHERE project_id = :p AND root_id = :r LIMIT 1""",
    "other bytes": """
        UPDATE artifacts SET blob_id = (SELECT blob_id FROM artifacts WHERE project_id = :p AND path = 'Z')
        WHERE project_id = :p AND root_id = :r AND path = 'MLmodel'""",
    "media type": "UPDATE artifacts SET media_type = 'a/b' WHERE project_id = :p AND root_id = :r AND path = 'Z'",
    "another path": "UPDATE artifacts SET path = 'moved' WHERE project_id = :p AND root_id = :r AND path = 'Z'",
    "delete": "DELETE FROM artifacts WHERE project_id = :p AND root_id = :r AND path = 'Z'",
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_no_statement_changes_a_sealed_version(runtime, project, model, name):
    version = await sealed_version(runtime, project)
    with pytest.raises(VersionSealed):
        async with runtime.db.write() as tx:
            await tx.execute(text(STATEMENTS[name]), {"p": project.id, "r": version.candidate_id})
    assert (await manifest_of(runtime, version)).digest == version.manifest_digest


async def test_inspections_say_of_sealed_files_what_they_find(runtime, project, model):
    version = await sealed_version(runtime, project)
    root, _ = lookup.root_of(version)
    await set_file_state(runtime, root, "Z", "quarantined", "runs code")
    async with runtime.db.read() as snap:
        shown = await lookup.find(snap, project.owner, project.id, version.id)
    assert (shown[1].state, shown[1].sealed_at) == ("quarantined", version.sealed_at)


async def test_only_the_folder_of_the_version_is_sealed(runtime, project, model):
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    version = await sealed_version(runtime, project, candidate_id=made.candidate.id, artifact_folder="model")
    root, _ = lookup.root_of(version)
    for path in ("model.txt", "modelling/a", "plots/loss.png"):
        await store_file(runtime, project, root, path)
        await store_file(runtime, project, root, path, b"again")
    with pytest.raises(VersionSealed):
        await store_file(runtime, project, root, "model/new", b"new")
    paths = [one.path for one in (await manifest_of(runtime, version)).entries]
    assert paths == ["MLmodel", "Z", "data/a.txt", "data/Ä b.bin"]


async def test_damaged_bytes_are_healed_by_sending_them_again_and_by_no_others(runtime, project, model, http):
    version = await sealed_version(runtime, project)
    async with runtime.db.write() as tx:
        digest = hashlib.sha256(FILES["Z"]).digest()
        hurt = text("UPDATE blobs SET damage = 'hash', damaged_at = now() WHERE project_id = :p AND sha256 = :d")
        await tx.execute(hurt, {"p": project.id, "d": digest})
    doors, owner = Doors(http, project, version), project[Role.OWNER]
    address = f"{doors.mlflow}/api/2.0/mlflow-artifacts/artifacts/{doors.files}/Z"
    refused = await http.put(address, headers=owner.headers, content=b"other bytes")
    assert refused.status_code == 409
    healed = await http.put(address, headers=owner.headers, content=FILES["Z"])
    assert healed.status_code == 200, healed.text
    async with runtime.db.read() as snap:
        left = text("SELECT count(*) FROM blobs WHERE project_id = :p AND damage IS NOT NULL")
        assert await snap.scalar(left, {"p": project.id}) == 0
    assert (await manifest_of(runtime, version)).digest == version.manifest_digest


async def test_files_sent_while_a_version_is_sealed_are_in_its_manifest_or_refused(runtime, project, model):
    version = await version_with_files(runtime, project)
    root, _ = lookup.root_of(version)

    async def send(number: int) -> bool:
        await asyncio.sleep(number / 1000)
        try:
            await store_file(runtime, project, root, f"shard-{number:02}", bytes([number]))
        except VersionSealed:
            return False
        return True

    async def seal():
        await asyncio.sleep(0.015)
        return await seals.seal_version(runtime.db, project.owner, project.id, version.id)

    *arrived, sealed = await asyncio.gather(*(send(number) for number in range(40)), seal())
    manifest = await manifest_of(runtime, version)
    assert manifest.digest == sealed.manifest_digest
    assert {one.path for one in manifest.entries} == {*FILES, *(f"shard-{n:02}" for n in range(40) if arrived[n])}


async def test_a_deleted_version_keeps_its_files_until_it_is_removed(runtime, project, model):
    version = await sealed_version(runtime, project)
    await delete.delete(runtime.db, project.owner, project.id, version.id)
    with pytest.raises(VersionSealed):
        async with runtime.db.write() as tx:
            await tx.execute(text(STATEMENTS["delete"]), {"p": project.id, "r": version.candidate_id})


async def test_an_announced_file_that_arrives_after_the_seal_is_refused_with_the_reason(runtime, project, model, http):
    version = await version_with_files(runtime, project)
    owner = project[Role.OWNER]
    content = b"late"
    wanted = AnnouncedFile("late.bin", len(content), hashlib.sha256(content).digest())
    (upload,) = await announced.announce(runtime, owner.actor, VersionFiles(project.id, version.id), [wanted])
    address = links.part_url(runtime.settings, upload, 1, links.signer_of(owner.actor), str(http.base_url).rstrip("/"))
    assert (await http.put(address, content=content)).status_code == 200
    await announced.complete(runtime, owner.actor, project.id, [upload.id])
    sealed = await seals.seal_version(runtime.db, project.owner, project.id, version.id)
    async with runtime.db.read() as snap:
        batch = text("SELECT batch_id FROM multipart_uploads WHERE project_id = :p AND id = :u")
        batch_id = await snap.scalar(batch, {"p": project.id, "u": upload.id})
    told = []

    async def progress(done, total):
        told.append((done, total))

    lock_of = file_owners.lock
    await ingest.ingest(runtime.db, runtime.blobs, project.id, batch_id, lock_of=lock_of, progress=progress)
    async with runtime.db.read() as snap:
        ended = text("SELECT state, reason FROM multipart_uploads WHERE project_id = :p AND id = :u")
        state, reason = (await snap.execute(ended, {"p": project.id, "u": upload.id})).one()
    assert (state, "sealed" in reason) == ("failed", True)
    assert (await manifest_of(runtime, version)).digest == sealed.manifest_digest


async def test_sealing_and_yanking_are_told_to_webhooks_and_subscribers(runtime, project, model):
    version = await version_with_files(runtime, project)
    events = ["model_version.sealed", "model_version.yanked", "model_version.unyanked"]
    hook = CreateWebhook("w", "https://example.org/", events)
    await webhooks.create(runtime.db, project.owner, runtime.webhook_client, project.id, hook)
    sealed = await seals.seal_version(runtime.db, project.owner, project.id, version.id)
    command = Withdraw("Wrong labels")
    await withdrawals.withdraw(runtime.db, project.owner, project.id, version.id, Kind.YANK, command)
    await withdrawals.undo(runtime.db, project.owner, project.id, version.id, Kind.YANK, "Right after all")
    async with runtime.db.read() as snap:
        sent = "SELECT event, data ->> 'digest', data ->> 'reason' FROM webhook_deliveries"
        rows = await snap.execute(text(f"{sent} WHERE project_id = :p ORDER BY event"), {"p": project.id})
        told = [tuple(row) for row in rows]
        kinds = text("SELECT type FROM project_events WHERE project_id = :p AND type LIKE :k ORDER BY id")
        journal = list(await snap.scalars(kinds, {"p": project.id, "k": "MODEL_VERSION_SEALED"}))
        yanks = list(await snap.scalars(kinds, {"p": project.id, "k": "MODEL_VERSION_%YANKED"}))
    assert told == [
        (events[0], manifests.shown_digest(sealed.manifest_digest), None),
        (events[2], None, "Right after all"),
        (events[1], None, "Wrong labels"),
    ]
    assert (journal, yanks) == (["MODEL_VERSION_SEALED"], ["MODEL_VERSION_YANKED", "MODEL_VERSION_UNYANKED"])
