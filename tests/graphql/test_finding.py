"""One search over a project."""

from __future__ import annotations

from uuid import uuid4

from app.access import members, projects
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.access.projects import UpdateProject
from tests.conftest import new_person
from tests.support.statements import statements

SETUP = """mutation s($p: String!) {
  a: modelCreate(input: {project: {path: $p}, name: "Alpha"}) { userErrors { code } }
  b: modelCreate(input: {project: {path: $p}, name: "beta_x"}) { userErrors { code } }
  v: modelVersionCreate(input: {model: {path: {project: $p, name: "Alpha"}}, version: "1.0.0-alpha"}) {
    userErrors { code } }
  e: experimentCreate(input: {project: {path: $p}, name: "alphabet"}) { userErrors { code } }
  c: candidateCreate(input: {experiment: {path: {project: $p, number: 0}}, name: "alpha run"}) {
    candidate { uuid } userErrors { code } } }"""
SEARCH = """query f($p: String!, $text: String!, $first: Int, $after: String) {
  search(project: {path: $p}, search: $text, first: $first, after: $after) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { __typename ... on Model { name } ... on ModelVersion { version } ... on Experiment { name }
      ... on Candidate { name } } } }"""


async def test_search_matches_names_of_all_kinds(data, ask, runtime, project):
    made = await data(project[Role.OWNER], SETUP, p=project.path)

    async def result(text, **given):
        answer = (await data(project[Role.GUEST], SEARCH, p=project.path, text=text, **given))["search"]
        return [f"{one['__typename']} {one.get('name') or one['version']}" for one in answer["nodes"]], answer

    everything = [
        "Model Alpha",
        "ModelVersion 1.0.0-alpha",
        "Experiment [model]Alpha",
        "Experiment alphabet",
        "Candidate alpha run",
    ]
    # The version's own candidate is called like its model.
    everything.insert(4, "Candidate Alpha")
    names, whole = await result("ALPHA")
    assert (names, whole["totalCount"]) == (everything, 6)
    paged, after = [], None
    for _ in range(3):
        names, page = await result("alpha", first=2, after=after)
        paged, after = paged + names, page["pageInfo"]["endCursor"]
    assert (paged, page["pageInfo"]["hasNextPage"]) == (everything, False)
    assert (await result("a_x"))[0] == ["Model beta_x", "Experiment [model]beta_x"]
    assert (await result(made["c"]["candidate"]["uuid"]))[0] == ["Candidate alpha run"]
    assert (await result("%"))[0] == []
    with statements(runtime.db) as one:
        await result("alpha", first=6)
    with statements(runtime.db) as other:
        await result("alpha", first=100)
    assert len(one) == len(other)
    await projects.edit(runtime.db, project.owner, UpdateProject(project.id, registry_access="disabled"))
    assert (await result("alpha"))[0] == everything[2:]
    for text in ("", " ", "x" * 256):
        answer = await ask(project[Role.GUEST], SEARCH, p=project.path, text=text)
        assert answer.errors[0]["extensions"]["code"] == "INVALID"
    hidden = await ask(project.stranger, SEARCH, p=project.path, text="alpha")
    assert hidden.errors[0]["extensions"]["code"] == "NOT_FOUND"


OWN = "{ viewer { projects(first: 100) { totalCount nodes { fullPath viewerRole } } } }"


async def test_own_projects_are_those_of_memberships_also_through_groups(data, project, admin, runtime):
    for role, scope in ((Role.GUEST, {"project_id": project.id}), (Role.OWNER, {"group_id": project.group_id})):
        person = await new_person(runtime, admin, f"member-{uuid4().hex[:8]}")
        username = person.actor.username
        await members.set_role(runtime.db, admin.actor, GroupOrProject(**scope), username, role)
        own = (await data(person, OWN))["viewer"]["projects"]
        assert own["nodes"] == [{"fullPath": project.path, "viewerRole": role.name}]
        assert own["totalCount"] == 1
    await project.open_group()
    for one in (project.stranger, admin):
        own = (await data(one, OWN))["viewer"]["projects"]
        assert project.path not in [node["fullPath"] for node in own["nodes"]]
