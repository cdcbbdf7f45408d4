"""A backup that is made while files come and go, and what a fresh installation makes of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from app.artifacts.upkeep import backup_holds, garbage
from app.artifacts.upkeep.backup_holds import HoldExpired
from app.errors import Invalid
from tests.faults import columns, matrix
from tests.faults.client import Books, Client, sha256
from tests.faults.ground_truth import Truth, eventually
from tests.faults.installation import Installation
from tests.faults.world import World
from tests.support.source import ROOT

PAST = "UPDATE condemned_objects SET not_before = now() - interval '1 second'"


async def backup(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator types it."""
    command = [sys.executable, "-m", "app.cli", "backup", *words]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=False, timeout=120
        )

    return await asyncio.to_thread(run)


def server_env(installation: Installation) -> dict[str, str]:
    """What `source server.env` sets."""
    lines = (installation.data_dir / "server.env").read_text().splitlines()
    pairs = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    return {name: value.strip("'") for name, value in pairs.items()}


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """An installation of its own with a worker that sweeps every five seconds."""
    async with matrix.running(tmp_path_factory.mktemp("one"), 3) as running:
        yield running


@asynccontextmanager
async def restored(directory: Path) -> AsyncIterator[tuple[Client, Truth]]:
    """What `up` makes of a data directory."""
    installation = Installation(directory)
    installation.start()
    try:
        await installation.ready()
        client = Client(installation.connection, Books())
        try:
            async with Truth(installation.settings()) as truth:
                yield client, truth
        finally:
            await client.close()
    finally:
        installation.stop()


async def sweep_all(world: World) -> None:
    """As if the grace of everything condemned were over, and a worker came by."""
    await world.truth.write(PAST)
    await garbage.sweep(world.truth.runtime.db, world.truth.runtime.blobs)


async def require_lost(client: Client, truth: Truth, upload: str) -> None:
    """An upload that was under way has lost its bytes, and says so."""
    await client.graphql(columns._COMPLETE, ids=[upload])

    async def has_ended() -> bool:
        shown = (await client.graphql(columns._SHOW, id=upload)).data["data"]["artifactUpload"]
        return shown is None or shown["status"] in {"FAILED", "OPEN"}

    await eventually(has_ended, "the upload neither failed nor can be gone on with")
    assert await truth.number("SELECT count(*) FROM background_jobs WHERE state = 'dead'") == 0


async def test_a_backup_during_writes_restores_consistently(world, tmp_path):
    candidate, contents = await world.client.candidate(), {}
    for number in range(60):
        path = f"f{number}"
        contents[path] = world.content(400_000 if number % 20 == 0 else 900)
        await world.put(candidate, path, contents[path])
    model, made = await world.model(2)
    for path in ("f50", "f51"):
        assert (await world.client.delete(candidate, path)).is_ok
        contents.pop(path)
    await sweep_all(world)

    open_upload, open_at = await columns._announced(world, world.content())  # sent, not completed
    environment = server_env(world.installation) | {
        "MODELYARD_FAULTS": str(world.installation.data_dir.parent / "traps")
    }
    trap, folder = world.trap("backup.dumped"), tmp_path / "backup"
    making = asyncio.create_task(backup("create", str(folder), **environment))
    await trap.reached()
    await world.put(candidate, "came-later", world.content())
    for path in list(contents)[:40]:
        assert (await world.client.delete(candidate, path)).is_ok
    await world.client.surely("registered-models/delete", name=model)
    await world.truth.quiet()
    await sweep_all(world)
    assert await world.truth.number("SELECT count(*) FROM condemned_objects") >= 40, "the sweep did not wait"
    trap.release()
    done = await making
    assert done.returncode == 0, done.stderr
    told = json.loads((folder / "backup.json").read_text())
    assert (told["objects"], told["damaged"], told["lost"]) == (len(contents) + len(made), 0, [])
    assert oct((folder / "secret.key").stat().st_mode & 0o777) == "0o600"

    # With the backup the hold is over, and what was deleted goes.
    await sweep_all(world)
    counts = await world.bytes_in_bucket_are_those_of_rows()
    assert (counts["missing"], counts["unknown"], counts["condemned"]) == (counts["pending"], [], [])

    other = tmp_path / "two"
    other.mkdir()
    done = await backup("restore", str(folder), MODELYARD_DATA_DIR=str(other / "data"))
    assert done.returncode == 0, done.stderr
    again = await backup("restore", str(folder), MODELYARD_DATA_DIR=str(other / "data"))
    assert (again.returncode, "an installation already" in again.stderr) == (1, True)

    async with restored(other) as (client, truth):
        objects = await truth.objects()
        rows = await truth.rows("SELECT object_key, size FROM blobs WHERE state = 'stored'")
        assert [row.object_key for row in rows if objects.get(row.object_key) != row.size] == []
        assert await truth.number("SELECT (SELECT transaction FROM access_epoch) + count(*) FROM backup_holds") == 0
        for path, content in contents.items():
            got = await client.get(candidate, path)
            assert (got.status, sha256(got.body)) == (200, sha256(content)), path
        for path in ("f50", "f51", "came-later"):
            assert (await client.get(candidate, path)).status == 404
        for number, where in made:
            got = await client.get(where, "weights.bin")
            assert sha256(got.body) == sha256(world.ledger.present[where, "weights.bin"]), number
        # It works on: the next number, and a file.
        assert (await client.version(model))[0] == "3"
        await require_lost(client, truth, open_upload)
        assert (await client.get(open_at, "announced")).status == 404

        async def stored() -> bool:
            return (await client.put(candidate, "new", b"new")).is_ok

        await eventually(stored, "no file can be stored")
        assert client.books.wrong == []


