"""Webhook events of a version: one when it is first READY, and one for each change of its state."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.artifacts.artifacts import Root
from app.registry import aliases, announce, models
from app.registry.models import CreateModel
from app.registry.references.parse import parse_reference
from app.registry.trash import restore_models, restore_versions
from app.registry.versions import change, complete, create, delete, lookup
from app.registry.versions.change import EditVersion
from app.registry.versions.request import CreateVersion
from app.tracking import candidate_edit, candidates
from app.tracking.candidate_edit import EditCandidate
from app.tracking.candidates import CreateCandidate, Status
from app.webhooks import events
from app.webhooks.deliveries import WebhookDelivery
from tests.support.registry import moves
from tests.support.registry.versions import set_file_state, store_file
from tests.webhooks.conftest import receiver, subscribe  # noqa: F401  (fixtures)


@pytest.fixture
async def events_since(runtime, project, subscribe):  # noqa: F811
    """The events that a webhook for all of them has got since the last call."""
    await subscribe(*events.EXAMPLES)
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    seen = set()

    async def new_events():
        async with runtime.db.read() as snap:
            mine = select(WebhookDelivery).where(WebhookDelivery.project_id == project.id)
            rows = (await snap.scalars(mine.order_by(WebhookDelivery.created_at, WebhookDelivery.event))).all()
        new = [row for row in rows if row.id not in seen]
        seen.update(row.id for row in new)
        return [(row.event, row.data) for row in new]

    await new_events()
    return new_events


def names(new_events):
    return sorted(event for event, _ in new_events)


async def test_an_open_version_is_announced_when_it_is_completed(runtime, project, events_since):
    db, owner = runtime.db, project.owner
    pushed = await create.create(db, owner, project.id, CreateVersion("m", is_open=True))
    await announce.announce(db, project.id)
    assert await events_since() == []
    await complete.complete(db, owner, project.id, pushed.id, ["champion"])
    new_events = await events_since()
    assert names(new_events) == ["model_version.created", "model_version.files_ready", "model_version_alias.created"]
    data = dict(new_events)["model_version.created"]
    shown = [data[name] for name in ("project", "semver", "number", "version", "aliases", "actor", "state", "stage")]
    assert shown == [project.path, "1.0.0", 1, "1", ["champion"], owner.username, "READY", "none"]
    await complete.complete(db, owner, project.id, pushed.id, ["champion"])
    await announce.announce(db)
    assert await events_since() == []


async def test_a_version_that_was_never_ready_has_no_events(runtime, project, events_since):
    db, owner = runtime.db, project.owner
    pushed = await create.create(db, owner, project.id, CreateVersion("m", is_open=True))
    await change.edit(db, owner, project.id, pushed.id, EditVersion("new"))
    await moves.set_stage(db, owner, project.id, pushed.id, "archived")
    await delete.delete(db, owner, project.id, pushed.id)
    await announce.announce(db)
    assert await events_since() == []


async def test_each_change_of_the_files_state_is_announced_once(runtime, project, events_since):
    db, owner = runtime.db, project.owner
    version = await create.create(db, owner, project.id, CreateVersion("m"))
    assert names(await events_since()) == ["model_version.created"]
    root = lookup.root_of(version)[0]
    await store_file(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "quarantined", "runs code")
    await announce.announce(db, project.id)
    await announce.announce(db, project.id)
    ((event, data),) = await events_since()
    assert (event, data["state_reason"]) == ("model_version.quarantined", "`a.bin`: runs code")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    await announce.announce(db, project.id)
    assert names(await events_since()) == ["model_version.failed"]
    await set_file_state(runtime, root, "a.bin", "ready")
    await announce.announce(db, project.id)
    assert names(await events_since()) == ["model_version.files_ready"]


async def test_a_version_of_bad_files_is_announced_as_created_when_they_are_replaced(runtime, project, events_since):
    db, owner = runtime.db, project.owner
    run = await candidates.create(db, owner, project.id, CreateCandidate())
    root = Root(project.id, candidate_id=run.id)
    await store_file(runtime, project, root, "a.bin")
    await set_file_state(runtime, root, "a.bin", "failed", "cut off")
    await create.create(db, owner, project.id, CreateVersion("m", candidate_id=run.id))
    assert names(await events_since()) == []
    await set_file_state(runtime, root, "a.bin", "ready")
    await announce.announce(db, project.id)
    assert names(await events_since()) == ["model_version.created", "model_version.files_ready"]


async def test_changes_of_a_version_have_events(runtime, project, events_since):
    db, owner = runtime.db, project.owner
    for number in (1, 2):
        made = await create.create(db, owner, project.id, CreateVersion("m"))
        await moves.set_stage(db, owner, project.id, made.id, "production", keep_others=False)
        await aliases.set(db, owner, project.id, "m", f"a{number}", parse_reference(f"#{number}"))
    new_events = [data for event, data in await events_since() if event == "model_version.stage_changed"]
    told = sorted((data["number"], data["from_stage"], data["stage"]) for data in new_events)
    assert told == [(1, "none", "production"), (1, "production", "archived"), (2, "none", "production")]
    await change.edit(db, owner, project.id, made.id, EditVersion("new"))
    await change.edit(db, owner, project.id, made.id, EditVersion())
    await delete.delete(db, owner, project.id, made.id)
    new_events = await events_since()
    assert names(new_events) == ["model_version.deleted", "model_version.updated"]
    assert [dict(new_events)[f"model_version.{one}"]["aliases"] for one in ("updated", "deleted")] == [["a2"], ["a2"]]


async def test_the_end_of_a_candidate_is_announced_once(runtime, project, events_since):
    db, owner = runtime.db, project.owner
    run = await candidates.create(db, owner, project.id, CreateCandidate(name="r"))
    for status in (Status.RUNNING, Status.FAILED, Status.FINISHED):
        await candidate_edit.edit(db, owner, project.id, EditCandidate(run.id, status=status, end_time=5))
    ((event, data),) = await events_since()
    assert event == "candidate.finished"
    assert [data[name] for name in ("run_id", "run_name", "status", "end_time", "actor")] == [
        run.id.hex, "r", "FAILED", 5, owner.username,
    ]  # fmt: skip


async def test_documented_examples_have_the_fields_of_real_events(runtime, project, events_since):
    """What a test of a webhook sends is what its receiver will get."""
    db, owner = runtime.db, project.owner
    made = await create.create(db, owner, project.id, CreateVersion("m"))
    await change.edit(db, owner, project.id, made.id, EditVersion("new"))
    await moves.set_stage(db, owner, project.id, made.id, "staging")
    root = lookup.root_of(made)[0]
    await store_file(runtime, project, root, "a.bin")
    for state in ("failed", "quarantined", "ready"):
        await set_file_state(runtime, root, "a.bin", state, "why" if state != "ready" else None)
        await announce.announce(db, project.id)
    await delete.delete(db, owner, project.id, made.id)
    await restore_versions.restore(db, owner, project.id, made.id)
    await models.delete(db, owner, project.id, made.model_id)
    await restore_models.restore(db, owner, project.id, made.model_id)
    run = await candidates.create(db, owner, project.id, CreateCandidate())
    await candidate_edit.edit(db, owner, project.id, EditCandidate(run.id, status=Status.KILLED))
    new_events = dict(await events_since())
    ours = {name for name in events.EXAMPLES if name.startswith(("model_version.", "candidate."))}
    ours -= {f"model_version.{action}" for action in ("sealed", "yanked", "unyanked", "deprecated", "undeprecated")}
    ours |= {"registered_model.deleted", "registered_model.restored"}
    assert set(new_events) == ours
    for name in ours:
        assert set(new_events[name]) - {"project"} == set(events.EXAMPLES[name]), name
