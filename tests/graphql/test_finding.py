"""One search over a project."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import text as sql

from app.access import members, projects
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.access.projects import CreateProject, UpdateProject
from tests.conftest import new_person, new_project
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


EVERYWHERE = """query f($text: String!, $types: [SearchableType!], $first: Int, $after: String) {
  search(search: $text, types: $types, first: $first, after: $after) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { __typename ... on Model { name project { fullPath } } ... on ModelVersion { version model { name } }
      ... on Experiment { name } ... on Candidate { name uuid } } } }"""
FILL = """mutation s($p: String!, $name: String!) {
  m: modelCreate(input: {project: {path: $p}, name: $name}) { userErrors { code } }
  v: modelVersionCreate(input: {model: {path: {project: $p, name: $name}}, version: "1.2.0"}) { userErrors { code } }
  w: modelVersionCreate(input: {model: {path: {project: $p, name: $name}}, version: "2.0.0"}) { userErrors { code } }
  a: aliasSet(input: {model: {path: {project: $p, name: $name}}, name: "blessed", reference: "1.2.0"}) {
    userErrors { code message } }
  c: candidateCreate(input: {experiment: {path: {project: $p, number: 0}}, name: $name}) {
    candidate { uuid } userErrors { code } } }"""


def _names(page):
    return [one.get("version") or one["name"] for one in page["nodes"]]


async def test_search_without_project_finds_in_all_that_may_be_read_and_in_nothing_else(
    data, runtime, project, admin, staff
):
    mark = uuid4().hex[:10]
    other = await new_project(runtime, staff)
    for each, name in ((project, f"seen-{mark}"), (other, f"elsewhere-{mark}")):
        filled = await data(each[Role.OWNER], FILL, p=each.path, name=name)
        assert not any(one["userErrors"] for one in filled.values()), filled
    reader = await new_person(runtime, admin, f"reader-{mark}")
    await members.set_role(runtime.db, admin.actor, GroupOrProject(project.id), reader.actor.username, Role.GUEST)

    async def everywhere(person, text, **given):
        return (await data(person, EVERYWHERE, text=text, **given))["search"]["nodes"]

    def names(nodes):
        return [one.get("version") or one["name"] for one in nodes]

    kinds = ["Model", "Experiment", "Candidate", "Candidate", "Candidate"]
    assert [one["__typename"] for one in await everywhere(reader, mark.upper())] == kinds
    assert names(await everywhere(reader, mark, types=["MODEL"])) == [f"seen-{mark}"]
    assert names(await everywhere(project[Role.GUEST], mark, types=["MODEL"])) == [f"elsewhere-{mark}", f"seen-{mark}"]
    assert await everywhere(project.stranger, mark) == []
    for text, versions in (
        (f"seen-{mark}@1.2", ["1.2.0"]),
        (f"{mark}@2", ["2.0.0", "2.0.0"]),
        (f"{mark}@blessed", ["1.2.0", "1.2.0"]),
        (f"{mark}@nothing", []),
    ):
        assert names(await everywhere(project[Role.GUEST], text)) == versions, text
        assert names(await everywhere(reader, text)) == versions[:1], text
    assert {one["version"] for one in await everywhere(reader, "BLESS")} == {"1.2.0"}
    uuid = filled["c"]["candidate"]["uuid"]
    for text in (uuid, uuid.upper()):
        assert [one["uuid"] for one in await everywhere(project[Role.GUEST], text)] == [uuid]
        assert await everywhere(reader, text) == []
    await projects.edit(runtime.db, other.owner, UpdateProject(other.id, experiments_access="disabled"))
    assert await everywhere(project[Role.GUEST], uuid) == []


async def test_search_without_project_pages_through_all_and_takes_one_statement(data, runtime, project):
    mark = uuid4().hex[:10]
    await data(project[Role.OWNER], FILL, p=project.path, name=f"paged-{mark}")
    whole = (await data(project[Role.GUEST], EVERYWHERE, text=mark))["search"]
    paged, after = [], None
    while len(paged) < whole["totalCount"]:
        page = (await data(project[Role.GUEST], EVERYWHERE, text=mark, first=1, after=after))["search"]
        paged, after = paged + page["nodes"], page["pageInfo"]["endCursor"]
    assert (paged, page["pageInfo"]["hasNextPage"]) == (whole["nodes"], False)
    with statements(runtime.db) as seen:
        await data(project[Role.GUEST], EVERYWHERE.replace("totalCount ", ""), text=f"{mark} is not there")
    assert len(seen) == 1


async def test_search_without_project_finds_experiments_by_number_among_500_projects(
    data, runtime, project, admin, staff
):
    mark = uuid4().hex[:10]
    reader = await new_person(runtime, admin, f"reader-{mark}")
    await members.set_role(
        runtime.db, admin.actor, GroupOrProject(group_id=project.group_id), reader.actor.username, Role.GUEST
    )
    for index in range(510):
        command = CreateProject(project.group_id, f"p{index:03}-{mark}")
        last = await projects.create(runtime.db, admin.actor, command)
    elsewhere = await new_project(runtime, staff)
    number = uuid4().int % 10**12 + 10**6
    async with runtime.db.write() as tx:
        insert = sql("INSERT INTO experiments (project_id, number, name) VALUES (:project, :number, 'tuning')")
        await tx.execute(insert, [{"project": id, "number": number} for id in (last.id, elsewhere.id)])

    async def search(person, wanted):
        with statements(runtime.db) as seen:
            document = EVERYWHERE.replace("Experiment { name }", "Experiment { number project { id } }")
            nodes = (await data(person, document.replace("totalCount ", ""), text=wanted))["search"]["nodes"]
        return nodes, len(seen)

    (experiment,), _ = await search(reader, f"#{number}")
    assert experiment["number"] == number
    assert await search(reader, f"#{number}0") == ([], 1)
    assert await search(reader, f"# {number}") == ([], 1)
    assert (await search(project.stranger, f"#{number}"))[0] == []
    here = await data(reader, SEARCH, p=f"{project.path.rpartition('/')[0]}/p509-{mark}", text=f"#{number}")
    assert [one["name"] for one in here["search"]["nodes"]] == ["tuning"]


async def test_search_takes_hostile_texts_as_they_are(data, ask, project):
    mark = uuid4().hex[:10]
    await data(project[Role.OWNER], FILL, p=project.path, name=f"plain-{mark}")
    for text in (
        f"{mark}%", f"_{mark}", f"'{mark}", f'"{mark}', f"\\{mark}", f"\u202e{mark}", f"{mark}@", f"@{mark}", "@" * 255,
        f"{mark}@{9**20}", f"{mark}'; select 1; --", "\U0010ffff" * 3, f"{mark}@\u0661", f"#{9**20}", "#\u0661",
    ):  # fmt: skip
        answer = (await data(project[Role.GUEST], EVERYWHERE, text=text))["search"]
        assert answer["nodes"] == [], text
    for text in ("", "  ", "\x00", f"{mark}\x00", "x" * 256):
        refused = await ask(project[Role.GUEST], EVERYWHERE, text=text)
        assert refused.errors[0]["extensions"]["code"] == "INVALID"