async def test_a_second_backup_hard_links_unchanged_objects(world, tmp_path):
    candidate = await world.client.candidate()
    await world.put(candidate, "kept", b"kept bytes")
    await world.put(candidate, "replaced", b"first")
    environment, one, two = server_env(world.installation), tmp_path / "b1", tmp_path / "b2"
    assert (await backup("create", str(one), **environment)).returncode == 0
    await world.put(candidate, "replaced", b"second")
    done = await backup("create", str(two), "--like", str(one), "--no-secret-key", **environment)
    assert done.returncode == 0, done.stderr
    links = sorted(file.stat().st_nlink for file in (two / "objects").rglob("*") if file.is_file())
    assert (links.count(1), links.count(2), (two / "secret.key").exists()) == (1, len(links) - 1, False)
    assert (await backup("create", str(two), **environment)).returncode == 1, "it wrote into an old backup"


async def test_a_full_database_is_never_restored_into(world, tmp_path):
    environment, folder = server_env(world.installation), tmp_path / "backup"
    assert (await backup("create", str(folder), **environment)).returncode == 0
    done = await backup("restore", str(folder), **environment)
    assert (done.returncode, "has tables already" in done.stderr) == (1, True)
    other_key = environment | {"MODELYARD_SECRET_KEY": "k" * 32}
    done = await backup("restore", str(folder), **other_key)
    assert (done.returncode, "MODELYARD_SECRET_KEY is not that of the backup" in done.stderr) == (1, True)


async def test_missing_objects_are_reported(world, tmp_path):
    candidate = await world.client.candidate()
    for name in ("whole", "lost", "known"):
        await world.put(candidate, name, name.encode())
    lost, stored = [await world.truth.object_key(sha256(name)) for name in (b"lost", b"known")]
    await world.truth.runtime.blobs.remove([lost, stored])
    await world.truth.write(f"UPDATE blobs SET damage = 'missing', damaged_at = now() WHERE object_key = '{stored}'")
    folder, other = tmp_path / "backup", tmp_path / "two"
    done = await backup("create", str(folder), **server_env(world.installation))
    told = json.loads((folder / "backup.json").read_text())
    stored = await world.truth.number("SELECT count(*) FROM blobs WHERE state = 'stored'")
    assert (done.returncode, told["lost"], told["damaged"], told["objects"]) == (1, [lost], 1, stored - 2)
    assert lost in done.stderr
    done = await backup("restore", str(folder), MODELYARD_DATA_DIR=str(other / "data"))
    assert done.returncode == 0, done.stderr

    victim = next(file for file in (folder / "objects").rglob("*") if file.is_file())
    victim.write_bytes(b"other")
    changed = await backup("restore", str(folder), MODELYARD_DATA_DIR=str(tmp_path / "three"))
    assert (changed.returncode, "was changed after it was made" in changed.stderr) == (1, True)
    (folder / "backup.json").unlink()
    broken = await backup("restore", str(folder), MODELYARD_DATA_DIR=str(tmp_path / "four"))
    assert (broken.returncode, "no complete backup" in broken.stderr) == (1, True)


