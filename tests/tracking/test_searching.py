"""Searches for candidates: whichever way one is made, the order and the pages are the same."""

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
async def crowd(runtime, staff):
    """Sixty candidates in two experiments, with few different values, NaN, infinities, and much that is lacking."""
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


async def pages(runtime, project, size: int, **wish) -> list[UUID]:
    """The ids of all pages, one after the other."""
    found: list[UUID] = []
    token = None
    while True:
        command = SearchCandidates([0, 1], limit=size, page_token=token, **wish)
        page, token = await candidate_search.search(runtime.db, project.owner, project.id, command)
        found += [one.id for one in page]
        if token is None:
            return found


@pytest.fixture
def sorting(monkeypatch):
    """From now on all searches sort all candidates."""

    def begin() -> None:
        planner.plan_for.cache_clear()
        monkeypatch.setattr(planner.walks, "of", lambda *_: None)
        monkeypatch.setattr(planner.walks, "leading", lambda *_: None)
        monkeypatch.setattr(planner, "_probes", lambda *_: [])

    yield begin
    monkeypatch.undo()
    planner.plan_for.cache_clear()


@pytest.mark.parametrize("few", [0, 10, 1000])
async def test_all_ways_lead_to_the_same_pages(runtime, crowd, sorting, monkeypatch, few):
    """``few``: up to how many are begun with, so that searches walk always, sometimes, or never."""
    monkeypatch.setattr(selectivity, "FEW", few)
    monkeypatch.setattr(selectivity, "VERY_FEW", few // 4)
    monkeypatch.setattr(selectivity, "MANY", few)
    monkeypatch.setattr(planner, "FIRST_SCAN_ENTRIES", few)
    planner.plan_for.cache_clear()
    wishes = [{"order_by": order, "filter": filter} for order, filter in itertools.product(ORDERS, FILTERS)]
    wishes = wishes[:: 2 if few == 10 else 7]
    found = [await pages(runtime, crowd, 100, **wish) for wish in wishes]
    in_parts = [await pages(runtime, crowd, 7, **wish) for wish in wishes[::3]]
    sorting()
    for index, wish in enumerate(wishes):
        expected = await pages(runtime, crowd, 100, **wish)
        assert found[index] == expected, wish
        assert index % 3 or in_parts[index // 3] == expected, wish


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("view", list(View))
async def test_those_of_one_value_the_newest_first(runtime, crowd, sorting, monkeypatch, few, view):
    monkeypatch.setattr(selectivity, "FEW", few)
    monkeypatch.setattr(selectivity, "VERY_FEW", few // 4)
    monkeypatch.setattr(planner, "FIRST_SCAN_ENTRIES", few)
    planner.plan_for.cache_clear()
    await crowd_of_trash(runtime, crowd)
    wishes = [
        {"order_by": order, "filter": filter, "view": view}
        for order, filter in itertools.product(((), ("start_time DESC",), ("start_time",)), OF_VALUES)
    ]
    found = [[await pages(runtime, crowd, size, **wish) for size in (2, 100)] for wish in wishes]
    assert sum(bool(ids) for _, ids in found) > 5
    sorting()
    for wish, both in zip(wishes, found, strict=True):
        expected = await pages(runtime, crowd, 100, **wish)
        assert both == [expected, expected], wish


async def test_a_value_that_is_all_that_is_asked_for_is_not_counted_first(runtime, crowd):
    planner.plan_for.cache_clear()
    with statements(runtime.db) as sent:
        await candidate_search.search(
            runtime.db, crowd.owner, crowd.id, SearchCandidates([0, 1], filter="params.p = 'a'")
        )
    assert not [statement for statement in sent if "count(" in statement]


async def test_what_the_trash_holds_is_passed_over(runtime, crowd):
    await crowd_of_trash(runtime, crowd)
    for order in ORDERS:
        alive = await pages(runtime, crowd, 7, order_by=order)
        trash = await pages(runtime, crowd, 7, order_by=order, view=View.DELETED)
        everything = await pages(runtime, crowd, 100, order_by=order, view=View.ALL)
        assert [len(alive), len(trash)] == [50, 10]
        assert [id for id in everything if id in set(alive)] == alive


async def crowd_of_trash(runtime, project) -> None:
    """Ten of those to which most was logged, whatever their random ids are: searches of the trash find something."""
    logged = " + ".join(
        f"(SELECT count(*) FROM {table} l WHERE l.project_id = c.project_id AND l.candidate_id = c.id)"
        for table in ("candidate_params", "candidate_tags", "latest_metrics")
    )
    async with runtime.db.write() as tx:
        statement = (
            "UPDATE candidates SET deleted_at = now() WHERE project_id = :project AND id IN"
            f" (SELECT c.id FROM candidates c WHERE c.project_id = :project ORDER BY {logged} DESC LIMIT 10)"
        )
        await tx.execute(text(statement), {"project": project.id})


async def test_a_row_whose_writer_does_not_know_its_place_gets_it(runtime, project):
    """As a process of the release before writes it while the new one is already migrated."""
    from app.tracking import candidates  # noqa: PLC0415

    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(start_time=5))
    async with runtime.db.write() as tx:
        for table in ("candidate_params", "candidate_tags"):
            row = {"project": project.id, "ids": [made.id], "keys": ["k"], "values": ["v"]}
            await tx.execute(text(PAIRS.format(table=table)), row)
        for table in ("candidate_params", "candidate_tags"):
            place = text(f"SELECT experiment_number, newest_first FROM {table} WHERE candidate_id = :id AND key = 'k'")
            assert tuple((await tx.execute(place, {"id": made.id})).one()) == (0, ~5)


async def test_plans_are_kept(runtime, crowd):
    planner.plan_for.cache_clear()
    for _ in range(3):
        await pages(runtime, crowd, 100, filter="metrics.m > 0", order_by=("metrics.m",))
    assert planner.plan_for.cache_info().misses == 1
    assert isinstance(planner.plan_for("", (), View.ACTIVE, False), SearchPlan)


async def test_parts_of_names_whatever_the_case(runtime, project):
    await models.create(runtime.db, project.owner, project.id, CreateModel("Größe_100%"))
    matches, others = ("GRÖ", "_100%", "%", "e_1"), ("GRÖSSE", "x_1")
    for part in (*matches, *others):
        (count,) = await loaders.count_models_of_projects(runtime.db, project.owner, [(project.id,)], text=part)
        assert bool(count) == (part in matches), part
