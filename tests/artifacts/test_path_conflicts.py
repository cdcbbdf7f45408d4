"""A path is a file or a folder, never both: by every way in, and between concurrent transactions."""

from __future__ import annotations

import asyncio
import hashlib
import os
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import select, text

from app.artifacts import path_conflicts, removal
from app.artifacts.artifacts import Root
from app.artifacts.path_conflicts import PathOccupied
from app.artifacts.reads import folders
from app.artifacts.tables import Artifact, MultipartUpload
from app.artifacts.upkeep import garbage
from app.artifacts.uploads import announced, ingest, multipart, stream
from app.artifacts.uploads.announced import AnnouncedFile
from app.artifacts.uploads.multipart import CompleteUpload, CreateUpload
from app.artifacts.uploads.stream import StoreArtifact
from app.db.database import driver_url
from app.runtime import open_runtime
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate
from tests.support.statements import statements

PAIRS = [("model", "model/weights.bin"), ("a/b", "a/b/c/d"), ("ü", "ü/x"), ("100%", "100%/x")]


async def new_root(runtime, project) -> Root:
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    return Root(project.id, candidate_id=made.candidate.id)


@pytest.fixture
async def root(runtime, project) -> Root:
    return await new_root(runtime, project)


async def put(runtime, project, root, path, data: bytes | None = None, *, declared_size: bool = True):
    data = os.urandom(20) if data is None else data

    async def body():
        yield data

    command = StoreArtifact(root, path, body(), size=len(data) if declared_size else None)
    return await stream.store(
        runtime.db, project.owner, runtime.blobs, command, lock_owner=file_owners.lock(root), limit=1 << 20
    )


async def files_of(runtime, root) -> list[str]:
    async with runtime.db.read() as snap:
        mine = (Artifact.project_id == root.project_id, Artifact.root_id == root.id)
        return sorted(await snap.scalars(select(Artifact.path).where(*mine)))


@pytest.mark.parametrize("declared_size", [True, False])
@pytest.mark.parametrize(("file", "below"), PAIRS)
async def test_a_conflicting_path_is_refused_with_the_name_of_the_existing_file(
    runtime, project, root, file, below, declared_size
):
    for first, second in ((file, below), (below, file)):
        await put(runtime, project, root, first, declared_size=declared_size)
        with pytest.raises(PathOccupied) as caught:
            await put(runtime, project, root, second, declared_size=declared_size)
        assert f"`{first}`" in caught.value.message
        assert f"`{second}`" in caught.value.message
        assert await files_of(runtime, root) == [first]
        await removal.remove(runtime.db, project.owner, root, first, lock_owner=file_owners.lock(root))
        assert (await put(runtime, project, root, second)).path == second  # the deletion has made room
        await removal.remove(runtime.db, project.owner, root, second, lock_owner=file_owners.lock(root))
    await garbage.expire_pending(runtime.db)


async def test_paths_with_a_common_prefix_do_not_conflict(runtime, project, root):
    names = ["m", "m.txt", "m-1/x", "m0", "mm/x", "n/m", "n/m.txt", "M/x"]
    for name in names:
        await put(runtime, project, root, name)
    await put(runtime, project, await new_root(runtime, project), "m/x")  # another root has names of its own
    assert await files_of(runtime, root) == sorted(names)
    again = await put(runtime, project, root, "m", b"replaced")
    assert again.path == "m"


async def test_conflicting_paths_are_refused_for_stored_bytes_as_well(runtime, project, root):
    await put(runtime, project, root, "model", b"the same")
    with pytest.raises(PathOccupied, match="`model` is a file"):
        await put(runtime, project, root, "model/copy", b"the same")


async def test_of_concurrent_conflicting_uploads_one_wins(runtime, project):
    for _ in range(5):
        root = await new_root(runtime, project)
        paths = ["a", "a/b", "a/c", "a/b/d", "other", "more/other"]
        outcomes = await asyncio.gather(*(put(runtime, project, root, path) for path in paths), return_exceptions=True)
        refused = [path for path, one in zip(paths, outcomes, strict=True) if isinstance(one, PathOccupied)]
        stored = [path for path, one in zip(paths, outcomes, strict=True) if not isinstance(one, Exception)]
        assert sorted(refused + stored) == sorted(paths)
        assert {"other", "more/other"} <= set(stored)
        assert path_conflicts.conflict_within(stored) is None
        assert await files_of(runtime, root) == sorted(stored)


