"""Deleted versions: hidden, kept, restored, and removed when their time is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.access import projects
from app.access.policy import Role
from app.access.projects import UpdateProject
from app.artifacts import artifacts
from app.errors import Busy, Conflict, Forbidden, Invalid
from app.registry import aliases, models, purge
from app.registry.references.parse import parse_reference
from app.registry.trash import restore_versions
from app.registry.trash.restore_versions import TextTakenAgain
from app.registry.trash.retention import AT_ONCE, NotRestorable
from app.registry.trash.trashed import SeveralDeleted
from app.registry.versions import complete, delete, lookup
from app.registry.versions.lookup import Named, VersionNotFound
from app.registry.versions.manifests import VersionRetired
from app.registry.versions.request import VersionTaken
from app.tracking import candidates
from app.tracking.candidates import CandidateNeeded, CandidateNotFound, CreateCandidate
from tests.registry.trash.conftest import silent
from tests.support.registry import moves
from tests.support.registry.versions import set_file_state


def named(reference: str, model: str = "m") -> Named:
    return Named(model, parse_reference(reference))


async def restore(trash, target, actor=None):
    return await restore_versions.restore(trash.db, actor or trash.owner, trash.project.id, target)


async def remove(trash, version, **options):
    return await delete.delete(trash.db, options.pop("actor", trash.owner), trash.project.id, version.id, **options)


async def test_a_deleted_version_is_hidden_and_comes_back_as_it_was(trash, model):
    version = await trash.version("1.2.3", description="d", tags={"t": "1"})
    root, _ = lookup.root_of(version)
    await trash.file(root, "w.trash")
    gone = await remove(trash, version)
    assert gone.is_restorable
    assert gone.row.purge_at - gone.row.deleted_at == timedelta(days=30)
    assert gone.row.deleted_by == trash.owner.user_id
    with pytest.raises(VersionNotFound):
        await lookup.get(trash.db, trash.owner, trash.project.id, version.id)
    with pytest.raises(CandidateNotFound):
        await candidates.find(trash.db, trash.owner, trash.project.id, version.candidate_id)
    assert await trash.run_due() == []
    restored = await restore(trash, version.id)
    kept = ("id", "number", "version", "description", "tags", "candidate_id", "state", "created_at")
    assert [getattr(restored, name) for name in kept] == [getattr(version, name) for name in kept]
    assert (restored.deleted_at, restored.purge_at, restored.deleted_by) == (None, None, None)
    current = await lookup.by_reference(trash.db, trash.owner, trash.project.id, "m", parse_reference("latest"))
    assert current.id == version.id
    assert (await candidates.find(trash.db, trash.owner, trash.project.id, version.candidate_id)).of_version
    async with trash.db.read() as snap:
        assert (await artifacts.find(snap, root, "w.trash")).path == "w.trash"


async def test_aliases_and_stage_stay_where_they_are_now(trash, model):
    version, other = await trash.version("1.0.0"), await trash.version("1.0.1")
    await aliases.set(trash.db, trash.owner, trash.project.id, "m", "champion", parse_reference("1.0.0"))
    await moves.set_stage(trash.db, trash.owner, trash.project.id, version.id, "staging")
    await remove(trash, version)
    await aliases.set(trash.db, trash.owner, trash.project.id, "m", "champion", parse_reference("1.0.1"))
    restored = await restore(trash, version.id)
    assert restored.stage == "none"
    current = await lookup.by_reference(trash.db, trash.owner, trash.project.id, "m", parse_reference("@champion"))
    assert current.id == other.id
    assert await trash.count("aliases", "valid_until IS NULL") == 1
    assert await trash.count("stage_intervals", "valid_until IS NULL") == 0


async def test_rows_and_bytes_go_when_the_time_is_over(trash, model):
    version = await trash.version()
    root, _ = lookup.root_of(version)
    await trash.file(root, "w.trash")
    await remove(trash, version)
    await trash.let_time_pass(29)
    assert await trash.run_due() == []
    await trash.let_time_pass(2)
    with pytest.raises(NotRestorable, match="its time is over"):
        await restore(trash, version.id)
    assert await trash.run_due() == ["registry.purge_version", "tracking.purge_candidate"]
    left = [await trash.count(table) for table in ("model_versions", "candidates", "artifacts", "blobs")]
    assert left == [0, 0, 0, 0]
    with pytest.raises(NotRestorable):
        await restore(trash, version.id)


async def test_a_job_that_runs_too_early_removes_nothing_and_is_put_off(trash, model):
    version = await trash.version()
    await remove(trash, version)
    async with trash.db.write() as tx:
        await tx.execute(text("DELETE FROM background_jobs WHERE project_id = :id"), {"id": trash.project.id})
    await purge.version(trash.db, trash.project.id, version.id, progress=silent)
    assert await trash.count("model_versions") == 1
    due = await trash.value("SELECT run_after FROM background_jobs WHERE project_id = :id AND state = 'queued'")
    assert timedelta(days=29) < due - datetime.now(UTC) <= timedelta(days=30)


async def test_a_shorter_setting_takes_nothing_from_what_is_in_the_trash(trash, model):
    first, second = await trash.version(), await trash.version()
    long = await remove(trash, first, keep=timedelta(days=60))
    short = await remove(trash, second, keep=timedelta(days=1))
    assert long.row.purge_at - short.row.purge_at > timedelta(days=58)
    await trash.let_time_pass(2)
    assert await trash.run_due() == ["registry.purge_version", "tracking.purge_candidate"]
    assert (await restore(trash, first.id)).id == first.id


async def test_a_version_that_was_restored_and_deleted_again_has_its_whole_time(trash, model):
    version = await trash.version()
    await remove(trash, version)
    await trash.let_time_pass(20)
    await restore(trash, version.id)
    await remove(trash, version)
    await trash.let_time_pass(20)
    assert await trash.run_due() == []
    assert (await restore(trash, version.id)).id == version.id


async def test_restoring_twice_and_what_was_never_deleted_is_fine(trash, model):
    version = await trash.version("1.0.0")
    for target in (version.id, named("1.0.0"), named("#1")):
        assert (await restore(trash, target)).id == version.id
    await remove(trash, version)
    assert (await restore(trash, named("#1"))).id == version.id
    assert (await restore(trash, named("1.0.0"))).id == version.id


@pytest.mark.parametrize("reference", ["^1", "latest", "@champion", "stage:production"])
async def test_a_deleted_version_is_named_exactly(trash, model, reference):
    version = await trash.version("1.0.0")
    await remove(trash, version)
    with pytest.raises(Invalid, match="by its id, its number"):
        await restore(trash, named(reference))


@pytest.mark.parametrize("id", [0, -1, 2**63, 10**9])
async def test_ids_that_mean_nothing_are_not_there(trash, model, id):
    with pytest.raises(NotRestorable):
        await restore(trash, id)


async def test_a_text_that_was_taken_again_is_a_conflict(trash, model):
    version = await trash.version("1.0.0")
    await remove(trash, version)
    again = await trash.version("1.0.0")
    with pytest.raises(TextTakenAgain, match=r"'1\.0\.0' \(number 1\).*again \(number 2\)"):
        await restore(trash, version.id)
    await remove(trash, again)
    with pytest.raises(SeveralDeleted, match=r"newest first: 2, 1"):
        await restore(trash, named("1.0.0"))
    assert (await restore(trash, named("#1"))).id == version.id
    with pytest.raises(VersionTaken):
        await trash.version("1.0.0")


async def with_files(trash, semver, content):
    version = await trash.version(semver, is_open=True)
    await trash.file(lookup.root_of(version)[0], "w.trash", content)
    return await complete.complete(trash.db, trash.owner, trash.project.id, version.id, [])


async def test_a_text_reserved_for_other_files_is_refused_unless_the_project_allows_it(trash, model):
    first = await with_files(trash, "1.0.0", b"a")
    await remove(trash, first)
    allowed = UpdateProject(trash.project.id, version_reuse=True)
    await projects.edit(trash.db, trash.owner, allowed)
    second = await with_files(trash, "1.0.0", b"b")
    await remove(trash, second)
    await projects.edit(trash.db, trash.owner, UpdateProject(trash.project.id, version_reuse=False))
    with pytest.raises(VersionRetired):
        await restore(trash, first.id)
    assert (await restore(trash, second.id)).id == second.id
    await remove(trash, second)
    await projects.edit(trash.db, trash.owner, allowed)
    assert (await restore(trash, first.id)).id == first.id


async def test_a_restored_version_keeps_its_text_from_others_when_it_is_deleted_again(trash, model):
    version = await with_files(trash, "1.0.0", b"a")
    await remove(trash, version)
    assert await trash.count("retired_versions") == 1
    await restore(trash, version.id)
    assert await trash.count("retired_versions") == 0
    await remove(trash, version, permanently=True)
    other = await trash.version("1.0.0", is_open=True)
    await trash.file(lookup.root_of(other)[0], "w.trash", b"b")
    with pytest.raises(VersionRetired):
        await complete.complete(trash.db, trash.owner, trash.project.id, other.id, [])


async def test_only_maintainers_delete_permanently(trash, model):
    version = await trash.version()
    for role in (Role.REPORTER, Role.DEVELOPER):
        with pytest.raises(Forbidden, match="registry:purge"):
            await remove(trash, version, actor=trash.project[role].actor, permanently=True)
    await remove(trash, version, actor=trash.project[Role.REPORTER].actor)
    with pytest.raises(Forbidden):
        await remove(trash, version, actor=trash.project[Role.DEVELOPER].actor, permanently=True)
    gone = await remove(trash, version, actor=trash.project[Role.MAINTAINER].actor, permanently=True)
    assert not gone.is_restorable
    with pytest.raises(NotRestorable):
        await restore(trash, version.id)
    await trash.run_due()
    assert await trash.count("model_versions") == 0
    assert await trash.count("candidates") == 0


async def test_without_time_for_restoring_all_is_removed_at_once(trash, model):
    version = await trash.version()
    gone = await remove(trash, version, keep=AT_ONCE, actor=trash.project[Role.REPORTER].actor)
    assert not gone.is_restorable
    with pytest.raises(NotRestorable):
        await restore(trash, version.id)
    await trash.run_due()
    assert await trash.count("model_versions") == 0


async def test_readers_restore_nothing(trash, model):
    version = await trash.version()
    await remove(trash, version)
    with pytest.raises(Forbidden):
        await restore(trash, version.id, trash.project[Role.GUEST].actor)
    assert (await restore(trash, version.id, trash.project[Role.REPORTER].actor)).id == version.id


async def test_a_candidate_that_went_to_the_trash_comes_back_with_its_version(trash, model):
    run = (await candidates.create(trash.db, trash.owner, trash.project.id, CreateCandidate())).candidate
    version = await trash.version(candidate_id=run.id)
    await remove(trash, version)
    await candidates.delete(trash.db, trash.owner, trash.project.id, run.id)
    with pytest.raises(CandidateNeeded, match="can be restored"):
        await candidates.delete_permanently(trash.db, trash.owner, trash.project.id, run.id)
    await restore(trash, version.id)
    assert (await candidates.find(trash.db, trash.owner, trash.project.id, run.id)).deleted_at is None


async def test_a_candidate_shared_by_deleted_versions_comes_back_with_either(trash, model):
    first = await trash.version()
    second = await trash.version(candidate_id=first.candidate_id)
    await remove(trash, first)
    await remove(trash, second, keep=timedelta(days=60))
    await restore(trash, first.id)
    assert (await candidates.find(trash.db, trash.owner, trash.project.id, first.candidate_id)).purge_at is None
    await remove(trash, first, keep=timedelta(days=1))
    await trash.let_time_pass(2)
    await trash.run_due()
    assert await trash.count("model_versions") == 1
    assert await trash.count("candidates") == 1
    assert (await restore(trash, second.id)).candidate_id == first.candidate_id
    assert (await candidates.find(trash.db, trash.owner, trash.project.id, first.candidate_id)).purge_at is None


async def test_a_version_of_a_deleted_model_waits_for_its_model(trash, model):
    version = await trash.version()
    await remove(trash, version)
    await models.delete(trash.db, trash.owner, trash.project.id, model.id)
    with pytest.raises(NotRestorable, match="restore the model first"):
        await restore(trash, version.id)


async def test_files_that_are_in_quarantine_since_are_not_handed_out(trash, model):
    version = await trash.version()
    root, _ = lookup.root_of(version)
    await trash.file(root, "w.trash")
    await remove(trash, version)
    await set_file_state(trash.runtime, root, "w.trash", "quarantined", "dangerous")
    restored = await restore(trash, version.id)
    assert (restored.state, "dangerous" in restored.state_reason) == ("quarantined", True)


async def test_an_open_version_comes_back_open(trash, model):
    version = await trash.version(is_open=True)
    await remove(trash, version)
    assert (await restore(trash, version.id)).state == "open"


async def test_of_many_restores_at_once_all_answer_the_same(trash, model):
    version = await trash.version()
    await remove(trash, version)
    answers = await asyncio.gather(*(restore(trash, version.id) for _ in range(8)), return_exceptions=True)
    assert {getattr(one, "id", one.__class__) for one in answers} <= {version.id, NotRestorable}
    assert (await lookup.get(trash.db, trash.owner, trash.project.id, version.id)).deleted_at is None


async def test_restoring_and_making_the_text_anew_at_once_leaves_one(trash, model):
    for number in range(6):
        version = await trash.version(f"1.{number}.0")
        await remove(trash, version)
        restored, made = await asyncio.gather(
            restore(trash, version.id), trash.version(version.version), return_exceptions=True
        )
        failures = [one for one in (restored, made) if isinstance(one, Exception)]
        assert [type(one) for one in failures] in ([TextTakenAgain], [VersionTaken])
        assert await trash.count("model_versions", f"version = '{version.version}' AND deleted_at IS NULL") == 1


async def test_restoring_and_removing_at_once_leaves_all_or_nothing(trash, model):
    for _ in range(6):
        version = await trash.version()
        root, _ = lookup.root_of(version)
        await trash.file(root, "w.trash")
        await remove(trash, version)
        ended, restored = await asyncio.gather(
            remove(trash, version, permanently=True), restore(trash, version.id), return_exceptions=True
        )
        assert not isinstance(ended, Exception) or isinstance(ended, NotRestorable | Conflict | Busy)
        await trash.run_due()
        lives = await trash.count("model_versions", f"id = {version.id} AND deleted_at IS NULL") == 1
        assert lives == (not isinstance(restored, Exception) and isinstance(ended, Exception))
        whole = [
            await trash.count("model_versions", f"id = {version.id}"),
            await trash.count("candidates", f"id = '{version.candidate_id}' AND purge_at IS NULL"),
            await trash.count("artifacts", f"candidate_id = '{version.candidate_id}'"),
        ]
        assert whole == ([1, 1, 1] if lives else [0, 0, 0])


async def test_the_journal_tells_of_it(trash, model):
    version = await trash.version("1.0.0")
    await remove(trash, version)
    await restore(trash, version.id)
    statement = """SELECT array_agg(type ORDER BY transaction, id) FROM project_events
      WHERE project_id = :id AND object_type = 'ModelVersion'"""
    assert await trash.value(statement) == ["MODEL_VERSION_CREATED", "MODEL_VERSION_DELETED", "MODEL_VERSION_RESTORED"]
    statement = """SELECT array_agg(type ORDER BY transaction, id) FROM project_events
      WHERE project_id = :id AND object_type = 'Candidate'"""
    assert await trash.value(statement) == ["CANDIDATE_CREATED", "CANDIDATE_DELETED", "CANDIDATE_RESTORED"]
