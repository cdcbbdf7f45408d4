"""Files come down, checked, into their folder and nowhere else."""

from __future__ import annotations

import asyncio
import pickle

import pytest
from sqlalchemy import update

from app.artifacts.tables import Artifact
from modelyard_client.failures import Failure, Unreachable
from modelyard_client.pull import parse
from modelyard_client.transfer import receiving
from tests.client.conftest import Desk, noise
from tests.support.client.proxy import Proxy

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("text", "name", "reference"),
    [
        ("churn", "churn", "latest"),
        ("churn@champion", "churn", "@champion"),
        ("churn:^1.2", "churn", "^1.2"),
        ("churn:>=1,<2", "churn", ">=1,<2"),
        ("churn:1.2.3-rc.1+b", "churn", "1.2.3-rc.1+b"),
        ("churn#7", "churn", "#7"),
        ("churn:#7", "churn", "#7"),
        ("churn:stage:production", "churn", "stage:production"),
    ],
)
def test_pull_argument_is_parsed_into_name_and_reference(text: str, name: str, reference: str):
    assert parse(text) == (name, reference)


async def test_existing_files_are_not_downloaded_again(desk: Desk, proxy: Proxy):
    desk.write("same", b"same")
    desk.write("sub/other", b"right")
    desk.write("empty", b"")
    await desk.push()
    await desk.pull()
    (desk.home / "out" / "sub" / "other").write_bytes(b"wrong")
    (desk.home / "out" / "mine").write_bytes(b"stays")
    proxy.gets.clear()
    pulled = await desk.pull()
    assert (pulled.files, pulled.there_before, pulled.received) == (3, 2, 5)
    assert proxy.gets == ["bytes=0-4"]
    assert desk.tree() == {"same": b"same", "sub/other": b"right", "empty": b"", "mine": b"stays"}


async def test_decomposed_and_composed_names_are_the_same(desk: Desk):
    for name in ("mode\u0300le.bin", "d\u00e9j\u00e0/vu.bin", "other.bin"):
        desk.write(name, name.encode())
    await desk.push()
    await desk.pull(folder="whole")
    await desk.pull(folder="some", include=("mod\u00e8le.*", "de\u0301ja\u0300"))
    assert set(desk.tree("whole")) == {"mod\u00e8le.bin", "d\u00e9j\u00e0/vu.bin", "other.bin"}
    assert set(desk.tree("some")) == {"mod\u00e8le.bin", "d\u00e9j\u00e0/vu.bin"}


async def test_include_patterns_choose_the_files(desk: Desk):
    for name in ("a.bin", "a.txt", "sub/b.bin", "sub/deep/c.bin", "other/d.txt"):
        desk.write(name, name.encode())
    await desk.push()
    await desk.pull(folder="bins", include=("*.bin",))
    await desk.pull(folder="sub", include=("sub/",))
    assert set(desk.tree("bins")) == {"a.bin", "sub/b.bin", "sub/deep/c.bin"}
    assert set(desk.tree("sub")) == {"sub/b.bin", "sub/deep/c.bin"}
    with pytest.raises(Failure, match=r"None of 5 files matches \*\.zip"):
        await desk.pull(include=("*.zip",))


async def test_more_files_than_a_page_has(desk: Desk):
    desk.write("000", b"same")
    await desk.push()  # so that the others need not be sent
    contents = {f"{i:03}": desk.write(f"{i:03}", b"same") for i in range(120)}
    assert (await desk.push()).stored_before == 120
    assert (await desk.pull()).files == 120
    assert desk.tree() == contents


async def test_an_interrupted_large_file_resumes(desk: Desk, proxy: Proxy):
    content = desk.write("big.bin", noise(40 * MIB))
    await desk.push()
    desk.patience = 0.2

    def fail_from_the_second_on(body: bytes) -> bytes:
        proxy.statuses["GET"] = [502] * 100
        return body

    proxy.spoil = fail_from_the_second_on
    with pytest.raises(Unreachable, match="Run the same command again to resume"):
        await desk.pull(jobs=1)
    assert proxy.gets == [f"bytes=0-{16 * MIB - 1}"]
    assert (desk.home / "out" / "big.bin").exists() is False
    proxy.spoil, proxy.statuses = bytes, {}
    pulled = await desk.pull(jobs=1)
    assert pulled.received == 24 * MIB
    assert desk.tree() == {"big.bin": content}


