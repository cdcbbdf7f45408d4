"""Candidates and versions side by side, curves of several candidates, and what each switch of a project shows."""

from __future__ import annotations

import json
import math

import pytest
from sqlalchemy import text

from app.access import projects
from app.access.policy import Role
from app.access.projects import UpdateProject
from app.artifacts.reads import loaders
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from app.tracking.logging import log
from app.tracking.logging.log import LogBatch, MetricInput
from tests.support.statements import statements

COMPARE = """query c($ids: [ID!]!, $only: Boolean!) { candidatesCompare(ids: $ids, differencesOnly: $only) {
  sides { name } params { key values differs } metrics { key values { value step } differs }
  tags { key values differs } files { key values { size sha256 } differs } signature { key values differs } } }"""
VERSIONS = """query v($ids: [ID!]!) { modelVersionsCompare(ids: $ids) { sides { version }
  params { key values } tags { key values differs } files { key values { size } differs } signature { key } } }"""
SIGNATURE = {"inputs": [{"name": "x", "type": "double"}, {"type": "long"}], "outputs": None, "params": None}


async def add_file(project, candidate, path, *, sha256=b"1" * 32, facts=None):
    async with project.runtime.db.write() as tx:
        keys = {"p": project.id, "c": candidate, "path": path, "h": sha256, "facts": json.dumps(facts)}
        blob = "SELECT id FROM blobs WHERE project_id = :p AND sha256 = :h"
        make = """INSERT INTO blobs (project_id, id, object_key, state, sha256, size)
          VALUES (:p, gen_random_uuid(), gen_random_uuid()::text, 'stored', :h, 3) RETURNING id"""
        answer = await tx.scalar(text(blob), {"p": project.id, "h": sha256})
        keys["b"] = answer or await tx.scalar(text(make), {"p": project.id, "h": sha256})
        add = """INSERT INTO artifacts (project_id, id, candidate_id, path, blob_id, media_type, facts)
          VALUES (:p, gen_random_uuid(), :c, :path, :b, 'x', CAST(:facts AS jsonb)) RETURNING id"""
        return await tx.scalar(text(add), {key: value for key, value in keys.items() if key != "h"})