async def test_of_conflicting_uploads_in_two_processes_one_wins(runtime, project):
    async with open_runtime(runtime.settings, name="another process") as other:
        for _ in range(15):
            root = await new_root(runtime, project)
            outcomes = await asyncio.gather(
                put(runtime, project, root, "model"),
                put(other, project, root, "model/MLmodel"),
                put(runtime, project, root, "deep/er/x", declared_size=False),
                put(other, project, root, "deep/er", declared_size=False),
                return_exceptions=True,
            )
            assert [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, PathOccupied)] == []
            assert [isinstance(one, PathOccupied) for one in outcomes].count(True) == 2
            stored = await files_of(runtime, root)
            assert (len(stored), path_conflicts.conflict_within(stored)) == (2, None)


async def test_the_trigger_refuses_conflicts_and_only_conflicting_transactions_wait(runtime, project, root):
    blob = (await put(runtime, project, root, "seed")).blob_id
    first, second = [await asyncpg.connect(driver_url(runtime.settings.owner_url)) for _ in range(2)]
    try:
        begun = first.transaction()
        await begun.start()
        await insert(first, root, blob, "a")
        await asyncio.wait_for(insert(second, root, blob, "b/c"), 5)
        waiting = asyncio.create_task(insert(second, root, blob, "a/b"))
        assert not (await asyncio.wait({waiting}, timeout=0.3))[0]
        await begun.commit()
        with pytest.raises(asyncpg.ExclusionViolationError) as caught:
            await waiting
        assert (caught.value.constraint_name, caught.value.detail) == ("file_or_folder", "a/b\na")
        many = [f"many/{number}" for number in range(1_000)]
        await insert(second, root, blob, *many)
        for paths in (["many"], ["c", "c/d"], [*(f"more/{number}" for number in range(600)), "more"]):
            with pytest.raises(asyncpg.ExclusionViolationError):
                await insert(second, root, blob, *paths)
    finally:
        await first.close()
        await second.close()
    assert len(await files_of(runtime, root)) == 1_003


async def insert(connection, root, blob, *paths: str) -> None:
    await connection.execute(
        "INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type)"
        " SELECT $1, id, $2, path, $3, 'x' FROM unnest($4::uuid[], $5::text[]) AS given(id, path)",
        root.project_id, root.candidate_id, blob, [uuid4() for _ in paths], list(paths),
    )  # fmt: skip


async def test_conflicting_pairs_of_older_releases_can_be_replaced_and_deleted(runtime, project, root):
    blob = (await put(runtime, project, root, "seed")).blob_id
    connection = await asyncpg.connect(driver_url(runtime.settings.owner_url))
    try:
        await connection.execute("SET session_replication_role = replica")  # as if there were no trigger yet
        await insert(connection, root, blob, "old", "old/x")
    finally:
        await connection.close()
    assert (await put(runtime, project, root, "old", b"new")).path == "old"
    assert (await put(runtime, project, root, "old/x", b"new too")).path == "old/x"
    with pytest.raises(PathOccupied):
        await put(runtime, project, root, "old/y")
    assert await removal.remove(runtime.db, project.owner, root, "old", lock_owner=file_owners.lock(root)) == 2


async def test_multipart_uploads_are_checked_at_begin_and_at_completion(runtime, project, root):
    begun, part = await begin_parts(runtime, project, root, "model/x")
    await put(runtime, project, root, "model")
    with pytest.raises(PathOccupied, match="`model` is a file"):
        await multipart.create(
            runtime.db,
            project.owner,
            runtime.blobs,
            CreateUpload(root, "model/y", 1),
            lock_owner=file_owners.lock(root),
        )
    with pytest.raises(PathOccupied, match="`model` is a file"):
        await multipart.complete(
            runtime.db, project.owner, runtime.blobs, CompleteUpload(root, "model/x", begun.id, [part]),
            lock_owner=file_owners.lock(root), limit=1 << 30,
        )  # fmt: skip
    assert await files_of(runtime, root) == ["model"]


async def begin_parts(runtime, project, root, path):
    begun = await multipart.create(
        runtime.db, project.owner, runtime.blobs, CreateUpload(root, path, 1), lock_owner=file_owners.lock(root)
    )

    async def chunks():
        yield b"bytes"

    return begun, await runtime.blobs.put_part(begun.object_key, begun.store_id, 1, chunks(), size=5)


async def announce(runtime, project, root, *files: AnnouncedFile):
    return await announced.create(
        runtime.db, project.owner, runtime.blobs, root, files, lock_owner=file_owners.lock(root), limit=1 << 30
    )


def described(path: str, data: bytes) -> AnnouncedFile:
    return AnnouncedFile(path, len(data), hashlib.sha256(data).digest())


