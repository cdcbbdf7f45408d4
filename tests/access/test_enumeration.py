"""What one may not see answers as what is not there: by every id, path and name, for every caller."""

from __future__ import annotations

import json
import re
from uuid import UUID, uuid4

import pytest
from graphql import is_interface_type
from sqlalchemy import text

from app.access import groups, members, projects, tokens
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.access.projects import CreateProject
from app.access.tokens import IssueToken
from app.graphql.nodes import LOOKUPS
from app.graphql.schema import schema
from app.ids import GlobalId
from tests.conftest import Person, new_person, new_project
from tests.graphql.test_permissions import NEEDS
from tests.support.access.scoped_tokens import Bearer, token_of
from tests.support.graphql.examples import MUTATIONS, QUERIES, seed
from tests.support.statements import statements

NODE = "query n($id: ID!) { node(id: $id) { __typename ... on User { username name isBot } } }"


def id_of(actor) -> str:
    return str(GlobalId.of("User", actor.user_id))


@pytest.fixture
async def outsiders(runtime, staff, admin) -> dict[str, Person | Bearer | None]:
    """Who has nothing to do with the projects of other tests."""
    elsewhere = await new_project(runtime, {**staff, Role.OWNER: staff[None]}, visibility="public")
    return {
        "nobody": None,
        "stranger": await new_person(runtime, admin, f"s{uuid4().hex}"),
        "project token": await token_of(runtime, elsewhere, "project", "owner"),
        "group token": await token_of(runtime, elsewhere, "group", "owner"),
    }


class Scene:
    """A group with two subgroups, a project in each, and people with roles in one scope each."""

    def __init__(self, runtime, admin) -> None:
        self.runtime, self.admin = runtime, admin
        self.scopes: dict[str, GroupOrProject] = {}
        self.people: dict[str, Person] = {}

    async def build(self) -> Scene:
        db, actor = self.runtime.db, self.admin.actor
        top = await groups.create(db, actor, CreateGroup(f"g{uuid4().hex}"))
        left = await groups.create(db, actor, CreateGroup("left", parent=top.id))
        right = await groups.create(db, actor, CreateGroup("right", parent=top.id))
        made = {name: await projects.create(db, actor, CreateProject(left.id, name)) for name in ("p", "q")}
        self.scopes = {
            "top": GroupOrProject(group_id=top.id),
            "left": GroupOrProject(group_id=left.id),
            "right": GroupOrProject(group_id=right.id),
            **{name: GroupOrProject(project_id=one.id) for name, one in made.items()},
        }
        for name, scope in self.scopes.items():
            self.people[name] = await new_person(self.runtime, self.admin, f"{name}-{uuid4().hex}")
            await members.set_role(db, actor, scope, self.people[name].actor.username, Role.GUEST)
        return self

    async def bot(self, name: str) -> Person:
        scope = self.scopes[name]
        command = IssueToken(f"bot {name}", project_id=scope.project_id, group_id=scope.group_id, role=Role.GUEST)
        secret = (await tokens.issue(self.runtime.db, self.admin.actor, command)).secret
        return Person(await tokens.authenticate(self.runtime.db, secret), secret)


@pytest.fixture(scope="module")
async def scene(runtime, admin) -> Scene:
    return await Scene(runtime, admin).build()


TOGETHER = {
    "top": {"top", "left", "right", "p", "q"}, "left": {"top", "left", "p", "q"}, "right": {"top", "right"},
    "p": {"top", "left", "p"}, "q": {"top", "left", "q"},
}  # fmt: skip
"""Who is a member of anything together with whom: roles hold in all below."""


@pytest.mark.parametrize("viewer", TOGETHER)
@pytest.mark.parametrize("kind", ["person", "token"])
async def test_users_are_visible_to_members_of_a_shared_scope(data, scene, viewer, kind):
    person = scene.people[viewer] if kind == "person" else await scene.bot(viewer)
    visible, bots = set(), set()
    for name, one in scene.people.items():
        if (await data(person, NODE, id=id_of(one.actor)))["node"]:
            visible.add(name)
        bot = await scene.bot(name)
        if (await data(person, NODE, id=id_of(bot.actor)))["node"]:
            bots.add(name)
    assert (visible, bots) == (TOGETHER[viewer], TOGETHER[viewer])
    assert (await data(person, NODE, id=id_of(person.actor)))["node"]["isBot"] == (kind == "token")


async def test_administrators_see_all_users_and_strangers_none(data, scene, admin, outsiders):
    for one in (scene.people["p"], await scene.bot("p"), await scene.bot("left")):
        assert (await data(admin, NODE, id=id_of(one.actor)))["node"] is not None
        for outsider in outsiders.values():
            assert await data(outsider, NODE, id=id_of(one.actor)) == {"node": None}


