"""Points of metrics, whichever statement stores them: about one candidate or many, of one key or many."""

from __future__ import annotations

import asyncio
import math
import random
from uuid import UUID

import pytest

from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from app.tracking.logging import point_batch
from app.tracking.logging.point_batch import MetricInput, Points
from app.tracking.reads import history as reads_history
from tests.support.statements import statements

VALUES = (0.5, -0.0, 0.0, 1e308, -3.0, math.nan, math.inf, -math.inf)


async def new_candidate(runtime, project) -> UUID:
    return (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate.id


def some_points(dice: random.Random, keys: int, count: int, values: tuple[float, ...] = VALUES) -> list[MetricInput]:
    return [
        MetricInput(f"key-{dice.randrange(keys)}", dice.choice(values), dice.randrange(3), dice.randrange(-2, 3))
        for _ in range(count)
    ]


def shown(point) -> tuple[int, int, str]:
    return point.timestamp, point.step, repr(point.value + 0.0)


async def latest(runtime, project, candidate: UUID) -> dict[str, tuple[int, int, str]]:
    details = await candidates.get(runtime.db, project.owner, project.id, candidate)
    return {metric.key: shown(metric) for metric in details.metrics}


async def history(runtime, project, candidate: UUID, key: str) -> set[tuple[int, int, str]]:
    points = await reads_history.history(runtime.db, project.owner, project.id, candidate, key)
    columns = zip(points.values, points.timestamps, points.steps, strict=True)
    return {shown(MetricInput(key, value, timestamp, step)) for value, timestamp, step in columns}


def rank(point: MetricInput) -> tuple[int, int, float]:
    """MLflow keeps NaN as 0 with a mark, and compares without the mark; of equal points the first one stays."""
    return point.step, point.timestamp, 0.0 if math.isnan(point.value) else point.value


async def matches(runtime, project, candidate: UUID, given: list[MetricInput]) -> None:
    best: dict[str, MetricInput] = {}
    for point in given:
        if point.key not in best or rank(point) > rank(best[point.key]):
            best[point.key] = point
    assert await latest(runtime, project, candidate) == {key: shown(point) for key, point in best.items()}
    for key in best:
        assert await history(runtime, project, candidate, key) == {shown(one) for one in given if one.key == key}


@pytest.mark.parametrize(("keys", "count"), [(1, 1), (1000, 40), (4, 60), (1, 30)])
@pytest.mark.parametrize("seed", range(3))
async def test_log_batch_keeps_history_and_latest_value(runtime, project, keys, count, seed):
    candidate, dice = await new_candidate(runtime, project), random.Random(f"{keys} {count} {seed}")
    batches = [some_points(dice, keys, count) for _ in range(4)]
    for rows in batches:
        state = await point_batch.store(runtime.db, Points(project.id, candidate, rows))
        assert state == (True, False)
    await matches(runtime, project, candidate, [point for rows in batches for point in rows])


async def test_concurrent_callers_share_statements_and_lose_no_point(runtime, project):
    dice = random.Random(7)
    ids = [await new_candidate(runtime, project) for _ in range(3)]
    given: dict[UUID, list[MetricInput]] = {id: [] for id in ids}
    calls = []
    for _ in range(120):
        # Whether NaN or 0 stays depends on which of them comes first, and here that is open.
        id, rows = dice.choice(ids), some_points(dice, 3, dice.choice([1, 1, 1, 8]), (0.5, 1e308, *VALUES[4:]))
        given[id] += rows
        calls.append(point_batch.store(runtime.db, Points(project.id, id, rows)))
    assert set(await asyncio.gather(*calls)) == {(True, False)}
    for id, rows in given.items():
        await matches(runtime, project, id, rows)


async def test_latest_value_keeps_its_data_set_until_a_later_point_replaces_it(runtime, project):
    candidate = await new_candidate(runtime, project)
    on_data = MetricInput("loss", 1.0, 1, 1, dataset_name="digits", dataset_digest="abc")
    for step, expected in ((1, ("digits", "abc")), (2, (None, None))):
        row = on_data if step == 1 else MetricInput("loss", 1.0, 1, step)
        await point_batch.store(runtime.db, Points(project.id, candidate, [row]))
        details = await candidates.get(runtime.db, project.owner, project.id, candidate)
        assert [(one.dataset_name, one.dataset_digest) for one in details.metrics] == [expected]


async def test_missing_and_deleted_candidates_store_no_points(runtime, project):
    candidate = await new_candidate(runtime, project)
    point = MetricInput("loss", 1.0, 1, 1)
    assert await point_batch.store(runtime.db, Points(project.id, UUID(int=0), [point])) == (False, False)
    await candidates.delete(runtime.db, project.owner, project.id, candidate)
    assert await point_batch.store(runtime.db, Points(project.id, candidate, [point])) == (True, True)
    assert await history(runtime, project, candidate, "loss") == set()


async def test_batch_of_points_is_one_statement(runtime, project):
    candidate = await new_candidate(runtime, project)
    for rows in (some_points(random.Random(1), 500, 300), some_points(random.Random(1), 3, 300)):
        with statements(runtime.db) as sent:
            await point_batch.store(runtime.db, Points(project.id, candidate, rows))
        assert len(sent) == 1


@pytest.mark.parametrize(
    ("values", "stays"),
    [
        ((1.0, math.nan), 1.0),
        ((math.nan, 1.0), 1.0),
        ((-1.0, math.nan), math.nan),
        ((math.nan, -1.0), math.nan),
        ((0.0, math.nan), 0.0),
        ((math.nan, 0.0), math.nan),
    ],
)
@pytest.mark.parametrize("together", [True, False])
async def test_nan_counts_as_0_beside_a_value_of_the_same_step_and_time(runtime, project, values, stays, together):
    candidate = await new_candidate(runtime, project)
    rows = [MetricInput("m", value, 7, 3) for value in values]
    for batch in [rows] if together else [[row] for row in rows]:
        await point_batch.store(runtime.db, Points(project.id, candidate, batch))
    assert await latest(runtime, project, candidate) == {"m": (7, 3, repr(stays))}
