"""Versions: numbers without gaps, the next version, references, stages, deletion."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.access.policy import Role
from app.errors import Forbidden, Invalid, NotFound
from app.registry import models
from app.registry.models import CreateModel, ModelNotFound
from app.registry.references.parse import parse_reference
from app.registry.references.resolve import Named
from app.registry.references.semver import Increment
from app.registry.tables import ModelVersion
from app.registry.versions import change, create, delete, lookup
from app.registry.versions.change import EditVersion
from app.registry.versions.lookup import AliasNotFound, VersionNotFound
from app.registry.versions.request import CreateVersion, VersionTaken
from app.tracking import candidates, experiments, logged_models
from app.tracking.candidates import CandidateInTrash, CandidateNotFound, CreateCandidate
from app.tracking.experiments import CreateExperiment
from app.tracking.logged_models import CreateLoggedModel, LoggedModelNotFound
from tests.support.registry import moves


@pytest.fixture
async def model(runtime, project):
    return await models.create(runtime.db, project.owner, project.id, CreateModel("m"))


async def add(project, version=None, *, model="m", **values):
    command = CreateVersion(model, version, **values)
    return await create.create(project.runtime.db, project.owner, project.id, command)


async def resolve(project, reference, *, model="m"):
    result = await lookup.by_reference(project.runtime.db, project.owner, project.id, model, parse_reference(reference))
    return result.version


def named(reference):
    return Named("m", parse_reference(reference))


async def test_numbers_count_up_and_versions_follow_the_highest(runtime, project, model):
    made = [
        await add(project),
        await add(project),
        await add(project, increment=Increment.MINOR),
        await add(project, increment=Increment.MAJOR),
        await add(project, increment=Increment.PRERELEASE),
        await add(project, increment=Increment.PRERELEASE),
        await add(project, "7.0.0-beta+b.1"),
        await add(project),
    ]
    assert [(version.number, version.version) for version in made] == [
        (1, "1.0.0"),
        (2, "1.0.1"),
        (3, "1.1.0"),
        (4, "2.0.0"),
        (5, "2.0.1-rc.1"),
        (6, "2.0.1-rc.2"),
        (7, "7.0.0-beta+b.1"),
        (8, "2.0.1"),
    ]
    changed = await models.get(runtime.db, project.owner, project.id, "m")
    assert changed.last_number == 8
    assert changed.updated_at > model.updated_at


async def test_refused_creation_uses_no_number_up(project, model):
    first = await add(project, "1.0.0")
    with pytest.raises(VersionTaken, match="number 1") as caught:
        await add(project, "1.0.0")
    assert (caught.value.existing_id, caught.value.existing_number) == (first.id, 1)
    assert (await add(project, "1.0.0+build")).number == 2


async def test_two_hundred_concurrent_creations_have_numbers_without_gaps(runtime, project, model):
    made = await asyncio.gather(*(add(project) for _ in range(200)))
    assert sorted(version.number for version in made) == list(range(1, 201))
    assert {version.version for version in made} == {f"1.0.{patch}" for patch in range(200)}
    by_number = sorted(made, key=lambda version: version.number)
    assert [version.version for version in by_number] == [f"1.0.{patch}" for patch in range(200)]


async def test_one_of_many_concurrent_creations_of_a_version_wins(runtime, project, model):
    answers = await asyncio.gather(*(add(project, "3.0.0") for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(answer, lookup.ModelVersion) for answer in answers) == 1
    assert sum(isinstance(answer, VersionTaken) for answer in answers) == 19
    assert (await add(project)).number == 2


@pytest.mark.parametrize("version", ["v1.0.0", "1.0", "01.0.0", "", "1.0.0-01", "1.0.0\n"])
async def test_other_than_semver_is_refused(project, model, version):
    with pytest.raises(Invalid, match=r"SemVer 2\.0|not a version"):
        await add(project, version)


@pytest.mark.parametrize(
    "values",
    [
        {"increment": Increment.MAJOR, "version": "1.0.0"},
        {"description": "x" * 10_001},
        {"tags": {"": "x"}},
        {"artifact_folder": "../up"},
        {"source": "x" * 5_001},
        {"source": "a\x00"},
        {"candidate_id": uuid4()},
        {"logged_model_id": uuid4()},
        {"model": "other"},
        {"model": 2**70},
    ],
)
async def test_a_refused_creation_writes_nothing(runtime, project, model, values):
    with pytest.raises((Invalid, NotFound)):
        await create.create(runtime.db, project.owner, project.id, CreateVersion(**({"model": "m"} | values)))
    assert (await add(project)).number == 1


async def test_a_version_without_candidate_gets_its_own(runtime, project, model):
    version = await add(project)
    details = await candidates.get(runtime.db, project.owner, project.id, version.candidate_id)
    assert details.candidate.of_version
    assert details.candidate.experiment_number == model.experiment_number
    root, folder = lookup.root_of(version)
    assert (root.candidate_id, root.logged_model_id, folder) == (version.candidate_id, None, "")


async def test_versions_share_a_candidate_of_any_experiment(runtime, project, model):
    experiment = await experiments.create(runtime.db, project.owner, project.id, CreateExperiment("other"))
    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate(experiment.number))
    shared = made.candidate.id
    first = await add(project, candidate_id=shared, artifact_folder="model/")
    second = await add(project, candidate_id=shared)
    assert (first.candidate_id, second.candidate_id, first.artifact_folder) == (shared, shared, "model")
    assert not (await candidates.get(runtime.db, project.owner, project.id, shared)).candidate.of_version
    with pytest.raises(candidates.CandidateNeeded):
        await candidates.delete_permanently(runtime.db, project.owner, project.id, shared)


async def test_a_candidate_in_the_trash_or_of_another_project_makes_no_version(runtime, project, model, staff):
    from tests.conftest import new_project  # noqa: PLC0415

    made = await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())
    await candidates.delete(runtime.db, project.owner, project.id, made.candidate.id)
    with pytest.raises(CandidateInTrash):
        await add(project, candidate_id=made.candidate.id)
    other = await new_project(runtime, staff)
    foreign = await candidates.create(runtime.db, other.owner, other.id, CreateCandidate())
    with pytest.raises(CandidateNotFound):
        await add(project, candidate_id=foreign.candidate.id)


async def test_version_of_a_logged_model_has_its_files_and_its_candidate(runtime, project, model):
    source = (await candidates.create(runtime.db, project.owner, project.id, CreateCandidate())).candidate.id
    logged = await logged_models.create(
        runtime.db, project.owner, project.id, CreateLoggedModel(0, "net", source_candidate_id=source)
    )
    version = await add(project, logged_model_id=logged.model.id)
    assert (version.logged_model_id, version.candidate_id) == (logged.model.id, source)
    root, _ = lookup.root_of(version)
    assert (root.candidate_id, root.logged_model_id) == (None, logged.model.id)
    with pytest.raises(LoggedModelNotFound):
        await add(project, logged_model_id=uuid4())


ALL = [
    "1.0.0",
    "1.2.0",
    "1.2.10",
    "1.2.9",
    "1.10.0-rc.2",
    "1.10.0-rc.10",
    "2.0.0-alpha",
    "0.9.0",
    "1.2.10+a",
    "1.2.10+b",
]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("1.2.0", "1.2.0"),
        ("1.2.10", "1.2.10"),
        ("1.2.10+b", "1.2.10+b"),
        ("latest", "1.2.10+b"),
        ("latest-prerelease", "2.0.0-alpha"),
        ("^1.2", "1.2.10+b"),
        ("~1.0.0", "1.0.0"),
        (">=1,<1.2", "1.0.0"),
        (">1.2.9 <2", "1.2.10+b"),
        ("<=1.2.9", "1.2.9"),
        ("<1.2.9", "1.2.0"),
        (">1.2.0 <=1.2.9", "1.2.9"),
        ("0.x || 1.0.x", "1.0.0"),
        ("*", "1.2.10+b"),
        (">=1.10.0-rc.1", "1.10.0-rc.10"),
        (">=1.10.0-rc.1 <1.10.0-rc.5", "1.10.0-rc.2"),
        ("=1.2.10", "1.2.10"),
        ("= 1.2.10+b", "1.2.10+b"),
        ("=1.2.10+a", "1.2.10+a"),
        ("=1.2.10+unknown", "1.2.10+b"),
        ("=1.2.10+a, <2", "1.2.10+a"),
        ("1.2.10+a || 0.x", "1.2.10+a"),
        ("=1.2.10+a || =1.2.9 || =0.9.0", "1.2.10+a"),
        ("=0.9.0 || >=1.2.10,<1.3", "1.2.10+b"),
        ("=1.10.0-rc.2+x || <0.5", "1.10.0-rc.2"),
        (">=1.2.10+a, <=1.2.10+a", "1.2.10+b"),
        (" 1.2.10 ", "1.2.10"),
        ("\t#3", "1.2.10"),
        ("^2.0.0-0", "2.0.0-alpha"),
        ("#3", "1.2.10"),
        ("stage:none", "1.2.10+b"),
    ],
)
async def test_references_choose_by_precedence(project, model, reference, expected):
    for version in ALL:
        await add(project, version)
    assert await resolve(project, reference) == expected


@pytest.mark.parametrize("reference", ["9.9.9", "^3", ">2.0.0", "<0.9.0", ">1 <1", "#11", "@none", "stage:staging"])
async def test_references_that_match_no_version_are_refused(project, model, reference):
    for version in ALL:
        await add(project, version)
    with pytest.raises(VersionNotFound) as caught:
        await resolve(project, reference)
    assert isinstance(caught.value, AliasNotFound) == reference.startswith("@")
    with pytest.raises(ModelNotFound):
        await resolve(project, reference, model="other")


async def test_a_build_that_is_not_ready_is_skipped(runtime, project, model):
    for version in ("1.0.0+a", "1.0.0+b", "1.0.0+c"):
        await add(project, version)
    async with runtime.db.write() as tx:
        mine = (ModelVersion.project_id == project.id, ModelVersion.version.in_(["1.0.0+a", "1.0.0+c"]))
        await tx.execute(update(ModelVersion).where(*mine).values(state="failed"))
    assert [await resolve(project, one) for one in ("=1.0.0+a", "=1.0.0+b", "^1")] == ["1.0.0+b"] * 3


async def test_latest_is_the_highest_prerelease_without_a_release(project, model):
    for version in ("1.0.0-rc.2", "1.0.0-rc.10"):
        await add(project, version)
    assert await resolve(project, "latest") == "1.0.0-rc.10"
    with pytest.raises(VersionNotFound):
        await resolve(project, "^1")


async def test_resolving_a_reference_costs_two_statements_whatever_its_form(runtime, project, model, statements):
    for version in ALL:
        await add(project, version)
    for reference in (
        "1.2.0",
        "latest",
        "latest-prerelease",
        "^1",
        "1.x || >=2.0.0-a",
        "=1.2.10+b",
        "#1",
        "stage:none",
    ):
        with statements() as seen:
            await resolve(project, reference)
        assert len(seen) == 2, reference


async def test_set_stage_archives_other_versions_of_the_stage(runtime, project, model):
    for version in ("1.0.0", "1.1.0", "2.0.0-rc.1"):
        await add(project, version)
    await moves.set_stage(runtime.db, project.owner, project.id, named("2.0.0-rc.1"), "Production")
    assert await resolve(project, "stage:production") == "2.0.0-rc.1"
    await moves.set_stage(runtime.db, project.owner, project.id, named("1.0.0"), "production")
    assert await resolve(project, "stage:PRODUCTION") == "1.0.0"
    moved = await moves.set_stage(
        runtime.db, project.owner, project.id, named("1.1.0"), "production", keep_others=False
    )
    assert moved.stage == "production"
    stages = [
        (await lookup.by_reference(runtime.db, project.owner, project.id, "m", parse_reference(text))).stage
        for text in ("1.0.0", "1.1.0", "2.0.0-rc.1")
    ]
    assert stages == ["archived", "production", "archived"]
    with pytest.raises(Invalid, match="none, staging, production, archived"):
        await moves.set_stage(runtime.db, project.owner, project.id, named("1.1.0"), "live")


async def test_edit_changes_description_and_tags(runtime, project, model):
    version = await add(project, tags={"a": "1"})
    edited = await change.edit(runtime.db, project.owner, project.id, version.id, EditVersion("new"))
    assert edited.description == "new"
    assert edited.updated_at > version.updated_at
    tagged = await change.edit(
        runtime.db, project.owner, project.id, named("#1"), EditVersion(tags={"b": "2"}, is_update=False)
    )
    assert (tagged.tags, tagged.updated_at) == ({"a": "1", "b": "2"}, edited.updated_at)
    untagged = await change.edit(
        runtime.db, project.owner, project.id, version.id, EditVersion(tags={"a": None}, is_update=False)
    )
    assert (untagged.tags, untagged.updated_at) == ({"b": "2"}, edited.updated_at)


async def test_delete_frees_the_text_and_not_the_number(runtime, project, model):
    version = await add(project, "1.0.0")
    await delete.delete(runtime.db, project.owner, project.id, version.id)
    with pytest.raises(VersionNotFound):
        await lookup.get(runtime.db, project.owner, project.id, version.id)
    with pytest.raises(VersionNotFound):
        await delete.delete(runtime.db, project.owner, project.id, named("#1"))
    again = await add(project, "1.0.0")
    assert (again.version, again.number) == ("1.0.0", 2)


async def test_versions_are_deleted_with_their_model(runtime, project, model):
    version = await add(project)
    await models.delete(runtime.db, project.owner, project.id, "m")
    with pytest.raises(VersionNotFound):
        await lookup.get(runtime.db, project.owner, project.id, version.id)
    with pytest.raises(ModelNotFound):
        await add(project, model=model.id)


async def test_reporters_create_versions_and_guests_read(runtime, project, model):
    guest, reporter = project[Role.GUEST].actor, project[Role.REPORTER].actor
    made = await create.create(runtime.db, reporter, project.id, CreateVersion("m"))
    assert made.created_by == reporter.user_id
    assert (await lookup.get(runtime.db, guest, project.id, made.id)).number == 1
    with pytest.raises(Forbidden):
        await create.create(runtime.db, guest, project.id, CreateVersion("m"))
    with pytest.raises(Forbidden):
        await delete.delete(runtime.db, guest, project.id, made.id)
    with pytest.raises(NotFound):
        await lookup.get(runtime.db, project.stranger.actor, project.id, made.id)