@pytest.fixture
async def condemned(runtime, project) -> str:
    """An object whose time in the store is over."""
    key = f"v1/{project.id}/aa/condemned"
    await runtime.blobs.put_whole(key, b"x", hashlib.sha256(b"x").digest())
    async with runtime.db.write() as tx:
        await garbage.condemn(tx, [(key, 1)], "deleted", wait=timedelta(seconds=-1))
    return key


async def test_a_hold_keeps_condemned_bytes_until_it_is_released(runtime, condemned):
    words = ["hold", "--hours", "1", "--note", "nightly"]
    held = await backup(*words, **_environment(runtime))
    assert held.returncode == 0, held.stderr
    await garbage.sweep(runtime.db, runtime.blobs)
    assert await runtime.blobs.stat(condemned) is not None
    listed = await backup("holds", **_environment(runtime))
    assert f"{held.stdout.strip()}  " in listed.stdout
    assert "nightly" in listed.stdout
    assert (await backup("release", held.stdout.strip(), **_environment(runtime))).returncode == 0
    await garbage.sweep(runtime.db, runtime.blobs)
    assert await runtime.blobs.stat(condemned) is None
    late = await backup("release", held.stdout.strip(), **_environment(runtime))
    assert (late.returncode, "make the backup anew" in late.stderr) == (1, True)


async def test_an_expired_hold_fails_its_renewal(runtime, condemned):
    made = await backup_holds.begin(runtime.db, timedelta(minutes=1))
    await backup_holds.renew(runtime.db, made.id, timedelta(minutes=2))
    async with runtime.db.write() as tx:
        past = text("UPDATE backup_holds SET expires_at = now() - interval '1 second' WHERE id = :id")
        await tx.execute(past, {"id": made.id})
    # It is over when the sweep says so, not by a clock: until then the backup may go on.
    await garbage.sweep(runtime.db, runtime.blobs)
    assert await runtime.blobs.stat(condemned) is None
    for late in (backup_holds.renew(runtime.db, made.id, timedelta(minutes=2)), backup_holds.end(runtime.db, made.id)):
        with pytest.raises(HoldExpired):
            await late


async def test_the_last_of_two_holds_counts(runtime, condemned):
    one, two = [await backup_holds.begin(runtime.db, timedelta(minutes=5)) for _ in range(2)]
    await backup_holds.end(runtime.db, one.id)
    await garbage.sweep(runtime.db, runtime.blobs)
    assert await runtime.blobs.stat(condemned) is not None
    await backup_holds.end(runtime.db, two.id)


@pytest.mark.parametrize("life", [timedelta(seconds=59), timedelta(days=7, seconds=1), timedelta(days=-1)])
async def test_holds_have_bounds(runtime, life):
    for work in (backup_holds.begin(runtime.db, life), backup_holds.renew(runtime.db, UUID(int=0), life)):
        with pytest.raises(Invalid, match="from 1 minute to 7 days"):
            await work


async def test_a_sweep_that_begins_while_a_hold_commits_takes_all_or_nothing(runtime, condemned):
    """The hold is written and not committed: what this sweep takes was condemned before, so no dump will name it."""
    async with runtime.db.write() as tx:
        await tx.execute(
            text("INSERT INTO backup_holds (id, expires_at) VALUES (gen_random_uuid(), now() + interval '1 hour')")
        )
        await garbage.sweep(runtime.db, runtime.blobs)
        assert await runtime.blobs.stat(condemned) is None
        await tx.execute(text("DELETE FROM backup_holds"))


async def test_condemned_bytes_are_kept_for_as_long_as_the_setting_says(runtime, project):
    key = f"v1/{project.id}/aa/kept"
    await runtime.blobs.put_whole(key, b"x", hashlib.sha256(b"x").digest())
    async with runtime.db.write() as tx:
        await garbage.condemn(tx, [(key, 1)], "deleted", wait=garbage.GRACE - timedelta(hours=1))
    await garbage.sweep(runtime.db, runtime.blobs, keep=timedelta(hours=2))
    assert await runtime.blobs.stat(key) is not None
    await garbage.sweep(runtime.db, runtime.blobs, keep=timedelta(minutes=59))
    assert await runtime.blobs.stat(key) is None


def _environment(runtime) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("MODELYARD_")}