async def test_announced_paths_are_compared_with_files_and_with_each_other(runtime, project, root):
    await put(runtime, project, root, "there", b"known")
    for paths, field in (
        (["new", "there/x"], "files.1.path"),
        (["a/b/c", "x", "a/b"], "files.0.path"),
        (["a", "a/b"], "files.1.path"),
    ):
        with pytest.raises(PathOccupied) as caught:
            await announce(runtime, project, root, *(described(path, b"known") for path in paths))
        assert caught.value.field == field
    assert await files_of(runtime, root) == ["there"]
    async with runtime.db.read() as snap:
        mine = MultipartUpload.project_id == project.id
        assert (await snap.scalars(select(MultipartUpload.id).where(mine))).all() == []


async def test_announcing_checks_all_paths_in_one_statement(runtime, project, root):
    counts = []
    for number in (1, 200):
        with statements(runtime.db) as sent:
            await announce(runtime, project, root, *(described(f"{number}/{i}", os.urandom(9)) for i in range(number)))
        counts.append(len(sent))
    assert counts[0] == counts[1]


async def test_of_conflicting_uploads_verified_together_one_fails(runtime, project, root):
    """Empty files, so that nothing has to be sent."""
    made = []
    for path in ("a", "a/b", "free", "c/d", "c"):
        made += await announce(runtime, project, root, AnnouncedFile(path, 0))
    await announced.complete(runtime.db, project.owner, runtime.blobs, project.id, [one.id for one in made])
    await put(runtime, project, root, "c/e", b"faster than the worker")
    await verify(runtime, project, made)
    ended = await states(runtime, made)
    assert ended["free"] == ("completed", None)
    assert ended["c/d"] == ("completed", None)
    assert sorted([ended["a"][0], ended["a/b"][0]]) == ["completed", "failed"]
    assert ended["c"][0] == "failed"
    assert "`c`" in ended["c"][1]
    assert path_conflicts.conflict_within(await files_of(runtime, root)) is None


async def test_a_file_stored_during_verification_fails_only_conflicting_uploads(runtime, project, root, monkeypatch):
    made = []
    for path in ("a/b", "free"):
        made += await announce(runtime, project, root, AnnouncedFile(path, 0))
    await announced.complete(runtime.db, project.owner, runtime.blobs, project.id, [one.id for one in made])
    looked = ingest._excluded

    async def look_and_be_overtaken(tx, root, waiting):
        excluded = await looked(tx, root, waiting)
        if not excluded and "a" not in await files_of(runtime, root):
            await put(runtime, project, root, "a", b"in between")
        return excluded

    monkeypatch.setattr(ingest, "_excluded", look_and_be_overtaken)
    await verify(runtime, project, made)
    ended = await states(runtime, made)
    assert (ended["a/b"][0], ended["free"][0]) == ("failed", "completed")
    assert await files_of(runtime, root) == ["a", "free"]


async def verify(runtime, project, made) -> None:
    async def quiet(_done, _total):
        pass

    async with runtime.db.read() as snap:
        batches = await snap.scalars(
            select(MultipartUpload.batch_id).where(MultipartUpload.id.in_([one.id for one in made])).distinct()
        )
    for batch in batches.all():
        await ingest.ingest(runtime.db, runtime.blobs, project.id, batch, lock_of=file_owners.lock, progress=quiet)


async def states(runtime, made) -> dict[str, tuple[str, str | None]]:
    async with runtime.db.read() as snap:
        rows = await snap.scalars(select(MultipartUpload).where(MultipartUpload.id.in_([one.id for one in made])))
        return {row.path: (row.state, row.reason) for row in rows}


def test_conflict_within_names_both_paths() -> None:
    assert path_conflicts.conflict_within(["a", "a.b", "a-/x", "b/a"]) is None
    assert path_conflicts.conflict_within(["x", "a/b/c", "a"]) == ("a/b/c", "a")


async def test_python_and_the_database_agree_on_folders(runtime):
    async with runtime.db.read() as snap:
        for path in ("a", "a/b", "a/b/c/d", "ä ö/%/x"):
            told = (await snap.execute(text("SELECT folders_of(:path)"), {"path": path})).scalars().all()
            assert told == list(path_conflicts.folders(path))


async def test_a_listing_shows_a_path_that_is_file_and_folder_once(runtime, project, root):
    await put(runtime, project, root, "model/a")
    with pytest.raises(PathOccupied):
        await put(runtime, project, root, "model")
    async with runtime.db.read() as snap:
        assert [(one.name, one.is_folder) for one in await folders.list_folder(snap, root)] == [("model", True)]
