"""What webhooks are told of a version: that it is there once it is whole, and whatever becomes of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.artifacts.artifacts import Root
from app.registry import aliases, announce, models
from app.registry.models import CreateModel
from app.registry.references.parse import parse_reference
from app.registry.versions import change, complete, create, delete, lookup
from app.registry.versions.change import EditVersion
from app.registry.versions.request import CreateVersion
from app.tracking import candidate_edit, candidates
from app.tracking.candidate_edit import EditCandidate
from app.tracking.candidates import CreateCandidate, Status
from app.webhooks import events
from app.webhooks.deliveries import WebhookDelivery
from tests.registry.test_states import put, set_file_state
from tests.webhooks.conftest import receiver, subscribe  # noqa: F401  (fixtures)


@pytest.fixture
async def told(runtime, project, subscribe):  # noqa: F811
    """What a webhook that listens to everything has been told since it was last asked."""
    await subscribe(*events.EXAMPLES)
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    seen = set()

    async def news():
        async with runtime.db.read() as snap:
            mine = select(WebhookDelivery).where(WebhookDelivery.project_id == project.id)
            rows = (await snap.scalars(mine.order_by(WebhookDelivery.created_at, WebhookDelivery.event))).all()
        new = [row for row in rows if row.id not in seen]
        seen.update(row.id for row in new)
        return [(row.event, row.data) for row in new]

    await news()
    return news


def names(told):
    return sorted(event for event, _ in told)


async def test_an_open_version_is_told_when_it_is_completed_with_its_aliases(runtime, project, told):
    db, owner = runtime.db, project.owner
    pushed = await create.create(db, owner, project.id, CreateVersion("m", is_open=True))
    await announce.announce(db, project.id)
    assert await told() == []
    await complete.complete(db, owner, project.id, pushed.id, ["champion"])
    news = await told()
    assert names(news) == ["model_version.created", "model_version.files_ready", "model_version_alias.created"]
    data = dict(news)["model_version.created"]
    shown = [data[name] for name in ("project", "semver", "number", "version", "aliases", "actor", "state", "stage")]
    assert shown == [project.path, "1.0.0", 1, "1", ["champion"], owner.username, "READY", "none"]
    await complete.complete(db, owner, project.id, pushed.id, ["champion"])
    await announce.announce(db)
    assert await told() == []


async def test_nothing_is_told_of_a_version_that_never_was_whole(runtime, project, told):
    db, owner = runtime.db, project.owner
    pushed = await create.create(db, owner, project.id, CreateVersion("m", is_open=True))
    await change.edit(db, owner, project.id, pushed.id, EditVersion("new"))
    await change.set_stage(db, owner, project.id, pushed.id, "archived")
    await delete.delete(db, owner, project.id, pushed.id)
    await announce.announce(db)
    assert await told() == []


async def test_what_becomes_of_files_is_told_once(runtime, project, told):
    db, owner = runtime.db, project.owner
    version = await create.create(db, owner, project.id, CreateVersion("m"))
    assert names(await told()) == ["model_version.created"]
    root = lookup.root_of(version)[0]
    await put(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "quarantined", "runs code")
    await announce.announce(db, project.id)
    await announce.announce(db, project.id)
    ((event, data),) = await told()
    assert (event, data["state_reason"]) == ("model_version.quarantined", "`a.bin`: runs code")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    await announce.announce(db, project.id)
    assert names(await told()) == ["model_version.failed"]
    await set_file_state(runtime, root, "a.bin", "ready")
    await announce.announce(db, project.id)
    assert names(await told()) == ["model_version.files_ready"]


async def test_a_version_of_bad_files_is_told_as_created_when_they_are_mended(runtime, project, told):
    db, owner = runtime.db, project.owner
    run = await candidates.create(db, owner, project.id, CreateCandidate())
    root = Root(project.id, candidate_id=run.id)
    await put(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    await create.create(db, owner, project.id, CreateVersion("m", candidate_id=run.id))
    assert names(await told()) == []
    await set_file_state(runtime, root, "a.bin", "ready")
    await announce.announce(db, project.id)
    assert names(await told()) == ["model_version.created", "model_version.files_ready"]


async def test_changes_of_a_version_are_told(runtime, project, told):
    db, owner = runtime.db, project.owner
    for number in (1, 2):
        made = await create.create(db, owner, project.id, CreateVersion("m"))
        await change.set_stage(db, owner, project.id, made.id, "production", archive_existing=True)
        await aliases.set(db, owner, project.id, "m", f"a{number}", parse_reference(f"#{number}"))
    news = [data for event, data in await told() if event == "model_version.stage_changed"]
    moves = sorted((data["number"], data["from_stage"], data["stage"]) for data in news)
    assert moves == [(1, "none", "production"), (1, "production", "archived"), (2, "none", "production")]
    await change.edit(db, owner, project.id, made.id, EditVersion("new"))
    await change.edit(db, owner, project.id, made.id, EditVersion())
    await delete.delete(db, owner, project.id, made.id)
    news = await told()
    assert names(news) == ["model_version.deleted", "model_version.updated"]
    assert [dict(news)[f"model_version.{one}"]["aliases"] for one in ("updated", "deleted")] == [["a2"], ["a2"]]


async def test_the_end_of_a_candidate_is_told_once(runtime, project, told):
    db, owner = runtime.db, project.owner
    run = await candidates.create(db, owner, project.id, CreateCandidate(name="r"))
    for status in (Status.RUNNING, Status.FAILED, Status.FINISHED):
        await candidate_edit.edit(db, owner, project.id, EditCandidate(run.id, status=status, end_time=5))
    ((event, data),) = await told()
    assert event == "candidate.finished"
    assert [data[name] for name in ("run_id", "run_name", "status", "end_time", "actor")] == [
        run.id.hex, "r", "FAILED", 5, owner.username,
    ]  # fmt: skip


async def test_every_example_has_what_is_really_told(runtime, project, told):
    """What a test of a webhook sends is what its receiver will get."""
    db, owner = runtime.db, project.owner
    made = await create.create(db, owner, project.id, CreateVersion("m"))
    await change.edit(db, owner, project.id, made.id, EditVersion("new"))
    await change.set_stage(db, owner, project.id, made.id, "staging")
    root = lookup.root_of(made)[0]
    await put(runtime, project, root, "a.bin")
    for state in ("failed", "quarantined", "ready"):
        await set_file_state(runtime, root, "a.bin", state, "why" if state != "ready" else None)
        await announce.announce(db, project.id)
    await delete.delete(db, owner, project.id, made.id)
    run = await candidates.create(db, owner, project.id, CreateCandidate())
    await candidate_edit.edit(db, owner, project.id, EditCandidate(run.id, status=Status.KILLED))
    news = dict(await told())
    ours = {name for name in events.EXAMPLES if name.startswith(("model_version.", "candidate."))}
    assert set(news) == ours
    for name in ours:
        assert set(news[name]) - {"project"} == set(events.EXAMPLES[name]), name
