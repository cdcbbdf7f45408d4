"""Groups, projects, members and tokens: who sees what, and who may change it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import groups, members, projects, tokens
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import ANONYMOUS, Role, Scope
from app.access.projects import CreateProject, UpdateProject
from app.access.reads import loaders
from app.access.tokens import IssueToken
from app.errors import Conflict, Forbidden, Invalid, NotFound, Taken, Unauthenticated
from app.pagination import Window
from tests.conftest import new_person, new_project


async def test_private_project_is_seen_by_members_only(runtime, project):
    assert (await projects.get(runtime.db, project.owner, project.id)).role == Role.OWNER
    assert (await projects.get(runtime.db, project[Role.GUEST].actor, project.path)).role == Role.GUEST
    for actor in (project.stranger.actor, ANONYMOUS):
        with pytest.raises(NotFound):
            await projects.get(runtime.db, actor, project.id)


@pytest.mark.parametrize(("visibility", "stranger", "anonymous"), [("internal", True, False), ("public", True, True)])
async def test_visibility_widens_who_sees(runtime, staff, visibility, stranger, anonymous):
    project = await new_project(runtime, staff, visibility=visibility)
    for actor, sees in ((project.stranger.actor, stranger), (ANONYMOUS, anonymous)):
        if sees:
            assert (await projects.get(runtime.db, actor, project.id)).role is None
        else:
            with pytest.raises(NotFound):
                await projects.get(runtime.db, actor, project.id)


LEVELS = ("private", "internal", "public")


@pytest.mark.parametrize("around", LEVELS)
@pytest.mark.parametrize("inside", LEVELS)
async def test_nothing_is_more_visible_than_its_group(runtime, staff, around, inside):
    owner, path = staff[Role.OWNER].actor, f"g{uuid4().hex}"
    group = await groups.create(runtime.db, owner, CreateGroup(path, visibility=around))
    fits = LEVELS.index(inside) <= LEVELS.index(around)
    kept = await projects.create(runtime.db, owner, CreateProject(group.id, "kept"))
    attempts = (
        lambda: projects.create(runtime.db, owner, CreateProject(group.id, "p", visibility=inside)),
        lambda: groups.create(runtime.db, owner, CreateGroup("sub", parent=group.id, visibility=inside)),
        lambda: projects.edit(runtime.db, owner, UpdateProject(kept.id, visibility=inside)),
    )
    for attempt in attempts:
        if fits:
            await attempt()
        else:
            with pytest.raises(Invalid, match=f"which is {around}") as refused:
                await attempt()
            assert refused.value.field == "visibility"
    for actor in (staff[None].actor, ANONYMOUS):
        for page in (
            await projects.search(runtime.db, actor, Window(first=100), text=path),
            await groups.search(runtime.db, actor, Window(first=100), text=path),
        ):
            for _ in page.items:
                await groups.get(runtime.db, actor, path)  # a caller that sees one sees the group in its path


async def test_a_project_in_a_users_own_namespace_may_be_public(runtime, admin):
    person = (await new_person(runtime, admin, f"ada-{uuid4().hex[:8]}")).actor
    namespace = await groups.get(runtime.db, person, person.username)
    made = await projects.create(runtime.db, person, CreateProject(namespace.id, "p", visibility="public"))
    assert (await projects.get(runtime.db, ANONYMOUS, made.project.full_path)).role is None


async def test_a_project_that_was_more_visible_already_stays_editable(runtime, project):
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE projects SET visibility = 'public' WHERE id = :p"), {"p": project.id})
    for changes in ({"name": "n"}, {"name": "n", "visibility": "public"}, {"visibility": "private"}):
        await projects.edit(runtime.db, project.owner, UpdateProject(project.id, **changes))
    with pytest.raises(Invalid):
        await projects.edit(runtime.db, project.owner, UpdateProject(project.id, visibility="public"))


async def test_role_of_a_group_holds_in_subgroups(runtime, staff):
    owner, guest = staff[Role.OWNER].actor, staff[Role.GUEST].actor
    top = await groups.create(runtime.db, owner, CreateGroup(f"g{uuid4().hex}"))
    sub = await groups.create(runtime.db, owner, CreateGroup("sub", parent=top.id))
    made = await projects.create(runtime.db, owner, CreateProject(sub.id, "deep"))
    await members.set_role(runtime.db, owner, GroupOrProject(group_id=top.id), guest.username, Role.DEVELOPER)
    assert (await projects.get(runtime.db, guest, f"{top.group.full_path}/sub/deep")).role == Role.DEVELOPER
    (page,) = await loaders.members_of_projects(runtime.db, guest, [(made.id,)], Window())
    assert {(member.user.id, member.role) for member in page.items} == {
        (owner.user_id, Role.OWNER),
        (guest.user_id, Role.DEVELOPER),
    }


async def test_a_role_below_an_inherited_one_leaves_the_inherited_one(runtime, staff):
    owner, guest = staff[Role.OWNER].actor, staff[Role.GUEST].actor
    top = await groups.create(runtime.db, owner, CreateGroup(f"g{uuid4().hex}"))
    sub = await groups.create(runtime.db, owner, CreateGroup("sub", parent=top.id))
    made = await projects.create(runtime.db, owner, CreateProject(sub.id, "deep"))

    async def given(role: Role, **target: int) -> Role:
        member = await members.set_role(runtime.db, owner, GroupOrProject(**target), guest.username, role)
        (page,) = await loaders.members_of_projects(runtime.db, owner, [(made.id,)], Window())
        listed = {one.user.id: one.role for one in page.items}
        assert listed[guest.user_id] == (await projects.get(runtime.db, guest, made.id)).role >= member.role
        return member.role

    assert await given(Role.REPORTER, project_id=made.id) == Role.REPORTER
    assert await given(Role.MAINTAINER, group_id=top.id) == Role.MAINTAINER
    assert await given(Role.GUEST, project_id=made.id) == Role.MAINTAINER
    assert await given(Role.DEVELOPER, group_id=sub.id) == Role.MAINTAINER
    assert await given(Role.OWNER, project_id=made.id) == Role.OWNER
    assert await given(Role.DEVELOPER, group_id=top.id) == Role.DEVELOPER


async def test_taken_paths_are_named(runtime, project):
    with pytest.raises(Taken, match=f"(?i){project.path}"):
        await projects.create(runtime.db, project.owner, CreateProject(project.group_id, "Project"))


@pytest.mark.parametrize("path", ["", "a b", "../x", "123", "-x", "a.git", "ä"])
async def test_paths_fit_into_addresses(runtime, project, path):
    with pytest.raises(Invalid, match="not a valid path"):
        await projects.create(runtime.db, project.owner, CreateProject(project.group_id, path))


async def test_project_token_stays_inside(runtime, project, staff):
    issued = await tokens.issue(
        runtime.db, project[Role.MAINTAINER].actor, IssueToken("ci", project_id=project.id, role=Role.DEVELOPER)
    )
    actor = await tokens.authenticate(runtime.db, issued.secret)
    assert (await projects.get(runtime.db, actor, project.id)).role == Role.DEVELOPER
    elsewhere = await new_project(runtime, staff, visibility="public")
    with pytest.raises(NotFound):
        await projects.get(runtime.db, actor, elsewhere.id)
    page = await projects.search(runtime.db, actor, Window(first=100))
    assert [access.id for access in page.items] == [project.id]


async def test_token_cannot_exceed_its_maker(runtime, project):
    maintainer = project[Role.MAINTAINER].actor
    with pytest.raises(Forbidden, match="owner"):
        await tokens.issue(runtime.db, maintainer, IssueToken("x", project_id=project.id, role=Role.OWNER))
    with pytest.raises(Forbidden):
        await tokens.issue(runtime.db, project[Role.DEVELOPER].actor, IssueToken("x", project_id=project.id))


async def test_revoked_and_expired_tokens_are_refused_alike(runtime, project):
    mine = await tokens.issue(runtime.db, project.owner, IssueToken("short"))
    await tokens.revoke(runtime.db, project.owner, mine.token.id)
    soon = datetime.now(UTC) + timedelta(milliseconds=50)
    late = await tokens.issue(runtime.db, project.owner, IssueToken("late", expires_at=soon))
    messages = set()
    for secret in (mine.secret, "myt_nonsense", "glpat-x"):
        with pytest.raises(Unauthenticated) as caught:
            await tokens.authenticate(runtime.db, secret)
        messages.add(caught.value.message)
    while datetime.now(UTC) <= soon:
        await projects.get(runtime.db, project.owner, project.id)
    with pytest.raises(Unauthenticated) as caught:
        await tokens.authenticate(runtime.db, late.secret)
    assert messages == {caught.value.message}


async def test_a_member_cannot_revoke_the_token_of_another(runtime, project):
    mine = await tokens.issue(runtime.db, project.owner, IssueToken("mine"))
    with pytest.raises(NotFound):
        await tokens.revoke(runtime.db, project[Role.MAINTAINER].actor, mine.token.id)
    assert (await tokens.authenticate(runtime.db, mine.secret)).user_id == project.owner.user_id


async def test_read_tokens_do_not_write(runtime, project):
    issued = await tokens.issue(runtime.db, project.owner, IssueToken("reader", (Scope.READ_API,)))
    reader = await tokens.authenticate(runtime.db, issued.secret)
    with pytest.raises(Forbidden, match="read_api"):
        await projects.edit(runtime.db, reader, UpdateProject(project.id, description="changed"))
    assert (await projects.get(runtime.db, reader, project.id)).project.description == ""


async def test_last_owner_stays(runtime, project):
    with pytest.raises(Conflict, match="last owner"):
        await members.remove(
            runtime.db, project.owner, GroupOrProject(group_id=project.group_id), project.owner.username
        )


async def test_members_manage_up_to_their_own_role(runtime, project):
    maintainer, guest = project[Role.MAINTAINER].actor, project[Role.GUEST].actor
    scope = GroupOrProject(project_id=project.id)
    with pytest.raises(Forbidden):
        await members.set_role(runtime.db, maintainer, scope, guest.username, Role.OWNER)
    await members.set_role(runtime.db, maintainer, scope, guest.username, Role.REPORTER)
    assert (await projects.get(runtime.db, guest, project.id)).role == Role.REPORTER


async def test_groups_of_strangers_do_not_exist(runtime, project):
    with pytest.raises(NotFound):
        await groups.get(runtime.db, project.stranger.actor, project.group_id)
    # A member of a project sees the group around it, as the way there.
    assert (await groups.get(runtime.db, project[Role.GUEST].actor, project.group_id)).role is None


async def test_pages_follow_each_other_in_both_directions(runtime, project):
    for name in ("a", "b", "c", "d", "e"):
        await projects.create(runtime.db, project.owner, CreateProject(project.group_id, name))
    first = await projects.search(runtime.db, project.owner, Window(first=2), group_id=project.group_id)
    second = await projects.search(
        runtime.db, project.owner, Window(first=2, after=first.cursors[-1]), group_id=project.group_id
    )
    back = await projects.search(
        runtime.db, project.owner, Window(last=2, before=second.cursors[0]), group_id=project.group_id
    )
    names = [[access.project.path for access in page.items] for page in (first, second, back)]
    assert names == [["a", "b"], ["c", "d"], ["a", "b"]]
    assert (first.has_next, first.has_previous, second.has_previous, back.has_previous) == (True, False, True, False)
    with pytest.raises(Invalid, match="cursor"):
        await projects.search(runtime.db, project.owner, Window(after="bm9uc2Vuc2U"), group_id=project.group_id)
