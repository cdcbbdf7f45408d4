"""Limits of requests: exact across processes, in the words of each protocol, and free of cost where there are none."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import projects
from app.access.limits import requests
from app.access.limits.requests import Defaults, RequestLimitReached, RequestMeter, Subject
from app.access.projects import CreateProject
from app.runtime import open_runtime
from tests.conftest import new_person, new_project, serving
from tests.support.statements import statements

VIEWER = {"query": "{ viewer { isAdmin } }"}


@pytest.fixture
def ids() -> int:
    """The id of no project or token."""
    return uuid4().int % 2**60


async def limit(runtime, table: str, id: int, most: int | None) -> None:
    async with runtime.db.write() as tx:
        await tx.execute(text(f"UPDATE {table} SET request_limit = :most WHERE id = :id"), {"id": id, "most": most})


async def begin_of_minute(least: float = 20.0) -> None:
    """Wait until so many seconds of the minute are left: counts begin anew with it."""
    left = requests.WINDOW_SECONDS - time.time() % requests.WINDOW_SECONDS
    if left < least:
        await asyncio.sleep(left + 0.05)


async def let_through(meter: RequestMeter, id: int, most: int, times: int) -> int:
    async def one() -> int:
        try:
            await meter.count(Subject.PROJECT, id, most)
        except RequestLimitReached:
            return 0
        return 1

    return sum(await asyncio.gather(*(one() for _ in range(times))))


class TestExactness:
    async def test_one_process_lets_through_exactly_as_many(self, runtime, ids):
        await begin_of_minute()
        meter = RequestMeter(runtime.db, Defaults())
        assert await let_through(meter, ids, 100, 250) == 100
        with pytest.raises(RequestLimitReached) as refusal:
            await meter.count(Subject.PROJECT, ids, 100)
        assert 0 < refusal.value.retry_after <= requests.WINDOW_SECONDS
        assert "100 requests a minute" in refusal.value.message

    @pytest.mark.parametrize("most", [1, 7, 100, 3_000])
    async def test_several_processes_never_let_through_more(self, runtime, ids, most):
        await begin_of_minute()
        meters = [RequestMeter(runtime.db, Defaults()) for _ in range(4)]
        counts = await asyncio.gather(*(let_through(meter, ids, most, most) for meter in meters))
        assert most - (len(meters) - 1) * max(1, most // requests.SHARES_OF_LIMIT) <= sum(counts) <= most

    async def test_all_of_it_is_used_where_all_processes_go_on(self, runtime, ids):
        await begin_of_minute()
        meters = [RequestMeter(runtime.db, Defaults()) for _ in range(4)]
        total = 0
        for _ in range(400):
            total += sum(await asyncio.gather(*(let_through(meter, ids, 1_000, 1) for meter in meters)))
        assert total == 1_000

    async def test_a_process_that_begins_anew_gets_no_second_minute(self, runtime, ids):
        await begin_of_minute()
        assert await let_through(RequestMeter(runtime.db, Defaults()), ids, 20, 30) == 20
        assert await let_through(RequestMeter(runtime.db, Defaults()), ids, 20, 30) == 0

    async def test_counts_begin_anew_with_the_minute(self, runtime, ids, monkeypatch):
        monkeypatch.setattr(requests, "WINDOW_SECONDS", 1)
        meter = RequestMeter(runtime.db, Defaults())
        await asyncio.sleep(1 - time.time() % 1)
        first = await let_through(meter, ids, 10, 30)
        await asyncio.sleep(1.05)
        assert (first, await let_through(meter, ids, 10, 30)) == (10, 10)

    async def test_what_is_left_of_a_share_ends_with_its_minute(self, runtime, ids):
        now = 0.0
        meter = RequestMeter(runtime.db, Defaults(), clock=lambda: now)
        assert await let_through(meter, ids, 5_000, 4) == 4, "of shares of 1, 2 and 4"
        for is_over in (False, True):
            now += requests.WINDOW_SECONDS * is_over
            with statements(runtime.db) as seen:
                assert await let_through(meter, ids, 5_000, 1) == 1
            assert bool(seen) is is_over

    async def test_a_limit_that_was_raised_counts_at_once(self, runtime, ids):
        await begin_of_minute()
        meter = RequestMeter(runtime.db, Defaults())
        assert await let_through(meter, ids, 5, 10) == 5
        assert await let_through(meter, ids, 8, 10) == 3
        assert await let_through(meter, ids, 2, 10) == 0

    async def test_refusals_cost_no_statement_and_a_lot_of_requests_cost_few(self, runtime, ids):
        await begin_of_minute()
        meter = RequestMeter(runtime.db, Defaults())
        with statements(runtime.db) as seen:
            assert await let_through(meter, ids, 5_000, 4_000) == 4_000
        assert len(seen) < 100
        spent = RequestMeter(runtime.db, Defaults())
        assert await let_through(spent, ids + 1, 3, 4) == 3
        with statements(runtime.db) as seen:
            assert await let_through(spent, ids + 1, 3, 1_000) == 0
        assert not seen

    async def test_subjects_are_counted_apart(self, runtime, ids):
        await begin_of_minute()
        meter = RequestMeter(runtime.db, Defaults(project=3, token=2))
        for subject, most in ((Subject.PROJECT, 3), (Subject.TOKEN, 2)):
            for _ in range(most):
                await meter.count(subject, ids, None)
            with pytest.raises(RequestLimitReached):
                await meter.count(subject, ids, None)
        await meter.count(Subject.PROJECT, ids + 1, None)

    async def test_old_counts_are_removed(self, runtime, ids):
        await let_through(RequestMeter(runtime.db, Defaults()), ids, 5, 1)
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE request_counts SET minute = minute - 100 WHERE subject_id = :i"), {"i": ids})
        assert await requests.remove_old(runtime.db) >= 1

    async def test_memory_is_bounded(self, runtime, monkeypatch):
        monkeypatch.setattr(requests, "MAX_SUBJECTS", 10)
        meter = RequestMeter(runtime.db, Defaults(project=1_000))
        for id in range(2**60, 2**60 + 30):
            await meter.count(Subject.PROJECT, id, None)
        assert len(meter._shares) == 10


class TestOverHttp:
    async def test_a_token_is_refused_before_anything_is_done(self, runtime, http, admin):
        await begin_of_minute()
        person = await new_person(runtime, admin, f"busy-{uuid4().hex[:8]}")
        await limit(runtime, "tokens", person.actor.token_id, 3)
        for _ in range(3):
            assert (await http.post("/graphql", json=VIEWER, headers=person.headers)).json()["data"]["viewer"]
        answer = await http.post("/graphql", json=VIEWER, headers=person.headers)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        await limit(runtime, "tokens", person.actor.token_id, None)
        assert (await http.post("/graphql", json=VIEWER, headers=person.headers)).status_code == 200

    async def test_each_edge_answers_in_its_own_words(self, runtime, http, staff):
        await begin_of_minute()
        project = await new_project(runtime, staff)
        await limit(runtime, "projects", project.id, 1)
        api = f"/api/v4/projects/{project.id}"
        mlflow = f"{api}/ml/mlflow/api/2.0/mlflow"
        made = await http.post(f"{mlflow}/runs/create", json={"experiment_id": "0"}, headers=project.headers)
        assert made.status_code == 200
        refused = await http.post(f"{mlflow}/runs/create", json={"experiment_id": "0"}, headers=project.headers)
        assert (refused.status_code, refused.json()["error_code"]) == (429, "REQUEST_LIMIT_EXCEEDED")
        assert int(refused.headers["retry-after"]) >= 1
        by_path = project.path.replace("/", "%2F")
        again = await http.get(
            f"/api/v4/projects/{by_path}/ml/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0",
            headers=project.headers,
        )
        assert again.status_code == 429
        file = await http.put(f"{api}/packages/ml_models/1/files/f", content=b"x", headers=project.headers)
        assert (file.status_code, "retry-after" in file.headers) == (429, True)
        query = {"query": "query q($p: String!) { project(by: {path: $p}) { name } }", "variables": {"p": project.path}}
        answer = await http.post("/graphql", json=query, headers=project.headers)
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["extensions"]["retryAfter"] >= 1
        change = {
            "query": 'mutation m($p: String!) { modelCreate(input: {project: {path: $p}, name: "m"}) '
            "{ model { id } userErrors { code message } } }",
            "variables": {"p": project.path},
        }
        payload = (await http.post("/graphql", json=change, headers=project.headers)).json()["data"]["modelCreate"]
        assert payload["model"] is None
        assert payload["userErrors"][0]["code"] == "RATE_LIMITED"

    async def test_visitors_of_a_public_project_are_counted_for_it(self, runtime, http, staff):
        await begin_of_minute()
        project = await new_project(runtime, staff, visibility="public")
        await limit(runtime, "projects", project.id, 2)
        query = {"query": "query q($p: String!) { project(by: {path: $p}) { name } }", "variables": {"p": project.path}}
        codes = [(await http.post("/graphql", json=query)).json().get("errors") for _ in range(4)]
        assert [errors is None for errors in codes] == [True, True, False, False]

    async def test_one_project_at_its_limit_hides_no_other(self, runtime, http, staff):
        await begin_of_minute()
        busy = await new_project(runtime, staff)
        await projects.create(runtime.db, busy.owner, CreateProject(busy.group_id, "quiet"))
        await limit(runtime, "projects", busy.id, 1)
        both = {
            "query": "query q($g: String!) { projects(search: $g) { nodes { storage { stored { size } } } } }",
            "variables": {"g": busy.path.partition("/")[0]},
        }
        for _ in range(3):
            answer = (await http.post("/graphql", json=both, headers=busy.headers)).json()
            assert "errors" not in answer

    async def test_without_limits_no_statement_is_added(self, runtime, http, project):
        mlflow = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow"
        made = await http.post(f"{mlflow}/runs/create", json={"experiment_id": "0"}, headers=project.headers)
        run = made.json()["run"]["info"]["run_id"]
        for _ in range(2):
            with statements(runtime.db) as seen:
                await http.get(f"{mlflow}/runs/get", params={"run_id": run}, headers=project.headers)
        assert not [one for one in seen if "request_counts" in str(one)]

    async def test_two_servers_share_a_limit_that_outlives_one_of_them(self, migrated, runtime, admin):
        await begin_of_minute()
        person = await new_person(runtime, admin, f"busy-{uuid4().hex[:8]}")
        await limit(runtime, "tokens", person.actor.token_id, 30)

        async def answered(times: int) -> int:
            import httpx  # noqa: PLC0415

            async with (
                open_runtime(migrated, name="second") as second,
                serving(second) as address,
                httpx.AsyncClient(base_url=address, headers=person.headers) as client,
            ):
                answers = await asyncio.gather(*(client.post("/graphql", json=VIEWER) for _ in range(times)))
            return sum(answer.status_code == 200 for answer in answers)

        first, second = await asyncio.gather(answered(25), answered(25))
        assert 29 <= first + second <= 30
        assert first + second + await answered(25) == 30


LIMITS = """mutation l($p: String!, $most: Long) {
  projectLimitsUpdate(input: {project: {path: $p}, requestLimit: $most}) {
  project { limits { requestLimit } } userErrors { code message } } }"""


async def test_a_limit_that_is_used_up_can_be_raised(runtime, http, project, admin):
    async def set_limit(most: int) -> object:
        sent = {"query": LIMITS, "variables": {"p": project.path, "most": most}}
        answer = (await http.post("/graphql", json=sent, headers=admin.headers)).json()
        assert "errors" not in answer, answer
        return answer["data"]["projectLimitsUpdate"]

    await begin_of_minute()
    assert (await set_limit(1))["userErrors"] == []
    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0"
    statuses = [(await http.get(path, headers=project.headers)).status_code for _ in range(2)]
    assert statuses[-1] == 429
    raised = await set_limit(1_000)
    assert raised == {"project": {"limits": {"requestLimit": 1_000}}, "userErrors": []}
    assert (await http.get(path, headers=project.headers)).status_code == 200
