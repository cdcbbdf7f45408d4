"""Artifacts: stored once, found by path, removed when no file has them."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.access.policy import Role
from app.artifacts import artifacts, paths, removal
from app.artifacts.artifacts import Root
from app.artifacts.reads import downloads, folders
from app.artifacts.reads.folders import Entry
from app.artifacts.tables import Blob, CondemnedObject
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from app.registry import models
from app.registry.models import CreateModel
from app.registry.trash.retention import AT_ONCE
from app.registry.versions import create
from app.registry.versions.request import CreateVersion
from app.storage.blobs import SizeMismatch
from app.tracking import candidates, experiments, purge
from app.tracking.candidates import CreateCandidate
from app.tracking.experiments import CreateExperiment


@pytest.fixture
async def candidate(runtime, project):
    return (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate


@pytest.fixture
def root(project, candidate):
    return Root(project.id, candidate_id=candidate.id)


async def chunks(*parts: bytes):
    for part in parts:
        yield part


async def store(runtime, project, root, path, data: bytes, *, actor=None, size=None, source=None, limit=1 << 20):
    async def lock_owner(tx):
        await candidates.lock_living(tx, root.project_id, root.candidate_id)

    command = StoreArtifact(root, path, source or chunks(data), size=size)
    return await stream.store(
        runtime.db, actor or project.owner, runtime.blobs, command, lock_owner=lock_owner, limit=limit
    )


async def read(runtime, root, path, **headers) -> tuple[int, bytes, dict[str, str]]:
    async with runtime.db.read() as snap:
        details = await artifacts.find(snap, root, path)
    answer = await downloads.answer(runtime.blobs, details, headers)
    body = b""
    async with answer.closing:
        async for chunk in answer.chunks or chunks():
            body += chunk
    return answer.status, body, answer.headers


async def blobs_of(runtime, project):
    async with runtime.db.read() as snap:
        return (await snap.scalars(select(Blob).where(Blob.project_id == project.id))).all()


async def objects_of(runtime, project):
    return [listed.key async for listed in runtime.blobs.list_keys(f"v1/{project.id}/")]


async def sweep_now(runtime):
    """The sweep, as if the grace were over."""
    async with runtime.db.write() as tx:
        await tx.execute(update(CondemnedObject).values(not_before=datetime.now(UTC) - timedelta(seconds=1)))
    return await garbage.sweep(runtime.db, runtime.blobs)


async def test_stored_bytes_are_read_back(runtime, project, root):
    artifact = await store(runtime, project, root, "model/MLmodel", b"flavors: {}\n")
    status, body, headers = await read(runtime, root, "model/MLmodel")
    assert (status, body) == (200, b"flavors: {}\n")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'
    assert headers["Content-Disposition"].startswith("attachment")
    assert artifact.path == "model/MLmodel"


@pytest.mark.parametrize(
    ("requested", "status", "body", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=0-9", 200, b"0123456789", None),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
async def test_ranges(runtime, project, root, requested, status, body, content_range):
    await store(runtime, project, root, "digits", b"0123456789")
    answer = await read(runtime, root, "digits", range=requested)
    assert (answer[0], answer[1], answer[2].get("Content-Range")) == (status, body, content_range)


async def test_a_matching_etag_answers_304(runtime, project, root):
    await store(runtime, project, root, "f", b"x")
    etag = (await read(runtime, root, "f"))[2]["ETag"]
    assert (await read(runtime, root, "f", **{"if-none-match": f'W/"other", {etag}'}))[:2] == (304, b"")


async def test_folders_are_listed_level_by_level(runtime, project, root):
    for path in ("a/b/c.txt", "a/d.txt", "a.txt", "ab/x", "z"):
        await store(runtime, project, root, path, path.encode())
    async with runtime.db.read() as snap:
        assert await folders.list_folder(snap, root) == [
            Entry("a", True), Entry("a.txt", False, 5), Entry("ab", True), Entry("z", False, 1),
        ]  # fmt: skip
        assert await folders.list_folder(snap, root, "a") == [Entry("b", True), Entry("d.txt", False, 7)]
        assert await folders.list_folder(snap, root, "nothing") == []


async def test_same_bytes_are_one_object_per_project(runtime, project, root):
    await asyncio.gather(*(store(runtime, project, root, f"copy{n}", b"same bytes") for n in range(8)))
    assert [blob.state for blob in await blobs_of(runtime, project)] == ["stored"]
    await sweep_now(runtime)
    assert len(await objects_of(runtime, project)) == 1
    assert (await read(runtime, root, "copy5"))[1] == b"same bytes"


async def test_replaced_files_leave_the_bucket(runtime, project, root):
    await store(runtime, project, root, "f", b"old")
    await store(runtime, project, root, "f", b"new")
    assert (await read(runtime, root, "f"))[1] == b"new"
    await sweep_now(runtime)
    assert len(await objects_of(runtime, project)) == 1


async def test_files_of_a_deleted_owner_are_hidden_before_their_bytes_go(runtime, project, root):
    await store(runtime, project, root, "f", b"bytes")
    await candidates.delete_permanently(runtime.db, project.owner, project.id, root.candidate_id)
    with pytest.raises(NotFound):
        await read(runtime, root, "f")
    async with runtime.db.read() as snap:
        assert await folders.list_folder(snap, root) == []


async def test_an_experiment_whose_files_a_version_needs_is_not_deleted(runtime, project):
    made = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("short-lived"))
    source = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(made.number))).candidate
    root = Root(project.id, candidate_id=source.id)
    await store(runtime, project, root, "f", b"needed")
    model = await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    await create.create(runtime.db, project.owner, project.id, CreateVersion(model.id, candidate_id=source.id))
    for end in (experiments.delete, experiments.delete_permanently):
        with pytest.raises(Conflict, match=f"candidate {source.id.hex}, which has model versions"):
            await end(runtime.db, project.owner, project.id, made.number)
    assert (await read(runtime, root, "f"))[1] == b"needed"
    await models.delete(runtime.db, project.owner, project.id, model.id, keep=AT_ONCE)
    await experiments.delete_permanently(runtime.db, project.owner, project.id, made.number)
    with pytest.raises(NotFound):
        await read(runtime, root, "f")


async def test_removing_one_owner_keeps_bytes_that_another_has(runtime, project, root):
    other = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate
    other_root = Root(project.id, candidate_id=other.id)
    await store(runtime, project, root, "shared", b"shared")
    await store(runtime, project, root, "own", b"own")
    await store(runtime, project, other_root, "elsewhere", b"shared")

    async def quiet(_done, _total):
        pass

    await candidates.delete_permanently(runtime.db, project.owner, project.id, root.candidate_id)
    await purge.candidate(runtime.db, project.id, root.candidate_id, progress=quiet)
    await purge.candidate(runtime.db, project.id, root.candidate_id, progress=quiet)
    await sweep_now(runtime)
    assert len(await objects_of(runtime, project)) == 1
    assert (await read(runtime, other_root, "elsewhere"))[1] == b"shared"


async def test_concurrent_uploads_and_removals_of_the_same_bytes_lose_none(runtime, project, root):
    """Many uploads of the same bytes while others delete theirs: what is acknowledged can be read."""
    alive: set[str] = set()

    async def writer(number):
        for turn in range(12):
            path = f"w{number}-{turn}"
            await store(runtime, project, root, path, b"contended")
            alive.add(path)
            if turn % 3:
                alive.discard(path)
                await remove(runtime, project, root, path)

    await asyncio.gather(*(writer(number) for number in range(6)))
    await sweep_now(runtime)
    for path in sorted(alive):
        assert (await read(runtime, root, path))[1] == b"contended"
    assert len(await objects_of(runtime, project)) == 1


async def remove(runtime, project, root, path):
    async def lock_owner(tx):
        await candidates.lock_living(tx, root.project_id, root.candidate_id)

    return await removal.remove(runtime.db, project.owner, root, path, lock_owner=lock_owner)


async def test_deleting_a_folder_deletes_all_files_below(runtime, project, root):
    for path in ("d/a", "d/b/c", "de", "d0"):
        await store(runtime, project, root, path, path.encode())
    assert await remove(runtime, project, root, "d/") == 2
    for path in ("", ".", "/", "..", "d/.."):
        with pytest.raises(Invalid):
            await remove(runtime, project, root, path)
    async with runtime.db.read() as snap:
        assert [entry.name for entry in await folders.list_folder(snap, root)] == ["d0", "de"]


async def test_failed_uploads_leave_nothing(runtime, project, root):
    async def breaking():
        yield b"some"
        raise ConnectionResetError

    with pytest.raises(TooLarge):
        await store(runtime, project, root, "f", b"x" * 100, limit=99)
    with pytest.raises(SizeMismatch):
        await store(runtime, project, root, "f", b"short", size=10)
    with pytest.raises(ConnectionResetError):
        await store(runtime, project, root, "f", b"", source=breaking())
    with pytest.raises(NotFound):
        await read(runtime, root, "f")
    assert await blobs_of(runtime, project) == []
    await sweep_now(runtime)
    assert await objects_of(runtime, project) == []


async def test_an_upload_is_refused_when_its_owner_is_deleted_meanwhile(runtime, project, root):
    async def slow():
        yield b"bytes"
        await candidates.delete_permanently(runtime.db, project.owner, project.id, root.candidate_id)

    with pytest.raises(NotFound):
        await store(runtime, project, root, "f", b"", source=slow())
    await sweep_now(runtime)
    assert await objects_of(runtime, project) == []


async def test_pending_blobs_are_condemned_when_their_lease_ends(runtime, project, root):
    async def paused():
        yield b"bytes"
        async with runtime.db.write() as tx:
            past = datetime.now(UTC) - timedelta(seconds=1)
            await tx.execute(update(Blob).where(Blob.project_id == project.id).values(lease_until=past))
        assert await garbage.expire_pending(runtime.db) >= 1

    with pytest.raises(Exception, match="silent for too long"):
        await store(runtime, project, root, "f", b"", source=paused())
    await sweep_now(runtime)
    assert await objects_of(runtime, project) == []


async def test_writing_files_needs_the_role(runtime, project, root):
    for role in (Role.GUEST, Role.REPORTER):
        with pytest.raises(Forbidden):
            await store(runtime, project, root, "f", b"x", actor=project[role].actor)
    with pytest.raises(NotFound):
        await store(runtime, project, root, "f", b"x", actor=project.stranger.actor)
    assert await blobs_of(runtime, project) == []


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a\\b", "C:/x", "file:/x", "a\x00b", "a\nb", "x" * 256,
     "%2e%2e/x", "a/%252e%252e/b", "\u202etxt", "a/" * 600 + "b", "\ud800"],
)  # fmt: skip
def test_hostile_paths_are_refused(path):
    with pytest.raises(paths.InvalidPath):
        paths.check(path)


@pytest.mark.parametrize("path", ["a", "MLmodel", "ä ö/ü+%20.txt", "a#b?c", "日本/語", ".hidden", "a..b", "100%"])
def test_unusual_but_valid_paths_are_accepted(path):
    assert paths.check(path) == path


async def test_links_work_until_they_are_altered_or_old(runtime, http, project, root):
    await store(runtime, project, root, "report ü.txt", b"hello")
    async with runtime.db.read() as snap:
        details = await artifacts.find(snap, root, "report ü.txt")
    link = downloads.link(runtime.settings, project.owner, details).removeprefix(runtime.settings.url)
    good = await http.get(link)
    assert (good.status_code, good.content) == (200, b"hello")
    assert (await http.get(link, headers={"Range": "bytes=1-2"})).content == b"el"
    assert (await http.head(link)).headers["content-length"] == "5"
    assert (await http.get(link[:-1] + ("0" if link[-1] != "0" else "1"))).status_code == 403
    late = downloads.link(runtime.settings, project.owner, details, life=timedelta(seconds=-1))
    assert (await http.get(late.removeprefix(runtime.settings.url))).status_code == 403
