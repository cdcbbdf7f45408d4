"""What the purge after a deletion removes, and what it keeps since something living needs it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import jobs
from app.queue import jobs as jobs_of
from app.registry import aliases, models, purge
from app.registry.models import CreateModel, Deletion
from app.registry.references.parse import parse_reference
from app.registry.trash.retention import AT_ONCE
from app.registry.versions import create, delete, lookup
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking import purge as tracking_purge
from app.tracking.background_jobs import PurgeCandidate, PurgeExperiment
from app.tracking.candidates import CandidateNotFound, CreateCandidate
from tests.support.registry import moves


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


async def add(project, model="m", **values):
    return await create.create(project.runtime.db, project.owner, project.id, CreateVersion(model, **values))


async def silent(_done, _total):
    pass


async def count(project, table, condition="true"):
    async with project.runtime.db.read() as snap:
        statement = text(f"select count(*) from {table} where project_id = :id and {condition}")
        return await snap.scalar(statement, {"id": project.id})


async def run_promised(project):
    """Every purge of tracking that was promised, as a worker would run it."""
    db = project.runtime.db
    async with db.read() as snap:
        statement = text("select kind, payload from background_jobs where project_id = :id and state = 'queued'")
        promised = [jobs_of.decode(*row) for row in await snap.execute(statement, {"id": project.id})]
    for job in promised:
        match job:
            case PurgeCandidate(_, candidate_id):
                await tracking_purge.candidate(db, project.id, candidate_id, progress=silent)
            case PurgeExperiment(_, number):
                await tracking_purge.experiment(db, project.id, number, progress=silent)


async def purge_version(project, version):
    deleted = await delete.delete(project.runtime.db, project.owner, project.id, version.id, keep=AT_ONCE)
    job = deleted.job_id
    assert (await jobs.get(project.runtime.db, project.owner, job)).kind == "registry.purge_version"
    await purge.version(project.runtime.db, project.id, version.id, progress=silent)
    await run_promised(project)


async def purge_model(project, name="m"):
    db = project.runtime.db
    model = await models.get(db, project.owner, project.id, name)
    await models.delete(db, project.owner, project.id, name, keep=AT_ONCE)
    await purge.model(db, project.id, model.id, progress=silent)
    await run_promised(project)


async def test_purge_removes_a_version_and_its_own_candidate_and_keeps_what_its_names_were(runtime, project, model):
    version, other = await add(project), await add(project)
    await aliases.set(runtime.db, project.owner, project.id, "m", "a", parse_reference("#1"))
    await moves.set_stage(runtime.db, project.owner, project.id, version.id, "staging")
    await purge_version(project, version)
    assert await count(project, "model_versions") == 1
    assert await count(project, "aliases") == await count(project, "stage_intervals") == 1
    assert await count(project, "candidates") == 1
    assert (await candidates.get(runtime.db, project.owner, project.id, other.candidate_id)).candidate.of_version
    assert (await add(project)).number == 3


async def test_number_of_the_last_version_is_not_used_again(project, model):
    await purge_version(project, await add(project))
    again = await add(project)
    assert (again.number, again.version) == (2, "1.0.0")


async def test_purge_keeps_a_candidate_that_existed_before_its_version(runtime, project, model):
    made = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate
    await purge_version(project, await add(project, candidate_id=made.id))
    assert (await candidates.get(runtime.db, project.owner, project.id, made.id)).candidate.purge_at is None


async def test_own_candidate_is_purged_with_the_last_version_that_shares_it(runtime, project, model):
    first = await add(project)
    second = await add(project, candidate_id=first.candidate_id)
    await purge_version(project, first)
    result = await candidates.get(runtime.db, project.owner, project.id, first.candidate_id)
    assert result.candidate.purge_at is None
    await purge_version(project, second)
    assert await count(project, "candidates") == 0


async def test_purge_leaves_living_and_missing_versions_as_they_are(project, model):
    version = await add(project)
    await purge.version(project.runtime.db, project.id, version.id, progress=silent)
    await purge.version(project.runtime.db, project.id, version.id + 10_000, progress=silent)
    await purge.model(project.runtime.db, project.id, model.id, progress=silent)
    assert await count(project, "model_versions") == 1
    assert await count(project, "models") == 1


async def test_purge_of_a_model_removes_versions_experiment_and_candidates(runtime, project, model):
    for _ in range(5):
        await add(project)
    await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(model.experiment_number))
    await aliases.set(runtime.db, project.owner, project.id, "m", "a", parse_reference("#1"))
    await purge_model(project)
    left = [await count(project, table) for table in ("models", "model_versions", "aliases", "candidates")]
    assert left == [0, 0, 0, 0]
    assert await count(project, "experiments", "number > 0") == 0


async def test_purge_may_run_again_after_any_step(runtime, project, model, monkeypatch):
    monkeypatch.setattr(purge, "BATCH", 2)
    for _ in range(5):
        await add(project)
    await models.delete(runtime.db, project.owner, project.id, "m", keep=AT_ONCE)
    steps = []

    async def die(done, total):
        steps.append((done, total))
        raise RuntimeError("killed")

    for _ in range(3):
        with pytest.raises(RuntimeError):
            await purge.model(runtime.db, project.id, model.id, progress=die)
    assert steps == [(2, 5), (2, 3), (1, 1)]
    await purge.model(runtime.db, project.id, model.id, progress=silent)
    await purge.model(runtime.db, project.id, model.id, progress=silent)
    assert await count(project, "models") == 0


async def test_purge_of_a_model_keeps_candidates_that_versions_of_others_need(runtime, project, model):
    await models.create(runtime.db, project.owner, project.id, CreateModel("other"))
    made = await candidates.create(
        runtime.db, project.owner, project.id, CreateCandidate(model.experiment_number, params={"p": "1"})
    )
    needed = await add(project, "other", candidate_id=made.candidate.id)
    await add(project, "m", candidate_id=made.candidate.id)
    await purge_model(project)
    assert await count(project, "models") == 1
    assert await count(project, "candidate_params") == 1
    with pytest.raises(CandidateNotFound):
        await candidates.get(runtime.db, project.owner, project.id, made.candidate.id)
    assert lookup.root_of(needed)[0].candidate_id == made.candidate.id
    await purge_version(project, needed)
    assert await count(project, "candidate_params") == 0
    assert await count(project, "candidates") == 0
    assert await count(project, "experiments", f"number = {model.experiment_number}") == 0


async def test_a_new_model_of_a_deleted_name_shares_nothing_with_it(runtime, project, model):
    await add(project)
    await models.delete(runtime.db, project.owner, project.id, "m", keep=AT_ONCE)
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    fresh = await add(project)
    await purge.model(runtime.db, project.id, model.id, progress=silent)
    await run_promised(project)
    result = await lookup.by_reference(runtime.db, project.owner, project.id, "m", parse_reference("latest"))
    assert (result.id, result.number) == (fresh.id, 1)
    assert await count(project, "models") == 1


async def test_purges_of_other_projects_touch_nothing(project, model):
    version = await add(project)
    await delete.delete(project.runtime.db, project.owner, project.id, version.id, keep=AT_ONCE)
    await purge.version(project.runtime.db, project.id + 10_000, version.id, progress=silent)
    assert await count(project, "model_versions") == 1
    await tracking_purge.candidate(project.runtime.db, project.id, uuid4(), progress=silent)


async def seen(project, candidate_id) -> bool:
    try:
        await candidates.get(project.runtime.db, project.owner, project.id, candidate_id)
    except CandidateNotFound:
        return False
    return True


async def test_own_candidate_is_hidden_once_its_version_is_deleted(runtime, project, model):
    version = await add(project)
    await delete.delete(runtime.db, project.owner, project.id, version.id)
    assert not await seen(project, version.candidate_id)


async def test_a_shared_candidate_is_visible_until_version_and_copy_are_deleted(runtime, project, model):
    original = await add(project)
    await models.create(runtime.db, project.owner, project.id, CreateModel("other"))
    copy = await add(project, "other", candidate_id=original.candidate_id)
    await delete.delete(runtime.db, project.owner, project.id, original.id)
    assert await seen(project, original.candidate_id)
    await models.delete(runtime.db, project.owner, project.id, copy.model_id)
    assert not await seen(project, original.candidate_id)


async def test_a_candidate_made_by_training_outlives_its_version(runtime, project, model):
    made = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate
    version = await add(project, candidate_id=made.id)
    await delete.delete(runtime.db, project.owner, project.id, version.id)
    assert await seen(project, made.id)


async def test_a_copy_during_the_deletion_has_its_candidate_or_is_refused(runtime, project, model):
    for _ in range(8):
        version = await add(project)
        deletion = delete.delete(runtime.db, project.owner, project.id, version.id)
        copying = add(project, candidate_id=version.candidate_id)
        deleted, copy = await asyncio.gather(deletion, copying, return_exceptions=True)
        assert isinstance(deleted, Deletion)
        assert await seen(project, version.candidate_id) is isinstance(copy, ModelVersion)
        assert isinstance(copy, ModelVersion | CandidateNotFound)
