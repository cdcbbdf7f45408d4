"""Links are made at once; the CI system is asked later, as long as needed, and only where the settings say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from app.ci import awaiting_settings, jobs, polling
from app.ci.tables import CiJob
from app.errors import Conflict, Invalid
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch
from tests.support.ci import fake_servers

JOB = {"gitlab.CI_JOB_ID": "77"}
RUN = {"github.RUN_ID": "30433642"}


@pytest.fixture
def candidate(runtime, project):
    async def make(tags=None, **values):
        command = CreateCandidate(tags=JOB if tags is None else tags, **values)
        return (await candidates.create(runtime.db, project.owner, project.id, command)).id

    return make


def seconds_until(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()


async def test_a_gitlab_job_is_followed_to_its_end(candidate, at_gitlab, gitlab, ci_job, promised, poll):
    await at_gitlab()
    gitlab.statuses[77] = ["pending", "running", "success"]
    gitlab.merge_requests = [{"iid": 5, "source_branch": "main", "web_url": "https://gitlab.example/g/p/-/mr/5"}]
    await candidate()
    job = await ci_job()
    assert (job.provider, job.ci_project, job.external_id) == ("gitlab", "team/vision", "77")
    assert (job.link_state, job.reason, len(await promised())) == ("pending", None, 1)
    seen = []
    for _ in range(3):
        (job,) = await poll()
        seen.append((job.link_state, job.status, job.next_check_at is None))
    assert seen == [("linked", "pending", False), ("linked", "running", False), ("finished", "success", True)]
    assert {name: getattr(job, name) for name in fakes_say(gitlab)} == fakes_say(gitlab)
    assert gitlab.requested_paths[0] == "/api/v4/projects/team%2Fvision/jobs/77"
    assert gitlab.headers[0]["PRIVATE-TOKEN"] == gitlab.token
    count = len(gitlab.requested_paths)
    await poll()
    assert len(gitlab.requested_paths) == count, "finished jobs are not requested again"


def fakes_say(gitlab):
    page = f"{gitlab.url}/{gitlab.project}"
    return {
        "name": "train-model", "ref": "main", "commit_sha": fake_servers.SHA, "pipeline_id": "900",
        "pipeline_url": f"{page}/-/pipelines/900", "merge_request_iid": 5,
        "merge_request_url": "https://gitlab.example/g/p/-/mr/5", "user_name": "ada", "user_url": f"{gitlab.url}/ada",
        "log_url": f"{page}/-/jobs/77/raw", "web_url": f"{page}/-/jobs/77",
        "started_at": datetime(2026, 11, 1, 10, 0, 5, 250_000, UTC),
        "finished_at": datetime(2026, 11, 1, 10, 20, 5, 750_000, UTC),
    }  # fmt: skip


async def test_a_merge_request_pipeline_names_its_merge_request(candidate, at_gitlab, gitlab, poll):
    await at_gitlab()
    gitlab.statuses[77] = ["running"]
    gitlab.changes[77] = {
        "ref": "refs/merge-requests/12/head",
        "pipeline": {"id": 1, "ref": "refs/merge-requests/12/head"},
    }
    await candidate()
    (job,) = await poll()
    assert (job.merge_request_iid, job.merge_request_url) == (12, f"{gitlab.url}/team/vision/-/merge_requests/12")
    assert len(gitlab.requested_paths) == 1


async def test_a_github_run_is_followed(candidate, at_github, github, poll):
    await at_github()
    github.statuses[30433642] = ["in_progress", "failure"]
    await candidate(RUN | {"github.REPOSITORY": "Octo/Vision"})
    (job,) = await poll()
    assert (job.link_state, job.status, job.finished_at) == ("linked", "in_progress", None)
    (job,) = await poll()
    assert (job.link_state, job.status, job.name, job.user_name) == ("finished", "failure", "Train", "ada")
    assert (job.merge_request_iid, job.merge_request_url) == (3, "https://github.com/octo/vision/pull/3")
    assert job.finished_at == datetime(2026, 11, 1, 10, 20, 5, tzinfo=UTC)
    assert github.requested_paths[0] == "/repos/octo/vision/actions/runs/30433642"
    assert github.headers[0]["X-GitHub-Api-Version"] == "2022-11-28"


async def test_polls_slow_down_until_the_status_changes(candidate, at_gitlab, gitlab, poll, promised):
    await at_gitlab()
    gitlab.statuses[77] = ["pending", "pending", "pending", "running", "running"]
    await candidate()
    waits = []
    for _ in range(5):
        (job,) = await poll()
        waits.append(seconds_until(job.next_check_at))
    for wait, expected in zip(waits, (5, 15, 60, 5, 15), strict=True):
        assert expected * 0.75 < wait < expected * 1.25
    assert len(await promised()) == 1


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (fake_servers.busy(120), "429"),
        (fake_servers.BROKEN, "500"),
        (fake_servers.TIMEOUT, "no answer within 0.3 seconds"),
        (fake_servers.Trouble(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}), "403"),
    ],
)
async def test_a_busy_ci_system_is_requested_again(candidate, at_gitlab, gitlab, poll, trouble, said):
    await at_gitlab()
    gitlab.statuses[77] = ["running"]
    gitlab.troubles = [trouble]
    await candidate()
    (job,) = await poll()
    assert (job.link_state, job.failures, job.awaits_settings) == ("pending", 1, False)
    assert said in job.reason
    wait = seconds_until(job.next_check_at)
    assert 110 < wait <= 120 if trouble.headers.get("Retry-After") else 3 < wait < 7
    (job,) = await poll()
    assert (job.link_state, job.status, job.reason, job.failures) == ("linked", "running", None, 0)


@pytest.mark.parametrize(
    ("trouble", "said", "awaits"),
    [
        (fake_servers.UNAUTHORIZED, "401: the API token is missing", True),
        (fake_servers.Trouble(403), "403: the API token", True),
        (fake_servers.redirect("http://127.0.0.1:1/elsewhere"), "302, a redirect, which is not followed", True),
    ],
)
async def test_a_refusal_ends_it_visibly(candidate, at_gitlab, gitlab, poll, promised, trouble, said, awaits):
    await at_gitlab()
    gitlab.always = trouble
    await candidate()
    (job,) = await poll()
    assert (job.link_state, job.next_check_at, job.awaits_settings) == ("failed", None, awaits)
    assert said in job.reason
    assert len(gitlab.requested_paths) == 1


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (fake_servers.MISSING, "404: the CI project has no such job"),
        (fake_servers.GARBAGE, "is not JSON"),
        (fake_servers.OTHER_JSON, "is no description of the job 77"),
        (fake_servers.ENDLESS, "longer than 1048576 bytes"),
        (fake_servers.Trouble(204, body=""), "answered 204"),
    ],
)
async def test_what_may_still_become_right_is_polled_four_times(candidate, at_gitlab, gitlab, poll, trouble, said):
    await at_gitlab()
    gitlab.always = trouble
    await candidate()
    states = []
    for _ in range(5):
        (job,) = await poll()
        states.append(job.link_state)
    assert states == ["pending", "pending", "pending", "failed", "failed"]
    assert said in job.reason
    assert len(gitlab.requested_paths) == 4


async def test_it_is_given_up_after_many_failures_and_begun_anew_by_hand(
    runtime, project, candidate, at_gitlab, gitlab, poll, ci_job, promised
):
    await at_gitlab()
    gitlab.always = fake_servers.BROKEN
    await candidate()
    for _ in range(12):
        (job,) = await poll()
    assert (job.link_state, job.failures, job.next_check_at, len(gitlab.requested_paths)) == ("failed", 12, None, 12)
    gitlab.always = None
    gitlab.statuses[77] = ["success"]
    assert (await jobs.refresh(runtime.db, project.owner, project.id, job.id)).link_state == "pending"
    assert len(await promised()) == 1
    (job,) = await poll()
    assert (job.link_state, job.status, job.reason) == ("finished", "success", None)


async def test_a_job_that_never_ends_is_let_go(runtime, candidate, at_gitlab, gitlab, poll):
    await at_gitlab()
    gitlab.statuses[77] = ["running"]
    await candidate()
    (job,) = await poll()
    async with runtime.db.write() as tx:
        past = datetime.now(UTC) - polling.MAX_AGE - timedelta(seconds=1)
        await tx.execute(update(CiJob).where(CiJob.id == job.id).values(followed_since=past))
    (job,) = await poll()
    assert (job.link_state, job.status, job.next_check_at) == ("failed", "running", None)
    assert job.reason == "The job had not finished after 7 days and is no longer followed."


async def test_two_polls_at_once_write_once(runtime, project, candidate, at_gitlab, gitlab, poll, ci_job):
    await at_gitlab()
    gitlab.statuses[77] = ["success"]
    await candidate()
    before = await ci_job()
    await polling._record(runtime.db, before, (await observed(runtime, project, before)))
    gitlab.statuses[77] = ["running"]
    await polling._record(runtime.db, before, (await observed(runtime, project, before)))
    job = await ci_job()
    assert (job.link_state, job.status, job.notes) == ("finished", "success", 1)


async def observed(runtime, project, job):
    from app.ci import configuration  # noqa: PLC0415

    settings = await configuration.get(runtime.db, project.owner, project.id)
    return await runtime.ci_client.fetch_job(settings, job.external_id)


@pytest.mark.parametrize(
    "garbage", ["", "0", "-1", "1/../2", "77?x=1", "%2e%2e", "٣", "1" * 20, "x" * 4000, "77 ", "https://evil.example/1"]
)
async def test_any_text_is_a_tag_and_leads_nowhere(candidate, at_gitlab, gitlab, poll, garbage, promised):
    await at_gitlab()
    await candidate({"gitlab.CI_JOB_ID": garbage})
    (job,) = await poll()
    assert (job.link_state, job.next_check_at) == ("failed", None)
    assert "is not the id of a CI job" in job.reason
    assert gitlab.requested_paths == []
    assert await promised() == []


async def test_links_wait_for_settings(runtime, project, candidate, at_gitlab, gitlab, ci_job, poll, promised):
    first = await candidate()
    (job,) = await poll()
    assert (job.link_state, job.awaits_settings, job.ci_project) == ("pending", True, "")
    assert job.reason == "The project has no CI settings for GitLab."
    gitlab.statuses[77] = ["success"]
    await at_gitlab()
    assert len(await promised("ci.pick_up")) == 1
    await awaiting_settings.pick_up_all(runtime.db, project.id)
    (job,) = await poll()
    assert (job.link_state, job.status, job.ci_project) == ("finished", "success", "team/vision")
    assert await linked(runtime, project) == {(str(first), str(job.id))}


async def test_rows_that_turn_out_to_be_one_job_become_one(runtime, project, candidate, at_gitlab, gitlab, poll):
    gitlab.statuses[77] = ["success"]
    await at_gitlab()
    linked_candidate = await candidate()
    (job,) = await poll()
    from app.ci import configuration  # noqa: PLC0415

    await configuration.delete(runtime.db, project.owner, project.id)
    unknown = await candidate()
    await at_gitlab()
    await awaiting_settings.pick_up_all(runtime.db, project.id)
    await awaiting_settings.pick_up_all(runtime.db, project.id)
    assert await linked(runtime, project) == {(str(linked_candidate), str(job.id)), (str(unknown), str(job.id))}
    assert len(await poll()) == 1


async def linked(runtime, project) -> set[tuple[str, str]]:
    async with runtime.db.read() as snap:
        statement = text(
            "SELECT candidate_id::text, ci_job_id::text FROM candidate_ci_jobs WHERE project_id = :project"
        )
        return {tuple(row) for row in await snap.execute(statement, {"project": project.id})}


async def test_a_corrected_token_revives_what_it_had_refused(runtime, project, candidate, at_gitlab, gitlab, poll):
    await at_gitlab(token="wrong")
    gitlab.statuses[77] = ["success"]
    await candidate()
    assert [job.link_state for job in await poll()] == ["failed"]
    await at_gitlab()
    await awaiting_settings.pick_up_all(runtime.db, project.id)
    assert [job.link_state for job in await poll()] == ["finished"]


async def test_another_ci_project_is_not_requested_for_jobs_of_the_first(candidate, at_gitlab, gitlab, poll, configure):
    await at_gitlab()
    await candidate()
    await configure(ci_project="team/other")
    (job,) = await poll()
    assert (job.link_state, job.awaits_settings) == ("failed", True)
    assert job.reason == "The CI settings name another CI project than this job's."
    assert gitlab.requested_paths == []


@pytest.mark.parametrize(
    "tags",
    [
        {"github.RUN_ID": "5", "github.REPOSITORY": "evil/other"},
        {"github.RUN_ID": "5", "github.REPOSITORY": "../../user"},
    ],
)
async def test_a_foreign_repository_fails_visibly(candidate, at_github, github, poll, tags):
    await at_github()
    await candidate(tags)
    (job,) = await poll()
    assert job.link_state == "failed"
    assert "the CI settings another one" in job.reason
    assert github.requested_paths == []


async def test_a_repository_that_is_named_later_decides(runtime, project, candidate, at_github, github, poll):
    await at_github()
    id = await candidate({"github.RUN_ID": "5"})
    assert [(job.ci_project, job.link_state) for job in await poll()] == [("octo/vision", "pending")]
    batch = LogBatch(id, tags={"github.REPOSITORY": "evil/other"})
    await log.log_batch(runtime.db, project.owner, project.id, batch)
    assert [(job.ci_project, job.link_state) for job in await poll()] == [("evil/other", "failed")]


async def test_a_gitlab_project_tag_must_not_lead_elsewhere(candidate, at_gitlab, gitlab, poll):
    await at_gitlab()
    gitlab.statuses |= {77: ["success"], 78: ["success"]}
    await candidate(JOB | {"gitlab.CI_PROJECT_PATH": "Team/Vision", "gitlab.CI_PROJECT_ID": "99"})
    await candidate({"gitlab.CI_JOB_ID": "78", "gitlab.CI_PROJECT_PATH": "other/place"})
    assert {job.external_id: job.link_state for job in await poll()} == {"77": "finished", "78": "failed"}
    assert [path for path in gitlab.requested_paths if "/jobs/78" in path] == []


async def test_many_candidates_share_one_job(candidate, at_gitlab, ci_job, promised):
    await at_gitlab()
    for _ in range(3):
        await candidate()
    assert (await ci_job()).external_id == "77"
    assert len(await promised()) == 1


async def test_links_in_hostile_answers_are_not_kept(candidate, at_gitlab, gitlab, poll):
    await at_gitlab()
    gitlab.statuses[77] = ["success"]
    gitlab.changes[77] = {
        "web_url": "javascript:alert(1)", "name": {"x": 1}, "ref": "a\0b" + "x" * 5000, "started_at": "yesterday",
        "user": ["x"], "pipeline": {"id": -1, "web_url": "https://user:pw@x.example/"}, "commit": None,
    }  # fmt: skip
    await candidate()
    (job,) = await poll()
    assert job.link_state == "finished"
    told = (job.web_url, job.log_url, job.name, job.user_name, job.pipeline_id, job.pipeline_url, job.started_at)
    assert told == (None,) * 7
    assert len(job.ref) == 1000
    assert job.ref.startswith("a\ufffdb")


async def test_what_cannot_be_an_id_is_not_polled_again(runtime, project, candidate, ci_job):
    await candidate({"gitlab.CI_JOB_ID": "nonsense"})
    with pytest.raises(Conflict):
        await jobs.refresh(runtime.db, project.owner, project.id, (await ci_job()).id)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "http://gitlab.example"), ("base_url", "https://10.0.0.1"), ("base_url", "https://x.example/?a"),
        ("base_url", "https://u:p@x.example"), ("base_url", "https://x.example/#f"), ("ci_project", "../x"),
        ("ci_project", "a/../b"), ("ci_project", "a b/c"), ("ci_project", "alone"), ("ci_project", ""),
        ("token", "x\r\nHost: evil"), ("token", "x" * 1001), ("provider", "jenkins"),
    ],
)  # fmt: skip
async def test_settings_that_lead_astray_are_refused(configure, field, value):
    defaults = {"provider": "gitlab", "ci_project": "team/vision", "token": "t"}
    with pytest.raises(Invalid) as refusal:
        await configure(**(defaults | {field: value}))
    assert refusal.value.field == field


async def test_a_stored_token_is_sent_to_no_other_server(at_gitlab, configure, gitlab):
    await at_gitlab()
    with pytest.raises(Invalid, match="send the token again") as refusal:
        await configure(base_url="https://collector.example")
    assert refusal.value.field == "api_token"
    with pytest.raises(Invalid, match="send the token again"):
        await configure(provider="github", ci_project="octo/vision")
    moved = await configure(base_url="https://gitlab.example", token="")
    assert (moved.sealed_token, moved.base_url) == (None, "https://gitlab.example")