async def test_a_killed_pull_resumes(desk: Desk, proxy: Proxy):
    content = desk.write("big.bin", noise(40 * MIB))
    await desk.push()
    proxy.hold_gets_after = 1
    process = await desk.begin("pull", "m", "out", "--jobs", "1")
    await asyncio.wait_for(proxy.held.wait(), 300)
    process.kill()
    await process.communicate()
    proxy.hold_gets_after = None
    ended = await desk.command("pull", "m", "out", "--json")
    assert ended.code == 0, ended
    assert ended.json["receivedBytes"] == 24 * MIB
    assert desk.tree() == {"big.bin": content}


@pytest.mark.parametrize("size", [100, 20 * MIB])
async def test_corrupted_bytes_do_not_reach_the_folder(desk: Desk, proxy: Proxy, size: int):
    content = desk.write("a", noise(size))
    desk.write("b", b"")
    await desk.push()
    proxy.spoil = lambda body: body[:-1] + bytes([body[-1] ^ 1])
    with pytest.raises(Failure, match="Not put in place:\n  `a` came with the SHA-256") as refused:
        await desk.pull()
    assert (refused.value.code, desk.tree()) == ("CORRUPTED", {"b": b""})
    proxy.spoil = bytes
    assert (await desk.pull()).received == size
    assert desk.tree() == {"a": content, "b": b""}


async def test_a_truncated_answer_is_requested_again(desk: Desk, proxy: Proxy):
    content = desk.write("a", noise(1_000))
    await desk.push()
    proxy.statuses = {"GET": [503, 502]}
    await desk.pull()
    assert desk.tree() == {"a": content}


async def test_an_old_link_is_replaced(desk: Desk, proxy: Proxy, monkeypatch: pytest.MonkeyPatch):
    desk.write("a", b"1")
    await desk.push()
    proxy.statuses = {"GET": [403]}
    with pytest.raises(Failure, match="`a` was refused with 403"):
        await desk.pull()
    proxy.statuses = {"GET": [403]}
    monkeypatch.setattr(receiving, "LINK_SECONDS", -1.0)
    await desk.pull()
    assert desk.tree() == {"a": b"1"}


async def test_a_quarantined_file_refuses_the_whole_pull(desk: Desk, runtime):
    desk.write("a", b"1")
    desk.write("bad.pkl", pickle.dumps({"harmless": 1}))
    await desk.push()
    values = {"state": "quarantined", "state_reason": "It runs `os.system`."}
    async with runtime.db.write() as tx:
        mine = (Artifact.project_id == desk.project.id, Artifact.path == "bad.pkl")
        await tx.execute(update(Artifact).where(*mine).values(**values))
    with pytest.raises(Failure) as refused:
        await desk.pull("m:1.0.0")
    assert refused.value.message == ("1 file is in quarantine, so nothing was pulled:\n  bad.pkl: It runs `os.system`.")
    await desk.pull("m:1.0.0", include=("a",))
    assert desk.tree() == {"a": b"1"}


async def test_symbolic_links_in_the_folder_are_not_followed(desk: Desk):
    desk.write("sub/a", b"new")
    desk.write("b", b"new")
    await desk.push()
    outside = desk.home / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(b"old")
    out = desk.home / "out"
    out.mkdir()
    (out / "sub").symlink_to(outside)
    (out / "b").symlink_to(outside / "a")
    with pytest.raises(Failure, match="sub/a cannot be put in its place: Not a directory"):
        await desk.pull()
    assert desk.tree("outside") == {"a": b"old"}
    (out / "sub").unlink()
    await desk.pull()
    assert desk.tree("outside") == {"a": b"old"}
    assert (desk.tree(), (out / "b").is_symlink()) == ({"sub/a": b"new", "b": b"new"}, False)


async def test_two_pulls_into_one_folder_do_not_meet(desk: Desk, proxy: Proxy):
    desk.write("a", b"1")
    await desk.push()
    proxy.hold_gets_after = 0
    first = asyncio.create_task(desk.pull())
    await proxy.held.wait()
    with pytest.raises(Failure, match="Another pull into"):
        await desk.pull()
    proxy.hold_gets_after = None
    proxy.go_on.set()
    assert (await first).received == 1
