"""A whole installation on disks that are full to the last byte: what clients are told, and how it ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest

from app.db.database import driver_url
from tests.faults.installation import Installation
from tests.support.full_disk import disks
from tests.support.full_disk.disks import Disk
from tests.support.full_disk.entry_points import MIB, EntryPoints, Told

RESERVE = str(64 * MIB)
WITHOUT = "0"
RECOVERED_SECONDS = 60.0
ENDED_SECONDS = 240.0
"""Several recoveries of a server that still can; one write of a large message may wait for a checkpoint."""
SERVERS = ("api 1", "api 2", "worker", "postgres", "valkey-server", "weed")
SMALL, LARGE = 20_000, 12_000_000


class Yard:
    """An installation whose data directory, or one server's part of it, is on a small disk."""

    def __init__(self, installation: Installation, disk: Disk, doors: EntryPoints) -> None:
        self.installation, self.disk, self.doors = installation, disk, doors

    def servers(self, *names: str) -> dict[str, int]:
        """The process of each server, of PostgreSQL the first one; its others come and go with connections."""
        return {name: self.installation.pids(name)[0] for name in names or SERVERS}

    async def until_it_is_noticed(self) -> None:
        """The supervisor has seen that the disk is full."""
        began = time.monotonic()
        while "is full" not in self.installation.log("up"):
            assert time.monotonic() - began < RECOVERED_SECONDS, self.installation.log("up")
            await asyncio.sleep(0.1)

    async def until_it_stores(self, store: bool = True) -> float:
        """Seconds until a file and a param are stored again and the probe says so.

        ``store`` says that the disk of the store was full: the supervisor starts it anew then.
        """
        began = time.monotonic()
        assert not store or "is full" in self.installation.log("up"), "the supervisor has not noticed"
        while store and "The object store takes files again" not in self.installation.log("up"):
            assert time.monotonic() - began < RECOVERED_SECONDS, self.installation.log("up")
            await asyncio.sleep(0.1)
        while True:
            stored = await self.doors.put("recovered.bin", os.urandom(SMALL))
            logged = await self.doors.parameter()
            state = await self.doors.state()
            if (stored.status, logged.status, state["status"]) == (200, 200, "ready"):
                return time.monotonic() - began
            assert time.monotonic() - began < RECOVERED_SECONDS, f"{stored}\n{logged}\n{state}"
            await asyncio.sleep(0.5)


@asynccontextmanager
async def yard(part: str, mebibytes: int, reserve: str) -> AsyncIterator[Yard]:
    """Start it; ``part`` is the folder of the data directory that the disk holds, empty for all of it."""
    folder = disks.folder()
    installation = Installation(folder, MODELYARD_RESERVED_BYTES=reserve)
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, folder, ignore_errors=True)
        installation.data_dir.mkdir()
        if part:
            installation.start()
            ends.callback(installation.stop)
            await installation.ready()
            installation.stop()
            (installation.data_dir / "connection.env").unlink()  # the next start has another port
        disk = ends.enter_context(_moved(installation.data_dir / part, mebibytes))
        ends.callback(installation.stop)
        installation.start()
        await installation.ready()
        doors = EntryPoints(installation.connection, folder)
        await doors.begin()
        try:
            yield Yard(installation, disk, doors)
        finally:
            await doors.close()


@contextmanager
def _moved(directory: Path, mebibytes: int) -> Iterator[Disk]:
    """Put what a directory holds on a disk of its own, mounted where it was."""
    set_apart = directory.with_name(f"{directory.name}.aside")
    directory.rename(set_apart)
    directory.mkdir(mode=0o700)
    with disks.mounted(directory, mebibytes) as disk:
        # Sockets are made anew by their servers.
        shutil.copytree(
            set_apart, directory, ignore=shutil.ignore_patterns("*.sock"), dirs_exist_ok=True, symlinks=True
        )
        yield disk


async def test_everything_on_one_full_disk() -> None:
    """With a reserve, of which a little is left: without any, PostgreSQL may refuse new connections, and so readers."""
    async with yard("", 400, RESERVE) as full:
        doors = full.doors
        assert (await doors.put("kept.bin", b"kept" * 5000)).status == 200
        running = full.servers()
        full.disk.fill(leave=4 * MIB)
        state = await doors.state()
        assert (state["http"], state["status"]) == (200, "degraded")
        assert {name: word for name, word in dict(state["parts"]).items() if name != "redis"} == {
            "database": "full",
            "store": "full",
        }
        for told in await _json_doors(doors):
            assert (told.status, told.code) == (507, "RESOURCE_EXHAUSTED"), told
            assert "is full" in told.message
        _require_full_package(await doors.package(os.urandom(SMALL)))
        refused = await doors.model()
        assert (refused.status, refused.code) == (200, "STORAGE_FULL")
        await _commands_tell(doors)
        await _reads_go_on(doors)
        assert full.servers() == running
        full.disk.make_room()
        await full.until_it_stores()
        assert await doors.names() == {"kept.bin", "recovered.bin"}
        kept = [name for name in SERVERS if name != "weed"]
        assert full.servers(*kept) == {name: running[name] for name in kept}


