"""Sets of files: their bytes are stored first, then all of them become visible in one transaction, or none."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from app.access.policy import Role
from app.artifacts.path_conflicts import PathOccupied
from app.artifacts.paths import InvalidPath
from app.artifacts.tables import Artifact, Blob
from app.artifacts.upkeep import damage, garbage
from app.artifacts.upkeep.quarantine import Quarantined
from app.artifacts.uploads import publish_batch, staged
from app.artifacts.uploads.staged import BytesMissing
from app.errors import Forbidden, Invalid, NotFound, TooLarge
from app.files import file_sets, read
from app.files.store import Body
from app.files.targets import CandidateFiles, Client, VersionFiles
from app.storage.blobs import SizeMismatch
from app.tracking import candidates
from tests.conftest import new_project
from tests.support.files import (
    blob_states,
    body,
    chunks,
    content,
    new_file,
    paths_of,
    put,
    stage,
    stored_file,
)
from tests.support.statements import statements


@pytest.fixture
def files(project, candidate):
    return CandidateFiles(project.id, candidate.id)


async def test_staged_bytes_become_files_together(runtime, project, files):
    one, two = [await stage(runtime, project.owner, project.path, data) for data in (b"one", b"two")]
    assert await paths_of(runtime, project.id) == []
    assert await blob_states(runtime, project.id) == ["pending", "pending"]

    made = await file_sets.put(runtime, project.owner, files, [new_file("a/one.bin", one), new_file("two.bin", two)])

    written = [await read.find(runtime.db, project.owner, files, path) for path in ("a/one.bin", "two.bin")]
    assert [file.id for file in written] == made
    assert [(file.sha256, file.size) for file in written] == [(one.sha256, 3), (two.sha256, 3)]
    assert await content(runtime, project.owner, files, "a/one.bin") == b"one"
    assert await blob_states(runtime, project.id) == ["stored", "stored"]


async def test_a_set_that_lacks_bytes_writes_nothing(runtime, project, files):
    one = await stage(runtime, project.owner, project.id, b"one")
    await put(runtime, project.owner, files, "kept", b"before")
    with pytest.raises(BytesMissing) as refusal:
        await file_sets.put(
            runtime, project.owner, files, [new_file("kept", one), new_file("a", one), stored_file("b", b"never sent")]
        )
    assert refusal.value.field == "files.2"
    assert await paths_of(runtime, project.id) == ["kept"]
    assert await content(runtime, project.owner, files, "kept") == b"before"
    # The staged bytes are still there for a set that is complete.
    await file_sets.put(runtime, project.owner, files, [new_file("kept", one)])
    assert await content(runtime, project.owner, files, "kept") == b"one"


async def test_readers_see_all_of_a_set_or_nothing(runtime, project, files, monkeypatch):
    staged_bytes = [await stage(runtime, project.owner, project.id, f"{number}".encode()) for number in range(20)]
    half_way, go_on = asyncio.Event(), asyncio.Event()
    assign = publish_batch.assign

    async def slowly(tx, assignments):
        made = await assign(tx, assignments)
        half_way.set()
        await go_on.wait()
        return made

    monkeypatch.setattr(publish_batch, "assign", slowly)
    whole = [new_file(f"{number}", one) for number, one in enumerate(staged_bytes)]
    writing = asyncio.create_task(file_sets.put(runtime, project.owner, files, whole))
    await half_way.wait()
    assert await paths_of(runtime, project.id) == []
    go_on.set()
    await writing
    assert len(await paths_of(runtime, project.id)) == 20


async def test_bytes_of_the_project_need_not_be_sent_again(runtime, project, files):
    await put(runtime, project.owner, files, "model/weights.bin", b"weights")
    await file_sets.put(runtime, project.owner, files, [stored_file("copy.bin", b"weights")])
    assert await content(runtime, project.owner, files, "copy.bin") == b"weights"
    assert await blob_states(runtime, project.id) == ["stored"]


async def test_equal_bytes_are_kept_once_however_often_they_were_staged(runtime, project, files):
    await put(runtime, project.owner, files, "before", b"same")
    first, second, other, again = [
        await stage(runtime, project.owner, project.id, data) for data in (b"same", b"same", b"new", b"new")
    ]
    whole = [new_file("a", first), new_file("b", second), new_file("c", other), new_file("d", again)]
    await file_sets.put(runtime, project.owner, files, whole)
    assert await blob_states(runtime, project.id) == ["stored", "stored"]
    assert [await content(runtime, project.owner, files, path) for path in "abcd"] == [b"same"] * 2 + [b"new"] * 2
    async with runtime.db.write() as tx:
        await tx.execute(update(garbage.CondemnedObject).values(not_before=datetime.now(UTC) - timedelta(seconds=1)))
    await garbage.sweep(runtime.db, runtime.blobs)
    objects = [listed.key async for listed in runtime.blobs.list_keys(f"v1/{project.id}/")]
    assert len(objects) == 2


async def test_two_sets_of_the_same_staged_bytes_both_get_them(runtime, project, files):
    one = await stage(runtime, project.owner, project.id, b"shared by both")
    await asyncio.gather(
        *(
            file_sets.put(runtime, project.owner, files, [new_file(f"{number}/x", one), new_file(f"{number}/y", one)])
            for number in range(6)
        )
    )
    assert len(await paths_of(runtime, project.id)) == 12
    assert await blob_states(runtime, project.id) == ["stored"]


async def test_concurrent_sets_with_the_same_new_bytes_all_succeed_and_keep_them_once(runtime, project, files):
    data = [b"new to the project", b"new as well"]
    for attempt in range(5):
        contents = [content + b" %d" % attempt for content in data]
        staged_bytes = [[await stage(runtime, project.owner, project.id, one) for one in contents] for _ in range(4)]
        await asyncio.gather(
            *(
                file_sets.put(
                    runtime,
                    project.owner,
                    files,
                    [new_file(f"{attempt}/{number}/{name}", one) for name, one in zip("ab", pair, strict=True)],
                )
                for number, pair in enumerate(staged_bytes)
            )
        )
    assert len(await paths_of(runtime, project.id)) == 40
    assert await blob_states(runtime, project.id) == ["stored"] * 10


async def test_sets_that_race_for_the_same_paths_leave_one_of_them_whole(runtime, project, files):
    names = [f"part-{number}" for number in range(8)]

    async def write(marker: str) -> None:
        whole = [
            new_file(name, await stage(runtime, project.owner, project.id, f"{marker} {name}".encode()))
            for name in names
        ]
        await file_sets.put(runtime, project.owner, files, whole)

    await asyncio.gather(*(write(marker) for marker in ("first", "second", "third", "fourth")))
    markers = {(await content(runtime, project.owner, files, name)).split()[0] for name in names}
    assert len(markers) == 1
    assert (await blob_states(runtime, project.id)).count("stored") == 8


async def test_a_set_and_the_deletion_of_its_candidate_exclude_each_other(runtime, project, files, candidate):
    one = await stage(runtime, project.owner, project.id, b"late")
    await candidates.delete(runtime.db, project.owner, project.id, candidate.id)
    with pytest.raises((NotFound, Invalid)):
        await file_sets.put(runtime, project.owner, files, [new_file("late", one)])
    assert await paths_of(runtime, project.id) == []


async def test_bytes_that_never_become_a_file_are_condemned(runtime, project):
    await stage(runtime, project.owner, project.id, b"forgotten")
    mine = Blob.project_id == project.id
    async with runtime.db.read() as snap:
        lease = await snap.scalar(select(Blob.lease_until - func.now()).where(mine))
    assert timedelta(hours=23) < lease <= staged.LIFE
    async with runtime.db.write() as tx:
        await tx.execute(update(Blob).where(mine).values(lease_until=datetime.now(UTC) - timedelta(seconds=1)))
    await garbage.expire_pending(runtime.db)
    assert await blob_states(runtime, project.id) == []


async def test_staged_bytes_that_were_given_up_are_missing(runtime, project, files):
    one = await stage(runtime, project.owner, project.id, b"too late")
    async with runtime.db.write() as tx:
        await garbage.condemn_pending(tx, project.id, [one.id], "test")
    with pytest.raises(BytesMissing):
        await file_sets.put(runtime, project.owner, files, [new_file("a", one)])


async def test_staged_bytes_are_of_one_project(runtime, project, files, staff):

    other = await new_project(runtime, staff)
    elsewhere = await stage(runtime, project.owner, other.id, b"of another project")
    with pytest.raises(BytesMissing):
        await file_sets.put(runtime, project.owner, files, [new_file("a", elsewhere)])


async def test_staged_bytes_cannot_pass_for_others(runtime, project, files):
    one = await stage(runtime, project.owner, project.id, b"what was sent")
    await put(runtime, project.owner, files, "before", b"what is claimed")
    claimed = stored_file("a", b"what is claimed")
    with pytest.raises(Invalid, match="another SHA-256"):
        await file_sets.put(runtime, project.owner, files, [file_sets.NewFile("a", claimed.sha256, one.id)])
    assert await paths_of(runtime, project.id) == ["before"]


async def test_damaged_bytes_are_healed_by_a_set_that_brings_them(runtime, project, files):
    file = await put(runtime, project.owner, files, "a", b"precious")
    written = await read.find(runtime.db, project.owner, files, "a")
    await runtime.blobs.remove([written.object_key])
    await damage.mark(runtime.db, written.object_key, "missing")
    with pytest.raises(BytesMissing):
        await file_sets.put(runtime, project.owner, files, [stored_file("b", b"precious")])
    again = await stage(runtime, project.owner, project.id, b"precious")
    await file_sets.put(runtime, project.owner, files, [new_file("b", again)])
    assert await content(runtime, project.owner, files, "a") == b"precious"
    assert (await read.find(runtime.db, project.owner, files, "a")).id == file.id


async def test_quarantine_follows_the_bytes_into_a_set(runtime, project, files):
    await put(runtime, project.owner, files, "evil.pkl", b"bytes that were refused")
    async with runtime.db.write() as tx:
        mine = (Artifact.project_id == project.id, Artifact.path == "evil.pkl")
        await tx.execute(update(Artifact).where(*mine).values(state="quarantined", state_reason="It calls os.system."))
    await file_sets.put(runtime, project.owner, files, [stored_file("copy.bin", b"bytes that were refused")])
    with pytest.raises(Quarantined):
        await content(runtime, project.owner, files, "copy.bin")


@pytest.mark.parametrize(
    ("paths", "error"),
    [
        ([], Invalid),
        (["a", "a"], Invalid),
        (["a", "a/b"], PathOccupied),
        (["../a"], InvalidPath),
        (["a\ufffd"], InvalidPath),
        (["taken/b"], PathOccupied),
        ([f"{number}" for number in range(1_001)], TooLarge),
    ],
)
async def test_paths_of_a_set_are_checked_before_anything_is_written(runtime, project, files, paths, error):
    await put(runtime, project.owner, files, "taken", b"a file")
    with pytest.raises(error):
        await file_sets.put(runtime, project.owner, files, [stored_file(path, b"a file") for path in paths])
    assert await paths_of(runtime, project.id) == ["taken"]


async def test_a_set_of_a_version_goes_below_its_folder(runtime, project, version, files):
    target = VersionFiles(project.id, version.id)
    one = await stage(runtime, project.owner, project.id, b"weights")
    await file_sets.put(runtime, project.owner, target, [new_file("weights.bin", one)])
    assert await paths_of(runtime, project.id) == ["model/weights.bin"]
    assert await content(runtime, project.owner, target, "weights.bin") == b"weights"


@pytest.mark.parametrize(
    ("role", "client", "may"),
    [
        (Role.GUEST, Client.REGISTRY, False),
        (Role.REPORTER, Client.REGISTRY, True),
        (Role.REPORTER, Client.TRAINING, False),
        (Role.DEVELOPER, Client.TRAINING, True),
    ],
)
async def test_who_may_stage_and_write_depends_on_role_and_client(runtime, project, files, role, client, may):
    owned = await stage(runtime, project.owner, project.id, b"bytes")
    actor = project[role].actor
    if not may:
        with pytest.raises(Forbidden):
            await file_sets.stage(runtime, actor, project.id, body(b"x"), client=client)
        with pytest.raises(Forbidden):
            await file_sets.put(runtime, actor, files, [new_file("a", owned)], client=client)
        assert await paths_of(runtime, project.id) == []
        assert await blob_states(runtime, project.id) == ["pending"]
        return
    mine = await file_sets.stage(runtime, actor, project.id, body(b"x"), client=client)
    await file_sets.put(runtime, actor, files, [new_file("a", mine)], client=client)
    assert await paths_of(runtime, project.id) == ["a"]


async def test_strangers_learn_nothing_of_the_project(runtime, project, files):
    stranger = project.stranger.actor
    with pytest.raises(NotFound):
        await file_sets.stage(runtime, stranger, project.id, body(b"x"))
    with pytest.raises(NotFound):
        await file_sets.put(runtime, stranger, files, [stored_file("a", b"x")])


async def test_staging_refuses_bytes_that_are_too_many_or_too_few(runtime, project):
    with pytest.raises(SizeMismatch):
        await file_sets.stage(runtime, project.owner, project.id, Body(chunks(b"four"), 5))
    assert await blob_states(runtime, project.id) == []


async def test_a_set_takes_the_same_statements_for_one_file_and_for_fifty(runtime, project, files):
    counts = []
    for number in (1, 50):
        whole = [
            new_file(f"{number}/{index}", await stage(runtime, project.owner, project.id, f"{number} {index}".encode()))
            for index in range(number)
        ]
        with statements(runtime.db) as seen:
            await file_sets.put(runtime, project.owner, files, whole)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= 20