@pytest.fixture
async def sides(data, project):
    """Three candidates that differ in something; their ids."""
    db, owner, made = project.runtime.db, project.owner, []
    for number in range(3):
        given = CreateCandidate(0, name=f"c{number}", params={"same": "1", "depth": str(number % 2)})
        row = (await candidates.create(db, owner, project.id, given)).candidate
        points = [MetricInput("acc", 0.5, 1, step=number)]
        points += [MetricInput("late", math.nan if number else 1.0, 1)] if number < 2 else []
        await log.log_batch(db, owner, project.id, LogBatch(row.id, metrics=points))
        await add_file(project, row.id, "model/weights", sha256=bytes([number // 2]) * 32)
        made.append(row.id)
    await add_file(project, made[0], "model/MLmodel", facts={"signature": SIGNATURE})
    query = "query q($p: String!, $u: String!) { candidate(by: {path: {project: $p, uuid: $u}}) { id } }"
    return [(await data(project[Role.GUEST], query, p=project.path, u=one.hex))["candidate"]["id"] for one in made]


async def test_candidates_compare_rows_by_key(data, project, sides):
    answer = (await data(project[Role.GUEST], COMPARE, ids=sides, only=False))["candidatesCompare"]
    assert answer["sides"] == [{"name": "c0"}, {"name": "c1"}, {"name": "c2"}]
    assert answer["params"] == [
        {"key": "depth", "values": ["0", "1", "0"], "differs": True},
        {"key": "same", "values": ["1", "1", "1"], "differs": False},
    ]
    acc = [{"value": 0.5, "step": step} for step in range(3)]
    late = [{"value": 1, "step": 0}, {"value": "NaN", "step": 0}, None]
    assert answer["metrics"] == [
        {"key": "acc", "values": acc, "differs": False},
        {"key": "late", "values": late, "differs": True},
    ]
    assert [(row["key"], row["differs"]) for row in answer["tags"]] == [("mlflow.runName", True)]
    assert [(row["key"], row["differs"]) for row in answer["files"]] == [
        ("model/MLmodel", True),
        ("model/weights", True),
    ]
    assert answer["files"][1]["values"][2] == {"size": 3, "sha256": "01" * 32}
    columns = SIGNATURE["inputs"]
    assert answer["signature"] == [
        {"key": "inputs.1", "values": [columns[1], None, None], "differs": True},
        {"key": "inputs.x", "values": [columns[0], None, None], "differs": True},
    ]
    only = (await data(project[Role.GUEST], COMPARE, ids=sides[:2], only=True))["candidatesCompare"]
    assert [row["key"] for row in only["files"]] == ["model/MLmodel"]
    assert [row["key"] for row in only["params"]] == ["depth"]


async def test_compare_statement_count_is_independent_of_sides(data, ask, runtime, project, sides):
    counts = []
    for some in (sides[:2], sides):
        with statements(runtime.db) as seen:
            await data(project[Role.GUEST], COMPARE, ids=some, only=False)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    for wrong in (sides[:1], [sides[0], sides[0]], sides * 7):
        answer = await ask(project[Role.GUEST], COMPARE, ids=wrong, only=False)
        assert (answer.data, answer.errors[0]["extensions"]["code"]) == ({"candidatesCompare": None}, "INVALID")
    hidden = await ask(project.stranger, COMPARE, ids=sides, only=False)
    assert hidden.errors[0]["extensions"]["code"] == "NOT_FOUND"


async def test_versions_compare_tags_metrics_and_files(data, project, sides):
    make = """mutation m($path: String!, $a: ID!, $b: ID!) {
      modelCreate(input: {project: {path: $path}, name: "m"}) { userErrors { code } }
      one: modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}, candidateId: $a,
        artifactFolder: "model", tags: [{key: "t", value: "1"}]}) { modelVersion { id } }
      two: modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}, candidateId: $b}) {
        modelVersion { id } } }"""
    made = await data(project[Role.OWNER], make, path=project.path, a=sides[0], b=sides[1])
    ids = [made[one]["modelVersion"]["id"] for one in ("one", "two")]
    answer = (await data(project[Role.GUEST], VERSIONS, ids=ids))["modelVersionsCompare"]
    assert answer["sides"] == [{"version": "1.0.0"}, {"version": "1.0.1"}]
    assert answer["tags"] == [{"key": "t", "values": ["1", None], "differs": True}]
    assert [row["key"] for row in answer["files"]] == ["MLmodel", "model/weights", "weights"]
    assert [row["key"] for row in answer["signature"]] == ["inputs.1", "inputs.x"]
    off = UpdateProject(project.id, experiments_access="disabled")
    await projects.edit(project.runtime.db, project.owner, off)
    answer = (await data(project[Role.GUEST], VERSIONS, ids=ids))["modelVersionsCompare"]
    assert (answer["params"], len(answer["files"])) == ([], 3)


SERIES = """query s($ids: [ID!]!, $keys: [String!]!, $size: Int!) {
  metricSeries(candidateIds: $ids, keys: $keys, maxPoints: $size) {
    candidate { name } series { key pointCount points { step value } } } }"""


async def test_metric_series_keeps_extremes_of_each_part(data, ask, runtime, project, sides):
    db, owner = runtime.db, project.owner
    made = await candidates.create(db, owner, project.id, CreateCandidate(0, name="long"))
    values = [float(step % 7) for step in range(200)]
    values[50], values[120], values[130] = 99.0, -99.0, math.nan
    points = [MetricInput("loss", value, step, step) for step, value in enumerate(values)]
    for _ in range(2):  # repeated points count once
        await log.log_batch(db, owner, project.id, LogBatch(made.id, metrics=points))
    query = "query q($p: String!, $u: String!) { candidate(by: {path: {project: $p, uuid: $u}}) { id } }"
    id = (await data(project[Role.GUEST], query, p=project.path, u=made.id.hex))["candidate"]["id"]

    async def curves(size, keys=("loss",), ids=(id,)):
        return (await data(project[Role.GUEST], SERIES, ids=list(ids), keys=list(keys), size=size))["metricSeries"]

    ((one,),) = [result["series"] for result in await curves(20)]
    assert (one["key"], one["pointCount"], len(one["points"]) <= 20) == ("loss", 200, True)
    steps = [point["step"] for point in one["points"]]
    assert steps == sorted(steps)
    assert {0, 50, 120, 199} <= set(steps)
    assert 130 not in steps
    whole = (await curves(200))[0]["series"][0]["points"]
    assert [point["value"] for point in whole] == [("NaN" if math.isnan(value) else value) for value in values]
    both = await curves(5, keys=("acc", "none"), ids=(sides[1], id))
    assert [(result["candidate"]["name"], [len(one["points"]) for one in result["series"]]) for result in both] == [
        ("c1", [1, 0]),
        ("long", [0, 0]),
    ]
    with statements(runtime.db) as few:
        await curves(20)
    with statements(runtime.db) as many:
        await curves(20, ids=(*sides, id))
    assert len(few) == len(many)
    for wrong in ({"size": 3}, {"size": 2501}, {"keys": []}, {"ids": []}):
        given = {"ids": [id], "keys": ["loss"], "size": 20, **wrong}
        answer = await ask(project[Role.GUEST], SERIES, **given)
        assert answer.errors[0]["extensions"]["code"] == "INVALID", wrong


FILES = """query f($candidate: ID!, $version: ID!, $file: ID!) {
  candidate(by: {id: $candidate}) { artifacts { totalCount nodes { path downloadUrl facts } } }
  modelVersion(by: {id: $version}) { artifacts { nodes { path } } }
  artifact(by: {id: $file}) { path facts } node(id: $file) { id } }"""


async def test_file_visibility_follows_the_owner(data, project, sides):
    make = """mutation m($path: String!, $a: ID!) {
      modelCreate(input: {project: {path: $path}, name: "m"}) { userErrors { code } }
      one: modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}, candidateId: $a,
        artifactFolder: "model"}) { modelVersion { id artifacts { nodes { id path } } candidate { uuid } } } }"""
    made = (await data(project[Role.OWNER], make, path=project.path, a=sides[0]))["one"]["modelVersion"]
    await add_file(project, made["candidate"]["uuid"], "notes.txt")
    query = "query q($c: ID!) { candidate(by: {id: $c}) { artifacts { nodes { id path } } } }"
    listed = (await data(project[Role.GUEST], query, c=sides[0]))["candidate"]["artifacts"]["nodes"]
    ids = {one["path"]: one["id"] for one in listed}
    all_paths = ["model/MLmodel", "model/weights", "notes.txt"]
    assert list(ids) == all_paths

    async def seen(registry, experiments, path):
        given = UpdateProject(project.id, registry_access=registry, experiments_access=experiments)
        await projects.edit(project.runtime.db, project.owner, given)
        answer = await data(project[Role.GUEST], FILES, candidate=sides[0], version=made["id"], file=ids[path])
        owners = [
            [one["path"] for one in answer[name]["artifacts"]["nodes"]] if answer[name] else None
            for name in ("candidate", "modelVersion")
        ]
        assert (answer["artifact"] is None) is (answer["node"] is None)
        return [*owners, answer["artifact"] is not None]

    assert await seen("disabled", "enabled", "notes.txt") == [all_paths, None, True]
    assert await seen("enabled", "disabled", "notes.txt") == [None, all_paths[:2], False]
    assert await seen("enabled", "disabled", "model/MLmodel") == [None, all_paths[:2], True]
    assert await seen("disabled", "disabled", "model/MLmodel") == [None, None, False]


async def test_candidate_files_are_written_while_registry_is_disabled(data, project, sides):
    await projects.edit(project.runtime.db, project.owner, UpdateProject(project.id, registry_access="disabled"))
    document = """mutation w($id: ID!) {
      artifactUploadCreate(input: {owner: {candidate: {id: $id}}, files: [{path: "new", size: 1}]}) {
        artifactUploads { id path } userErrors { code } }
      artifactsDelete(input: {owner: {candidate: {id: $id}}, path: "model"}) { deletedCount userErrors { code } } }"""
    answer = await data(project[Role.DEVELOPER], document, id=sides[1])
    assert answer["artifactUploadCreate"]["artifactUploads"][0]["path"] == "new"
    assert answer["artifactsDelete"] == {"deletedCount": 1, "userErrors": []}
    refused = await data(project[Role.REPORTER], document, id=sides[0])
    assert refused["artifactsDelete"]["userErrors"] == [{"code": "FORBIDDEN"}]
    query = "query u($id: ID!) { artifactUploads(owner: {candidate: {id: $id}}) { totalCount nodes { path } } }"
    result = await data(project[Role.GUEST], query, id=sides[1])
    assert result["artifactUploads"]["nodes"] == [{"path": "new"}]


OVERVIEW = """query o($p: String!) { project(by: {path: $p}) { name models { totalCount nodes { name } }
  modelSearch { nodes { name } } modelVersionSearch { nodes { id } }
  experiments(search: "[model]m") { totalCount nodes { name model { name } viewerCanDelete
    candidates { nodes { name modelVersions { version } } } } } experimentSearch { nodes { name } } } }"""


async def test_disabled_features_leave_other_fields_visible(data, project):
    make = """mutation m($p: String!) { modelCreate(input: {project: {path: $p}, name: "m"}) { userErrors { code } }
      modelVersionCreate(input: {model: {path: {project: $p, name: "m"}}}) { userErrors { code } } }"""
    await data(project[Role.OWNER], make, p=project.path)
    edit = project.runtime.db, project.owner
    await projects.edit(*edit, UpdateProject(project.id, registry_access="disabled"))
    answer = (await data(project[Role.DEVELOPER], OVERVIEW, p=project.path))["project"]
    assert (answer["models"], answer["modelSearch"]) == ({"totalCount": 0, "nodes": []}, {"nodes": []})
    (own,) = answer["experiments"]["nodes"]
    assert (own["name"], own["model"], own["viewerCanDelete"]) == ("[model]m", None, False)
    assert [one["modelVersions"] for one in own["candidates"]["nodes"]] == [[]]
    await projects.edit(*edit, UpdateProject(project.id, registry_access="enabled", experiments_access="disabled"))
    answer = (await data(project[Role.DEVELOPER], OVERVIEW, p=project.path))["project"]
    assert (answer["experiments"], answer["experimentSearch"]) == ({"totalCount": 0, "nodes": []}, {"nodes": []})
    assert [one["name"] for one in answer["models"]["nodes"]] == ["m"]


async def test_a_comparison_that_cannot_show_all_files_is_an_error(ask, project, sides, monkeypatch):
    monkeypatch.setattr(loaders, "MAX_LISTED", 1)
    only_files = "query c($ids: [ID!]!) { candidatesCompare(ids: $ids) { sides { name } files { key } } }"
    # Of the three the first one has two files.
    for ids, is_refused in ((sides[1:], False), (sides, True)):
        answer = await ask(project[Role.GUEST], only_files, ids=ids)
        assert [error["extensions"]["code"] for error in answer.errors] == (["TOO_LARGE"] if is_refused else [])
