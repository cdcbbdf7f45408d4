"""The state of a version: who sees it when, and what moves it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from app.access.policy import Actor
from app.artifacts.artifacts import Root
from app.pagination import Window
from app.registry import aliases, models
from app.registry.models import CreateModel
from app.registry.reads import details, loaders
from app.registry.reads.loaders import VersionList
from app.registry.references import semver
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.references.semver import Increment
from app.registry.tables import Model
from app.registry.versions import copy, delete, lookup, wait_for_files
from app.registry.versions.complete import FilesPending
from app.registry.versions.copy import CopyVersion
from app.registry.versions.lookup import VersionNotFound
from app.registry.versions.numbering import MAX_RESERVED, ModelState, TooManyReserved, assign
from app.registry.versions.request import CreateVersion, VersionTaken, prepare
from app.registry.versions.states import VersionNotReady
from app.tracking import candidates
from app.tracking.candidates import CandidateNeeded, CreateCandidate
from tests.support.registry import moves
from tests.support.registry.versions import by_reference, complete_version, create_version, set_file_state, store_file


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


@pytest.mark.parametrize("reference", ["latest", "latest-prerelease", "^1", ">=1", "1.x", "stage:none", "=1.1.0 || ^1"])
async def test_references_skip_a_version_until_it_is_completed(runtime, project, model, reference):
    whole = await create_version(runtime, project, "1.0.0")
    pushed = await create_version(runtime, project, "1.1.0", is_open=True)
    assert (pushed.state, pushed.was_ready) == ("open", False)
    assert (await by_reference(runtime, project, reference)).id == whole.id
    done = await complete_version(runtime, project, pushed)
    assert (done.state, done.was_ready, done.state_reason) == ("ready", True, None)
    assert (await by_reference(runtime, project, reference)).id == pushed.id


async def test_exact_references_name_an_open_version_with_state_and_reason(runtime, project, model):
    pushed = await create_version(runtime, project, "1.1.0", is_open=True)
    for reference in ("1.1.0", "#1"):
        assert (await by_reference(runtime, project, reference)).state == "open"
    for reference in ("latest", "^1", "latest-prerelease"):
        with pytest.raises(VersionNotFound):
            await by_reference(runtime, project, reference)
    shown = await details.version(runtime.db, project.owner, project.id, "m", parse_reference("1.1.0"))
    assert (shown.row.id, shown.row.state) == (pushed.id, "open")


async def test_lists_of_a_range_or_stage_have_ready_versions_only(runtime, project, model):
    await create_version(runtime, project, "1.0.0")
    await create_version(runtime, project, "1.1.0", is_open=True)
    key, db, owner = (project.id, model.id), runtime.db, project.owner

    async def listed(reference):
        wanted = VersionList(reference=parse_reference(reference) if reference else None)
        ((page,),) = [await loaders.versions_of_models(db, owner, [key], Window(first=10), wanted)]
        return [row.version for row in page.items]

    assert await listed("^1") == await listed("stage:none") == ["1.0.0"]
    assert await listed(None) == ["1.1.0", "1.0.0"]
    (newest,) = await loaders.latest_of_models(db, owner, [key])
    assert newest.version == "1.0.0"
    assert [one.row.version for one in await details.latest_versions(db, owner, project.id, "m")] == ["1.0.0"]


async def test_state_of_a_version_follows_those_of_its_files(runtime, project, model):
    version = await create_version(runtime, project, "1.0.0")
    root = lookup.root_of(version)[0]
    await store_file(runtime, project, root, "a.bin")
    await store_file(runtime, project, root, "b.bin", b"y")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    result = await by_reference(runtime, project, "1.0.0")
    assert (result.state, result.state_reason) == ("failed", "`a.bin`: cut off")
    await set_file_state(runtime, root, "b.bin", "quarantined", "runs code")
    result = await by_reference(runtime, project, "1.0.0")
    assert (result.state, result.state_reason) == ("quarantined", "`b.bin`: runs code")
    with pytest.raises(VersionNotFound):
        await by_reference(runtime, project, "latest")
    await set_file_state(runtime, root, "b.bin", "ready")
    assert (await by_reference(runtime, project, "1.0.0")).state == "failed"
    await store_file(runtime, project, root, "a.bin", b"mended")
    assert (await by_reference(runtime, project, "latest")).state == "ready"


async def test_deleting_the_bad_file_makes_the_version_ready(runtime, project, model):
    version = await create_version(runtime, project, "1.0.0")
    root = lookup.root_of(version)[0]
    await store_file(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    async with runtime.db.write() as tx:
        await tx.execute(text("DELETE FROM artifacts WHERE root_id = :root"), {"root": root.id})
    assert (await by_reference(runtime, project, "latest")).id == version.id


async def test_state_of_a_version_counts_files_of_its_folder_only(runtime, project, model):
    run = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    root = Root(project.id, candidate_id=run.id)
    for path in ("model/a.bin", "model2/b.bin", "c.bin"):
        await store_file(runtime, project, root, path, path.encode())
    inside = await create_version(runtime, project, "1.0.0", candidate_id=run.id, artifact_folder="model")
    whole = await create_version(runtime, project, "2.0.0", candidate_id=run.id)
    await set_file_state(runtime, root, "model2/b.bin", "quarantined", "no")
    assert (await by_reference(runtime, project, "1.0.0")).state == "ready"
    assert (await by_reference(runtime, project, "2.0.0")).state == "quarantined"
    late = await create_version(runtime, project, "3.0.0", candidate_id=run.id)
    assert (late.state, late.was_ready) == ("quarantined", False)
    assert (await by_reference(runtime, project, "latest")).id == inside.id
    assert whole.state == "ready"


async def test_a_version_that_is_not_ready_gets_no_alias_and_no_stage(runtime, project, model):
    await create_version(runtime, project, "1.0.0")
    pushed = await create_version(runtime, project, "1.1.0", is_open=True)
    db, owner = runtime.db, project.owner
    with pytest.raises(VersionNotReady, match=r"'1\.1\.0' is OPEN, so it cannot get the alias 'champion'"):
        await aliases.set(db, owner, project.id, "m", "champion", parse_reference("#2"))
    with pytest.raises(VersionNotReady, match="enter the stage 'production'"):
        await moves.set_stage(db, owner, project.id, pushed.id, "Production", keep_others=False)
    assert (await by_reference(runtime, project, "#2")).stage == "none"
    moved = await moves.set_stage(db, owner, project.id, pushed.id, "Archived")
    assert moved.stage == "archived"
    with pytest.raises(VersionNotReady, match="cannot be copied"):
        await copy.copy(db, owner, project.id, pushed.id, CopyVersion("m"))


async def test_completion_moves_all_aliases_or_none(runtime, project, model):
    await create_version(runtime, project, "1.0.0")
    db, owner = runtime.db, project.owner
    await aliases.set(db, owner, project.id, "m", "champion", parse_reference("1.0.0"))
    pushed = await create_version(runtime, project, "1.1.0", is_open=True)
    root = lookup.root_of(pushed)[0]
    await store_file(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    with pytest.raises(VersionNotReady, match="cut off"):
        await complete_version(runtime, project, pushed, ["champion", "blue"])
    assert (await by_reference(runtime, project, "@champion")).number == 1
    assert (await by_reference(runtime, project, "#2")).open_until == "completed"
    await store_file(runtime, project, root, "a.bin", b"mended")
    await set_file_state(runtime, root, "a.bin", "ready")
    await complete_version(runtime, project, pushed, ["champion", "blue"])
    assert [(await by_reference(runtime, project, f"@{name}")).number for name in ("champion", "blue")] == [2, 2]
    await complete_version(runtime, project, pushed, ["champion"])


async def test_completion_waits_for_inspections(runtime, project, model):
    pushed = await create_version(runtime, project, "1.1.0", is_open=True)
    root = lookup.root_of(pushed)[0]
    await store_file(runtime, project, root, "model.onnx", b"\x08\x08\x12\x07")
    with pytest.raises(FilesPending, match="1 files are inspected"):
        await complete_version(runtime, project, pushed)
    await set_file_state(runtime, root, "model.onnx", "ready")
    assert (await complete_version(runtime, project, pushed)).state == "ready"


async def test_automatic_versions_follow_the_highest_ready_release_and_skip_reserved_texts(runtime, project, model):
    await create_version(runtime, project, "1.0.0")
    await create_version(runtime, project, "2.0.0", is_open=True)
    assert (await create_version(runtime, project)).version == "1.0.1"
    first = await create_version(runtime, project, is_open=True)
    second = await create_version(runtime, project, is_open=True)
    assert [first.version, second.version] == ["1.0.2", "1.0.3"]
    both = await asyncio.gather(*(create_version(runtime, project, is_open=True) for _ in range(2)))
    assert sorted(one.version for one in both) == ["1.0.4", "1.0.5"]
    await complete_version(runtime, project, second)
    assert (await create_version(runtime, project)).version == "1.0.6"


async def test_automatic_prereleases_skip_reserved_texts(runtime, project, model):
    pushed = await create_version(runtime, project, increment=Increment.PRERELEASE, is_open=True)
    following = await create_version(runtime, project, increment=Increment.PRERELEASE)
    assert [pushed.version, following.version] == ["1.0.0-rc.1", "1.0.0-rc.2"]


async def test_an_open_version_is_given_up_after_a_day_and_can_be_completed(runtime, project, model):
    pushed = await create_version(runtime, project, "1.0.0", is_open=True)
    fresh = await create_version(runtime, project, "2.0.0", is_open=True)
    async with runtime.db.write() as tx:
        await tx.execute(
            text("UPDATE model_versions SET created_at = now() - interval '25 hours' WHERE id = :id"), {"id": pushed.id}
        )
    await wait_for_files.give_up(runtime.db)
    result = await by_reference(runtime, project, "1.0.0")
    assert result.state == "failed"
    assert "given up" in result.state_reason
    assert (await by_reference(runtime, project, "2.0.0")).state == "open"
    async with runtime.db.write() as tx:
        expected = wait_for_files.WaitForFiles(result)
        await expected.lock_owner(tx)
        await expected.finish(tx)
    assert (await by_reference(runtime, project, "1.0.0")).state == "open"
    assert (await complete_version(runtime, project, result)).state == "ready"
    assert fresh.state == "open"


async def age(runtime, table: str, id: object) -> None:
    async with runtime.db.write() as tx:
        column = "root_id" if table == "artifacts" else "id"
        await tx.execute(
            text(f"UPDATE {table} SET created_at = now() - interval '25 hours' WHERE {column} = :id"), {"id": id}
        )


async def test_an_old_open_version_is_not_given_up_while_files_come(runtime, project, model):
    pushed = await create_version(runtime, project, "1.0.0", is_open=True)
    root = lookup.root_of(pushed)[0]
    await store_file(runtime, project, root, "a.bin")
    await age(runtime, "model_versions", pushed.id)
    await wait_for_files.give_up(runtime.db)
    assert (await by_reference(runtime, project, "#1")).state == "open"
    await age(runtime, "artifacts", root.id)
    await wait_for_files.give_up(runtime.db)
    assert (await by_reference(runtime, project, "#1")).state == "failed"


async def test_version_taken_names_the_state_of_the_existing_version(runtime, project, model):
    await create_version(runtime, project, "1.0.0", is_open=True)
    with pytest.raises(VersionTaken, match=r"'1\.0\.0' \(number 1, OPEN\).*Deleting it makes its text free again"):
        await create_version(runtime, project, "1.0.0")


def test_more_reserved_texts_than_are_read_refuse_an_automatic_version():
    texts = [f"1.0.{patch}" for patch in range(1, MAX_RESERVED + 1)]
    state = ModelState(Model(last_number=1), 1, semver.parse("1.0.0"), semver.parse("1.0.0"), texts, {}, (), {}, ())
    request = prepare(CreateVersion("m"), Actor(), 1)
    (refused,) = assign(state, [request])
    assert isinstance(refused, TooManyReserved)
    state = replace(state, reserved=texts[:-1])
    assert assign(state, [request])[0].version.text == f"1.0.{MAX_RESERVED}"


async def test_a_version_created_while_its_file_is_quarantined_is_not_ready(runtime, project, model):
    """Whichever commits first: the maker of the version waits for who changes the file, or the other way round."""
    run = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    root = Root(project.id, candidate_id=run.id)
    await store_file(runtime, project, root, "a.bin")
    quarantine = text("UPDATE artifacts SET state = 'quarantined', state_reason = 'no' WHERE root_id = :root")
    async with runtime.db.write() as tx:
        await tx.execute(quarantine, {"root": root.id})
        making = asyncio.create_task(create_version(runtime, project, "1.0.0", candidate_id=run.id))
        await asyncio.sleep(0.3)
        assert not making.done()
    assert (await making).state == "quarantined"
    await set_file_state(runtime, root, "a.bin", "ready")
    columns = "project_id, model_id, number, version, precedence, is_prerelease, candidate_id"
    async with runtime.db.write() as tx:
        await tx.execute(
            text(f"INSERT INTO model_versions ({columns}) VALUES (:p, :m, 9, '9.0.0', '\\x09', false, :c)"),
            {"p": project.id, "m": model.id, "c": run.id},
        )
        changing = asyncio.create_task(set_file_state(runtime, root, "a.bin", "quarantined", "no"))
        await asyncio.sleep(0.3)
        assert not changing.done()
    await changing
    assert (await by_reference(runtime, project, "#9")).state == "quarantined"


@pytest.mark.parametrize("door", ["candidate", "for good", "experiment", "experiment for good"])
async def test_the_candidate_of_a_living_version_cannot_be_deleted(runtime, project, model, door):
    from app.errors import Conflict  # noqa: PLC0415
    from app.tracking import experiments  # noqa: PLC0415
    from app.tracking.experiments import CreateExperiment  # noqa: PLC0415

    db, owner = runtime.db, project.owner
    experiment = await experiments.create(db, owner, project.id, CreateExperiment("e"))
    run = await candidates.create(db, owner, project.id, CreateCandidate(experiment_number=experiment.number))
    version = await create_version(runtime, project, "1.0.0", candidate_id=run.id)
    doors = {
        "candidate": lambda: candidates.delete(db, owner, project.id, run.id),
        "for good": lambda: candidates.delete_permanently(db, owner, project.id, run.id),
        "experiment": lambda: experiments.delete(db, owner, project.id, experiment.number),
        "experiment for good": lambda: experiments.delete_permanently(db, owner, project.id, experiment.number),
    }
    with pytest.raises(Conflict if "experiment" in door else CandidateNeeded, match=run.id.hex):
        await doors[door]()
    assert (await candidates.find(db, owner, project.id, run.id)).deleted_at is None
    await delete.delete(db, owner, project.id, Named("m", parse_reference("1.0.0")))
    if "for good" in door:
        with pytest.raises(Conflict, match=rf"{run.id.hex}.*can be restored"):
            await doors[door]()
        await delete.delete(db, owner, project.id, version.id, permanently=True)
    assert await doors[door]()
    assert isinstance(version.candidate_id, UUID)
