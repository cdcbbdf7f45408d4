"""What readers see of a push: nothing until it is whole, and nothing at all of one that is refused."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal

import pytest
from sqlalchemy import text

from app.access import projects
from app.access.projects import UpdateProject
from app.registry import models
from app.registry.models import CreateModel
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.versions import create, delete, lookup
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from modelyard_client import push
from modelyard_client.failures import Empty, Failure
from tests.client.conftest import Desk, noise
from tests.support.client.proxy import Proxy

MIB = 1024 * 1024


class Dangerous:
    def __reduce__(self):
        return os.system, ("true",)


async def count(desk: Desk, table: str) -> int:
    async with desk.project.runtime.db.read() as snap:
        statement = text(f"SELECT count(*) FROM {table} WHERE project_id = :project")
        return await snap.scalar(statement, {"project": desk.project.id})


async def state(desk: Desk, reference: str) -> tuple[str, str, str | None]:
    db, owner = desk.project.runtime.db, desk.project.owner
    version = await lookup.by_reference(db, owner, desk.project.id, "m", parse_reference(reference))
    return version.version, version.state, version.state_reason


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        ({"aliases": ("latest",)}, "INVALID_NAME", "'latest' alias name (case insensitive) is reserved"),
        ({"aliases": ("good", "v1")}, "INVALID_NAME", "alias name 'v1' is reserved"),
        ({"version": "1.0"}, "INVALID_VERSION", "'1.0' is not a version: "),
        ({"version": "^1"}, "INVALID_VERSION", "'^1' is not a version: "),
        ({"version": "1.0.0", "tags": {"gitlab.version": "3.0.0"}}, "INVALID", "leave one of the two out"),
        ({"increment": "MINOR", "tags": {"gitlab.version": "3.0.0"}}, "INVALID", "not both"),
        ({"tags": {"gitlab.version": "v3"}}, "INVALID_VERSION", "'v3' is not a version: "),
        ({"tags": {"a\nb": "x"}}, "INVALID_NAME", "for parameter 'key'"),
        ({"description": "x" * 10_001}, "TOO_LARGE", "10001 characters"),
        ({"folder": "a%2f..%2fb"}, "INVALID", "percent-encoded"),
        ({"model": "a\x01b"}, "INVALID_NAME", "model"),
    ],
)
async def test_a_refused_push_leaves_nothing(desk: Desk, wanted, code, message):
    desk.write("a.bin", noise(100))
    before = await count(desk, "project_events")
    with pytest.raises(Failure) as refused:
        await desk.push(**wanted)
    assert message in refused.value.message
    assert refused.value.code == code
    left = [await count(desk, table) for table in ("models", "model_versions", "multipart_uploads", "project_events")]
    assert left == [0, 0, 0, before]


async def test_a_bad_file_name_is_told_before_anything_is_made(desk: Desk):
    desk.write("good.bin", noise(100))
    desk.write("bad\x07name.bin", noise(100))
    with pytest.raises(Failure, match="control characters"):
        await desk.push()
    assert [await count(desk, "models"), await count(desk, "model_versions")] == [0, 0]


async def test_the_tag_of_the_version_is_honoured(desk: Desk):
    desk.write("a.bin", noise(100))
    pushed = await desk.push(tags={"gitlab.version": "3.0.0"})
    assert pushed.version.version == "3.0.0"


async def test_a_refused_push_changes_nothing_for_readers_and_goes_on_when_it_is_mended(desk: Desk):
    desk.write("a.bin", noise(100))
    await desk.push(aliases=("champion",))
    desk.write("b.pkl", pickle.dumps(Dangerous()))
    with pytest.raises(Failure, match="not fit for use"):
        await desk.push(aliases=("champion",))
    assert await state(desk, "latest") == await state(desk, "@champion") == ("1.0.0", "ready", None)
    version, current, reason = await state(desk, "1.0.1")
    assert (version, current) == ("1.0.1", "quarantined")
    assert reason.startswith("`b.pkl`: Loading this file is dangerous.")
    await desk.pull("m:^1", "good")
    assert list(desk.tree("good")) == ["a.bin"]
    desk.write("b.pkl", pickle.dumps({"harmless": 1}))
    assert (await desk.push(aliases=("champion",))).version.version == "1.0.1"
    assert await state(desk, "@champion") == await state(desk, "latest") == ("1.0.1", "ready", None)


async def test_a_killed_push_is_no_latest_version(desk: Desk, proxy: Proxy):
    desk.write("a.bin", noise(100))
    await desk.push()
    desk.write("big.bin", noise(20 * MIB))
    proxy.bytes_left = 5 * MIB
    process = await desk.begin("push", "m", str(desk.files))
    for _ in range(600):
        if await count(desk, "model_versions") == 2:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    proxy.bytes_left = None
    assert await state(desk, "latest") == ("1.0.0", "ready", None)
    assert (await state(desk, "#2"))[1] == "open"
    await desk.pull("m")
    assert list(desk.tree()) == ["a.bin"]
    with pytest.raises(Failure, match=r"m 1\.0\.1 \(number 2\) is OPEN: Its files are still being pushed"):
        await desk.pull("m:1.0.1", "open")
    pushed = await desk.push()
    assert (pushed.version.number, pushed.resumed) == (2, True)
    assert await state(desk, "latest") == ("1.0.1", "ready", None)


async def test_equal_files_are_sent_once(desk: Desk):
    content = noise(3_000)
    for name in ("a.bin", "b/c.bin", "d.bin"):
        desk.write(name, content)
    desk.write("other.bin", noise(10))
    pushed = await desk.push()
    assert (pushed.files, pushed.sent_parts, pushed.sent_bytes, pushed.stored_before) == (4, 2, 3_010, 0)
    await desk.pull()
    assert desk.tree() == {
        "a.bin": content,
        "b/c.bin": content,
        "d.bin": content,
        "other.bin": desk.tree()["other.bin"],
    }


async def test_pulls_of_nothing_say_what_is_missing(desk: Desk):
    with pytest.raises(Failure, match="There is no model `nope`") as no_model:
        await desk.pull("nope")
    db, owner, project = desk.project.runtime.db, desk.project.owner, desk.project.id
    await models.create(db, owner, project, CreateModel("m"))
    with pytest.raises(Failure, match="There is no version `latest` of `m`"):
        await desk.pull("m")
    await create.create(db, owner, project, CreateVersion("m"))
    with pytest.raises(Empty, match="has no files; with --allow-empty") as empty:
        await desk.pull("m")
    assert (no_model.value.exit_code, empty.value.exit_code) == (5, 4)
    assert (await desk.pull("m", allow_empty=True)).files == 0
    ended = await desk.command("pull", "m", "out2", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (4, "EMPTY")
    assert (await desk.command("pull", "m", "out2", "--allow-empty")).code == 0


async def test_a_deleted_version_comes_back_with_the_same_files_only(desk: Desk):
    db, owner, project = desk.project.runtime.db, desk.project.owner, desk.project.id
    first = desk.write("a.bin", noise(100))
    await desk.push(version="1.0.0")
    await delete.delete(db, owner, project, Named("m", parse_reference("1.0.0")))
    desk.write("a.bin", noise(100))
    with pytest.raises(Failure, match=r"'1\.0\.0' was deleted \(number 1\)") as refused:
        await desk.push(version="1.0.0")
    assert refused.value.code == "VERSION_RETIRED"
    assert await count(desk, "model_versions") <= 1, "the deleted one may wait for its purge"
    assert (await desk.push()).version.version == "1.0.1", "automatic versions step over it"
    desk.write("a.bin", first)
    assert (await desk.push(version="1.0.0")).version.version == "1.0.0"
    await delete.delete(db, owner, project, Named("m", parse_reference("1.0.0")))
    desk.write("a.bin", noise(100))
    await projects.edit(db, owner, UpdateProject(project, version_reuse=True))
    assert (await desk.push(version="1.0.0")).version.version == "1.0.0"


async def test_a_version_that_is_deleted_during_its_push_is_not_made_again(desk: Desk, monkeypatch):
    desk.write("a.bin", noise(1000))
    tell = push._Push._tell_missing

    async def delete_first(self, hashed):
        await tell(self, hashed)
        wanted = Named("m", parse_reference("1.0.0"))
        await delete.delete(desk.project.runtime.db, desk.project.owner, desk.project.id, wanted)

    monkeypatch.setattr(push._Push, "_tell_missing", delete_first)
    with pytest.raises(Failure, match="was deleted while files were sent") as refused:
        await desk.push(version="1.0.0", aliases=("champion",))
    assert refused.value.code == "NOT_FOUND"
    assert await count(desk, "aliases") == 0
    monkeypatch.undo()
    assert (await desk.push(version="1.0.0", aliases=("champion",))).version.number == 2
    await desk.pull("m@champion")
    assert list(desk.tree()) == ["a.bin"]


async def test_a_deleted_version_of_a_candidates_folder_comes_back(desk: Desk):
    desk.write("a.bin", noise(1000))
    db, owner = desk.project.runtime.db, desk.project.owner
    candidate = (await candidates.create(db, owner, desk.project.id, CreateCandidate())).id.hex
    await desk.push(version="1.0.0", candidate=candidate, folder="model")
    await delete.delete(db, owner, desk.project.id, Named("m", parse_reference("1.0.0")))
    again = await desk.push(version="1.0.0", candidate=candidate, folder="model")
    assert again.version.number == 2
