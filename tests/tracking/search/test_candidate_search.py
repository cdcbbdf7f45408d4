"""Searches for candidates: whichever plan is chosen, the order and the pages are the same."""

from __future__ import annotations

import itertools
import random
from uuid import UUID

import pytest
from sqlalchemy import text

from app.ids import uuid7
from app.registry import models
from app.registry.models import CreateModel
from app.registry.reads import loaders
from app.tracking import experiments
from app.tracking.candidates import CreateCandidate
from app.tracking.experiments import CreateExperiment
from app.tracking.search import candidate_search, planner, selectivity
from app.tracking.search.candidate_search import SearchCandidates, View
from app.tracking.search.planner import SearchPlan
from app.tracking.tables import PREFIX_LENGTH
from tests.support.statements import statements

LONG = "x" * PREFIX_LENGTH
ROWS = """
    INSERT INTO candidates (project_id, id, experiment_number, name, status, start_time, user_name, deleted_at)
    SELECT :project, * FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS bigint[]), CAST(:names AS text[]),
        CAST(:statuses AS smallint[]), CAST(:starts AS bigint[]), CAST(:users AS text[]),
        CAST(:deleted AS timestamptz[]))
"""
METRICS = """
    INSERT INTO latest_metrics (project_id, candidate_id, key, value, step, timestamp)
    SELECT :project, id, key, value, 0, 0
    FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:values AS float8[])) AS one (id, key, value)
"""
PAIRS = """
    INSERT INTO {table} (project_id, candidate_id, key, value)
    SELECT :project, * FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:values AS text[]))
"""
ORDERS = [
    (), ("metrics.m",), ("metrics.m DESC",), ("metrics.same",), ("metrics.same DESC",), ("metrics.absent DESC",),
    ("params.p",), ("params.p DESC",), ("params.long",), ("params.long DESC",), ("tags.t DESC",), ("start_time",),
    ("start_time DESC",), ("run_name",), ("run_name DESC",), ("status", "metrics.m DESC"), ("end_time",), ("run_id",),
]  # fmt: skip
FILTERS = [
    "", "metrics.m > 0", "metrics.m != 1", "metrics.m <= 2 AND params.p = 'a'", "params.p LIKE '%b%'", "tags.t != 'x'",
    "params.long = '" + LONG + "b'", "status = 'FAILED'", "run_name ILIKE '%É%'", "params.p IS NULL", "start_time > 3",
    "tags.t IS NOT NULL AND status != 'FAILED'", "metrics.m > 1000", "user_id = 'ada' AND metrics.same = 7",
]  # fmt: skip


OF_VALUES = [
    "params.p = 'a'", "tags.t = 'x'", "params.p = 'never'", "params.p = ''", "params.p = 'a' AND tags.t = 'x'",
    "tags.t = 'x' AND metrics.m > 0", "params.p = 'a' AND status != 'FAILED' AND start_time > 3",
    "params.long = '" + LONG + "b' AND params.p = 'a'", "params.long = '" + LONG[:-1] + "'",
]  # fmt: skip


@pytest.fixture(scope="module")
async def populated(runtime, staff):
    """A project of sixty candidates in two experiments, with few different values, NaN, infinities, and many gaps."""
    from tests.conftest import new_project  # noqa: PLC0415

    project = await new_project(runtime, staff)
    await experiments.get(runtime.db, project.owner, project.id, 0)
    await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("other"))
    chance = random.Random(7)
    ids = [uuid7() for _ in range(60)]
    numbers = [float("nan"), float("inf"), float("-inf"), 0.0, 1.0, 1.0, 2.5]
    metrics = [(id, "m", chance.choice(numbers)) for id in ids if chance.random() < 0.8]
    metrics += [(id, "same", 7.0) for id in ids[:50]]
    params = [(id, "p", chance.choice(["a", "ab", "b", "Z"])) for id in ids if chance.random() < 0.7]
    params += [(id, "long", LONG + chance.choice(["a", "b", ""])) for id in ids[:30]]
    tags = [(id, "t", chance.choice(["x", "y"])) for id in ids[::2]]
    rows = {
        "ids": ids,
        "numbers": [chance.choice([0, 1]) for _ in ids],
        "names": [chance.choice(["one", "two", "Été"]) for _ in ids],
        "statuses": [chance.choice([1, 3, 4]) for _ in ids],
        "starts": [chance.choice([None, 1, 2, 3, 4, 5]) for _ in ids],
        "users": [chance.choice(["ada", "bob"]) for _ in ids],
        "deleted": [None] * len(ids),
    }
    async with runtime.db.write() as tx:
        await tx.execute(text(ROWS), {"project": project.id, **rows})
        for statement, logged in (
            (METRICS, metrics),
            (PAIRS.format(table="candidate_params"), params),
            (PAIRS.format(table="candidate_tags"), tags),
        ):
            columns = dict(
                zip(("ids", "keys", "values"), (list(one) for one in zip(*logged, strict=True)), strict=True)
            )
            await tx.execute(text(statement), {"project": project.id, **columns})
    return project


async def pages(runtime, project, size: int, **request) -> list[UUID]:
    """The ids of all pages, one after the other."""
    ids: list[UUID] = []
    token = None
    while True:
        command = SearchCandidates([0, 1], limit=size, page_token=token, **request)
        page, token = await candidate_search.search(runtime.db, project.owner, project.id, command)
        ids += [one.id for one in page]
        assert len(set(ids)) == len(ids), ("a page again, perhaps for ever", request)
        if token is None:
            return ids


