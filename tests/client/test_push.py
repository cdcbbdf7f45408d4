"""Files go up and become a version, whatever breaks on the way."""

from __future__ import annotations

import asyncio
import os
import pickle
from collections.abc import AsyncIterator

import pytest

from app.access.policy import Role
from app.runtime import Runtime, open_runtime
from modelyard_client.failures import Failure, Unreachable
from tests.client.conftest import Desk, noise
from tests.conftest import serving
from tests.support.client.proxy import Proxy, proxying

MIB = 1024 * 1024
PARTS = [16 * MIB, 16 * MIB, 8 * MIB]
"""Of a file of 40 MiB."""


class Dangerous:
    def __reduce__(self):
        return os.system, ("true",)


async def test_a_folder_becomes_a_version_and_comes_back(desk: Desk):
    contents = {f"data/{i:02}.bin": desk.write(f"data/{i:02}.bin", noise(1_000 + i)) for i in range(20)}
    contents["empty"] = desk.write("empty", b"")
    contents[".hidden"] = desk.write(".hidden", "ä €".encode())
    contents["ümlaut name.txt"] = desk.write("ümlaut name.txt", b"x")
    pushed = await desk.push(tags={"by": "test"}, aliases=("champion", "blue"), description="**good**")
    assert (pushed.version.version, pushed.version.number) == ("1.0.0", 1)
    assert (pushed.files, pushed.sent_parts, pushed.resumed) == (23, 22, False)
    assert pushed.sent_bytes == pushed.bytes == sum(map(len, contents.values()))
    assert desk.remembered == []
    pulled = await desk.pull("m@champion")
    assert desk.tree() == contents
    assert (pulled.files, pulled.received, pulled.there_before) == (23, pushed.bytes, 0)
    assert pulled.source.title == "m 1.0.0 (number 1)"


async def test_each_push_makes_a_version_and_sends_only_what_is_new(desk: Desk):
    desk.write("same.bin", noise(5_000))
    desk.write("other.bin", b"1")
    first = await desk.push()
    desk.write("other.bin", b"2")
    second = await desk.push(increment="MINOR")
    third = await desk.push(version="7.0.0-rc.1")
    assert [one.version.version for one in (first, second, third)] == ["1.0.0", "1.1.0", "7.0.0-rc.1"]
    assert [one.stored_before for one in (first, second, third)] == [0, 1, 2]
    assert [one.sent_bytes for one in (first, second, third)] == [5_001, 1, 0]
    await desk.pull("m:^1")
    assert desk.tree()["other.bin"] == b"2"


async def test_a_version_that_exists_is_refused_before_anything_is_sent(desk: Desk):
    desk.write("a", b"1")
    await desk.push(version="1.0.0")
    desk.write("a", b"2")
    with pytest.raises(Failure, match=r"The model already has the version '1\.0\.0' \(number 1\)") as refused:
        await desk.push(version="1.0.0")
    assert (refused.value.code, refused.value.exit_code) == ("TAKEN", 8)
    assert (await desk.push()).version.version == "1.0.1"


async def test_without_create_no_model_is_made(desk: Desk):
    desk.write("a", b"1")
    with pytest.raises(Failure, match=r"There is no model `m` in .*; with --create it would be made"):
        await desk.push(create_model=False)


async def test_a_cut_connection_is_retried(desk: Desk, proxy: Proxy):
    content = desk.write("big.bin", noise(40 * MIB))
    proxy.bytes_left = 20 * MIB
    pushing = asyncio.create_task(desk.push(jobs=1))
    await desk.notes.has_said.wait()
    proxy.bytes_left = None
    assert (await pushing).sent_parts == 3
    assert sorted(proxy.puts, reverse=True) == PARTS
    assert "trying again" in desk.notes.said[0]
    await desk.pull()
    assert desk.tree() == {"big.bin": content}


