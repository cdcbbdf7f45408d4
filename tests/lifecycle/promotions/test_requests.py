"""Promotion requests: opened, talked about, approved by others, rejected, taken back, expired."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.access.policy import Actor, Role
from app.errors import Forbidden, Invalid
from app.lifecycle.promotions import reads, requests, upkeep
from app.lifecycle.promotions.approve import ChangedSinceSeen, OwnWork
from app.lifecycle.promotions.outcomes import PromotionRefused
from app.lifecycle.promotions.requests import RequestEnded, RequestNotFound, RequestOpen, VersionUnfit
from app.pagination import Window
from app.registry.versions import lookup
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch
from app.tracking.logging.point_batch import MetricInput
from tests.support.registry.promotions import approved, check, opened, promoted, version_with_file
from tests.support.registry.versions import create_version, store_file

pytestmark = pytest.mark.usefixtures("model", "two_people")


@pytest.fixture
async def two_people(runtime, project):
    """Production takes the approval of another person."""
    async with runtime.db.write() as tx:
        statement = "UPDATE name_protections SET approvals = 1 WHERE project_id = :p AND kind = 'stage'"
        assert (await tx.execute(text(statement), {"p": project.id})).rowcount == 1


@pytest.fixture
def people(project):
    """Who asks, who approves, and another one who could."""
    return [project[role].actor for role in (Role.MAINTAINER, Role.DEVELOPER, Role.OWNER)]


async def events_of(runtime, project, request):
    key = (project.id, request.id)
    [page] = await reads.events_of_requests(runtime.db, project.owner, [key], Window(first=50))
    return [(event.kind, event.username, event.body) for event in page.items]


async def made_by(runtime, project, actor, version):
    """As if the actor had made the version."""
    async with runtime.db.write() as tx:
        statement = "UPDATE model_versions SET created_by = :u WHERE project_id = :p AND id = :v"
        await tx.execute(text(statement), {"u": actor.user_id, "p": project.id, "v": version.id})


async def test_promotion_waits_for_another_person(runtime, project, people):
    maintainer, developer, _ = people
    version = await version_with_file(runtime, project, "1.0.0")
    with pytest.raises(PromotionRefused, match="0 of 1 approved"):
        await promoted(runtime, project, version, "production", maintainer)
    request = await opened(runtime, project, version, "production", maintainer, reason="Better.")
    with pytest.raises(PromotionRefused, match="0 of 1 approved"):
        await promoted(runtime, project, version, "production", maintainer)
    await approved(runtime, project, request, developer, comment="Fine.")
    entry = await promoted(runtime, project, version, "production", maintainer)
    assert entry.promotion.request_id == request.id
    assert [kind for kind, _, _ in await events_of(runtime, project, request)] == [
        "opened", "refused", "approved", "promoted",
    ]  # fmt: skip
    [ended] = await reads.requests_by_keys(runtime.db, project.owner, [(project.id, request.id)])
    assert ended.state == "promoted"


async def test_last_approval_promotes_if_the_request_wants_that(runtime, project, people):
    _, developer, owner = people
    version = await version_with_file(runtime, project, "1.0.0")
    await made_by(runtime, project, developer, version)
    maintainer = project[Role.MAINTAINER].actor
    request = await opened(runtime, project, version, "production", developer, promotes_when_approved=True)
    done = await approved(runtime, project, request, maintainer)
    assert (done.promotion.state, done.promotion.promoted_by) == ("completed", maintainer.user_id)
    stage = (await lookup.get(runtime.db, owner, project.id, version.id)).stage
    assert stage == "production"


async def test_last_approval_of_one_who_may_not_move_the_stage_leaves_the_request_open(runtime, project, people):
    maintainer, developer, _ = people
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", maintainer, promotes_when_approved=True)
    done = await approved(runtime, project, request, developer)
    assert (done.promotion, done.request.state) == (None, "open")
    assert (await promoted(runtime, project, version, "production", maintainer)).promotion is not None


async def test_requester_and_maker_do_not_approve_their_own_work(runtime, project, people):
    maintainer, developer, _ = people
    version = await version_with_file(runtime, project, "1.0.0")
    await made_by(runtime, project, developer, version)
    request = await opened(runtime, project, version, "production", maintainer)
    with pytest.raises(OwnWork, match="opened the request"):
        await approved(runtime, project, request, maintainer)
    with pytest.raises(OwnWork, match="made the version"):
        await approved(runtime, project, request, developer)


async def test_who_trained_the_candidate_does_not_approve_its_version(runtime, project, people):
    maintainer, developer, owner = people
    version = await version_with_file(runtime, project, "1.0.0")
    await made_by(runtime, project, maintainer, version)
    async with runtime.db.write() as tx:
        statement = "UPDATE candidates SET created_by = :u WHERE project_id = :p AND id = :c"
        await tx.execute(text(statement), {"u": developer.user_id, "p": project.id, "c": version.candidate_id})
    request = await opened(runtime, project, version, "production", maintainer)
    with pytest.raises(OwnWork, match="or its candidate"):
        await approved(runtime, project, request, developer)
    await approved(runtime, project, request, owner)
    assert (await promoted(runtime, project, version, "production", maintainer)).promotion is not None


@pytest.mark.parametrize("role", [Role.REPORTER, Role.GUEST])
async def test_lesser_roles_do_not_approve(runtime, project, people, role):
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", people[0])
    with pytest.raises(Forbidden):
        await approved(runtime, project, request, project[role].actor)


async def test_machines_do_not_approve(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", people[0])
    developer = project[Role.DEVELOPER].actor
    machine = Actor(developer.user_id, developer.username, scopes=developer.scopes, project_boundary=project.id)
    with pytest.raises(Forbidden, match="Only people approve"):
        await approved(runtime, project, request, machine)


async def change_files(runtime, project, version):
    await store_file(runtime, project, lookup.root_of(version)[0], "more.txt", b"more")


async def change_metrics(runtime, project, version):
    batch = LogBatch(version.candidate_id, metrics=[MetricInput("accuracy", 0.5, 1)])
    await log.log_batch(runtime.db, project.owner, project.id, batch)


async def change_evaluations(runtime, project, version):
    async with runtime.db.write() as tx:
        statement = "INSERT INTO evaluations (project_id, version_id, dataset_name) VALUES (:p, :v, 'd')"
        await tx.execute(text(statement), {"p": project.id, "v": version.id})


async def change_holder(runtime, project, version):
    other = await version_with_file(runtime, project, "3.0.0")
    await promoted(runtime, project, other, "production", bypass_reason="It burns.")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (change_files, "the files"),
        (change_metrics, "the metrics"),
        (change_evaluations, "its evaluations"),
        (change_holder, "the version that the stage"),
    ],
)
async def test_approval_falls_with_what_it_was_given_for(runtime, project, people, change, told):
    maintainer, developer, _ = people
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", maintainer)
    await approved(runtime, project, request, developer)
    await change(runtime, project, version)
    with pytest.raises(PromotionRefused, match="0 of 1 approved"):
        await promoted(runtime, project, version, "production", maintainer)
    fell = [body for kind, _, body in await events_of(runtime, project, request) if kind == "approval_fell"]
    assert len(fell) == 1
    assert told in fell[0]
    await approved(runtime, project, request, developer)
    assert (await promoted(runtime, project, version, "production", maintainer)).promotion is not None


async def test_worker_ends_approvals_that_hold_no_more(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", people[0])
    await approved(runtime, project, request, people[1])
    assert await upkeep.look_again(runtime.db) == 0
    await change_files(runtime, project, version)
    assert await upkeep.look_again(runtime.db) == 1
    assert await upkeep.look_again(runtime.db) == 0
    [given] = await reads.approvals_of_requests(runtime.db, project.owner, [(project.id, request.id)])
    assert [one.fall_reason for one in given] == ["Changed since: the files of the version."]


async def test_approval_of_a_digest_that_is_old_is_refused(runtime, project, people):
    maintainer, developer, _ = people
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", maintainer)
    seen = await check(runtime, project, version, "production", developer)
    await change_files(runtime, project, version)
    with pytest.raises(ChangedSinceSeen):
        await approved(runtime, project, request, developer, digest=seen.digest)
    now = await check(runtime, project, version, "production", developer)
    await approved(runtime, project, request, developer, digest=now.digest)


async def test_approval_of_one_who_has_lost_the_right_counts_no_more(runtime, project, people):
    maintainer, developer, _ = people
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", maintainer)
    await approved(runtime, project, request, developer)
    async with runtime.db.write() as tx:
        statement = "UPDATE memberships SET role = 20 WHERE project_id = :p AND user_id = :u"
        await tx.execute(text(statement), {"p": project.id, "u": developer.user_id})
    with pytest.raises(PromotionRefused, match="0 of 1 approved"):
        await promoted(runtime, project, version, "production", maintainer)


async def test_approving_twice_is_one_approval(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", people[0])
    for _ in range(2):
        await approved(runtime, project, request, people[1])
    [given] = await reads.approvals_of_requests(runtime.db, project.owner, [(project.id, request.id)])
    assert len(given) == 1


async def test_one_open_request_for_a_version_and_stage(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    first = await opened(runtime, project, version, "production", people[0])
    with pytest.raises(RequestOpen) as caught:
        await opened(runtime, project, version, "production", people[1])
    assert caught.value.existing.id == first.id
    await requests.withdraw(runtime.db, people[0], project.id, first.id, "Not yet.")
    assert (await opened(runtime, project, version, "production", people[1])).id != first.id


async def test_ended_request_says_how_it_ended(runtime, project, people):
    maintainer, developer, _ = people
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", maintainer)
    with pytest.raises(Invalid):
        await requests.reject(runtime.db, developer, project.id, request.id, "  ")
    await requests.reject(runtime.db, developer, project.id, request.id, "It forgets the elderly.")
    for again in (
        lambda: approved(runtime, project, request, developer),
        lambda: requests.withdraw(runtime.db, maintainer, project.id, request.id),
        lambda: promoted(runtime, project, version, "production", maintainer, request_id=request.id),
    ):
        with pytest.raises(RequestEnded, match=r"was rejected on .*: It forgets the elderly"):
            await again()
    await requests.comment(runtime.db, maintainer, project.id, request.id, "I see.")


async def test_another_one_s_request_is_taken_back_by_maintainers_only(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", people[1])
    with pytest.raises(Forbidden):
        await requests.withdraw(runtime.db, project[Role.REPORTER].actor, project.id, request.id)
    done = await requests.withdraw(runtime.db, people[0], project.id, request.id)
    assert done.state == "withdrawn"


async def test_request_whose_time_is_over_is_refused_before_a_worker_has_looked(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    old = await opened(runtime, project, version, "production", people[0], life=timedelta(seconds=-1))
    with pytest.raises(RequestEnded, match="has expired"):
        await approved(runtime, project, old, people[1])
    new = await opened(runtime, project, version, "production", people[0])
    assert [kind for kind, _, _ in await events_of(runtime, project, old)] == ["opened", "expired"]
    assert new.id != old.id


async def test_worker_expires_requests(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", people[0], life=timedelta(seconds=-1))
    assert await upkeep.expire(runtime.db) >= 1
    [ended] = await reads.requests_by_keys(runtime.db, project.owner, [(project.id, request.id)])
    assert ended.state == "expired"


async def test_unfit_versions_are_not_requested(runtime, project, people):
    empty = await create_version(runtime, project, "1.0.0")
    with pytest.raises(VersionUnfit, match="empty"):
        await opened(runtime, project, empty, "production", people[0])
    pushed = await create_version(runtime, project, "2.0.0", is_open=True)
    with pytest.raises(VersionUnfit, match="is OPEN"):
        await opened(runtime, project, pushed, "production", people[0])


async def test_bypass_is_marked_for_ever(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    with pytest.raises(Forbidden):
        await promoted(runtime, project, version, "production", people[1], bypass_reason="I may not.")
    entry = await promoted(runtime, project, version, "production", people[0], bypass_reason="Production burns.")
    assert entry.promotion.bypass_reason == "Production burns."
    assert [one["kind"] for one in entry.promotion.verdicts if one["outcome"] == "pending"] == ["two_people"]


async def test_requests_of_others_do_not_exist(runtime, project, people):
    version = await version_with_file(runtime, project, "1.0.0")
    request = await opened(runtime, project, version, "production", people[0])
    narrow = Actor(people[1].user_id, people[1].username, scopes=people[1].scopes, model_patterns=("other-*",))
    with pytest.raises(RequestNotFound):
        await requests.comment(runtime.db, narrow, project.id, request.id, "Hello?")
    with pytest.raises(RequestNotFound):
        await requests.comment(runtime.db, people[0], project.id, request.id + 10**6, "Hello?")