async def test_only_the_disk_of_the_store_is_full_without_a_reserve() -> None:
    """Another program may use up every byte; what the store then says does not tell why it failed, the disk does."""
    async with yard("s3", 160, WITHOUT) as full:
        doors = full.doors
        assert (await doors.put("kept.bin", b"kept" * 5000)).status == 200
        running = full.servers("api 1", "api 2", "worker", "postgres")
        full.disk.fill()
        await full.until_it_is_noticed()
        for told in (
            await doors.put("small.bin", os.urandom(SMALL)),
            await doors.put("large.bin", os.urandom(LARGE)),
        ):
            assert (told.status, told.code) == (507, "RESOURCE_EXHAUSTED"), told
            assert "The disk of the object store is full" in told.message
        part = await doors.part(LARGE)  # by a link, which speaks the product's own codes
        assert (part.status, part.code) == (507, "STORAGE_FULL"), part
        _require_full_package(await doors.package(os.urandom(SMALL)))
        state = await doors.state()
        assert (state["http"], dict(state["parts"])["store"], dict(state["parts"])["database"]) == (200, "full", "ok")
        assert (await doors.parameter()).status == 200
        assert (await doors.model()).code == ""
        await _reads_go_on(doors)
        full.disk.make_room()
        await full.until_it_stores()
        assert await doors.names() == {"kept.bin", "recovered.bin"}
        assert full.servers(*running) == running


async def test_only_the_disk_of_the_database_is_full_without_a_reserve() -> None:
    """PostgreSQL goes on with the room that it has in its files, and stops when it needs the next piece of its log."""
    async with yard("pg18", 200, WITHOUT) as full:
        doors = full.doors
        assert (await doors.put("kept.bin", b"kept" * 5000)).status == 200
        running = full.servers("api 1", "api 2", "worker")
        full.disk.fill()
        refused = await _until(lambda: doors.parameter(5000), lambda told: told.status != 200)
        assert (refused.status, refused.code) == (507, "RESOURCE_EXHAUSTED"), refused
        assert "The disk of the database is full" in refused.message
        state = await doors.state()
        assert dict(state["parts"])["database"] == "full"
        assert "The disk of the database is full" in dict(state["reasons"])["database"]
        full.disk.make_room()
        await full.until_it_stores(store=False)
        assert await doors.names() == {"kept.bin", "recovered.bin"}
        assert full.servers(*running) == running


async def test_the_log_of_the_database_has_no_room() -> None:
    """PostgreSQL ends then, and cannot start again before there is room: no person has to help with that."""
    async with yard("pg18", 150, WITHOUT) as full:
        doors = full.doors
        assert (await doors.put("kept.bin", b"kept" * 5000)).status == 200
        apis = full.servers("api 1", "api 2", "worker")
        full.disk.fill()
        state = await until_the_database_has_ended(full)
        assert state["status"] == "unavailable"
        refused = await _until(doors.parameter, lambda told: told.status == 507)
        assert "The disk of the database is full" in refused.message
        full.disk.make_room()
        await full.until_it_stores(store=False)
        assert await doors.get("kept.bin") == (200, b"kept" * 5000)
        assert full.servers(*apis) == apis


async def until_the_database_has_ended(full: Yard) -> dict[str, object]:
    """What the probe says then.

    Where the log had used up little of its last file the server recovers by itself, and what it writes then is more:
    so the log is used up again until the server cannot go on. What a server that ends has freed is used up, too.
    """
    began = time.monotonic()
    while time.monotonic() - began < ENDED_SECONDS:
        await use_up_the_log(full.installation.settings().owner_url)
        for _ in range(25):
            full.disk.use_up()
            state = await full.doors.state()
            if (state["http"], dict(state["parts"])["database"]) == (503, "full"):
                return state
            await asyncio.sleep(0.2)
    raise AssertionError(f"the database goes on: {state}\n{full.installation.log('up')}")


async def use_up_the_log(url: str) -> None:
    """Write more log at once than the disk has room for, until no checkpoint makes room in time and the server ends."""
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        async with asyncio.timeout(RECOVERED_SECONDS / 2):
            connection = await asyncpg.connect(driver_url(url), timeout=RECOVERED_SECONDS)
            try:
                while True:
                    await connection.execute("SELECT pg_logical_emit_message(true, 'tests', repeat('x', 200000000))")
            finally:
                connection.terminate()


async def _json_doors(doors: EntryPoints) -> list[Told]:
    return [
        await doors.metric(),
        await doors.parameter(),
        await doors.candidate(),
        await doors.put("small.bin", os.urandom(SMALL)),
        await doors.put("large.bin", os.urandom(LARGE)),
        await doors.part(LARGE),
    ]


def _require_full_package(told: Told) -> None:
    """GitLab's package paths answer a message alone."""
    assert (told.status, told.code) == (507, ""), told
    assert "is full" in told.message


async def _commands_tell(doors: EntryPoints) -> None:
    pushed = await doors.push(SMALL)
    assert pushed.status == 9
    assert "is full" in pushed.message.splitlines()[-1]
    assert "Traceback" not in pushed.message
    for what in ("metric", "artifact"):
        said = await doors.mlflow(what)
        assert "is full" in said.message, said


async def _reads_go_on(doors: EntryPoints) -> None:
    assert await doors.get("kept.bin") == (200, b"kept" * 5000)
    assert await doors.search() == 200
    assert await doors.names() >= {"kept.bin"}


async def _until(write: Callable[[], Awaitable[Told]], is_so: Callable[[Told], bool]) -> Told:
    for _ in range(20_000):
        told = await write()
        if is_so(told):
            return told
    raise AssertionError(f"the last answer was {told}")