async def test_a_deleted_project_makes_no_users_visible(runtime, staff, data, admin):
    hidden = await new_project(runtime, staff)
    one, other = [await new_person(runtime, admin, f"x{uuid4().hex}") for _ in range(2)]
    for person in (one, other):
        await members.set_role(
            runtime.db, hidden.owner, GroupOrProject(project_id=hidden.id), person.actor.username, Role.GUEST
        )
    assert (await data(one, NODE, id=id_of(other.actor)))["node"] is not None
    async with runtime.db.write() as tx:
        await projects.hide(tx, hidden.id)
    assert await data(one, NODE, id=id_of(other.actor)) == {"node": None}


BEYOND = {"Token", "WebhookDelivery", "Member", "Alias", "Query", "PageInfo"}
"""Types without a way by an id: null for all callers."""


@pytest.mark.parametrize("outsider", ["nobody", "stranger", "project token", "group token"])
async def test_ids_of_all_types_are_null_alike(data, showcases, outsiders, outsider):
    """Whether the thing is hidden or is not there."""
    kinds = {kind.name for kind in schema._schema.type_map.values() if not is_interface_type(kind) and is_node(kind)}
    assert kinds == set(LOOKUPS)
    shown = showcases["private"]
    hidden = [shown.variables[kind] for kind in sorted(kinds)]
    ids = [*hidden, *(missing(id) for id in hidden)]
    for kind in BEYOND:
        ids += [str(GlobalId.of(kind, *key)) for key in ((1,), (shown.project.id, 1), (shown.project.id, UUID(int=1)))]
    document = "query n($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"
    who = outsiders[outsider]
    assert (await data(who, document, ids=ids))["nodes"] == [None] * len(ids)
    for id in ids:
        assert await data(who, NODE, id=id) == {"node": None}


