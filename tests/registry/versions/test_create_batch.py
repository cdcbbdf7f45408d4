"""Versions that are requested at the same time: they share transactions, and each caller has an answer of its own."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from app.access import projects
from app.access.authentication.access_cache import RequestCache
from app.db.database import Database
from app.errors import Invalid, OutcomeUnknown
from app.registry import models
from app.registry.models import CreateModel, ModelNotFound
from app.registry.references import semver
from app.registry.references.semver import Increment
from app.registry.tables import Model, ModelVersion
from app.registry.versions import create, create_batch
from app.registry.versions.request import CreateVersion, VersionTaken
from app.tracking import candidates, logged_models
from app.tracking.candidates import CandidateInTrash, CandidateNotFound, CreateCandidate
from app.tracking.logged_models import CreateLoggedModel
from app.tracking.tables import Candidate
from app.webhooks import webhooks
from app.webhooks.deliveries import WebhookDelivery
from app.webhooks.webhooks import CreateWebhook

WAITING = text(
    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%registry.insert_versions%'"
)


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


@pytest.fixture
async def begin(runtime, project):
    """Starts to create a version; gives the task. Requests are batched in the order in which they were started."""
    access = await projects.get(runtime.db, project.owner, project.id)

    def start(version=None, *, db=None, model="m", **values):
        # With the project's access in its cache a request joins its batch without a statement of its own.
        actor = replace(project.owner, cache=RequestCache({project.id: access}, time.monotonic()))
        return asyncio.ensure_future(
            create.create(db or runtime.db, actor, project.id, CreateVersion(model, version, **values))
        )

    return start


@pytest.fixture
def held_batch(runtime, model, begin):
    """Inside, one creation waits for the model's lock, which another transaction holds; all others are pending."""

    @asynccontextmanager
    async def hold():
        async with runtime.db.write() as tx:
            await tx.execute(select(Model.id).where(Model.id == model.id).with_for_update())
            first = begin()
            await waiting(runtime)
            yield first
            await asyncio.sleep(0)  # all that were started inside join the next batch

    return hold


async def waiting(runtime, *, besides=None):
    """The backend that waits at the lock of a model or candidate."""
    async with asyncio.timeout(20):
        while True:
            async with runtime.db.read() as snap:
                for pid in await snap.scalars(WAITING):
                    if pid != besides:
                        return pid
            await asyncio.sleep(0.01)


async def rows(runtime, model):
    async with runtime.db.read() as snap:
        mine = select(ModelVersion).where(
            ModelVersion.project_id == model.project_id, ModelVersion.model_id == model.id
        )
        return list(await snap.scalars(mine.order_by(ModelVersion.number)))


