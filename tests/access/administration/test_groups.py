"""Groups that are renamed, shown to more or fewer, and deleted with everything in them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import groups, members, projects, tokens, users
from app.access.administration import group_changes
from app.access.administration.group_changes import UpdateGroup
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.access.projects import CreateProject, UpdateProject
from app.access.tokens import IssueToken
from app.errors import Conflict, Forbidden, Invalid, ModelyardError, NotFound, Taken, Unauthenticated
from app.metadata import PROJECT_TABLES, metadata
from app.upkeep import group_deletion, project_deletion
from app.webhooks import webhooks
from app.webhooks.webhooks import CreateWebhook
from tests.access.test_project_deletion import silent
from tests.conftest import new_person
from tests.support.paused_step import at_once


class Killed(Exception):
    """The worker has ended."""


@pytest.fixture
async def tree(runtime, staff):
    """A group with a group in it, a project in each, and a person who is owner of all."""
    return await Tree(runtime, staff[Role.OWNER].actor).build()


class Tree:
    def __init__(self, runtime, owner) -> None:
        self.db, self.runtime, self.owner = runtime.db, runtime, owner
        self.path = f"g{uuid4().hex[:12]}"

    async def build(self, visibility: str = "private") -> Tree:
        self.top = (await groups.create(self.db, self.owner, CreateGroup(self.path, visibility=visibility))).id
        self.sub = (await groups.create(self.db, self.owner, CreateGroup("sub", parent=self.top))).id
        self.upper = (await projects.create(self.db, self.owner, CreateProject(self.top, "upper"))).id
        self.lower = (await projects.create(self.db, self.owner, CreateProject(self.sub, "lower"))).id
        return self

    async def paths(self) -> list[str]:
        statement = """SELECT full_path FROM groups WHERE :g = ANY(lineage) AND deleted_at IS NULL
          UNION ALL SELECT p.full_path FROM projects p JOIN groups g ON g.id = p.group_id
          WHERE :g = ANY(g.lineage) AND p.deleted_at IS NULL ORDER BY 1"""
        async with self.db.read() as snap:
            return list(await snap.scalars(text(statement), {"g": self.top}))

    def edit(self, **changes):
        return group_changes.edit(self.db, self.owner, UpdateGroup(self.top, **changes))


# Names and paths


async def test_a_new_path_is_that_of_everything_below(tree, http, staff):
    new = f"n{uuid4().hex[:12]}"
    changed = await tree.edit(path=new, name="New")
    assert (changed.group.full_path, changed.group.name) == (new, "New")
    assert await tree.paths() == [new, f"{new}/sub", f"{new}/sub/lower", f"{new}/upper"]
    headers = staff[Role.OWNER].headers
    search = "ml/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0"
    for reference, status in ((tree.lower, 200), (f"{new}%2Fsub%2Flower", 200), (f"{tree.path}%2Fsub%2Flower", 404)):
        answer = await http.get(f"/api/v4/projects/{reference}/{search}", headers=headers)
        assert answer.status_code == status
    with pytest.raises(NotFound):
        await groups.get(tree.db, tree.owner, tree.path)
    # The former path can be taken, and everything can go back.
    await tree.edit(path=tree.path)
    assert await tree.paths() == [tree.path, f"{tree.path}/sub", f"{tree.path}/sub/lower", f"{tree.path}/upper"]


async def test_a_path_changes_its_case_only(tree):
    await tree.edit(path=tree.path.upper())
    assert await tree.paths() == [one.replace(tree.path, tree.path.upper()) for one in await tree.paths()]
    assert (await groups.get(tree.db, tree.owner, tree.path)).id == tree.top


async def test_taken_paths_and_bad_ones_are_refused(tree, staff, runtime):
    other = await Tree(runtime, tree.owner).build()
    with pytest.raises(Taken, match=other.path.upper()):
        await tree.edit(path=other.path.upper())
    with pytest.raises(Taken):
        await tree.edit(path=staff[Role.GUEST].actor.username)
    for path in ("", "a/b", "1", "../x"):
        with pytest.raises(Invalid):
            await tree.edit(path=path)
    assert (await tree.paths())[0] == tree.path


async def test_only_owners_change_and_delete_groups(tree, staff, runtime):
    maintainer = staff[Role.MAINTAINER].actor
    await members.set_role(tree.db, tree.owner, GroupOrProject(group_id=tree.top), maintainer.username, Role.MAINTAINER)
    for actor, refusal in ((maintainer, Forbidden), (staff[None].actor, NotFound)):
        with pytest.raises(refusal):
            await group_changes.edit(tree.db, actor, UpdateGroup(tree.top, name="x"))
        with pytest.raises(refusal):
            await group_deletion.delete(tree.db, actor, tree.top, tree.path)


async def test_a_namespace_keeps_its_path_and_is_deleted_with_its_user_only(runtime, admin):
    person = await new_person(runtime, admin, f"p{uuid4().hex[:12]}")
    for changes in ({"path": "other"}, {"visibility": "public"}):
        with pytest.raises(Invalid, match="own namespace"):
            await group_changes.edit(runtime.db, person.actor, UpdateGroup(person.actor.username, **changes))
    with pytest.raises(Invalid, match="with the user"):
        await group_deletion.delete(runtime.db, person.actor, person.actor.username, person.actor.username)


# Renames and what happens meanwhile


@pytest.mark.parametrize("inner_first", [True, False])
async def test_two_renames_of_one_line_at_once(tree, monkeypatch, inner_first):
    attempts = [
        group_changes.edit(tree.db, tree.owner, UpdateGroup(tree.sub, path="under")),
        tree.edit(path=f"{tree.path}x"),
    ]
    results = await at_once(monkeypatch, group_changes._move, *(attempts if inner_first else reversed(attempts)))
    assert not [one for one in results if isinstance(one, BaseException)], results
    new = f"{tree.path}x"
    assert await tree.paths() == [new, f"{new}/under", f"{new}/under/lower", f"{new}/upper"]


async def test_what_is_made_during_a_rename_has_the_new_path(tree, monkeypatch):
    new = f"{tree.path}x"
    making = projects.create(tree.db, tree.owner, CreateProject(tree.sub, "made"))
    results = await at_once(monkeypatch, group_changes._move, tree.edit(path=new), making)
    assert not [one for one in results if isinstance(one, BaseException)], results
    assert f"{new}/sub/made" in await tree.paths()
    assert all(path.startswith(new) for path in await tree.paths())


async def test_a_rename_waits_for_what_is_being_made(tree, monkeypatch):
    new = f"{tree.path}x"
    making = groups.create(tree.db, tree.owner, CreateGroup("made", parent=tree.sub))
    results = await at_once(monkeypatch, groups.add, making, tree.edit(path=new))
    assert not [one for one in results if isinstance(one, BaseException)], results
    assert f"{new}/sub/made" in await tree.paths()
    assert all(path.startswith(new) for path in await tree.paths())


async def test_many_renames_and_creations_at_once_leave_right_paths(tree):
    async def quietly(work):
        with suppress(ModelyardError):
            await work

    work = [tree.edit(path=f"{tree.path}{index}") for index in range(4)]
    work += [projects.create(tree.db, tree.owner, CreateProject(tree.sub, f"p{index}")) for index in range(4)]
    work += [group_changes.edit(tree.db, tree.owner, UpdateGroup(tree.sub, path=f"s{index}")) for index in range(4)]
    await asyncio.gather(*(quietly(one) for one in work))
    statement = """SELECT g.full_path = CASE WHEN g.parent_id IS NULL THEN g.path ELSE
        (SELECT full_path FROM groups u WHERE u.id = g.parent_id) || '/' || g.path END FROM groups g
        WHERE :g = ANY(g.lineage) UNION ALL SELECT p.full_path = g.full_path || '/' || p.path
        FROM projects p JOIN groups g ON g.id = p.group_id WHERE :g = ANY(g.lineage)"""
    async with tree.db.read() as snap:
        assert set(await snap.scalars(text(statement), {"g": tree.top})) == {True}


# Visibility


async def test_a_group_is_not_hidden_from_those_who_see_something_in_it(runtime, staff):
    tree = await Tree(runtime, staff[Role.OWNER].actor).build("public")
    await projects.edit(tree.db, tree.owner, UpdateProject(tree.upper, visibility="internal"))
    await group_changes.edit(tree.db, tree.owner, UpdateGroup(tree.sub, visibility="public"))
    await tree.edit(visibility="public")
    for wanted, named in (("private", "upper"), ("internal", "sub")):
        with pytest.raises(Invalid, match=f"{tree.path}/{named}") as refused:
            await tree.edit(visibility=wanted)
        assert refused.value.field == "visibility"
    await group_changes.edit(tree.db, tree.owner, UpdateGroup(tree.sub, visibility="internal"))
    assert (await tree.edit(visibility="internal")).group.visibility == "internal"
    with pytest.raises(Invalid, match="more than the group around it"):
        await group_changes.edit(tree.db, tree.owner, UpdateGroup(tree.sub, visibility="public"))


async def test_a_group_is_hidden_and_a_project_in_it_shown_at_once(runtime, staff, monkeypatch):
    """One of the two is refused: a project is never more visible than the group around it."""
    tree = await Tree(runtime, staff[Role.OWNER].actor).build("public")
    showing = projects.edit(tree.db, tree.owner, UpdateProject(tree.upper, visibility="public"))
    hiding = tree.edit(visibility="private")
    results = await at_once(monkeypatch, group_changes._check_visibility, hiding, showing)
    assert [type(one) for one in results if isinstance(one, BaseException)] == [Invalid], results


# Deletion


async def test_a_group_that_is_not_empty_is_deleted_only_when_that_is_confirmed(tree):
    for confirm in (None, "", tree.path.upper(), f"{tree.path}/sub"):
        with pytest.raises(Invalid, match="1 groups and 2 projects"):
            await group_deletion.delete(tree.db, tree.owner, tree.top, confirm)
    assert len(await tree.paths()) == 4


async def test_an_empty_group_is_gone_without_confirmation(tree, runtime):
    empty = await groups.create(tree.db, tree.owner, CreateGroup("empty", parent=tree.top))
    gone = await group_deletion.delete(tree.db, tree.owner, empty.id, None)
    await group_deletion.purge(tree.db, runtime.blobs, gone.id, PROJECT_TABLES, progress=silent)
    async with tree.db.read() as snap:
        assert await snap.scalar(text("SELECT count(*) FROM groups WHERE id = :g"), {"g": empty.id}) == 0


async def test_everything_in_a_deleted_group_is_gone_at_once_and_then_from_all_tables(
    tree, runtime, http, staff, admin
):
    project_secret = (await tokens.issue(tree.db, tree.owner, IssueToken("p", project_id=tree.lower))).secret
    group_secret = (await tokens.issue(tree.db, tree.owner, IssueToken("g", group_id=tree.sub))).secret
    guest, other = [(await new_person(runtime, admin, f"p{uuid4().hex[:12]}")).actor for _ in range(2)]
    for one in (guest, other):
        await members.set_role(tree.db, tree.owner, GroupOrProject(group_id=tree.top), one.username, Role.GUEST)
    webhook = CreateWebhook("w", "https://example.org", ["model_version.created"])
    await webhooks.create(tree.db, tree.owner, runtime.webhook_client, tree.lower, webhook)
    path = f"/api/v4/projects/{tree.lower}/ml/mlflow/api/2.0/mlflow/runs/create"
    headers = staff[Role.OWNER].headers
    for _ in range(2):
        assert (await http.post(path, json={"experiment_id": "0"}, headers=headers)).status_code == 200
    assert (await users.get(tree.db, other, guest.username)).id == guest.user_id
    gone = await group_deletion.delete(tree.db, tree.owner, tree.top, tree.path)
    assert (await http.post(path, json={"experiment_id": "0"}, headers=headers)).status_code == 404
    with pytest.raises(NotFound):  # they share nothing any more
        await users.get(tree.db, other, guest.username)
    for secret in (project_secret, group_secret):
        with pytest.raises(Unauthenticated):
            await tokens.authenticate(tree.db, secret)
    for reference in (tree.top, tree.sub, tree.path, f"{tree.path}/sub"):
        with pytest.raises(NotFound):
            await groups.get(tree.db, tree.owner, reference)
    again = await Tree(runtime, tree.owner).build()
    await again.edit(path=tree.path)  # the path is free at once

    told = []

    async def progress(done, total):
        told.append((done, total))

    for _ in range(2):
        await group_deletion.purge(tree.db, runtime.blobs, gone.id, PROJECT_TABLES, progress=progress)
    assert (0, 2) in told
    assert (2, 2) in told
    async with tree.db.read() as snap:
        for name, table in metadata.tables.items():
            for column, ids in (("project_id", [tree.upper, tree.lower]), ("group_id", [tree.top, tree.sub])):
                if column in table.columns:
                    counted = text(f"SELECT count(*) FROM {name} WHERE {column} = ANY(:ids)")
                    assert await snap.scalar(counted, {"ids": ids}) == 0, name
        assert (
            await snap.scalar(text("SELECT count(*) FROM groups WHERE id = ANY(:ids)"), {"ids": [tree.top, tree.sub]})
            == 0
        )
    assert len(await again.paths()) == 4


async def test_a_purge_that_was_killed_goes_on_and_touches_no_living_group(tree, runtime):
    await group_deletion.purge(tree.db, runtime.blobs, tree.top, PROJECT_TABLES, progress=silent)
    assert len(await tree.paths()) == 4

    async def dies(done, _total):
        if done == 1:
            raise Killed

    gone = await group_deletion.delete(tree.db, tree.owner, tree.top, tree.path)
    with pytest.raises(Killed):
        await group_deletion.purge(tree.db, runtime.blobs, gone.id, PROJECT_TABLES, progress=dies)
    await group_deletion.purge(tree.db, runtime.blobs, gone.id, PROJECT_TABLES, progress=silent)
    async with tree.db.read() as snap:
        assert await snap.scalar(text("SELECT count(*) FROM groups WHERE id = :g"), {"g": tree.top}) == 0


async def test_a_project_that_was_deleted_before_is_no_obstacle(tree, runtime):
    await project_deletion.delete(tree.db, tree.owner, tree.upper, f"{tree.path}/upper")
    gone = await group_deletion.delete(tree.db, tree.owner, tree.top, tree.path)
    purges = [
        group_deletion.purge(tree.db, runtime.blobs, gone.id, PROJECT_TABLES, progress=silent),
        project_deletion.purge(tree.db, runtime.blobs, tree.upper, PROJECT_TABLES, progress=silent),
    ]
    await asyncio.gather(*purges, return_exceptions=True)
    await group_deletion.purge(tree.db, runtime.blobs, gone.id, PROJECT_TABLES, progress=silent)
    async with tree.db.read() as snap:
        assert await snap.scalar(text("SELECT count(*) FROM projects WHERE id = :p"), {"p": tree.upper}) == 0
        assert await snap.scalar(text("SELECT count(*) FROM groups WHERE id = :g"), {"g": tree.top}) == 0


async def test_of_two_deletions_at_once_one_finds_nothing(tree, monkeypatch):
    attempts = [group_deletion.delete(tree.db, tree.owner, tree.top, tree.path) for _ in range(2)]
    results = await at_once(monkeypatch, group_changes.hide, *attempts)
    assert isinstance(results[0], group_deletion.Deletion)
    assert isinstance(results[1], NotFound), results


MAKINGS = {
    "project": lambda tree: projects.create(tree.db, tree.owner, CreateProject(tree.sub, "late")),
    "group": lambda tree: groups.create(tree.db, tree.owner, CreateGroup("late", parent=tree.sub)),
    "path": lambda tree: group_changes.edit(tree.db, tree.owner, UpdateGroup(tree.sub, path="late")),
}


@pytest.mark.parametrize("making", MAKINGS)
async def test_nothing_is_made_in_a_group_that_is_being_deleted(tree, monkeypatch, making):
    deleting = group_deletion.delete(tree.db, tree.owner, tree.top, tree.path)
    results = await at_once(monkeypatch, group_changes.hide, deleting, MAKINGS[making](tree))
    assert isinstance(results[1], NotFound), results
    assert await tree.paths() == []


# Owners


async def test_the_last_owner_does_not_leave_step_down_or_get_an_end(tree, runtime, admin, staff):
    other = await new_person(runtime, admin, f"p{uuid4().hex[:12]}")
    target, name = GroupOrProject(group_id=tree.top), tree.owner.username
    end = datetime.now(UTC) + timedelta(days=1)

    async def refused() -> None:
        for attempt in (
            members.remove(tree.db, tree.owner, target, name),
            members.set_role(tree.db, tree.owner, target, name, Role.MAINTAINER),
            members.set_role(tree.db, tree.owner, target, name, Role.OWNER, expires_at=end),
            members.remove(tree.db, admin.actor, target, name),
        ):
            with pytest.raises(Conflict, match="last owner"):
                await attempt

    await refused()
    # An owner whose role ends is none that lasts, nor is one who is deactivated, nor a bot.
    await members.set_role(tree.db, tree.owner, target, other.actor.username, Role.OWNER, expires_at=end)
    await tokens.issue(tree.db, tree.owner, IssueToken("bot", group_id=tree.top, role=Role.OWNER))
    await refused()
    await members.set_role(tree.db, tree.owner, target, other.actor.username, Role.OWNER, expires_at=None)
    async with tree.db.write() as tx:
        await tx.execute(text("UPDATE users SET blocked_at = now() WHERE id = :u"), {"u": other.actor.user_id})
    await refused()
    async with tree.db.write() as tx:
        await tx.execute(text("UPDATE users SET blocked_at = NULL WHERE id = :u"), {"u": other.actor.user_id})
    # In the group below the owners of the one above count.
    await members.remove(tree.db, tree.owner, GroupOrProject(group_id=tree.sub), name)
    await members.remove(tree.db, tree.owner, target, name)


async def test_of_two_owners_who_leave_at_once_one_stays(tree, runtime, admin, monkeypatch):
    other = await new_person(runtime, admin, f"p{uuid4().hex[:12]}")
    target = GroupOrProject(group_id=tree.top)
    await members.set_role(tree.db, tree.owner, target, other.actor.username, Role.OWNER)
    leaving = (
        members.remove(tree.db, tree.owner, target, tree.owner.username),
        members.set_role(tree.db, other.actor, target, other.actor.username, Role.GUEST),
    )
    results = await at_once(monkeypatch, members._record, *leaving)
    assert [isinstance(one, Conflict) for one in results] == [False, True], results


async def test_roles_of_rules_count_and_people_do_not_touch_them(tree, runtime, admin):
    other = await new_person(runtime, admin, f"p{uuid4().hex[:12]}")
    target, name = GroupOrProject(group_id=tree.top), other.actor.username
    async with tree.db.write() as tx:
        statement = "INSERT INTO memberships (user_id, group_id, role, rule) VALUES (:u, :g, 30, 'company')"
        await tx.execute(text(statement), {"u": other.actor.user_id, "g": tree.top})
    assert (await groups.get(tree.db, other.actor, tree.top)).role == Role.DEVELOPER
    given = await members.set_role(tree.db, tree.owner, target, name, Role.GUEST)
    assert given.role == Role.DEVELOPER
    await members.set_role(tree.db, tree.owner, target, name, Role.MAINTAINER)
    assert (await groups.get(tree.db, other.actor, tree.top)).role == Role.MAINTAINER
    await members.remove(tree.db, tree.owner, target, name)
    assert (await groups.get(tree.db, other.actor, tree.top)).role == Role.DEVELOPER
    with pytest.raises(Conflict, match="rule of the OpenID provider `company`"):
        await members.remove(tree.db, tree.owner, target, name)
    async with tree.db.write() as tx:
        await tx.execute(
            text("UPDATE memberships SET role = 50 WHERE rule IS NOT NULL AND group_id = :g"), {"g": tree.top}
        )
    await members.remove(tree.db, tree.owner, target, tree.owner.username)  # an owner by rule is left