async def test_a_killed_push_resumes_with_the_missing_parts(desk: Desk, proxy: Proxy):
    content = desk.write("big.bin", noise(40 * MIB))
    proxy.bytes_left, proxy.is_held = 20 * MIB, True
    process = await desk.begin("push", "m", "files", "--jobs", "1")
    await asyncio.wait_for(proxy.held.wait(), 300)
    process.kill()
    await process.communicate()
    assert proxy.puts == PARTS[:1]
    proxy.bytes_left = None
    ended = await desk.command("push", "m", "files", "--jobs", "1", "--json")
    assert ended.code == 0, ended
    told = ended.json
    assert (told["resumed"], told["version"], told["number"]) == (True, "1.0.0", 1)
    assert (told["sentParts"], told["sentBytes"], told["bytes"]) == (2, 24 * MIB, 40 * MIB)
    assert proxy.puts == PARTS
    assert desk.remembered == []
    await desk.pull()
    assert desk.tree() == {"big.bin": content}


async def test_an_unreachable_service_ends_the_push_and_the_next_resumes(desk: Desk, proxy: Proxy):
    desk.write("big.bin", noise(40 * MIB))
    desk.write("small.bin", b"small")
    desk.patience = 0.5
    proxy.bytes_left = 20 * MIB
    with pytest.raises(Unreachable, match="Run the same command again to resume"):
        await desk.push(jobs=1)
    state = next(desk.cache.glob("*.json"))
    assert (state.stat().st_mode & 0o777, desk.project.token in state.read_text()) == (0o600, False)
    assert "signature" not in state.read_text()
    proxy.bytes_left = None
    pushed = await desk.push(jobs=1)
    assert (pushed.resumed, pushed.version.number, pushed.sent_parts) == (True, 1, 3)
    assert sorted(proxy.puts, reverse=True) == [*PARTS, 5]


async def test_a_file_that_changes_between_two_runs_is_sent_anew(desk: Desk, proxy: Proxy):
    desk.write("big.bin", noise(40 * MIB))
    desk.patience, proxy.bytes_left = 0.3, 20 * MIB
    with pytest.raises(Unreachable):
        await desk.push(jobs=1)
    proxy.bytes_left = None
    content = desk.write("big.bin", noise(1_000))
    pushed = await desk.push(jobs=1)
    assert (pushed.resumed, pushed.version.number, pushed.sent_bytes) == (True, 1, 1_000)
    await desk.pull()
    assert desk.tree() == {"big.bin": content}


async def test_a_file_that_changes_while_it_is_sent_is_sent_anew(desk: Desk, proxy: Proxy):
    desk.write("big.bin", noise(40 * MIB))
    proxy.bytes_left = 20 * MIB
    pushing = asyncio.create_task(desk.push(jobs=1))
    await desk.notes.has_said.wait()
    content = desk.write("big.bin", noise(1_000))
    proxy.bytes_left = None
    pushed = await pushing
    assert proxy.puts == [16 * MIB, 1_000]
    assert pushed.version.number == 1
    await desk.pull()
    assert desk.tree() == {"big.bin": content}


async def test_a_lost_answer_makes_no_second_version(desk: Desk, proxy: Proxy):
    desk.write("a", b"1")
    proxy.lose = ["mutation VersionCreate"]
    assert (await desk.push()).version.number == 1
    assert (await desk.push()).version.number == 2


@pytest.mark.parametrize("status", [429, 502])
async def test_temporary_failures_are_retried(desk: Desk, proxy: Proxy, status: int):
    desk.write("a", b"1")
    proxy.statuses = {"POST": [status], "PUT": [status, status]}
    assert (await desk.push()).sent_parts == 1


async def test_an_upload_that_ended_meanwhile_is_begun_anew(desk: Desk, proxy: Proxy):
    desk.write("a", b"1")
    proxy.statuses = {"PUT": [404]}
    assert (await desk.push()).sent_parts == 1


async def test_a_file_that_is_gone_before_the_next_run_is_told(desk: Desk, proxy: Proxy):
    desk.write("big.bin", noise(20 * MIB))
    desk.write("a.bin", b"a")
    desk.patience, proxy.bytes_left = 0.3, MIB
    with pytest.raises(Unreachable):
        await desk.push(jobs=1)
    proxy.bytes_left = None
    (desk.files / "big.bin").unlink()
    pushed = await desk.push()
    assert (pushed.files, pushed.warnings) == (1, [])
    await desk.pull()
    assert desk.tree() == {"a.bin": b"a"}


