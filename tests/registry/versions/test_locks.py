"""Transactions that need the same rows wait for each other one way only: none ends as a deadlock.

Each test stops one of two between two locks until the other has taken what it can, and then lets both go on.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from app.artifacts.artifacts import ArtifactNotFound, Root
from app.artifacts.removal import remove
from app.artifacts.upkeep import garbage, inspections, quarantine
from app.artifacts.upkeep.inspections import InspectedFile
from app.inspection.reports import Outcome, Report
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import change, lookup
from app.tracking import candidates, file_owners
from app.tracking.candidates import CreateCandidate
from tests.support.paused_step import paused_before
from tests.support.registry import moves
from tests.support.registry.versions import create_version, set_file_state, store_file

DANGEROUS = Report(Outcome.QUARANTINED, "it runs code")


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


@pytest.fixture
async def root(runtime, project):
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    return Root(project.id, candidate_id=made.id)


async def artifact(runtime, root, path):
    async with runtime.db.read() as snap:
        statement = text("SELECT id, blob_id, state FROM artifacts WHERE root_id = :root AND path = :path")
        return (await snap.execute(statement, {"root": root.id, "path": path})).one_or_none()


@asynccontextmanager
async def both(monkeypatch, step, first, second):
    """``first`` stops before this step until ``second`` waits for it or is done; both have to come to a good end."""
    async with paused_before(monkeypatch, step, "first") as reached:
        one = asyncio.create_task(first, name="first")
        await asyncio.wait_for(reached.wait(), 10)
        two = asyncio.create_task(second, name="second")
        await asyncio.wait([two], timeout=0.5)
    yield await asyncio.wait_for(asyncio.gather(one, two), 20)


async def test_removing_a_file_and_storing_the_same_bytes_do_not_deadlock(runtime, project, root, monkeypatch):
    await store_file(runtime, project, root, "f", b"same")
    removing = remove(runtime.db, project.owner, root, "f", lock_owner=file_owners.lock(root))
    storing = store_file(runtime, project, root, "f", b"same")
    async with both(monkeypatch, garbage.release, removing, storing):
        assert await artifact(runtime, root, "f") is not None


async def test_two_files_that_swap_their_bytes_do_not_deadlock(runtime, project, root, monkeypatch):
    await store_file(runtime, project, root, "a", b"one")
    await store_file(runtime, project, root, "b", b"two")
    swaps = store_file(runtime, project, root, "a", b"two"), store_file(runtime, project, root, "b", b"one")
    async with both(monkeypatch, garbage.release, *swaps):
        assert (await artifact(runtime, root, "a")).blob_id != (await artifact(runtime, root, "b")).blob_id


async def test_removing_files_and_releasing_one_from_quarantine_do_not_deadlock(runtime, project, root, monkeypatch):
    await store_file(runtime, project, root, "f", b"dangerous")
    await set_file_state(runtime, root, "f", "quarantined", "it runs code")
    result = await artifact(runtime, root, "f")

    async def removing():
        async with runtime.db.write() as tx:
            return await garbage.release_root(tx, project.id, root.id, 10)

    async def releasing():
        try:
            await quarantine.release(runtime.db, project.owner, project.id, result.id)
        except (quarantine.NotQuarantined, ArtifactNotFound):
            return

    async with both(monkeypatch, garbage.release, removing(), releasing()):
        assert await artifact(runtime, root, "f") is None


async def test_archiving_versions_while_their_file_fails_does_not_deadlock(runtime, project, model, monkeypatch):
    first = await create_version(runtime, project, "1.0.0")
    root = lookup.root_of(first)[0]
    await store_file(runtime, project, root, "f")
    second = await create_version(runtime, project, "2.0.0", candidate_id=first.candidate_id)
    await moves.set_stage(runtime.db, project.owner, project.id, second.id, "staging")
    archiving = moves.set_stage(runtime.db, project.owner, project.id, first.id, "staging", keep_others=False)
    failing = set_file_state(runtime, root, "f", "failed", "it lies")
    async with both(monkeypatch, change.apply, archiving, failing):
        assert (await artifact(runtime, root, "f")).state == "failed"


async def test_recording_two_bad_contents_of_the_same_candidates_does_not_deadlock(runtime, project, monkeypatch):
    roots = []
    for _ in range(2):
        made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
        roots.append(Root(project.id, candidate_id=made.id))
    for path, order in (("a.gguf", roots), ("b.gguf", roots[::-1])):
        for root in order:
            await store_file(runtime, project, root, path, f"GGUF {path}".encode())
    one, two = await artifact(runtime, roots[0], "a.gguf"), await artifact(runtime, roots[1], "b.gguf")

    async def noting(result, path):
        async with runtime.db.write() as tx:
            await inspections.record(tx, project.id, [InspectedFile(result.id, result.blob_id, path, DANGEROUS)])

    async with both(monkeypatch, inspections._waiting_alike, noting(one, "a.gguf"), noting(two, "b.gguf")):
        states = [(await artifact(runtime, root, path)).state for root in roots for path in ("a.gguf", "b.gguf")]
        assert states == ["quarantined"] * 4