@pytest.fixture
def sorting(monkeypatch):
    """From now on all searches sort all candidates."""

    def begin() -> None:
        planner.plan_for.cache_clear()
        monkeypatch.setattr(planner.ordered_scans, "for_order", lambda *_: None)
        monkeypatch.setattr(planner.ordered_scans, "leading_comparison", lambda *_: None)
        monkeypatch.setattr(planner, "_probes", lambda *_: [])

    yield begin
    monkeypatch.undo()
    planner.plan_for.cache_clear()


@pytest.mark.parametrize("few", [0, 10, 1000])
async def test_every_plan_gives_the_same_pages(runtime, populated, sorting, monkeypatch, few):
    """``few``: up to how many candidates are sorted, so that searches scan an index always, sometimes, or never."""
    monkeypatch.setattr(selectivity, "FEW", few)
    monkeypatch.setattr(selectivity, "VERY_FEW", few // 4)
    monkeypatch.setattr(selectivity, "MANY", few)
    monkeypatch.setattr(planner, "FIRST_SCAN_ENTRIES", few)
    planner.plan_for.cache_clear()
    requests = [{"order_by": order, "filter": filter} for order, filter in itertools.product(ORDERS, FILTERS)]
    requests = requests[:: 2 if few == 10 else 7]
    whole = [await pages(runtime, populated, 100, **request) for request in requests]
    in_parts = [await pages(runtime, populated, 7, **request) for request in requests[::3]]
    sorting()
    for index, request in enumerate(requests):
        expected = await pages(runtime, populated, 100, **request)
        assert whole[index] == expected, request
        assert index % 3 or in_parts[index // 3] == expected, request


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("view", list(View))
async def test_filter_on_one_value_gives_the_newest_first(runtime, populated, sorting, monkeypatch, few, view):
    monkeypatch.setattr(selectivity, "FEW", few)
    monkeypatch.setattr(selectivity, "VERY_FEW", few // 4)
    monkeypatch.setattr(planner, "FIRST_SCAN_ENTRIES", few)
    planner.plan_for.cache_clear()
    await move_ten_to_trash(runtime, populated)
    requests = [
        {"order_by": order, "filter": filter, "view": view}
        for order, filter in itertools.product(((), ("start_time DESC",), ("start_time",)), OF_VALUES)
    ]
    results = [[await pages(runtime, populated, size, **request) for size in (2, 100)] for request in requests]
    assert sum(bool(ids) for _, ids in results) > 5
    sorting()
    for request, both in zip(requests, results, strict=True):
        expected = await pages(runtime, populated, 100, **request)
        assert both == [expected, expected], request


async def test_filter_of_one_value_only_is_not_counted_first(runtime, populated):
    planner.plan_for.cache_clear()
    with statements(runtime.db) as sent:
        await candidate_search.search(
            runtime.db, populated.owner, populated.id, SearchCandidates([0, 1], filter="params.p = 'a'")
        )
    assert not [statement for statement in sent if "count(" in statement]


async def test_views_separate_living_and_deleted_candidates_in_every_order(runtime, populated):
    await move_ten_to_trash(runtime, populated)
    for order in ORDERS:
        alive = await pages(runtime, populated, 7, order_by=order)
        trash = await pages(runtime, populated, 7, order_by=order, view=View.DELETED)
        everything = await pages(runtime, populated, 100, order_by=order, view=View.ALL)
        assert [len(alive), len(trash)] == [50, 10]
        assert [id for id in everything if id in set(alive)] == alive


async def move_ten_to_trash(runtime, project) -> None:
    """Ten of those to which most was logged, whatever their random ids are: searches of the trash match something."""
    logged = " + ".join(
        f"(SELECT count(*) FROM {table} l WHERE l.project_id = c.project_id AND l.candidate_id = c.id)"
        for table in ("candidate_params", "candidate_tags", "latest_metrics")
    )
    async with runtime.db.write() as tx:
        statement = (
            "UPDATE candidates SET deleted_at = now() WHERE project_id = :project AND id IN"
            f" (SELECT c.id FROM candidates c WHERE c.project_id = :project ORDER BY {logged} DESC, c.id LIMIT 10)"
        )
        await tx.execute(text(statement), {"project": project.id})


async def test_trigger_fills_the_sort_columns_that_a_writer_leaves_out(runtime, project):
    """As a process of the release before writes it while the new one is already migrated."""
    from app.tracking import candidates  # noqa: PLC0415

    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(start_time=5))
    async with runtime.db.write() as tx:
        for table in ("candidate_params", "candidate_tags"):
            row = {"project": project.id, "ids": [made.id], "keys": ["k"], "values": ["v"]}
            await tx.execute(text(PAIRS.format(table=table)), row)
        for table in ("candidate_params", "candidate_tags"):
            columns = text(
                f"SELECT experiment_number, newest_first FROM {table} WHERE candidate_id = :id AND key = 'k'"
            )
            assert tuple((await tx.execute(columns, {"id": made.id})).one()) == (0, ~5)


async def test_plan_of_a_filter_and_an_order_is_made_once(runtime, populated):
    planner.plan_for.cache_clear()
    for _ in range(3):
        await pages(runtime, populated, 100, filter="metrics.m > 0", order_by=("metrics.m",))
    assert planner.plan_for.cache_info().misses == 1
    assert isinstance(planner.plan_for("", (), View.ACTIVE, False), SearchPlan)


async def test_models_match_a_part_of_their_name_in_any_case(runtime, project):
    await models.create(runtime.db, project.owner, project.id, CreateModel("Größe_100%"))
    matches, others = ("GRÖ", "_100%", "%", "e_1"), ("GRÖSSE", "x_1")
    for part in (*matches, *others):
        (count,) = await loaders.count_models_of_projects(runtime.db, project.owner, [(project.id,)], text=part)
        assert bool(count) == (part in matches), part