async def test_two_pushes_of_one_model_make_two_versions(desk: Desk):
    desk.write("x/a", b"1")
    desk.write("y/a", b"2")
    pushed = await asyncio.gather(*(desk.push(paths=(desk.files / name,)) for name in "xy"))
    assert sorted(one.version.version for one in pushed) == ["1.0.0", "1.0.1"]
    for one, content in zip(pushed, (b"1", b"2"), strict=True):
        await desk.pull(f"m#{one.version.number}")
        assert desk.tree() == {"a": content}


async def test_the_same_push_twice_at_once_is_refused(desk: Desk):
    desk.write("a", b"1")
    ended = await asyncio.gather(desk.push(), desk.push(), return_exceptions=True)
    (refused,) = [one for one in ended if isinstance(one, Failure)]
    assert (refused.code, refused.message) == ("BUSY", "The same push runs in another process; wait for it.")
    assert (await desk.push()).version.number == 2


async def test_a_deleted_version_is_not_resumed(desk: Desk, proxy: Proxy, data):
    desk.write("big.bin", noise(20 * MIB))
    desk.patience, proxy.bytes_left = 0.3, 17 * MIB
    with pytest.raises(Unreachable):
        await desk.push(jobs=1)
    document = """mutation d($project: String!) { modelVersionDelete(input: {modelVersion: {
      path: {project: $project, model: "m", reference: "#1"}}}) { userErrors { message } } }"""
    owner = desk.project[Role.OWNER]
    assert (await data(owner, document, project=desk.project.path))["modelVersionDelete"] == {"userErrors": []}
    proxy.bytes_left = None
    pushed = await desk.push()
    assert (pushed.version.number, pushed.sent_bytes) == (2, 20 * MIB)


async def test_files_of_a_candidate_become_a_version_of_it(desk: Desk, data):
    make = """mutation c($project: String!) { candidateCreate(input: {
      experiment: {path: {project: $project, number: 0}}}) { candidate { id uuid } userErrors { message } } }"""
    owner = desk.project[Role.OWNER]
    made = (await data(owner, make, project=desk.project.path))["candidateCreate"]["candidate"]
    desk.write("a", b"1")
    first = await desk.push(candidate=made["id"])
    second = await desk.push("other", candidate=made["uuid"], folder="sub")
    assert (first.stored_before, second.stored_before) == (0, 1)
    await desk.pull("m")
    assert desk.tree() == {"a": b"1", "sub/a": b"1"}
    await desk.pull("other", "sub")
    assert desk.tree("sub") == {"a": b"1"}
    await desk.pull(folder="all", candidate=made["uuid"])
    assert desk.tree("all") == {"a": b"1", "sub/a": b"1"}


async def test_altered_uploads_are_reported_and_sent_anew(desk: Desk, proxy: Proxy):
    desk.write("a", b"right")
    proxy.spoil_up = lambda body: body.replace(b"right", b"wrong")
    with pytest.raises(Failure, match="1 file is not fit for use:\n  a: The SHA-256 of what arrived is") as refused:
        await desk.push()
    assert refused.value.code == "BAD_FILES"
    proxy.spoil_up = bytes
    pushed = await desk.push()
    assert (pushed.resumed, pushed.version.number, pushed.sent_parts) == (True, 1, 1)


async def test_a_refused_file_that_was_removed_is_left_out(desk: Desk, proxy: Proxy):
    desk.write("good", b"good")
    desk.write("a", b"right")
    proxy.spoil_up = lambda body: body.replace(b"right", b"wrong")
    with pytest.raises(Failure, match="1 file is not fit for use:\n  a: The SHA-256 of what arrived is"):
        await desk.push()
    proxy.spoil_up = bytes
    (desk.files / "a").rename(desk.files / "b")
    assert (await desk.push()).version.number == 1
    await desk.pull()
    assert desk.tree() == {"good": b"good", "b": b"right"}


async def test_files_that_are_not_fit_for_use_are_told(desk: Desk):
    desk.write("model.pkl", pickle.dumps(Dangerous()))
    desk.write("good.txt", b"good")
    with pytest.raises(Failure) as refused:
        await desk.push(aliases=("champion",))
    assert refused.value.code == "BAD_FILES"
    assert refused.value.message.startswith("1 file is not fit for use:\n  model.pkl: QUARANTINED: ")
    with pytest.raises(Failure, match="There is no version `@champion`"):
        await desk.pull("m@champion")
    desk.write("model.pkl", pickle.dumps({"fine": 1}))
    pushed = await desk.push(aliases=("champion",))
    assert (pushed.resumed, pushed.version.number) == (True, 1)
    await desk.pull("m@champion")
    assert set(desk.tree()) == {"model.pkl", "good.txt"}