async def new_candidate(runtime, project):
    return (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate.id


@pytest.mark.parametrize("tries", [3, 0], ids=["unlocked", "locked"])
async def test_requests_of_one_batch_have_their_own_outcomes(
    runtime, project, model, begin, held_batch, monkeypatch, tries
):
    shared, trashed = [await new_candidate(runtime, project) for _ in range(2)]
    await candidates.delete(runtime.db, project.owner, project.id, trashed)
    async with held_batch() as first:
        wanted = [
            begin(tags={"a": "b"}, description="own"),
            begin("5.0.0", candidate_id=shared, artifact_folder="model"),
            begin("5.0.0"),
            begin("5.0.0", or_next=True),
            begin(candidate_id=trashed),
            begin(increment=Increment.PRERELEASE, candidate_id=shared),
            begin(candidate_id=uuid4()),
            begin("1.0.0"),
            begin(increment=Increment.MINOR),
            begin("1.0.1+b", or_next=True),
        ]
        monkeypatch.setattr(create_batch, "_TRIES", tries)
    answers = [await first, *await asyncio.gather(*wanted, return_exceptions=True)]
    made = [answer for answer in answers if isinstance(answer, ModelVersion)]
    assert [(version.number, version.version) for version in made] == [
        (1, "1.0.0"),
        (2, "1.0.1"),
        (3, "5.0.0"),
        (4, "5.0.1"),
        (5, "5.0.2-rc.1"),
        (6, "5.1.0"),
        (7, "1.0.1+b"),
    ]
    assert [type(answer) for answer in answers if not isinstance(answer, ModelVersion)] == [
        VersionTaken,
        CandidateInTrash,
        CandidateNotFound,
        VersionTaken,
    ]
    assert [answers[index].existing_id for index in (3, 8)] == [made[2].id, made[0].id]
    assert len({version.created_at for version in made[1:]}) == 1
    stored = await rows(runtime, model)
    columns = ModelVersion.__mapper__.columns.keys()
    assert [[getattr(row, name) for name in columns] for row in stored] == [
        [getattr(row, name) for name in columns] for row in made
    ]
    assert (made[1].tags, made[1].description, made[2].artifact_folder) == ({"a": "b"}, "own", "model")
    assert [version.candidate_id == shared for version in made] == [False, False, True, False, True, False, False]
    own = await candidates.find(runtime.db, project.owner, project.id, made[1].candidate_id)
    assert (own.name, own.of_version, own.experiment_number) == ("m", True, model.experiment_number)


async def test_prereleases_of_one_batch_follow_each_other(model, begin, held_batch):
    async with held_batch() as first:
        wanted = [begin(increment=increment) for increment in (Increment.PRERELEASE,) * 2 + (Increment.PATCH,)]
    made = await asyncio.gather(first, *wanted)
    assert [version.version for version in made] == ["1.0.0", "1.0.1-rc.1", "1.0.1-rc.2", "1.0.1"]


async def test_a_text_that_cannot_be_stored_fails_no_other_request_of_the_batch(model, begin, held_batch):
    async with held_batch() as first:
        wanted = [begin(), begin(source="a\x00"), begin(run_link="\ud800"), begin()]
    answers = await asyncio.gather(first, *wanted, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ModelVersion, ModelVersion, Invalid, Invalid, ModelVersion]
    assert [answers[index].number for index in (0, 1, 4)] == [1, 2, 3]


async def test_a_cancelled_request_cancels_no_other_of_the_batch(runtime, model, begin, held_batch):
    async with held_batch() as first:
        wanted = [begin() for _ in range(4)]
        await asyncio.sleep(0)
        first.cancel()
        wanted[1].cancel()
    await asyncio.gather(first, *wanted, return_exceptions=True)
    assert first.cancelled() and wanted[1].cancelled()
    # The first was being written already, the other was still pending.
    assert [wanted[index].result().number for index in (0, 2, 3)] == [2, 3, 4]
    assert [row.number for row in await rows(runtime, model)] == [1, 2, 3, 4]


async def test_a_connection_that_is_cut_leaves_no_versions(runtime, model, begin):
    async with runtime.db.write() as tx:
        await tx.execute(select(Model.id).where(Model.id == model.id).with_for_update())
        first = begin()
        cut = await waiting(runtime)
        wanted = [begin() for _ in range(5)]
        await tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": cut})
        others = await waiting(runtime, besides=cut)
        await tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": others})
        answers = await asyncio.gather(first, *wanted, return_exceptions=True)
        # The end of a connection does not tell whether the statement that it carried was committed; the rows do.
        assert [type(answer) for answer in answers] == [OutcomeUnknown] * 6
    assert await rows(runtime, model) == []
    assert (await begin()).number == 1


async def test_two_processes_and_all_kinds_of_requests_keep_one_order_of_numbers(
    runtime, migrated, project, model, begin
):
    source = await new_candidate(runtime, project)
    logged = await logged_models.create(runtime.db, project.owner, project.id, CreateLoggedModel(0, "net"))
    other = Database(migrated.database_url, pool=4)
    kinds = [
        {},
        {"increment": Increment.MINOR},
        {"candidate_id": source},
        {"increment": Increment.PRERELEASE},
        {"logged_model_id": logged.model.id},
        {"tags": {"gitlab.CI_JOB_ID": "7"}},
    ]
    try:
        wanted = [begin(db=db, **kind) for _ in range(5) for kind in kinds for db in (runtime.db, other)]
        named = [begin(f"{major}.0.0", db=db) for major in (3, 4, 5) for db in (runtime.db, other)]
        answers = await asyncio.gather(*wanted, *named, return_exceptions=True)
    finally:
        await other.close()
    made = sorted((one for one in answers if isinstance(one, ModelVersion)), key=lambda version: version.number)
    assert [type(one) for one in answers if not isinstance(one, ModelVersion)] == [VersionTaken] * 3
    assert [version.number for version in made] == list(range(1, 64))
    assert len({version.version for version in made}) == 63
    assert [version.id for version in await rows(runtime, model)] == [version.id for version in made]
    expected = [kind.get("increment", Increment.PATCH) for _ in range(5) for kind in kinds for _db in range(2)]
    increments = {one.id: increment for one, increment in zip(answers, expected, strict=False)}
    release = highest = None
    for version in made:
        parsed = semver.parse(version.version)
        if version.id in increments:
            assert parsed == semver.bump(release, highest, increments[version.id])
        key = semver.precedence_key(parsed)
        highest = parsed if highest is None or key >= semver.precedence_key(highest) else highest
        if not parsed.is_prerelease and (release is None or key >= semver.precedence_key(release)):
            release = parsed


async def test_a_candidate_deleted_during_the_creation_makes_no_version(runtime, project, model, begin):
    going = await new_candidate(runtime, project)
    async with runtime.db.write() as tx:
        await tx.execute(update(Candidate).where(Candidate.id == going).values(deleted_at=datetime.now(UTC)))
        late = begin(candidate_id=going)
        await waiting(runtime)
    with pytest.raises(CandidateInTrash):
        await late
    assert (await begin()).number == 1


async def test_creation_of_a_model_renamed_meanwhile_needs_its_id(runtime, project, model, begin, held_batch):
    async with held_batch() as first:
        second = begin()
    assert [(await first).number, (await second).number] == [1, 2]
    async with runtime.db.write() as tx:
        await tx.execute(update(Model).where(Model.id == model.id).values(name="n"))
        late, by_id = begin(), begin(model=model.id)
        await waiting(runtime)
    with pytest.raises(ModelNotFound):
        await late
    assert (await by_id).number == 3


async def test_webhooks_hear_of_every_version_of_a_batch(runtime, project, model, begin):
    hook = CreateWebhook("hook", "http://127.0.0.1:9/", ["model_version.created"])
    await webhooks.create(runtime.db, project.owner, runtime.webhook_client, project.id, hook)
    made = await asyncio.gather(*(begin() for _ in range(6)))
    async with runtime.db.read() as snap:
        mine = select(WebhookDelivery).where(WebhookDelivery.project_id == project.id)
        sent = {delivery.data["version"]: delivery.data["run_id"] for delivery in await snap.scalars(mine)}
    assert sent == {str(version.number): version.candidate_id.hex for version in made}
