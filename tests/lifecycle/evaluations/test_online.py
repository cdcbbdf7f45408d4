"""Online experiments: arms, shares, points over time and conclusions."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.access.policy import Role
from app.errors import Forbidden, Invalid, TooLarge
from app.lifecycle.evaluations import evaluations, metrics, online, reads
from app.lifecycle.evaluations.evaluations import KeyReused
from app.lifecycle.evaluations.online import (
    CreateExperiment,
    ExperimentConcluded,
    ExperimentNotFound,
    Kind,
    NewArm,
    PointChanged,
    PointInput,
    ShareInput,
)
from app.registry.versions.lookup import VersionNotFound

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def experiment(made, *, kind: Kind = Kind.AB, shares=(0.9, 0.1), names=("old", "new"), **more) -> CreateExperiment:
    targets = (made.first.id, made.second.id)
    arms = [NewArm(name, target, share) for name, target, share in zip(names, targets, shares, strict=True)]
    return CreateExperiment("checkout", kind, arms, **more)


async def begin(project, made, **more):
    return await online.create(project.runtime.db, project.owner, project.id, experiment(made, **more))


async def log(project, begun, points, shares=()):
    return await online.log(project.runtime.db, project.owner, project.id, begun.row.id, points, shares)


async def conclude(project, begun, text="More clicks.", winner="new", person=None):
    return await online.conclude(project.runtime.db, person or project.owner, project.id, begun.row.id, text, winner)


async def latest(project, version):
    async with project.runtime.db.read() as snap:
        rows = await metrics.of_version(snap, project.id, version)
    return {one.key: (one.value, one.source, one.source_id) for one in rows}


async def test_the_latest_point_of_each_metric_is_a_value_of_the_version(project, made) -> None:
    begun = await begin(project, made)
    moments = [NOON + timedelta(hours=hour) for hour in (2, 0, 1)]
    await log(project, begun, [PointInput("new", "clicks", float(at.hour), at) for at in moments])
    await log(project, begun, [PointInput("new", "latency", 12.5), PointInput("old", "clicks", 1.0)])
    arm = f"{begun.row.id}/new"
    assert await latest(project, made.second) == {"clicks": (14.0, "online", arm), "latency": (12.5, "online", arm)}
    assert list(await latest(project, made.first)) == ["clicks"]


async def test_the_same_points_again_change_nothing_and_others_are_refused(project, made) -> None:
    begun = await begin(project, made)
    points = [PointInput("new", "clicks", 1.0, NOON), PointInput("new", "clicks", 2.0, NOON + timedelta(hours=1))]
    await asyncio.gather(*(log(project, begun, points) for _ in range(4)))
    with pytest.raises(PointChanged, match="does not change"):
        await log(project, begun, [PointInput("old", "clicks", 5.0, NOON), PointInput("new", "clicks", 9.0, NOON)])
    async with project.runtime.db.read() as snap:
        count = await snap.scalar(text("SELECT count(*) FROM online_points WHERE project_id = :p"), {"p": project.id})
    assert count == 2


async def test_shares_move_together_and_their_history_stays(project, made) -> None:
    begun = await begin(project, made)
    moved = await log(project, begun, [], [ShareInput("old", 0.5), ShareInput("new", 0.5)])
    assert [arm.share for arm in moved.arms] == [0.5, 0.5]
    with pytest.raises(Invalid, match=r"1\.4 of the traffic"):
        await log(project, begun, [], [ShareInput("old", 0.9)])
    key = (project.id, begun.row.id, "new")
    (shares,) = await reads.shares_of_arms(project.runtime.db, project.owner, [key])
    assert [one.share for one in shares] == [0.1, 0.5]


async def test_after_the_conclusion_nothing_changes(project, made) -> None:
    begun = await begin(project, made)
    async with project.runtime.db.read() as snap:
        assert await evaluations.digest_of(snap, project.id, made.second.id) == ""
    await conclude(project, begun)
    assert (await conclude(project, begun)).already_stored
    with pytest.raises(ExperimentConcluded, match="More clicks"):
        await conclude(project, begun, "Fewer clicks.", "old")
    with pytest.raises(ExperimentConcluded):
        await log(project, begun, [PointInput("new", "clicks", 1.0)])
    async with project.runtime.db.read() as snap:
        assert await evaluations.digest_of(snap, project.id, made.second.id) != ""


async def test_of_conclusions_at_once_one_counts(project, made) -> None:
    begun = await begin(project, made)
    calls = [conclude(project, begun, f"{winner} wins", winner) for winner in ("old", "new")]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, ExperimentConcluded) for answer in answers) == 1


async def test_a_repetition_with_a_key_begins_nothing(project, made) -> None:
    answers = await asyncio.gather(*(begin(project, made, idempotency_key="job-9") for _ in range(4)))
    assert len({answer.row.id for answer in answers}) == 1
    with pytest.raises(KeyReused):
        await begin(project, made, idempotency_key="job-9", kind=Kind.CANARY)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shares": (0.9, 0.2)}, "1.1 of the traffic"),
        ({"shares": (1.5, 0)}, "1.5 is no share"),
        ({"shares": (math.nan, 0)}, "nan is no share"),
        ({"names": ("a", "a")}, "stands for 2 arms"),
        ({"names": ("a", " ")}, "is empty"),
    ],
)
async def test_arms_that_make_no_experiment_are_refused(project, made, changes, message) -> None:
    with pytest.raises(Invalid, match=message):
        await begin(project, made, **changes)


async def test_shadows_get_copies_of_all_the_traffic(project, made) -> None:
    begun = await begin(project, made, kind=Kind.SHADOW, shares=(1.0, 1.0))
    assert [arm.share for arm in begun.arms] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("point", "error", "message"),
    [
        (PointInput("newest", "clicks", 1.0), Invalid, "no arm 'newest'; arms are 'old', 'new'"),
        (PointInput("new", "clicks", math.inf), Invalid, "inf"),
        (PointInput("new", "clicks", 1.0, datetime.now(UTC) + timedelta(hours=1)), Invalid, "clock"),
        (PointInput("new", "clicks", 1.0, None, -1), Invalid, "-1 is no number"),
        (PointInput("new", "", 1.0), Invalid, "not empty"),
    ],
)
async def test_points_that_mean_nothing_are_refused(project, made, point, error, message) -> None:
    begun = await begin(project, made)
    with pytest.raises(error, match=message):
        await log(project, begun, [PointInput("new", "clicks", 1.0), point])
    assert await latest(project, made.second) == {}


async def test_a_call_takes_a_thousand_points_and_an_arm_two_hundred_metrics(project, made) -> None:
    begun = await begin(project, made)
    with pytest.raises(TooLarge, match="1001 points"):
        await log(project, begun, [PointInput("new", "clicks", 1.0)] * 1001)
    with pytest.raises(TooLarge, match="201 metrics"):
        await log(project, begun, [PointInput("new", f"k{n}", 1.0) for n in range(201)])


async def test_only_who_may_write_the_registry_takes_part(project, made) -> None:
    begun = await begin(project, made)
    with pytest.raises(Forbidden):
        await conclude(project, begun, person=project[Role.GUEST].actor)
    with pytest.raises(ExperimentNotFound):
        await online.log(project.runtime.db, project.owner, project.id, 2**62, [])
    with pytest.raises(VersionNotFound):
        arms = [NewArm("a", made.first.id, 0), NewArm("b", 2**62, 0)]
        await online.create(project.runtime.db, project.owner, project.id, CreateExperiment("x", Kind.AB, arms))