CUT = b"GGUF\x03\x00\x00\x00" + bytes(4)
UNMARKED = b"\x8c\x02os\x8c\x06system\x93(\x8c\x04truetR."
"""Runs `true` when it is unpickled; only a name tells that it is a pickle."""


async def test_no_alias_moves_to_bytes_that_have_failed_before(desk: Desk):
    desk.write("cut.gguf", CUT)
    for model in ("a", "b"):
        with pytest.raises(Failure, match=r"1 file is not fit for use:\n  cut\.gguf: FAILED: ") as refused:
            await desk.push(model, aliases=("champion",))
        assert refused.value.code == "BAD_FILES"
        with pytest.raises(Failure, match="There is no version `@champion`"):
            await desk.pull(f"{model}@champion")


async def test_no_alias_moves_to_stored_bytes_under_a_dangerous_name(desk: Desk):
    desk.write("weights.bin", UNMARKED)
    await desk.push("plain", aliases=("champion",))
    (desk.files / "weights.bin").rename(desk.files / "weights.pkl")
    for model in ("named", "again"):
        with pytest.raises(Failure, match=r"1 file is not fit for use:\n  weights\.pkl: QUARANTINED: "):
            await desk.push(model, aliases=("champion",))
        with pytest.raises(Failure, match="There is no version `@champion`"):
            await desk.pull(f"{model}@champion")
    await desk.pull("plain@champion")


async def test_stored_bytes_unfit_for_use_exit_with_1(desk: Desk):
    desk.write("weights.bin", UNMARKED)
    assert (await desk.command("push", "plain", "files/weights.bin")).code == 0
    (desk.files / "weights.bin").rename(desk.files / "weights.pkl")
    ended = await desk.command("push", "named", "files/weights.pkl", "--alias", "champion")
    assert (ended.code, "QUARANTINED" in ended.err) == (1, True)


async def test_stored_bytes_under_a_name_of_another_kind_are_not_sent(desk: Desk):
    desk.write("a.bin", noise(5_000))
    await desk.push("first")
    (desk.files / "a.bin").rename(desk.files / "a.dat")
    pushed = await desk.push("second")
    assert (pushed.files, pushed.stored_before, pushed.sent_bytes) == (1, 1, 0)
    await desk.pull("second")
    assert set(desk.tree()) == {"a.dat"}


@pytest.fixture
async def at_store(runtime: Runtime, desk: Desk) -> AsyncIterator[Proxy]:
    """Where clients reach the store of the desk's API: whatever passes here did not go through the API."""
    async with proxying(runtime.settings.s3_url) as proxy:
        settings = runtime.settings.model_copy(update={"s3_public_url": proxy.url})
        async with open_runtime(settings) as opened, serving(opened) as address:
            desk.url = address
            yield proxy


async def test_large_parts_go_to_the_store_where_it_can_be_reached(desk: Desk, at_store: Proxy):
    contents = {"big.bin": desk.write("big.bin", noise(40 * MIB)), "small.bin": desk.write("small.bin", noise(1_000))}
    pushed = await desk.push()
    assert (pushed.sent_parts, pushed.sent_bytes) == (4, 40 * MIB + 1_000)
    assert sorted(at_store.puts, reverse=True) == PARTS
    pulled = await desk.pull()
    assert desk.tree() == contents
    assert pulled.received == pushed.bytes
    assert len(at_store.gets) == 4
    assert desk.notes.said == []


async def test_an_expired_store_address_is_requested_again(desk: Desk, at_store: Proxy):
    """What the service has signed for some seconds may be too old by the time it is used."""
    content = desk.write("big.bin", noise(20 * MIB))
    at_store.statuses["PUT"] = [503]
    await desk.push()
    at_store.statuses["GET"] = [403]
    await desk.pull()
    assert desk.tree() == {"big.bin": content}
    assert len(desk.notes.said) == 2