async def test_numbers_that_follow_each_other_tell_nothing(runtime, data, outsiders, project):
    """Users, groups, projects and tokens are numbered through; a caller that counts meets nulls, and open projects."""
    who = outsiders["stranger"]
    ids = [str(GlobalId.of(kind, number)) for kind in ("User", "Group", "Project", "Token") for number in range(1, 26)]
    answer = (await data(who, "query n($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids))["nodes"]
    async with runtime.db.read() as snap:
        open_ones = "SELECT id FROM projects WHERE visibility <> 'private' AND deleted_at IS NULL"
        seen = {str(GlobalId.of("Project", id)) for id in await snap.scalars(text(open_ones))}
        open_groups = "SELECT id FROM groups WHERE visibility <> 'private'"
        seen |= {str(GlobalId.of("Group", id)) for id in await snap.scalars(text(open_groups))}
    assert {one["id"] for one in answer if one} <= seen


def is_node(kind) -> bool:
    return "Node" in {one.name for one in getattr(kind, "interfaces", ())}


def missing(id: str) -> str:
    """The same id of something that is not there."""
    parsed = GlobalId.parse(id)
    assert parsed
    *rest, last = parsed.parts
    is_number = last.isdigit() and len(last) < 12
    absent = str(10**12 + int(last)) if is_number else str(uuid4())
    return str(GlobalId.of(parsed.type_name, *(str(10**12) for _ in rest), absent))


OPEN = {*NEEDS["signed in"], *NEEDS["administrator"], "gateKinds"}
"""What says nothing of a project."""


@pytest.mark.parametrize("outsider", ["nobody", "stranger", "project token", "group token"])
async def test_refusals_do_not_tell_hidden_from_missing(client, runtime, staff, data, people, outsiders, outsider):
    """Every query and mutation, word for word, of a private project and of one that is not there."""
    seeded = await seed(runtime, staff, data, people)
    absent = {key: elsewhere(value) for key, value in seeded.meanings.items()}
    who, leaks = outsiders[outsider], {}
    for field in sorted({*QUERIES, *MUTATIONS} - OPEN):
        document, variables = seeded.example(field)
        answers = []
        for meanings in (seeded.meanings, absent):
            values = json.dumps(variables)
            for key, value in seeded.meanings.items():
                values = values.replace(value, meanings[key])
            sent = {"query": document, "variables": json.loads(values)}
            answer = await client.post("/graphql", json=sent, headers=who.headers if who else {})
            answers.append((answer.status_code, plain(answer.json(), seeded, meanings)))
        if answers[0] != answers[1]:
            leaks[field] = answers
    assert leaks == {}


def elsewhere(value: str) -> str:
    """The same word for something that is not there; names of people and cursors stay."""
    if GlobalId.parse(value):
        return missing(value)
    if value.startswith("g") and len(value.partition("/")[0]) == 33:
        return value.replace(value[:33], "g" + "0" * 32)
    return value


def plain(answer, seeded, meanings) -> str:
    """An answer without the words that were sent, and without its cost and request."""
    answer.pop("extensions", None)
    said = json.dumps(answer)
    for key, value in sorted(meanings.items(), key=lambda pair: -len(pair[1])):
        said = said.replace(value, key)
        parsed = GlobalId.parse(value)
        for part in reversed(parsed.parts) if parsed else ():
            if len(part) > 1:
                said = re.sub(rf" {re.escape(part)}\b", " …", said.replace(f"`{part}`", "`…`"))
    said = re.sub(r"((?:There is|You have) no [a-z ]+) \d+\b", r"\1 …", said)
    said = re.sub("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", said)
    return said.replace(f"`{seeded.project.id}`", "`…`")


CREATED = """query c($path: String!) { project(by: {path: $path}) {
  createdBy { username } models(first: 1) { nodes { createdBy { id username name isBot } } } } }"""
MAKE = 'mutation m($p: String!) { modelCreate(input: {project: {path: $p}, name: "m"}) { userErrors { message } } }'


@pytest.mark.parametrize("scope", ["project", "group"])
async def test_a_bot_as_creator_reveals_neither_token_nor_scope(runtime, staff, data, outsiders, scope):
    project = await new_project(runtime, staff, visibility="public")
    bot = await token_of(runtime, project, scope, "developer")
    await data(bot, MAKE, p=project.path)
    for viewer in (bot, project[Role.GUEST]):
        (model,) = (await data(viewer, CREATED, path=project.path))["project"]["models"]["nodes"]
        assert (model["createdBy"]["name"], model["createdBy"]["isBot"]) == ("developer", True)
    for viewer in (outsiders["nobody"], outsiders["stranger"]):
        shown = (await data(viewer, CREATED, path=project.path))["project"]
        (model,) = shown["models"]["nodes"]
        told = model["createdBy"]
        assert (told["name"], told["isBot"]) == ("Bot", True)
        assert told["username"].startswith("bot_")
        assert str(project.id) not in told["username"].split("_")
        # People are known by their usernames to all who see what they have made, as at GitLab and GitHub.
        assert shown["createdBy"] == {"username": project.owner.username}
        assert await data(viewer, NODE, id=told["id"]) == {"node": None}


REMOVE = """mutation r($path: String!, $name: String!) { memberDelete(input: {groupOrProject: {project: {path: $path}},
  username: $name}) { userErrors { code message field } } }"""
SET = REMOVE.replace("memberDelete", "memberSet").replace("$name})", "$name, role: GUEST})")


@pytest.mark.parametrize("document", [REMOVE, SET], ids=["memberDelete", "memberSet"])
async def test_who_manages_no_members_does_not_learn_which_names_there_are(runtime, staff, data, outsiders, document):
    project = await new_project(runtime, staff, visibility="public")
    viewers = [outsiders["stranger"], project[Role.GUEST], await token_of(runtime, project, "project", "owner")]
    for viewer in viewers:
        told = [
            await data(viewer, document, path=project.path, name=name)
            for name in (staff[Role.REPORTER].actor.username, f"nobody-{uuid4().hex}")
        ]
        assert told[0] == told[1]


async def test_removing_a_non_member_does_not_reveal_users(data, project, admin):
    names = (admin.actor.username, f"nobody-{uuid4().hex}")
    told = [json.dumps(await data(project[Role.OWNER], REMOVE, path=project.path, name=name)) for name in names]
    assert told[0].replace(names[0], "…") == told[1].replace(names[1], "…")


async def test_statements_do_not_grow_with_users_and_makers(runtime, staff, data, scene, outsiders):
    """One for all users that are asked for by id; two for the makers of all things, and none more for bots."""
    ask = "query n($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    people = [id_of(person.actor) for person in scene.people.values()]
    counts = []
    for ids in (people[:1], people):
        with statements(runtime.db) as seen:
            assert (await data(scene.people["top"], ask, ids=ids))["nodes"] == [{"id": id} for id in ids]
        counts.append(len(seen))
    assert counts == [1, 1]
    project = await new_project(runtime, staff, visibility="public")
    counts = []
    for names in (["a"], ["b", "c", "d"]):
        for name in names:
            bot = await token_of(runtime, project, "project", "developer")
            await data(bot, MAKE.replace('"m"', f'"{name}"'), p=project.path)
        with statements(runtime.db) as seen:
            answer = await data(outsiders["stranger"], CREATED.replace("first: 1", "first: 9"), path=project.path)
        assert {one["createdBy"]["name"] for one in answer["project"]["models"]["nodes"]} == {"Bot"}
        counts.append(len(seen))
    assert counts[0] == counts[1]
