"""Candidates from creation to removal, and what is logged to them."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from uuid import uuid4

import pytest

from app.access.policy import Role
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.pagination import decode_cursor, encode_cursor
from app.tracking import candidate_edit, candidates, experiments
from app.tracking.candidate_edit import EditCandidate
from app.tracking.candidates import CreateCandidate, Status
from app.tracking.experiments import CreateExperiment, ExperimentTaken
from app.tracking.logging import log as logging_log
from app.tracking.logging.log import LogBatch, MetricInput, ParamChanged
from app.tracking.reads import history as reads_history
from app.tracking.search import candidate_search
from app.tracking.search.candidate_search import SearchCandidates, View


@pytest.fixture
async def candidate(runtime, project):
    return (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(name="first"))).candidate


async def log(runtime, project, candidate, **batch):
    await logging_log.log_batch(runtime.db, project.owner, project.id, LogBatch(candidate.id, **batch))


async def read(runtime, project, candidate):
    return await candidates.get(runtime.db, project.owner, project.id, candidate.id)


async def test_default_experiment_exists_from_the_start(runtime, project):
    assert (await experiments.get(runtime.db, project.owner, project.id, 0)).name == "Default"
    made = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("other"))
    assert made.number == 1


async def test_concurrent_creations_of_one_name_have_one_winner_and_leave_no_gaps_in_numbers(runtime, project):
    async def make(name):
        return await experiments.create(runtime.db, project.owner, project.id, CreateExperiment(name))

    results = await asyncio.gather(*(make("same") for _ in range(8)), return_exceptions=True)
    assert [isinstance(result, ExperimentTaken) for result in results].count(True) == 7
    assert (await make("next")).number == 2


async def test_unnamed_candidates_get_a_friendly_name(runtime, project):
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    adjective, noun, number = made.candidate.name.split("-")
    assert adjective.isalpha() and noun.isalpha() and number.isdigit()
    assert made.tags == {"mlflow.runName": made.candidate.name}
    assert made.candidate.status == Status.RUNNING


async def test_log_batch_stores_metrics_params_and_tags(runtime, project, candidate):
    points = [MetricInput("loss", 0.5, 1_000, 0), MetricInput("loss", 0.25, 2_000, 1), MetricInput("acc", 0.9, 1, -3)]
    await log(runtime, project, candidate, metrics=points, params={"lr": "0.1"}, tags={"team": "x"})
    stored = await read(runtime, project, candidate)
    assert stored.params == {"lr": "0.1"}
    assert stored.tags == {"mlflow.runName": "first", "team": "x"}
    assert [(m.key, m.value, m.step) for m in stored.metrics] == [("acc", 0.9, -3), ("loss", 0.25, 1)]


async def test_changed_param_refuses_the_whole_batch(runtime, project, candidate):
    await log(runtime, project, candidate, params={"lr": "0.1"})
    await log(runtime, project, candidate, params={"lr": "0.1"})
    with pytest.raises(ParamChanged) as caught:
        await log(
            runtime, project, candidate,
            params={"new": "1", "lr": "0.2"}, tags={"t": "1"}, metrics=[MetricInput("m", 1.0, 1)],
        )  # fmt: skip
    assert caught.value.changes == [("lr", "0.1", "0.2")]
    stored = await read(runtime, project, candidate)
    assert (stored.params, "t" in stored.tags, stored.metrics) == ({"lr": "0.1"}, False, [])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_latest_metric_is_the_greatest_step_timestamp_value(runtime, project, candidate, order):
    points = [MetricInput("m", 9.0, 500, 1), MetricInput("m", 1.0, 400, 2), MetricInput("m", 2.0, 400, 2)]
    for index in order:
        await log(runtime, project, candidate, metrics=[points[index]])
    assert [(m.value, m.step) for m in (await read(runtime, project, candidate)).metrics] == [(2.0, 2)]


async def test_concurrent_batches_agree_on_the_latest_and_lose_no_point(runtime, project, candidate):
    batches = [[MetricInput(f"m{k}", float(n), n, n) for k in range(5)] for n in range(30)]
    await asyncio.gather(*(log(runtime, project, candidate, metrics=batch) for batch in batches))
    stored = await read(runtime, project, candidate)
    assert [(m.key, m.value) for m in stored.metrics] == [(f"m{k}", 29.0) for k in range(5)]
    history = await reads_history.history(runtime.db, project.owner, project.id, candidate.id, "m3")
    assert [point.step for point in history.points] == list(range(30))


async def test_history_keeps_nan_and_infinity_and_collapses_repeats(runtime, project, candidate):
    points = [MetricInput("m", value, 1, 0) for value in (math.nan, math.inf, -math.inf, 1.5)]
    for _ in range(2):
        await log(runtime, project, candidate, metrics=points)
    first = await reads_history.history(runtime.db, project.owner, project.id, candidate.id, "m", limit=3)
    rest = await reads_history.history(
        runtime.db, project.owner, project.id, candidate.id, "m", limit=3, token=first.next_token
    )
    values = [point.value for point in (*first.points, *rest.points)]
    assert values[:3] == [-math.inf, 1.5, math.inf]
    assert math.isnan(values[3]) and len(values) == 4 and rest.next_token is None


@pytest.mark.parametrize(
    ("batch", "text"),
    [
        ({"metrics": [MetricInput("a//b", 1.0, 1)]}, "would resolve to 'a/b'"),
        ({"metrics": [MetricInput("m", 1.0, -1)]}, "timestamp"),
        ({"metrics": [MetricInput("m", 1.0, 1, 2**63)]}, "64 bits"),
        ({"params": {"k" * 251: "v"}}, "250"),
        ({"params": {"k": "v" * 6001}}, "6000"),
        ({"params": {"k": "a\x00"}}, "NUL"),
        ({"tags": {"": "v"}}, "a key is not empty"),
        ({"metrics": [MetricInput("m", 1.0, 1)] * 1001}, "at most 1000 metrics"),
    ],
)
async def test_invalid_batch_is_refused_with_its_reason_and_writes_nothing(runtime, project, candidate, batch, text):
    with pytest.raises(Invalid, match=text):
        await log(runtime, project, candidate, **{"tags": {"ok": "1"}, **batch})
    stored = await read(runtime, project, candidate)
    assert (stored.params, stored.metrics, "ok" in stored.tags) == ({}, [], False)


async def test_deleted_candidate_takes_no_logs_until_it_is_restored(runtime, project, candidate):
    await candidates.delete(runtime.db, project.owner, project.id, candidate.id)
    with pytest.raises(Invalid, match="must be in the 'active' state"):
        await log(runtime, project, candidate, params={"a": "b"})
    await candidates.restore(runtime.db, project.owner, project.id, candidate.id)
    await log(runtime, project, candidate, params={"a": "b"})
    changed = await candidate_edit.edit(
        runtime.db, project.owner, project.id, EditCandidate(candidate.id, "second", Status.FINISHED, 5)
    )
    assert (changed.name, changed.status, changed.end_time) == ("second", Status.FINISHED, 5)
    assert (await read(runtime, project, candidate)).tags == {"mlflow.runName": "second"}


async def test_deleting_and_restoring_an_experiment_moves_its_candidates_too(runtime, project):
    made = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("e"))
    one = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(made.number))
    await experiments.delete(runtime.db, project.owner, project.id, made.number)
    assert (await read(runtime, project, one)).candidate.deleted_at is not None
    with pytest.raises(Invalid, match="Current state is deleted"):
        await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(made.number))
    await experiments.restore(runtime.db, project.owner, project.id, made.number)
    assert (await read(runtime, project, one)).candidate.deleted_at is None
    await experiments.delete(runtime.db, project.owner, project.id, 0)
    assert (await experiments.restore(runtime.db, project.owner, project.id, 0)).deleted_at is None
    with pytest.raises(Conflict, match="every project has it"):
        await experiments.delete_permanently(runtime.db, project.owner, project.id, 0)


async def test_callers_without_write_permission_change_nothing(runtime, project, candidate):
    batch = LogBatch(candidate.id, params={"a": "b"})
    for role in (Role.GUEST, Role.REPORTER):
        with pytest.raises(Forbidden):
            await logging_log.log_batch(runtime.db, project[role].actor, project.id, batch)
    with pytest.raises(NotFound):
        await logging_log.log_batch(runtime.db, project.stranger.actor, project.id, batch)
    assert (await read(runtime, project, candidate)).params == {}


async def test_candidates_of_another_project_are_not_found(runtime, project, staff, candidate):
    from tests.conftest import new_project  # noqa: PLC0415

    other = await new_project(runtime, staff)
    with pytest.raises(NotFound):
        await candidates.get(runtime.db, other.owner, other.id, candidate.id)
    assert (await search(runtime, other))[0] == []


async def search(runtime, project, **request):
    command = SearchCandidates(**{"experiment_numbers": [0], **request})
    return await candidate_search.search(runtime.db, project.owner, project.id, command)


@pytest.fixture
async def five(runtime, project):
    """Candidates a–e: metric m is 1, 2, NaN, missing, 3; start times 10, 20, 30, None, 50."""
    values = {"a": 1.0, "b": 2.0, "c": math.nan, "e": 3.0}
    times = {"a": 10, "b": 20, "c": 30, "d": None, "e": 50}
    for name, start in times.items():
        made = await candidates.create(
            runtime.db, project.owner, project.id,
            CreateCandidate(name=name, start_time=start, params={"p": name * 2}, tags={"even": str(name in "bd")}),
        )  # fmt: skip
        if name in values:
            await log(runtime, project, made, metrics=[MetricInput("m", values[name], 1)])


def names(page):
    return "".join(one.candidate.name for one in page[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "ecbad"),
        ("metrics.m > 1", "eb"),
        ("metrics.m != 1", "ecb"),
        ("params.p = 'bb' AND tags.even = 'True'", "b"),
        ("params.p LIKE 'a%'", "a"),
        ("params.p ILIKE 'A%'", "a"),
        ("attributes.start_time >= 20 and attributes.start_time < 50", "cb"),
        ("run_name = 'd'", "d"),
        ("tags.nothing IS NULL", "ecbad"),
        ("params.p LIKE '%\\'", ""),
        ("status = 'RUNNING'", "ecbad"),
        ("status != 'RUNNING'", ""),
    ],
)
async def test_filter_matches_the_expected_candidates(runtime, project, five, text, expected):
    assert names(await search(runtime, project, filter=text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.m = 1 OR metrics.m = 3", "ea"),
        ("NOT metrics.m > 1", "cad"),
        ("NOT (params.p = 'aa' OR params.p = 'bb')", "ecd"),
    ],
)
async def test_extended_filter_supports_or_and_not(runtime, project, five, text, expected):
    assert names(await search(runtime, project, filter=text, extended=True)) == expected
    with pytest.raises(Invalid):
        await search(runtime, project, filter=text)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["metrics.m ASC"], "abecd"),
        (["metrics.m DESC"], "ebacd"),
        (["start_time ASC"], "abced"),
        (["params.p DESC"], "edcba"),
        (["tags.even DESC", "run_name ASC"], "bdace"),
    ],
)
async def test_candidates_without_the_sort_key_come_last_on_every_page_size(runtime, project, five, order, expected):
    for size in (1, 2, 5):
        seen, token = "", None
        while True:
            page = await search(runtime, project, order_by=order, limit=size, page_token=token)
            seen, token = seen + names(page), page[1]
            if token is None:
                break
        assert seen == expected, size


async def test_page_token_of_another_search_is_refused(runtime, project, five):
    _, token = await search(runtime, project, limit=2)
    for request in ({"filter": "metrics.m > 0"}, {"order_by": ["run_name"]}, {"view": View.ALL}):
        with pytest.raises(Invalid, match="page token"):
            await search(runtime, project, limit=2, page_token=token, **request)
    with pytest.raises(Invalid, match="page token"):
        await search(runtime, project, page_token="nonsense")


async def test_views_separate_living_and_deleted_candidates(runtime, project, candidate):
    await candidates.delete(runtime.db, project.owner, project.id, candidate.id)
    sizes = [len((await search(runtime, project, view=view))[0]) for view in (View.ACTIVE, View.DELETED, View.ALL)]
    assert sizes == [0, 1, 1]


async def test_permanently_deleted_candidates_are_hidden_at_once(runtime, project, candidate):
    await candidates.delete_permanently(runtime.db, project.owner, project.id, candidate.id)
    with pytest.raises(NotFound):
        await read(runtime, project, candidate)
    assert (await search(runtime, project, view=View.ALL))[0] == []
    with pytest.raises(NotFound):
        await candidates.get(runtime.db, project.owner, project.id, uuid4())


async def test_logging_to_a_locked_candidate_waits_and_does_not_delay_other_callers(runtime, project, candidate):
    other = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(name="other"))).candidate
    point = MetricInput("m", 1.0, 1)
    async with runtime.db.write() as tx:
        await candidates.lock_living(tx, project.id, candidate.id, to_change=True)
        waiting = asyncio.create_task(log(runtime, project, candidate, metrics=[point]))
        async with asyncio.timeout(1):
            await log(runtime, project, other, metrics=[point])
        assert not waiting.done()
    await waiting
    assert [metric.value for metric in (await read(runtime, project, candidate)).metrics] == [1.0]


async def test_creating_in_a_locked_experiment_waits_and_does_not_delay_other_callers(runtime, project):
    made = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("held"))
    async with runtime.db.write() as tx:
        await experiments.lock(tx, project.id, made.number)
        held = CreateCandidate(made.number, name="held")
        waiting = asyncio.create_task(candidates.create(runtime.db, project.owner, project.id, held))
        async with asyncio.timeout(1):
            await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(name="free"))
        assert not waiting.done()
    assert (await waiting).candidate.name == "held"


async def test_page_token_without_a_value_is_refused(runtime, project, candidate):
    await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(name="second"))
    page = SearchCandidates([0], order_by=["metrics.m"], limit=1)
    _, token = await candidate_search.search(runtime.db, project.owner, project.id, page)
    mark = decode_cursor(token)[0]
    forged = replace(page, page_token=encode_cursor([mark, None, None, None, None]))
    with pytest.raises(Invalid, match="page token"):
        await candidate_search.search(runtime.db, project.owner, project.id, forged)
