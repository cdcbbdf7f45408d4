"""The state of a version: who sees it when, and what moves it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from app.access.policy import Actor
from app.artifacts.artifacts import Root
from app.artifacts.uploads import stream
from app.artifacts.uploads.stream import StoreArtifact
from app.pagination import Window
from app.registry import aliases, models
from app.registry.models import CreateModel
from app.registry.reads import details, loaders
from app.registry.reads.loaders import VersionList
from app.registry.references import semver
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.tables import Model
from app.registry.versions import change as versions_change
from app.registry.versions import complete as versions_complete
from app.registry.versions import copy, create, delete, lookup, wait_for_files
from app.registry.versions import request as versions_request
from app.registry.versions.complete import FilesPending
from app.registry.versions.copy import CopyVersion
from app.registry.versions.lookup import VersionNotFound
from app.registry.versions.numbering import MAX_RESERVED, ModelState, TooManyReserved, assign
from app.registry.versions.request import CreateVersion, VersionTaken
from app.registry.versions.states import VersionNotReady
from app.tracking import candidates, file_owners
from app.tracking.candidates import CandidateNeeded, CreateCandidate

LIMIT = 1_000_000


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


async def make(runtime, project, version=None, **wanted):
    return await create.create(runtime.db, project.owner, project.id, CreateVersion("m", version=version, **wanted))


async def named(runtime, project, reference):
    return await lookup.by_reference(runtime.db, project.owner, project.id, "m", parse_reference(reference))


async def put(runtime, project, root: Root, path: str, content: bytes = b"x") -> None:
    async def chunks():
        yield content

    await stream.store(
        runtime.db,
        project.owner,
        runtime.blobs,
        StoreArtifact(root, path, chunks(), size=len(content)),
        lock_owner=file_owners.lock(root),
        limit=LIMIT,
    )


async def set_file_state(runtime, root: Root, path: str, state: str, reason: str | None = None) -> None:
    """As inspections do it."""
    async with runtime.db.write() as tx:
        statement = text(
            "UPDATE artifacts SET state = :state, state_reason = :reason, inspected_at = now()"
            " WHERE project_id = :project AND root_id = :root AND path = :path"
        )
        given = {"state": state, "reason": reason, "project": root.project_id, "root": root.id, "path": path}
        await tx.execute(statement, given)


async def complete(runtime, project, version, names=()):
    return await versions_complete.complete(runtime.db, project.owner, project.id, version.id, names)


@pytest.mark.parametrize("reference", ["latest", "latest-prerelease", "^1", ">=1", "1.x", "stage:none", "=1.1.0 || ^1"])
async def test_readers_pass_over_a_version_until_it_is_completed(runtime, project, model, reference):
    whole = await make(runtime, project, "1.0.0")
    pushed = await make(runtime, project, "1.1.0", is_open=True)
    assert (pushed.state, pushed.was_ready) == ("open", False)
    assert (await named(runtime, project, reference)).id == whole.id
    done = await complete(runtime, project, pushed)
    assert (done.state, done.was_ready, done.state_reason) == ("ready", True, None)
    assert (await named(runtime, project, reference)).id == pushed.id


async def test_exact_references_name_it_with_state_and_reason(runtime, project, model):
    pushed = await make(runtime, project, "1.1.0", is_open=True)
    for reference in ("1.1.0", "#1"):
        assert (await named(runtime, project, reference)).state == "open"
    for reference in ("latest", "^1", "latest-prerelease"):
        with pytest.raises(VersionNotFound):
            await named(runtime, project, reference)
    shown = await details.version(runtime.db, project.owner, project.id, "m", parse_reference("1.1.0"))
    assert (shown.row.id, shown.row.state) == (pushed.id, "open")


async def test_lists_of_a_range_and_of_stages_have_ready_ones_only(runtime, project, model):
    await make(runtime, project, "1.0.0")
    await make(runtime, project, "1.1.0", is_open=True)
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


async def test_a_bad_file_moves_the_version_and_a_good_one_moves_it_back(runtime, project, model):
    version = await make(runtime, project, "1.0.0")
    root = lookup.root_of(version)[0]
    await put(runtime, project, root, "a.bin")
    await put(runtime, project, root, "b.bin", b"y")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    found = await named(runtime, project, "1.0.0")
    assert (found.state, found.state_reason) == ("failed", "`a.bin`: cut off")
    await set_file_state(runtime, root, "b.bin", "quarantined", "runs code")
    found = await named(runtime, project, "1.0.0")
    assert (found.state, found.state_reason) == ("quarantined", "`b.bin`: runs code")
    with pytest.raises(VersionNotFound):
        await named(runtime, project, "latest")
    await set_file_state(runtime, root, "b.bin", "ready")
    assert (await named(runtime, project, "1.0.0")).state == "failed"
    await put(runtime, project, root, "a.bin", b"mended")
    assert (await named(runtime, project, "latest")).state == "ready"


async def test_deleting_the_bad_file_mends_the_version(runtime, project, model):
    version = await make(runtime, project, "1.0.0")
    root = lookup.root_of(version)[0]
    await put(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    async with runtime.db.write() as tx:
        await tx.execute(text("DELETE FROM artifacts WHERE root_id = :root"), {"root": root.id})
    assert (await named(runtime, project, "latest")).id == version.id


async def test_only_files_of_its_own_folder_count(runtime, project, model):
    run = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    root = Root(project.id, candidate_id=run.id)
    for path in ("model/a.bin", "model2/b.bin", "c.bin"):
        await put(runtime, project, root, path, path.encode())
    inside = await make(runtime, project, "1.0.0", candidate_id=run.id, artifact_folder="model")
    whole = await make(runtime, project, "2.0.0", candidate_id=run.id)
    await set_file_state(runtime, root, "model2/b.bin", "quarantined", "no")
    assert (await named(runtime, project, "1.0.0")).state == "ready"
    assert (await named(runtime, project, "2.0.0")).state == "quarantined"
    late = await make(runtime, project, "3.0.0", candidate_id=run.id)
    assert (late.state, late.was_ready) == ("quarantined", False)
    assert (await named(runtime, project, "latest")).id == inside.id
    assert whole.state == "ready"


async def test_no_alias_and_no_stage_for_what_is_not_ready(runtime, project, model):
    await make(runtime, project, "1.0.0")
    pushed = await make(runtime, project, "1.1.0", is_open=True)
    db, owner = runtime.db, project.owner
    with pytest.raises(VersionNotReady, match=r"'1\.1\.0' is OPEN, so it cannot get the alias 'champion'"):
        await aliases.set(db, owner, project.id, "m", "champion", parse_reference("#2"))
    with pytest.raises(VersionNotReady, match="enter the stage 'production'"):
        await versions_change.set_stage(db, owner, project.id, pushed.id, "Production", archive_existing=True)
    assert (await named(runtime, project, "#2")).stage == "none"
    moved = await versions_change.set_stage(db, owner, project.id, pushed.id, "Archived")
    assert moved.stage == "archived"
    with pytest.raises(VersionNotReady, match="cannot be copied"):
        await copy.copy(db, owner, project.id, pushed.id, CopyVersion("m"))


async def test_completion_moves_all_aliases_or_none(runtime, project, model):
    await make(runtime, project, "1.0.0")
    db, owner = runtime.db, project.owner
    await aliases.set(db, owner, project.id, "m", "champion", parse_reference("1.0.0"))
    pushed = await make(runtime, project, "1.1.0", is_open=True)
    root = lookup.root_of(pushed)[0]
    await put(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    with pytest.raises(VersionNotReady, match="cut off"):
        await complete(runtime, project, pushed, ["champion", "blue"])
    assert (await named(runtime, project, "@champion")).number == 1
    assert (await named(runtime, project, "#2")).open_until == "completed"
    await put(runtime, project, root, "a.bin", b"mended")
    await set_file_state(runtime, root, "a.bin", "ready")
    await complete(runtime, project, pushed, ["champion", "blue"])
    assert [(await named(runtime, project, f"@{name}")).number for name in ("champion", "blue")] == [2, 2]
    await complete(runtime, project, pushed, ["champion"])


async def test_completion_waits_for_inspections(runtime, project, model):
    pushed = await make(runtime, project, "1.1.0", is_open=True)
    root = lookup.root_of(pushed)[0]
    await put(runtime, project, root, "model.onnx", b"\x08\x08\x12\x07")
    with pytest.raises(FilesPending, match="1 files are inspected"):
        await complete(runtime, project, pushed)
    await set_file_state(runtime, root, "model.onnx", "ready")
    assert (await complete(runtime, project, pushed)).state == "ready"


async def test_automatic_versions_follow_the_highest_ready_release_and_step_over_others(runtime, project, model):
    await make(runtime, project, "1.0.0")
    await make(runtime, project, "2.0.0", is_open=True)
    assert (await make(runtime, project)).version == "1.0.1"
    first = await make(runtime, project, is_open=True)
    second = await make(runtime, project, is_open=True)
    assert [first.version, second.version] == ["1.0.2", "1.0.3"]
    both = await asyncio.gather(*(make(runtime, project, is_open=True) for _ in range(2)))
    assert sorted(one.version for one in both) == ["1.0.4", "1.0.5"]
    await complete(runtime, project, second)
    assert (await make(runtime, project)).version == "1.0.6"


async def test_an_abandoned_version_is_given_up_after_a_day_and_can_go_on(runtime, project, model):
    pushed = await make(runtime, project, "1.0.0", is_open=True)
    fresh = await make(runtime, project, "2.0.0", is_open=True)
    async with runtime.db.write() as tx:
        await tx.execute(
            text("UPDATE model_versions SET created_at = now() - interval '25 hours' WHERE id = :id"), {"id": pushed.id}
        )
    await wait_for_files.give_up(runtime.db)
    found = await named(runtime, project, "1.0.0")
    assert found.state == "failed"
    assert "given up" in found.state_reason
    assert (await named(runtime, project, "2.0.0")).state == "open"
    async with runtime.db.write() as tx:
        expected = wait_for_files.WaitForFiles(found)
        await expected.lock_owner(tx)
        await expected.finish(tx)
    assert (await named(runtime, project, "1.0.0")).state == "open"
    assert (await complete(runtime, project, found)).state == "ready"
    assert fresh.state == "open"


async def age(runtime, table: str, id: object) -> None:
    async with runtime.db.write() as tx:
        column = "root_id" if table == "artifacts" else "id"
        await tx.execute(
            text(f"UPDATE {table} SET created_at = now() - interval '25 hours' WHERE {column} = :id"), {"id": id}
        )


async def test_a_push_to_which_files_come_is_not_given_up_however_old_it_is(runtime, project, model):
    pushed = await make(runtime, project, "1.0.0", is_open=True)
    root = lookup.root_of(pushed)[0]
    await put(runtime, project, root, "a.bin")
    await age(runtime, "model_versions", pushed.id)
    await wait_for_files.give_up(runtime.db)
    assert (await named(runtime, project, "#1")).state == "open"
    await age(runtime, "artifacts", root.id)
    await wait_for_files.give_up(runtime.db)
    assert (await named(runtime, project, "#1")).state == "failed"


async def test_a_version_in_the_way_is_told_with_its_state(runtime, project, model):
    await make(runtime, project, "1.0.0", is_open=True)
    with pytest.raises(VersionTaken, match=r"'1\.0\.0' \(number 1, OPEN\).*Deleting it makes its text free again"):
        await make(runtime, project, "1.0.0")


def test_more_reserved_texts_than_are_read_refuse_an_automatic_version():
    texts = [f"1.0.{patch}" for patch in range(1, MAX_RESERVED + 1)]
    state = ModelState(Model(last_number=1), 1, semver.parse("1.0.0"), semver.parse("1.0.0"), texts, {}, (), {}, ())
    request = versions_request.prepare(CreateVersion("m"), Actor(), 1)
    (refused,) = assign(state, [request])
    assert isinstance(refused, TooManyReserved)
    state = replace(state, reserved=texts[:-1])
    assert assign(state, [request])[0].version.text == f"1.0.{MAX_RESERVED}"


async def test_a_version_made_while_a_file_goes_into_quarantine_is_not_ready(runtime, project, model):
    """Whichever commits first: the maker of the version waits for who changes the file, or the other way round."""
    run = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    root = Root(project.id, candidate_id=run.id)
    await put(runtime, project, root, "a.bin")
    change = text("UPDATE artifacts SET state = 'quarantined', state_reason = 'no' WHERE root_id = :root")
    async with runtime.db.write() as tx:
        await tx.execute(change, {"root": root.id})
        making = asyncio.create_task(make(runtime, project, "1.0.0", candidate_id=run.id))
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
    assert (await named(runtime, project, "#9")).state == "quarantined"


@pytest.mark.parametrize("door", ["candidate", "for good", "experiment", "experiment for good"])
async def test_what_a_version_was_made_from_is_not_deleted_while_it_lives(runtime, project, model, door):
    from app.errors import Conflict  # noqa: PLC0415
    from app.tracking import experiments  # noqa: PLC0415
    from app.tracking.experiments import CreateExperiment  # noqa: PLC0415

    db, owner = runtime.db, project.owner
    experiment = await experiments.create(db, owner, project.id, CreateExperiment("e"))
    run = await candidates.create(db, owner, project.id, CreateCandidate(experiment_number=experiment.number))
    version = await make(runtime, project, "1.0.0", candidate_id=run.id)
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
    assert await doors[door]()
    assert isinstance(version.candidate_id, UUID)
