"""Lists cost the same number of statements for 1 and for 50 rows, nested ones too."""

from __future__ import annotations

import asyncio

import pytest

from app.access import projects
from app.access.policy import Role
from app.access.projects import CreateProject
from app.artifacts.artifacts import Root
from app.artifacts.uploads import StoreArtifact, store
from app.registry import aliases, models, versions
from app.registry.models import CreateModel
from app.registry.references import parse_reference
from app.registry.versions import CreateVersion
from app.tracking import candidates, experiments, logging
from app.tracking.candidates import CreateCandidate
from app.tracking.experiments import CreateExperiment
from app.tracking.logging import LogBatch
from app.tracking.metrics import MetricInput
from tests.conftest import new_project
from tests.graphql.conftest import statements

MODELS = """query q($path: String!, $n: Int!) { project(by: {path: $path}) { models(first: $n) { totalCount nodes {
  name createdBy { username } viewerCanUpdate project { fullPath } experiment { name }
  aliases { name version { version } } latestVersion { version candidate { name } }
  versions(first: 2) { totalCount nodes { version createdBy { username } aliases { name } model { name } } }
  candidates(first: 2) { totalCount nodes { name } } } } } }"""
VERSIONS = """query q($path: String!, $n: Int!) { model(by: {path: {project: $path, name: "m0"}}) {
  versions(first: $n, reference: ">=1") { totalCount nodes {
    version createdBy { username } aliases { name } viewerCanUpdate model { name project { fullPath } }
    candidate { params { key } metrics { key } tags { key } experiment { name } }
    artifacts(first: 3) { totalCount nodes { path size sha256 downloadUrl createdBy { username } } } } } } }"""
CANDIDATES = """query q($path: String!, $n: Int!) { experiment(by: {name: {project: $path, name: "e0"}}) {
  candidates(first: $n) { totalCount nodes {
    name createdBy { username } params { key } metrics { key value } tags { key } inputs { name } parent { name }
    children(first: 2) { totalCount nodes { name } } metricHistory(key: "loss", first: 2) { nodes { value } }
    artifacts(first: 2) { nodes { path } } modelVersions { version model { name } } experiment { name } } } } }"""
EXPERIMENTS = """query q($path: String!, $n: Int!) { project(by: {path: $path}) {
  experiments(first: $n) { totalCount nodes {
  name createdBy { username } viewerCanUpdate project { fullPath } model { name }
  candidates(first: 2) { totalCount nodes { name } } } } } }"""
PROJECTS = """query q($path: String!, $n: Int!) { group(by: {path: $path}) { projects(first: $n) { totalCount nodes {
  fullPath createdBy { username } group { fullPath parent { fullPath } } viewerCanWriteRegistry
  models(first: 2) { totalCount nodes { name latestVersion { version } versions(first: 2) { nodes { version } } } }
  experiments(first: 2) { totalCount nodes { name candidates(first: 2) { nodes { name } } } } } } } }"""
ROWS = 50
AT_ONCE = 5


@pytest.fixture(scope="module")
async def full(runtime, staff):
    """A project in which everything there is exists several times, in a group of several projects."""
    place = await new_project(runtime, staff)
    for begin in range(0, ROWS, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, ROWS))
        await asyncio.gather(*(surround(runtime, place, number) for number in numbers))
    outer = (await experiments.get_by_name(runtime.db, place.owner, place.id, "e0")).number
    root = await candidates.create(runtime.db, place.owner, place.id, CreateCandidate(outer))
    for _ in range(0, ROWS, AT_ONCE):
        await asyncio.gather(*(fill(runtime, place, root.id) for _ in range(AT_ONCE)))
    return place


async def surround(runtime, place, number):
    """A neighbour of the project; a model with two versions and an alias; an experiment with a candidate."""
    db, owner = runtime.db, place.owner
    other = await projects.create(db, owner, CreateProject(place.group_id, f"p{number}"))
    await models.create(db, owner, other.id, CreateModel("m"))
    model = await models.create(db, owner, place.id, CreateModel(f"m{number}"))
    for _ in range(2):
        await versions.create(db, owner, place.id, CreateVersion(model.id))
    await aliases.set(db, owner, place.id, model.id, "champion", parse_reference("latest"))
    experiment = await experiments.create(db, owner, place.id, CreateExperiment(f"e{number}"))
    await candidates.create(db, owner, place.id, CreateCandidate(experiment.number))


async def fill(runtime, place, root):
    """A nested candidate of `e0` with logs and a file, and a version of `m0` made from it."""
    db, owner = runtime.db, place.owner
    number = (await experiments.get_by_name(db, owner, place.id, "e0")).number
    made = await candidates.create(db, owner, place.id, CreateCandidate(number, params={"p": "1"}, parent_id=root))
    points = [MetricInput("loss", 0.1 * step, timestamp=step, step=step) for step in range(3)]
    await logging.log(db, owner, place.id, LogBatch(made.id, metrics=points))
    await upload(runtime, place, made.id)
    await versions.create(db, owner, place.id, CreateVersion("m0", candidate_id=made.id))


async def upload(runtime, place, candidate_id):
    async def chunks():
        yield b"bytes"

    command = StoreArtifact(Root(place.id, candidate_id=candidate_id), "model/weights.bin", chunks(), 5)
    await store(
        runtime.db,
        place.owner,
        runtime.blobs,
        command,
        lock_owner=lambda tx: candidates.lock_living(tx, place.id, candidate_id),
        limit=100,
    )


@pytest.mark.parametrize(
    ("document", "entry", "path"),
    [
        (MODELS, ("project", "models"), "project"),
        (VERSIONS, ("model", "versions"), "project"),
        (CANDIDATES, ("experiment", "candidates"), "project"),
        (EXPERIMENTS, ("project", "experiments"), "project"),
        (PROJECTS, ("group", "projects"), "group"),
    ],
    ids=["models", "versions", "candidates", "experiments", "projects"],
)
async def test_statements_do_not_grow_with_rows(data, runtime, full, document, entry, path):
    path = full.path if path == "project" else full.path.rpartition("/")[0]
    person = full.people[Role.GUEST] if entry[0] != "group" else full.people[Role.OWNER]
    counts = {}
    for rows in (1, ROWS):
        with statements(runtime.db) as seen:
            answer = await data(person, document, path=path, n=rows)
        connection = answer[entry[0]][entry[1]]
        assert len(connection["nodes"]) == rows
        assert connection["totalCount"] >= ROWS
        counts[rows] = len(seen)
    assert counts[1] == counts[ROWS], counts
