"""Administrators list users, deactivate, delete and make each other; users change themselves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import groups, members, policy, projects, sessions, tokens, users
from app.access.administration import administrators, directory, user_changes
from app.access.administration.directory import UserList, UserSort, UserStatus
from app.access.administration.user_changes import UpdateUser
from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.members import GroupOrProject
from app.access.one_time_links import password_resets
from app.access.one_time_links.links import LinkEnded, Purpose
from app.access.policy import ANONYMOUS, Role, Scope
from app.access.projects import CreateProject
from app.access.tokens import IssueToken
from app.access.users import CreateUser, Email
from app.errors import Conflict, Forbidden, Invalid, NotFound, Taken, Unauthenticated
from app.ids import GlobalId
from app.live import streams
from app.live.subscribers import Live
from app.metadata import metadata
from app.pagination import Window
from app.upkeep import group_deletion
from tests.conftest import new_person, new_project
from tests.support.access.devices import begin, decide
from tests.support.access.scoped_tokens import token_of
from tests.support.access.signed_in import sign_in
from tests.support.paused_step import at_once, paused_before
from tests.support.statements import statements


@pytest.fixture
async def person(runtime, admin):
    return await new_person(runtime, admin, f"p{uuid4().hex[:12]}")


def id_of(person) -> str:
    return str(GlobalId.of("User", person.actor.user_id))


async def row_of(runtime, user_id):
    async with runtime.db.read() as snap:
        return (await snap.execute(text("SELECT * FROM users WHERE id = :u"), {"u": user_id})).one()


async def logged(runtime, user_id) -> list[str]:
    async with runtime.db.read() as snap:
        statement = "SELECT action FROM access_log WHERE user_id = :u AND result = 'ok' ORDER BY id"
        return list(await snap.scalars(text(statement), {"u": user_id}))


# E-mail addresses


async def test_addresses_are_unique_whatever_the_case(runtime, admin):
    name = uuid4().hex[:12]
    await users.create(runtime.db, admin.actor, CreateUser(f"a{name}", email=f"Ada-{name}@Example.org"))
    with pytest.raises(Taken, match="e-mail") as refused:
        await users.create(runtime.db, admin.actor, CreateUser(f"b{name}", email=f"aDA-{name}@example.ORG"))
    assert refused.value.field == "email"
    with pytest.raises(Taken) as refused:  # both taken: the name is told
        await users.create(runtime.db, admin.actor, CreateUser(f"A{name}", email=f"ada-{name}@example.org"))
    assert refused.value.field == "username"
    made = await users.create(runtime.db, admin.actor, CreateUser(f"c{name}"))
    with pytest.raises(Taken):
        await user_changes.edit(runtime.db, admin.actor, UpdateUser(made.id, email=f"ADA-{name}@example.org"))


@pytest.mark.parametrize(
    "address",
    ["a", "a@", "@b", "a b@c", "a@b c", "a@b\n", "a\x00@b", "a@-b", "a@b..c", "a@@b", "a" * 65 + "@b", "<a@b>"],
)
async def test_what_is_no_address_is_refused(runtime, admin, person, address):
    with pytest.raises(Invalid, match="not an e-mail address"):
        await user_changes.edit(runtime.db, admin.actor, UpdateUser(person.actor.user_id, email=address))
    with pytest.raises(NotFound):
        await users.get(runtime.db, admin.actor, Email(address))


EMAIL = "query e($u: String!) { user(by: {username: $u}) { name email isAdmin lastActiveAt deactivatedAt } }"


async def test_addresses_are_shown_to_people_who_share_something(runtime, project, person, data, admin):
    address = f"{uuid4().hex}@example.org"
    target, name = GroupOrProject(project_id=project.id), person.actor.username
    await user_changes.edit(runtime.db, admin.actor, UpdateUser(person.actor.user_id, "Per Son", address))
    assert (await data(project[Role.GUEST], EMAIL, u=name))["user"] is None
    await members.set_role(runtime.db, project.owner, target, name, Role.GUEST)
    for viewer in (project[Role.GUEST], project[Role.OWNER], admin, person):
        assert (await data(viewer, EMAIL, u=name))["user"]["email"] == address
    assert (await data(project.stranger, EMAIL, u=name))["user"] is None
    assert (await data(None, EMAIL, u=name))["user"] is None
    # Tokens of machines see who is there, and no addresses.
    for scope in ("project", "group"):
        bot = await token_of(runtime, project, scope, "owner")
        shown = (await data(bot, EMAIL, u=name))["user"]
        assert shown == {"name": "Per Son", "email": None, "isAdmin": None, "lastActiveAt": None, "deactivatedAt": None}


async def test_a_lookup_by_address_tells_only_who_is_seen_already(runtime, project, person, data, admin):
    address = f"{uuid4().hex}@example.org"
    await user_changes.edit(runtime.db, admin.actor, UpdateUser(person.actor.user_id, email=address))
    query = "query e($e: String!) { user(by: {email: $e}) { id } }"
    owner = project[Role.OWNER]
    missing = f"{uuid4().hex}@example.org"
    assert await data(owner, query, e=address) == await data(owner, query, e=missing) == {"user": None}
    assert (await data(admin, query, e=address.upper()))["user"]["id"] == id_of(person)
    set_role = """mutation m($e: String!, $p: String!) { memberSet(input: {groupOrProject: {project: {path: $p}},
      email: $e, role: GUEST}) { member { user { id } } userErrors { code message field } } }"""
    told = [(await data(owner, set_role, e=one, p=project.path))["memberSet"] for one in (address, missing)]
    (error,) = told[0]["userErrors"]
    assert (error["code"], error["field"]) == ("NOT_FOUND", "email")
    assert "userInvite" in error["message"]
    assert str(told[0]).replace(address, "…") == str(told[1]).replace(missing, "…")
    # One whom the caller sees already, here by another project, is a member then; to machines no address is told.
    beside = await projects.create(runtime.db, project.owner, CreateProject(project.group_id, "beside"))
    target = GroupOrProject(project_id=beside.id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.GUEST)
    answer = (await data(owner, set_role, e=address, p=project.path))["memberSet"]
    assert answer["member"]["user"]["id"] == id_of(person)
    assert (await data(owner, query, e=address))["user"]["id"] == id_of(person)
    for scope in ("project", "group"):
        assert await data(await token_of(runtime, project, scope, "deleting"), query, e=address) == {"user": None}


async def test_memberset_takes_a_name_or_an_address(project, data):
    document = """mutation m($i: MemberSetInput!) { memberSet(input: $i) { userErrors { code field } } }"""
    where = {"groupOrProject": {"project": {"path": project.path}}, "role": "GUEST"}
    for named in ({}, {"username": "a", "email": "b@c"}):
        answer = (await data(project[Role.OWNER], document, i=where | named))["memberSet"]
        assert answer["userErrors"] == [{"code": "INVALID", "field": "username"}]


async def test_visitors_know_makers_by_username_only(runtime, staff, data, admin):
    maker = await new_person(runtime, admin, f"p{uuid4().hex[:12]}")
    await user_changes.edit(runtime.db, maker.actor, UpdateUser(maker.actor.user_id, "Secret Name"))
    project = await new_project(runtime, {**staff, Role.OWNER: maker}, visibility="public")
    query = "query q($p: String!) { project(by: {path: $p}) { createdBy { username name } } }"
    shown = {
        viewer: (await data(who, query, p=project.path))["project"]["createdBy"]["name"]
        for viewer, who in {
            "none": None,
            "stranger": project.stranger,
            "guest": project[Role.GUEST],
            "self": maker,
        }.items()
    }
    name = maker.actor.username
    assert shown == {"none": name, "stranger": name, "guest": "Secret Name", "self": "Secret Name"}


# Changes


async def test_users_change_themselves_and_no_others(runtime, project, person):
    mine = await user_changes.edit(runtime.db, person.actor, UpdateUser(person.actor.user_id, name="Ann"))
    assert mine.name == "Ann"
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.GUEST)
    with pytest.raises(Forbidden, match="other users"):
        await user_changes.edit(runtime.db, project.owner, UpdateUser(person.actor.user_id, name="Bob"))
    with pytest.raises(Forbidden, match="e-mail addresses"):
        await user_changes.edit(runtime.db, person.actor, UpdateUser(person.actor.user_id, email="ann@example.org"))
    with pytest.raises(Forbidden, match="make administrators"):
        await user_changes.edit(runtime.db, person.actor, UpdateUser(person.actor.user_id, is_admin=True))
    with pytest.raises(NotFound):
        await user_changes.edit(runtime.db, project.stranger.actor, UpdateUser(person.actor.user_id, name="Bob"))
    with pytest.raises(Unauthenticated):
        await user_changes.edit(runtime.db, ANONYMOUS, UpdateUser(person.actor.user_id, name="Bob"))
    reader = await tokens.issue(runtime.db, person.actor, IssueToken("r", (Scope.READ_API,)))
    with pytest.raises(Forbidden):
        await user_changes.edit(
            runtime.db,
            await tokens.authenticate(runtime.db, reader.secret),
            UpdateUser(person.actor.user_id, name="Bob"),
        )
    bot = await tokens.authenticate(runtime.db, (await token_of(runtime, project, "project", "owner")).token)
    with pytest.raises(NotFound):  # a bot is no person, itself included
        await user_changes.edit(runtime.db, bot, UpdateUser(bot.user_id, name="Bob"))


async def test_a_new_administrator_is_one_at_the_next_request(runtime, admin, person, http):
    query = {"query": "{ users(first: 1) { nodes { id } } }"}
    answer = await http.post("/graphql", json=query, headers=person.headers)
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    await user_changes.edit(runtime.db, admin.actor, UpdateUser(person.actor.user_id, is_admin=True))
    answer = await http.post("/graphql", json=query, headers=person.headers)
    assert answer.json()["data"]["users"]["nodes"]
    await user_changes.edit(runtime.db, admin.actor, UpdateUser(person.actor.user_id, is_admin=False))
    answer = await http.post("/graphql", json=query, headers=person.headers)
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await logged(runtime, person.actor.user_id) == ["user_update", "user_update"]


# Deactivation


async def test_everything_of_a_deactivated_user_is_refused_and_what_it_made_stays(
    runtime, admin, http, project, person
):
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.MAINTAINER)
    command = IssueToken("ci", (Scope.API, Scope.MANAGE_PROJECT), project_id=project.id, role=Role.MAINTAINER)
    bot = await tokens.issue(runtime.db, person.actor, command)
    async with runtime.db.write() as tx:
        client = ClientInfo("127.0.0.1", "test")
        kind = sessions.Method.PASSWORD
        session = await sessions.start(tx, person.actor.user_id, client, kind, life=timedelta(hours=1))
    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/experiments/create"
    made = await http.post(path, json={"name": "mine"}, headers=person.headers)
    assert made.status_code == 200
    changed = await user_changes.deactivate(runtime.db, admin.actor, person.actor.username)
    assert (
        await user_changes.deactivate(runtime.db, admin.actor, person.actor.username)
    ).blocked_at == changed.blocked_at
    refused = await http.post(path, json={"name": "more"}, headers=person.headers)
    assert refused.status_code == 401
    with pytest.raises(Unauthenticated):
        await sessions.read(runtime.db, session.secret, idle=timedelta(days=1))
    # The project's own token goes on; what only people can give it, it has lost with the person.
    acting = await tokens.authenticate(runtime.db, bot.secret)
    assert acting.scopes == {Scope.API}
    assert (await http.get(f"{path[:-6]}get?experiment_id=1", headers=project.headers)).status_code == 200
    await user_changes.reactivate(runtime.db, admin.actor, person.actor.username)
    assert (await http.post(path, json={"name": "more"}, headers=person.headers)).status_code == 200
    with pytest.raises(Unauthenticated):
        await sessions.read(runtime.db, session.secret, idle=timedelta(days=1))
    assert {"user_deactivate", "user_reactivate"} <= set(await logged(runtime, person.actor.user_id))


async def test_no_way_in_that_was_open_is_open_again_after_a_reactivation(runtime, admin, http, url, person):
    reset = await password_resets.create(runtime.db, admin.actor, person.actor.username)
    device = await begin(http)
    await decide(http, await sign_in(runtime, person.actor, url), device.user_code, "allow")
    await user_changes.deactivate(runtime.db, admin.actor, person.actor.username)
    await user_changes.reactivate(runtime.db, admin.actor, person.actor.username)
    assert await device.error() == "invalid_grant"
    with pytest.raises(LinkEnded):
        await password_resets.person(runtime.db, Purpose.PASSWORD_RESET, reset.new.secret)


async def test_a_link_that_is_used_during_a_deactivation_leaves_no_session(runtime, admin, person, monkeypatch):
    db, name = runtime.db, person.actor.username
    reset = await password_resets.create(db, admin.actor, name)
    using = password_resets.complete(db, reset.new.secret, "hash", UNKNOWN, life=timedelta(hours=1))
    new, ended = await at_once(monkeypatch, sessions.start, using, user_changes.deactivate(db, admin.actor, name))
    assert ended.blocked_at is not None
    await user_changes.reactivate(db, admin.actor, name)
    with pytest.raises(Unauthenticated):
        await sessions.read(db, new.secret, idle=timedelta(days=1))


async def test_open_subscriptions_and_signed_links_end_with_the_user(runtime, admin, project, person):
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.GUEST)
    live = Live(runtime.db)
    try:
        waiting = asyncio.create_task(anext(streams.project(live, person.actor, project.id)))
        assert (await runtime.authenticator.holder(person.actor.token_id)).user_id == person.actor.user_id
        await asyncio.sleep(0.2)
        await user_changes.deactivate(runtime.db, admin.actor, person.actor.user_id)
        with pytest.raises(Unauthenticated):
            await runtime.authenticator.holder(person.actor.token_id)
        with pytest.raises(Unauthenticated):
            await asyncio.wait_for(waiting, 15)
    finally:
        await live.close()


async def test_only_administrators_deactivate_and_delete(runtime, project, person, admin):
    bot = await tokens.authenticate(runtime.db, (await token_of(runtime, project, "group", "deleting")).token)
    reader = await tokens.issue(runtime.db, admin.actor, IssueToken("r", (Scope.READ_API,)))
    for actor in (project.owner, person.actor, bot, await tokens.authenticate(runtime.db, reader.secret)):
        for attempt in (
            user_changes.deactivate(runtime.db, actor, person.actor.user_id),
            user_changes.reactivate(runtime.db, actor, person.actor.user_id),
            group_deletion.delete_user(runtime.db, actor, person.actor.user_id, None),
        ):
            with pytest.raises(Forbidden):
                await attempt


# The last administrator


@pytest.fixture
async def only_two(runtime, admin):
    """Two administrators and no others, for as long as the test runs."""
    two = [await new_person(runtime, admin, f"adm{uuid4().hex[:12]}") for _ in range(2)]
    ids = [one.actor.user_id for one in two]
    async with runtime.db.write() as tx:
        statement = "UPDATE users SET is_admin = false WHERE is_admin RETURNING id"
        former = list(await tx.scalars(text(statement)))
        await tx.execute(text("UPDATE users SET is_admin = true WHERE id = ANY(:u)"), {"u": ids})
    try:
        yield [await tokens.authenticate(runtime.db, one.token) for one in two]
    finally:
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE users SET is_admin = true WHERE id = ANY(:u)"), {"u": former})
            await tx.execute(text("UPDATE users SET is_admin = false WHERE id = ANY(:u)"), {"u": ids})


async def _end(runtime, actor, user_id, way):
    if way == "demote":
        return await user_changes.edit(runtime.db, actor, UpdateUser(user_id, is_admin=False))
    if way == "deactivate":
        return await user_changes.deactivate(runtime.db, actor, user_id)
    return await group_deletion.delete_user(runtime.db, actor, user_id, None)


@pytest.mark.parametrize("way", ["demote", "deactivate", "delete"])
async def test_the_last_administrator_stays(runtime, only_two, way):
    one, other = only_two
    await _end(runtime, one, other.user_id, way)
    with pytest.raises(Conflict, match="last administrator"):
        await _end(runtime, one, one.user_id, way)
    row = await row_of(runtime, one.user_id)
    assert (row.is_admin, row.blocked_at, row.deleted_at) == (True, None, None)


@pytest.mark.parametrize("ways", [("demote", "demote"), ("deactivate", "demote"), ("delete", "deactivate")])
async def test_of_two_administrators_who_end_each_other_at_once_one_stays(runtime, only_two, ways, monkeypatch):
    one, other = only_two
    async with paused_before(monkeypatch, administrators.require_another, "first") as reached:
        first = asyncio.create_task(_end(runtime, one, other.user_id, ways[0]), name="first")
        await asyncio.wait_for(reached.wait(), 10)
        second = asyncio.create_task(_end(runtime, other, one.user_id, ways[1]), name="second")
        await asyncio.wait([second], timeout=0.5)
    results = await asyncio.gather(first, second, return_exceptions=True)
    assert [isinstance(result, Conflict) for result in results] == [False, True], results


# Deletion


async def test_of_a_deleted_user_only_the_works_are_left(runtime, admin, http, project, person, data):
    name, user_id = person.actor.username, person.actor.user_id
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, name, Role.DEVELOPER)
    await user_changes.edit(runtime.db, admin.actor, UpdateUser(user_id, "Per Son", f"{name}@example.org"))
    path = f"/api/v4/projects/{project.id}/ml/mlflow/api/2.0/mlflow/registered-models/create"
    assert (await http.post(path, json={"name": "m"}, headers=person.headers)).status_code == 200
    async with runtime.db.write() as tx:
        values = {"u": user_id, "n": name}
        for statement in (
            "INSERT INTO passwords (user_id, hash) VALUES (:u, 'h')",
            "INSERT INTO sessions (user_id, sha256, method, expires_at) VALUES (:u, sha256(:n), 'link', now())",
            "INSERT INTO openid_identities (user_id, provider, issuer, subject) VALUES (:u, 'p', :n, 's')",
            """INSERT INTO one_time_links (purpose, sha256, user_id, expires_at)
              VALUES ('sign_in', sha256(CAST(:n AS text)::bytea), :u, now())""",
        ):
            used = {key: value for key, value in values.items() if f":{key}" in statement}
            if "sha256(:n)" in statement:
                used["n"] = name.encode()
            await tx.execute(text(statement), used)
    answer = await group_deletion.delete_user(runtime.db, admin.actor, name, None)
    assert answer.id == user_id
    row = await row_of(runtime, user_id)
    assert (row.username, row.name, row.email, row.is_admin) == (f"deleted:{user_id}", "Deleted user", None, False)
    assert None not in (row.blocked_at, row.deleted_at)
    tables = [name for name, table in metadata.tables.items() if "user_id" in table.columns and name != "access_log"]
    assert {"passwords", "sessions", "openid_identities", "one_time_links", "tokens", "memberships"} <= set(tables)
    async with runtime.db.read() as snap:
        counts = {
            one: await snap.scalar(text(f"SELECT count(*) FROM {one} WHERE user_id = {user_id}")) for one in tables
        }
        everything = [
            str(one)
            for table in ("users", "groups", "memberships", "tokens")
            for one in await snap.scalars(text(f"SELECT t::text FROM {table} t"))
        ]
    assert counts == dict.fromkeys(tables, 0)
    assert not [one for one in everything if (name in one and not one.startswith("(")) or f"{name}@" in one]
    assert (await http.post(path, json={"name": "n"}, headers=person.headers)).status_code == 401
    query = (
        'query q($p: String!) { model(by: {path: {project: $p, name: "m"}}) { createdBy { username name isDeleted } } }'
    )
    shown = (await data(project[Role.OWNER], query, p=project.path))["model"]["createdBy"]
    assert shown == {"username": f"deleted:{user_id}", "name": "Deleted user", "isDeleted": True}
    with pytest.raises(NotFound):
        await group_deletion.delete_user(runtime.db, admin.actor, user_id, None)
    for change in (user_changes.reactivate, user_changes.deactivate):
        with pytest.raises(NotFound):
            await change(runtime.db, admin.actor, user_id)
    # The name is free again.
    again = await users.create(runtime.db, admin.actor, CreateUser(name, email=f"{name}@example.org"))
    assert again.id != user_id
    assert "user_delete" in await logged(runtime, user_id)


async def test_a_namespace_with_projects_goes_only_when_that_is_confirmed(runtime, admin, person):
    name = person.actor.username
    made = await projects.create(runtime.db, person.actor, CreateProject(name, "own"))
    for confirm in (None, "", "other"):
        with pytest.raises(Invalid, match="1 projects") as refused:
            await group_deletion.delete_user(runtime.db, admin.actor, name, confirm)
        assert refused.value.field == "confirm"
    assert (await row_of(runtime, person.actor.user_id)).deleted_at is None
    gone = await group_deletion.delete_user(runtime.db, admin.actor, name, name)
    assert gone.job_id is not None
    with pytest.raises(NotFound):
        await projects.get(runtime.db, admin.actor, made.id)


async def test_two_deletions_of_a_user_at_once(runtime, admin, person):
    attempts = [group_deletion.delete_user(runtime.db, admin.actor, person.actor.user_id, None) for _ in range(4)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert all(isinstance(result, NotFound | group_deletion.Deletion) for result in results), results


async def test_a_user_is_deleted_while_tokens_are_used(runtime, admin, person, http):
    async with runtime.db.write() as tx:
        stale = "UPDATE tokens SET last_used_at = now() - interval '1 day' WHERE user_id = :u"
        await tx.execute(text(stale), {"u": person.actor.user_id})
    query = {"query": "{ viewer { user { username } } }"}
    used = [http.post("/graphql", json=query, headers=person.headers) for _ in range(8)]
    deleted = group_deletion.delete_user(runtime.db, admin.actor, person.actor.user_id, None)
    *answers, _ = await asyncio.gather(*used, deleted)
    assert {answer.status_code for answer in answers} <= {200, 401}
    assert (await http.post("/graphql", json=query, headers=person.headers)).status_code == 401


# The list


@pytest.fixture(scope="module")
async def several(runtime, admin):
    """Users of a name of their own, and how they were used."""
    mark = f"x{uuid4().hex[:10]}"
    made = {}
    async with runtime.db.write() as tx:
        for index in range(5):
            command = CreateUser(
                f"{mark}-{index}", f"Name {index}", email=f"{mark}.{index}@example.org" if index else None
            )
            made[index] = (await users.add(tx, command)).id
        values = {"a": made[1], "b": made[2], "c": made[3]}
        await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :a"), {"a": values["a"]})
        await tx.execute(text("UPDATE users SET last_active_at = '2030-01-01' WHERE id = :b"), {"b": values["b"]})
        await tx.execute(text("UPDATE users SET last_active_at = '2031-01-01' WHERE id = :c"), {"c": values["c"]})
    return mark, made


async def names(runtime, admin, request: UserList, size: int = 100) -> list[int]:
    """Which of them are listed, in order, page by page."""
    listed, after = [], None
    while True:
        page = await directory.search(runtime.db, admin.actor, Window(first=size, after=after), request)
        listed += [int(user.username.rpartition("-")[2]) for user in page.items]
        if not page.has_next:
            assert len(listed) == await directory.count(runtime.db, admin.actor, request)
            return listed
        after = page.cursors[-1]


async def test_users_are_searched_filtered_and_ordered(runtime, admin, several):
    mark, _ = several
    assert await names(runtime, admin, UserList(mark.upper())) == [0, 1, 2, 3, 4]
    assert await names(runtime, admin, UserList(f"{mark}.2@EXAMPLE")) == [2]
    assert await names(runtime, admin, UserList(f"{mark}-3 name 3")) == [3]
    assert await names(runtime, admin, UserList(f"{mark}%")) == []
    assert await names(runtime, admin, UserList(mark, UserStatus.DEACTIVATED)) == [1]
    assert await names(runtime, admin, UserList(mark, UserStatus.ACTIVE)) == [0, 2, 3, 4]
    assert await names(runtime, admin, UserList(mark, UserStatus.DELETED)) == []
    assert await names(runtime, admin, UserList(mark, is_admin=True)) == []
    assert await names(runtime, admin, UserList(mark, is_bot=True)) == []
    for size in (1, 2, 100):
        listed = await names(runtime, admin, UserList(mark, by=UserSort.LAST_ACTIVE_AT, descending=True), size)
        assert listed[:2] == [3, 2]
        assert sorted(listed) == [0, 1, 2, 3, 4]
        assert await names(runtime, admin, UserList(mark, descending=True), size) == [4, 3, 2, 1, 0]


@pytest.mark.parametrize("text", ["\x00", "%", "_", "\\", "'", "a" * 10_000, "é"])
async def test_searches_with_any_text_are_answered(client, admin, text):
    sent = {"query": "query q($s: String!) { users(search: $s) { totalCount } }", "variables": {"s": text}}
    body = (await client.post("/graphql", json=sent, headers=admin.headers)).json()
    assert body.get("data") is None or "errors" not in body or body["errors"][0]["extensions"]["code"] != "INTERNAL", (
        body
    )


async def test_the_list_takes_a_fixed_number_of_statements(runtime, admin, several, data):
    mark, _ = several
    query = """query q($s: String!, $n: Int) { users(search: $s, first: $n) { totalCount
      nodes { username name email isAdmin deactivatedAt lastActiveAt viewerCanManage } } }"""
    counts = []
    for size in (1, 5):
        with statements(runtime.db) as seen:
            assert len((await data(admin, query, s=mark, n=size))["users"]["nodes"]) == size
        counts.append(len(seen))
    assert counts == [2, 2]


async def test_use_of_tokens_and_sessions_is_noted_with_the_user(runtime, person):
    async with runtime.db.write() as tx:
        values = {"u": person.actor.user_id}
        await tx.execute(text("UPDATE users SET last_active_at = NULL WHERE id = :u"), values)
        await tx.execute(text("UPDATE tokens SET last_used_at = '2030-01-01' WHERE user_id = :u"), values)
    assert (await row_of(runtime, person.actor.user_id)).last_active_at.year == 2030
    async with runtime.db.write() as tx:
        client, kind = ClientInfo("127.0.0.1", "test"), sessions.Method.PASSWORD
        await sessions.start(tx, person.actor.user_id, client, kind, life=timedelta(hours=1))
    assert (await row_of(runtime, person.actor.user_id)).last_active_at.year == 2030  # the latest use counts
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE sessions SET last_used_at = '2031-01-01' WHERE user_id = :u"), values)
    assert (await row_of(runtime, person.actor.user_id)).last_active_at.year == 2031


async def test_the_namespace_of_a_deleted_user_is_free(runtime, admin, person):
    name = person.actor.username
    await group_deletion.delete_user(runtime.db, admin.actor, name, None)
    with pytest.raises(NotFound):
        await groups.get(runtime.db, admin.actor, name)
    made = await groups.create(runtime.db, admin.actor, groups.CreateGroup(name))
    assert (await groups.get(runtime.db, admin.actor, name)).id == made.id
    policy.invalidate_cache(admin.actor)


async def test_addresses_of_members_take_one_statement_for_all(runtime, project, data):
    query = """query q($p: String!, $n: Int) { project(by: {path: $p}) { members(first: $n) {
      nodes { expiresAt user { username email isAdmin } } } } }"""
    async with runtime.db.write() as tx:
        given = "UPDATE users SET email = 'm' || id || '@example.org' WHERE email IS NULL AND id = ANY(:u)"
        await tx.execute(text(given), {"u": [one.actor.user_id for one in project.people.values()]})
    counts = []
    await data(project[Role.GUEST], query, p=project.path, n=1)  # notes the token's use, once a minute
    for size in (1, 4):
        with statements(runtime.db) as seen:
            answer = await data(project[Role.GUEST], query, p=project.path, n=size)
        assert all(one["user"]["email"] for one in answer["project"]["members"]["nodes"])
        counts.append(len(seen))
    assert counts == [4, 4]
