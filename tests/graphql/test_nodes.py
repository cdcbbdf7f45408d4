"""Ids of everything: those of others, of other types, and garbage mean nothing."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from uuid import UUID

import pytest

from app.access.policy import Role
from app.ids import GlobalId
from tests.conftest import new_project

NODE = "query n($id: ID!) { node(id: $id) { __typename id } }"
MAKE = """mutation s($path: String!) {
  modelCreate(input: {project: {path: $path}, name: "m"}) { model { id project { id group { id } createdBy { id } } } }
  modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}}) {
    modelVersion { id candidate { id experiment { id } } } }
  other: modelCreate(input: {project: {path: $path}, name: "n"}) { model { id } }
  modelDelete(input: {model: {path: {project: $path, name: "n"}}}) { backgroundJob { id } }
}"""


@pytest.fixture
async def ids(data, project):
    made = await data(project.people[Role.OWNER], MAKE, path=project.path)
    model, version = made["modelCreate"]["model"], made["modelVersionCreate"]["modelVersion"]
    return {
        "Model": model["id"],
        "Project": model["project"]["id"],
        "Group": model["project"]["group"]["id"],
        "User": model["project"]["createdBy"]["id"],
        "ModelVersion": version["id"],
        "Candidate": version["candidate"]["id"],
        "Experiment": version["candidate"]["experiment"]["id"],
        "BackgroundJob": made["modelDelete"]["backgroundJob"]["id"],
    }


async def test_members_get_everything_back_and_strangers_nothing(data, project, ids):
    for kind, id in ids.items():
        assert await data(project[Role.GUEST], NODE, id=id) == {"node": {"__typename": kind, "id": id}}
        if kind != "User":
            assert await data(project.stranger, NODE, id=id) == {"node": None}
        assert await data(None, NODE, id=id) == {"node": None}


async def test_nodes_keep_their_order(data, project, ids):
    wanted = [ids["Model"], "garbage", ids["Project"], ids["Model"]]
    answer = await data(project[Role.GUEST], "query n($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=wanted)
    assert answer["nodes"] == [{"id": ids["Model"]}, None, {"id": ids["Project"]}, {"id": ids["Model"]}]


@pytest.mark.parametrize(
    "id",
    [
        "", "garbage", "=", "'; drop table models; --", "x" * 100_000, "\x00", "é", "TW9kZWw6", "Og",
        GlobalId.of("Model", -1, 1), GlobalId.of("Model", 2**63, 1), GlobalId.of("Model", 1),
        GlobalId.of("Model", "a", "b"), GlobalId.of("Model", 1, 2, 3), GlobalId.of("Model", "٣", "٣"),
        GlobalId.of("Candidate", 1, 1), GlobalId.of("Candidate", 1, UUID(int=7)), GlobalId.of("Token", 1),
        GlobalId.of("Query", 1), GlobalId.of("__Schema", 1), urlsafe_b64encode(b"Model:\xff:1").decode(),
    ],
    ids=lambda id: str(id)[:20],
)  # fmt: skip
async def test_node_answers_null_for_malformed_ids(data, project, id):
    assert await data(project.people[Role.OWNER], NODE, id=str(id)) == {"node": None}


async def test_lookups_answer_null_for_ids_of_other_types(data, project, ids):
    query = """query q($id: ID!) {
      model(by: {id: $id}) { id } project(by: {id: $id}) { id } candidate(by: {id: $id}) { id } }"""
    answer = await data(project.people[Role.OWNER], query, id=ids["ModelVersion"])
    assert answer == {"model": None, "project": None, "candidate": None}


async def test_keys_of_one_project_do_not_open_another(data, runtime, staff, project, ids):
    """The right key below a project that one owns, of a thing that is elsewhere."""
    mine = await new_project(runtime, {**staff, Role.OWNER: staff[None]})
    parsed = GlobalId.parse(ids["ModelVersion"])
    forged = str(GlobalId.of("ModelVersion", mine.id, *parsed.parts[1:]))
    assert await data(staff[None], NODE, id=forged) == {"node": None}
    made = await data(
        staff[None],
        """mutation m($path: String!, $c: ID!) {
          modelCreate(input: {project: {path: $path}, name: "m"}) { userErrors { code } }
          modelVersionCreate(input: {model: {path: {project: $path, name: "m"}}, candidateId: $c}) {
            modelVersion { id } userErrors { code field } } }""",
        path=mine.path,
        c=ids["Candidate"],
    )
    assert made["modelVersionCreate"] == {
        "modelVersion": None,
        "userErrors": [{"code": "NOT_FOUND", "field": "candidateId"}],
    }


@pytest.mark.parametrize(
    "lookup",
    ["{}", '{id: "a", path: "b"}', "{id: null}", "{path: null}", "{name: 1}"],
)
async def test_lookups_take_exactly_one_way(ask, lookup):
    answer = await ask(None, f"{{ project(by: {lookup}) {{ id }} }}")
    assert answer.data is None
    assert len(answer.errors) >= 1
