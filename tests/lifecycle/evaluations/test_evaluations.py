"""Evaluations of versions: what is stored, what is refused, and what of them counts."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta

import pytest

from app.access.policy import Role
from app.errors import Forbidden, Invalid, NotFound, TooLarge
from app.lifecycle.evaluations import evaluations, metrics, reads
from app.lifecycle.evaluations.evaluations import AlreadyCorrected, CreateEvaluation, KeyReused, MetricInput
from app.pagination import Window
from app.registry import models
from app.registry.models import CreateModel
from app.registry.versions import create as versions_create
from app.registry.versions.lookup import VersionNotFound
from app.registry.versions.request import CreateVersion
from app.tracking.candidates import CandidateNotFound

ACCURACY = (MetricInput("accuracy", 0.9), MetricInput("accuracy", 0.7, "night"))


def on(dataset: str = "digits", values=ACCURACY, **more) -> CreateEvaluation:
    return CreateEvaluation(dataset, values, dataset_digest="d1", **more)


async def add(project, version, command, role=Role.REPORTER):
    return await evaluations.create(project.runtime.db, project[role].actor, project.id, version.id, command)


async def values(project, version):
    async with project.runtime.db.read() as snap:
        rows = await metrics.of_version(snap, project.id, version)
    return [(one.key, one.value, one.dataset_name, one.dataset_digest, one.slice, one.source) for one in rows]


async def test_a_version_has_several_evaluations_with_slices(project, made) -> None:
    first = await add(project, made.first, on())
    await add(project, made.first, on("street", [MetricInput("accuracy", 0.5)]))
    assert first.evaluation.username == project[Role.REPORTER].actor.username
    assert await values(project, made.first) == [
        ("accuracy", 0.9, "digits", "d1", None, "evaluation"),
        ("accuracy", 0.7, "digits", "d1", "night", "evaluation"),
        ("accuracy", 0.5, "street", "d1", None, "evaluation"),
    ]
    assert await values(project, made.second) == []


async def test_a_repetition_with_the_same_key_stores_nothing(project, made) -> None:
    calls = [add(project, made.first, on(idempotency_key="job-7")) for _ in range(5)]
    answers = await asyncio.gather(*calls)
    assert len({answer.evaluation.id for answer in answers}) == 1
    assert sorted(answer.already_stored for answer in answers) == [False, True, True, True, True]
    assert len(await values(project, made.first)) == 2


async def test_a_key_does_not_stand_for_another_content(project, made) -> None:
    await add(project, made.first, on(idempotency_key="job-7"))
    with pytest.raises(KeyReused, match="job-7"):
        await add(project, made.first, on("street", idempotency_key="job-7"))
    assert len(await values(project, made.first)) == 2


async def test_the_same_key_of_another_version_is_another_key(project, made) -> None:
    await add(project, made.first, on(idempotency_key="job-7"))
    assert not (await add(project, made.second, on(idempotency_key="job-7"))).already_stored


async def test_a_corrected_evaluation_stays_and_does_not_count(project, made) -> None:
    wrong = (await add(project, made.first, on())).evaluation
    right = (await add(project, made.first, on(values=[MetricInput("accuracy", 0.8)], replaces_id=wrong.id))).evaluation
    assert await values(project, made.first) == [("accuracy", 0.8, "digits", "d1", None, "evaluation")]
    key = (project.id, made.first.id)
    (page,) = await reads.evaluations_of_versions(project.runtime.db, project.owner, [key], Window())
    assert {one.id for one in page.items} == {wrong.id, right.id}
    (correction,) = await reads.corrections_of_evaluations(project.runtime.db, project.owner, [(project.id, wrong.id)])
    assert correction.id == right.id


async def test_of_two_corrections_at_once_one_is_refused(project, made) -> None:
    wrong = (await add(project, made.first, on())).evaluation
    calls = [
        add(project, made.first, on(values=[MetricInput("accuracy", 0.1 * n)], replaces_id=wrong.id)) for n in (1, 2)
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, AlreadyCorrected) for answer in answers) == 1


async def test_an_evaluation_of_another_version_is_not_corrected(project, made) -> None:
    other = (await add(project, made.second, on())).evaluation
    with pytest.raises(NotFound, match="no such evaluation"):
        await add(project, made.first, on(replaces_id=other.id))


@pytest.mark.parametrize(
    ("command", "error", "message"),
    [
        (on(values=[MetricInput("accuracy", math.nan)]), Invalid, "nan; a result is a finite number"),
        (on(values=[MetricInput("accuracy", -math.inf)]), Invalid, "-inf"),
        (on(values=[]), TooLarge, "0 metrics"),
        (on(values=[MetricInput("a", 1.0, f"s{n}") for n in range(1001)]), TooLarge, "1001 metrics over all slices"),
        (on(values=[MetricInput("a", 1.0, "s" * 251)]), TooLarge, "251 characters"),
        (on(values=[MetricInput("a", 1.0), MetricInput("a", 2.0)]), Invalid, "there twice"),
        (on(values=[MetricInput("a%", 1.0)]), Invalid, "alphanumerics"),
        (on(" "), Invalid, "name of the data set is empty"),
        (on("d\0"), Invalid, "no text"),
        (on("d" * 501), TooLarge, "501 characters"),
        (on(artifact_folder="../x"), Invalid, "Invalid path"),
        (on(idempotency_key=""), Invalid, "idempotency key is empty"),
        (on(evaluated_at=datetime.now(UTC) + timedelta(days=1)), Invalid, "Look at the clock"),
        (on(evaluated_at=datetime(1969, 1, 1, tzinfo=UTC)), Invalid, "Look at the clock"),
    ],
)
async def test_what_cannot_be_compared_or_kept_is_refused(project, made, command, error, message) -> None:
    with pytest.raises(error, match=message):
        await add(project, made.first, command)
    assert await values(project, made.first) == []


async def test_a_clock_that_is_a_little_ahead_dates_nothing_later_than_now(project, made) -> None:
    stored = await add(project, made.first, on(evaluated_at=datetime.now(UTC) + timedelta(minutes=5)))
    assert stored.evaluation.evaluated_at <= datetime.now(UTC) + timedelta(seconds=2)


async def test_only_who_may_write_the_registry_adds_evaluations(project, made) -> None:
    with pytest.raises(Forbidden, match="reporter"):
        await add(project, made.first, on(), Role.GUEST)
    with pytest.raises(NotFound):
        stranger = project.stranger.actor
        await evaluations.create(project.runtime.db, stranger, project.id, made.first.id, on())


async def test_versions_and_candidates_of_other_projects_are_unheard_of(runtime, staff, project, made) -> None:
    from tests.conftest import new_project  # noqa: PLC0415

    other = await new_project(runtime, staff, name="other")
    await models.create(runtime.db, other.owner, other.id, CreateModel("m"))
    theirs = await versions_create.create(runtime.db, other.owner, other.id, CreateVersion("m"))
    with pytest.raises(VersionNotFound):
        await add(project, theirs, on())
    with pytest.raises(CandidateNotFound):
        await add(project, made.first, on(candidate_id=theirs.candidate_id))


async def test_the_digest_changes_with_every_evaluation(project, made) -> None:
    digests = []
    for dataset in ("a", "b"):
        async with project.runtime.db.read() as snap:
            digests.append(await evaluations.digest_of(snap, project.id, made.first.id))
        await add(project, made.first, on(dataset))
    async with project.runtime.db.read() as snap:
        digests.append(await evaluations.digest_of(snap, project.id, made.first.id))
        assert await evaluations.digest_of(snap, project.id, made.second.id) == ""
    assert digests[0] == ""
    assert len(set(digests)) == 3
