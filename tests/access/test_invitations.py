"""Who may invite, to what, and what an invitation is worth when it is accepted; also when two things happen at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import groups, members, sessions, tokens
from app.access.administration import group_removal, user_changes
from app.access.authentication.client_info import UNKNOWN, ClientInfo
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.one_time_links import acceptance, invitations, links, password_resets, reads, upkeep
from app.access.one_time_links.acceptance import NewAccount
from app.access.one_time_links.invitations import InvitationNotFound, Invite, InvitedRole
from app.access.one_time_links.links import End, LinkEnded, LinkNotFound, Purpose
from app.access.one_time_links.reads import Status
from app.access.policy import ANONYMOUS, Role
from app.access.reads import access_log as log_reads
from app.access.tokens import IssueToken
from app.errors import Conflict, Forbidden, Invalid, NotFound, Taken, Unauthenticated
from app.ids import GlobalId
from app.pagination import Window
from app.upkeep import group_deletion
from tests.conftest import new_person
from tests.support.access.scoped_tokens import token_of
from tests.support.paused_step import paused_before

LIFE = timedelta(days=1)
INVITED = "query i($id: ID!) { node(id: $id) { ... on Invitation { status email memberships { role } } } }"
LISTS = """query l($p: String!, $g: String!) {
  project(by: {path: $p}) { invitations { nodes { status } } }
  group(by: {path: $g}) { invitations { nodes { status } } } }"""


def in_project(project, role=Role.DEVELOPER, **more) -> InvitedRole:
    return InvitedRole(GroupOrProject(project_id=project.id), role, **more)


def in_group(project, role=Role.DEVELOPER) -> InvitedRole:
    return InvitedRole(GroupOrProject(group_id=project.group_id), role)


async def come_in(runtime, secret: str, username: str | None = None) -> str:
    username = username or f"ada-{uuid4().hex[:12]}"
    await acceptance.make_account(runtime.db, secret, NewAccount(username, "Ada", "hash"), UNKNOWN, life=LIFE)
    return username


async def execute(runtime, statement: str, **values):
    async with runtime.db.write() as tx:
        return await tx.execute(text(statement), values)


async def rows(runtime, statement: str, **values):
    async with runtime.db.read() as snap:
        return (await snap.execute(text(statement), values)).all()


async def memberships(runtime, username: str) -> set[tuple[int | None, int | None, int]]:
    answer = await rows(
        runtime,
        "SELECT m.group_id, m.project_id, m.role FROM memberships m JOIN users u ON u.id = m.user_id"
        " LEFT JOIN groups g ON g.id = m.group_id"
        " WHERE u.username = :u AND g.owner_user_id IS NULL",
        u=username,
    )
    return {(row.group_id, row.project_id, row.role) for row in answer}


async def end_of(runtime, secret: str) -> End | None:
    try:
        await acceptance.offer(runtime.db, secret)
    except LinkEnded as error:
        return error.end
    return None


@pytest.fixture
async def owner(runtime, admin, project):
    """An owner of the project alone, with an account of its own for this test."""
    person = await new_person(runtime, admin, f"owner-{uuid4().hex[:12]}")
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.OWNER)
    return (await new_actor(runtime, person.token)), target


async def new_actor(runtime, token: str):
    return await tokens.authenticate(runtime.db, token)


async def test_owners_invite_to_what_is_theirs(runtime, project):
    roles = [in_project(project, Role.OWNER), in_group(project, Role.MAINTAINER)]
    made = await invitations.create(runtime.db, project.owner, Invite(roles=roles))
    username = await come_in(runtime, made.secret)
    assert await memberships(runtime, username) == {
        (None, project.id, Role.OWNER),
        (project.group_id, None, Role.MAINTAINER),
    }


@pytest.mark.parametrize("role", [Role.MAINTAINER, Role.DEVELOPER, Role.GUEST])
async def test_others_do_not(runtime, project, role):
    with pytest.raises(Forbidden):
        await invitations.create(runtime.db, project[role].actor, Invite(roles=[in_project(project, Role.GUEST)]))


async def test_what_one_may_not_see_is_not_there(runtime, project):
    with pytest.raises(NotFound):
        await invitations.create(runtime.db, project.stranger.actor, Invite(roles=[in_project(project)]))
    with pytest.raises(Unauthenticated):
        await invitations.create(runtime.db, ANONYMOUS, Invite(roles=[in_project(project)]))


async def test_only_administrators_invite_administrators_and_people_without_a_role(runtime, project, admin):
    for command in (Invite(), Invite(is_admin=True), Invite(is_admin=True, roles=[in_project(project)])):
        with pytest.raises(Forbidden):
            await invitations.create(runtime.db, project.owner, command)
    made = await invitations.create(runtime.db, admin.actor, Invite(is_admin=True))
    username = await come_in(runtime, made.secret)
    assert await rows(runtime, "SELECT is_admin FROM users WHERE username = :u", u=username) == [(True,)]


async def test_one_role_that_may_not_be_given_refuses_the_invitation(runtime, project, owner):
    actor, _ = owner
    with pytest.raises(NotFound):  # an owner of the project alone does not see its private group's members …
        await invitations.create(runtime.db, actor, Invite(roles=[in_project(project), _unseen()]))
    with pytest.raises(Forbidden):  # … and is not owner there
        await invitations.create(runtime.db, actor, Invite(roles=[in_project(project), in_group(project)]))
    assert await rows(runtime, "SELECT id FROM one_time_links WHERE created_by = :u", u=actor.user_id) == []


def _unseen() -> InvitedRole:
    return InvitedRole(GroupOrProject(group_id=2**40), Role.GUEST)


@pytest.mark.parametrize("scope", ["project", "group"])
async def test_a_token_of_a_project_or_group_invites_no_one_and_sees_no_invitation(runtime, project, scope):
    bearer = await token_of(runtime, project, scope, "deleting")
    bot = await new_actor(runtime, bearer.token)
    with pytest.raises(Forbidden):
        await invitations.create(runtime.db, bot, Invite(roles=[in_project(project, Role.GUEST)]))
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    for use in (invitations.renew, invitations.revoke):
        with pytest.raises(Forbidden):
            await use(runtime.db, bot, made.invitation.id)
    assert await reads.by_ids(runtime.db, bot, [made.invitation.id]) == [None]
    (refused,) = await reads.of_projects(runtime.db, bot, [(project.id,)], Window())
    assert isinstance(refused, Forbidden)


@pytest.mark.parametrize(
    "command",
    [
        Invite(email="no address"),
        Invite(email="a@b\x00.example"),
        Invite(roles=[_unseen()] * 51),
        Invite(roles=[_unseen()] * 2),
        Invite(roles=[InvitedRole(GroupOrProject(group_id=1), Role.GUEST, datetime(2020, 1, 1, tzinfo=UTC))]),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_written(runtime, admin, command):
    with pytest.raises(Invalid):
        await invitations.create(runtime.db, admin.actor, command)


async def test_a_membership_ends_as_the_invitation_says(runtime, project):
    end = datetime.now(UTC) + timedelta(days=7)
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project, expires_at=end)]))
    username = await come_in(runtime, made.secret)
    answer = await rows(
        runtime,
        "SELECT m.expires_at FROM memberships m JOIN users u ON u.id = m.user_id"
        " WHERE u.username = :u AND project_id = :p",
        u=username,
        p=project.id,
    )
    assert answer == [(end,)]


async def test_only_the_hash_of_the_secret_is_kept(runtime, admin):
    made = await invitations.create(runtime.db, admin.actor, Invite())
    (row,) = await rows(
        runtime, "SELECT sha256, l::text AS shown FROM one_time_links l WHERE id = :id", id=made.invitation.id
    )
    assert row.sha256 == links.digest(made.secret) and made.secret not in row.shown
    # 43 characters of 64 kinds: at least 256 bits.
    assert len(made.secret.removeprefix(links.PREFIX)) == 43
    life = made.invitation.expires_at - made.invitation.created_at
    assert abs(life - timedelta(hours=72)) < timedelta(minutes=1)


async def test_a_renewed_invitation_has_one_link_the_new_one(runtime, project):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    await execute(runtime, "UPDATE one_time_links SET expires_at = now() WHERE id = :id", id=made.invitation.id)
    assert await end_of(runtime, made.secret) is End.EXPIRED
    again = await invitations.renew(runtime.db, project.owner, made.invitation.id)
    assert again.invitation.id == made.invitation.id
    with pytest.raises(LinkNotFound):
        await acceptance.offer(runtime.db, made.secret)
    assert await end_of(runtime, again.secret) is None
    username = await come_in(runtime, again.secret)
    assert await memberships(runtime, username) == {(None, project.id, Role.DEVELOPER)}
    for use in (invitations.renew, invitations.revoke):
        with pytest.raises(Conflict):
            await use(runtime.db, project.owner, made.invitation.id)


async def test_a_revoked_invitation_stays_so(runtime, project):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    for _ in range(2):
        await invitations.revoke(runtime.db, project.owner, made.invitation.id)
    assert await end_of(runtime, made.secret) is End.REVOKED
    with pytest.raises(Conflict):
        await invitations.renew(runtime.db, project.owner, made.invitation.id)
    log = await rows(
        runtime,
        "SELECT action FROM access_log WHERE details ->> 'invitation' = :id ORDER BY id",
        id=str(made.invitation.id),
    )
    assert [row.action for row in log] == ["invitation_create", "invitation_revoke"]


async def test_every_owner_may_revoke_and_who_may_give_all_renews(runtime, project, admin, owner):
    actor, _ = owner
    roles = [in_project(project), in_group(project)]
    made = await invitations.create(runtime.db, admin.actor, Invite(roles=roles))
    with pytest.raises(Forbidden):  # no owner of the group
        await invitations.renew(runtime.db, actor, made.invitation.id)
    again = await invitations.renew(runtime.db, project.owner, made.invitation.id)
    assert again.invitation.created_by == project.owner.user_id
    for other in (project[Role.MAINTAINER].actor, project.stranger.actor):
        with pytest.raises(InvitationNotFound):
            await invitations.revoke(runtime.db, other, made.invitation.id)
    await invitations.revoke(runtime.db, actor, made.invitation.id)
    assert await end_of(runtime, again.secret) is End.REVOKED


async def test_an_invitation_to_become_administrator_takes_administrators_to_renew(runtime, project, admin):
    command = Invite(is_admin=True, roles=[in_project(project)])
    made = await invitations.create(runtime.db, admin.actor, command)
    with pytest.raises(Forbidden):
        await invitations.renew(runtime.db, project.owner, made.invitation.id)


async def test_an_inviter_who_is_no_owner_any_more_gives_nothing(runtime, project, owner):
    actor, target = owner
    made = await invitations.create(runtime.db, actor, Invite(roles=[in_project(project)]))
    await members.set_role(runtime.db, project.owner, target, actor.username, Role.MAINTAINER)
    assert await end_of(runtime, made.secret) is End.MAKER
    username = f"ada-{uuid4().hex[:12]}"
    with pytest.raises(LinkEnded):
        await come_in(runtime, made.secret, username)
    assert await rows(runtime, "SELECT id FROM users WHERE username = :u", u=username) == []
    (listed,) = await reads.by_ids(runtime.db, actor, [made.invitation.id])
    assert listed is not None and listed.status is Status.REVOKED
    await members.set_role(runtime.db, project.owner, target, actor.username, Role.OWNER)
    assert await end_of(runtime, made.secret) is None


async def test_an_inviter_whose_own_role_has_ended_gives_nothing(runtime, project, owner):
    actor, _ = owner
    made = await invitations.create(runtime.db, actor, Invite(roles=[in_project(project)]))
    await execute(
        runtime,
        "UPDATE memberships SET expires_at = now() WHERE user_id = :u AND project_id = :p",
        u=actor.user_id,
        p=project.id,
    )
    assert await end_of(runtime, made.secret) is End.MAKER


async def test_what_an_inviter_may_still_give_is_given(runtime, project, admin):
    second = await new_person(runtime, admin, f"owner-{uuid4().hex[:12]}")
    for target in (GroupOrProject(project_id=project.id), GroupOrProject(group_id=project.group_id)):
        await members.set_role(runtime.db, project.owner, target, second.actor.username, Role.OWNER)
    roles = [in_project(project), in_group(project)]
    made = await invitations.create(runtime.db, second.actor, Invite(roles=roles))
    group = GroupOrProject(group_id=project.group_id)
    await members.set_role(runtime.db, project.owner, group, second.actor.username, Role.GUEST)
    offer = await acceptance.offer(runtime.db, made.secret)
    assert [role.is_project for role in offer.roles] == [True]
    username = await come_in(runtime, made.secret)
    assert await memberships(runtime, username) == {(None, project.id, Role.DEVELOPER)}


async def test_invitations_and_resets_of_an_administrator_end_with_that_right(runtime, admin, project):
    second = await new_person(runtime, admin, f"admin-{uuid4().hex[:12]}")
    await execute(runtime, "UPDATE users SET is_admin = true WHERE id = :id", id=second.actor.user_id)
    actor = await new_actor(runtime, second.token)
    plain = await invitations.create(runtime.db, actor, Invite())
    promoting = await invitations.create(runtime.db, actor, Invite(is_admin=True))
    reset = await password_resets.create(runtime.db, actor, project[Role.GUEST].actor.username)
    await execute(runtime, "UPDATE users SET is_admin = false WHERE id = :id", id=second.actor.user_id)
    assert await end_of(runtime, plain.secret) is End.MAKER
    assert await end_of(runtime, promoting.secret) is End.MAKER
    with pytest.raises(LinkEnded):
        await password_resets.complete(runtime.db, reset.new.secret, "hash", UNKNOWN, life=LIFE)


async def test_an_owner_who_was_administrator_invites_no_administrators_any_more(runtime, admin, project):
    second = await new_person(runtime, admin, f"admin-{uuid4().hex[:12]}")
    target = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, target, second.actor.username, Role.OWNER)
    await execute(runtime, "UPDATE users SET is_admin = true WHERE id = :id", id=second.actor.user_id)
    actor = await new_actor(runtime, second.token)
    made = await invitations.create(runtime.db, actor, Invite(is_admin=True, roles=[in_project(project)]))
    await execute(runtime, "UPDATE users SET is_admin = false WHERE id = :id", id=second.actor.user_id)
    assert not (await acceptance.offer(runtime.db, made.secret)).makes_admin
    username = await come_in(runtime, made.secret)
    assert await rows(runtime, "SELECT is_admin FROM users WHERE username = :u", u=username) == [(False,)]
    assert await memberships(runtime, username) == {(None, project.id, Role.DEVELOPER)}


async def test_the_invitations_of_a_deactivated_person_are_dead_and_live_again_with_it(runtime, admin, project, owner):
    actor, _ = owner
    made = await invitations.create(runtime.db, actor, Invite(roles=[in_project(project)]))
    await user_changes.deactivate(runtime.db, admin.actor, actor.user_id)
    assert await end_of(runtime, made.secret) is End.MAKER
    await user_changes.reactivate(runtime.db, admin.actor, actor.user_id)
    assert await end_of(runtime, made.secret) is None


async def test_the_invitations_of_a_deleted_person_end_for_good(runtime, admin, project, owner):
    actor, _ = owner
    made = await invitations.create(runtime.db, actor, Invite(roles=[in_project(project)]))
    await group_deletion.delete_user(runtime.db, admin.actor, actor.user_id, None)
    assert await end_of(runtime, made.secret) is End.REVOKED
    for who in (admin.actor, project.owner):
        with pytest.raises(Conflict):
            await invitations.renew(runtime.db, who, made.invitation.id)


async def test_what_was_deleted_meanwhile_is_left_out(runtime, admin, project):
    roles = [in_project(project), in_group(project, Role.GUEST)]
    made = await invitations.create(runtime.db, admin.actor, Invite(roles=roles))
    single = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    await execute(runtime, "UPDATE projects SET deleted_at = now() WHERE id = :p", p=project.id)
    username = await come_in(runtime, made.secret)
    assert await memberships(runtime, username) == {(project.group_id, None, Role.GUEST)}
    assert await end_of(runtime, single.secret) is End.MAKER
    await execute(runtime, "UPDATE groups SET deleted_at = now() WHERE id = :g", g=project.group_id)
    last = await invitations.create(runtime.db, admin.actor, Invite())
    assert await memberships(runtime, await come_in(runtime, last.secret)) == set()


async def test_a_group_that_goes_takes_its_roles_out_of_invitations(runtime, admin):
    gone, left = [await groups.create(runtime.db, admin.actor, CreateGroup(f"g{uuid4().hex}")) for _ in range(2)]
    roles = [InvitedRole(GroupOrProject(group_id=each.id), Role.GUEST) for each in (gone, left)]
    made = await invitations.create(runtime.db, admin.actor, Invite(roles=roles))
    await execute(runtime, "UPDATE groups SET deleted_at = now() WHERE id = :id", id=gone.id)
    for _ in range(2):  # hidden, and then removed
        paths = [role.full_path for role in (await acceptance.offer(runtime.db, made.secret)).roles]
        assert paths == [left.group.full_path]
        async with runtime.db.write() as tx:
            await group_removal.forget(tx, gone.id)
    assert await memberships(runtime, await come_in(runtime, made.secret)) == {(left.id, None, Role.GUEST)}


async def test_an_email_address_that_is_taken_tells_only_administrators(runtime, admin, project):
    email = f"{uuid4().hex}@example.org"
    first = await invitations.create(runtime.db, admin.actor, Invite(email=email))
    taken = await come_in(runtime, first.secret)
    with pytest.raises(Taken, match=taken):
        await invitations.create(runtime.db, admin.actor, Invite(email=email.upper()))
    made = await invitations.create(runtime.db, project.owner, Invite(email=email, roles=[in_project(project)]))
    username = await come_in(runtime, made.secret)
    answer = await rows(runtime, "SELECT username, email FROM users WHERE username IN (:a, :b)", a=taken, b=username)
    assert dict(answer) == {taken: email, username: None}
    assert await memberships(runtime, username) == {(None, project.id, Role.DEVELOPER)}


async def test_an_account_that_exists_keeps_what_is_more(runtime, admin, project):
    person = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    target = GroupOrProject(project_id=project.id)
    soon, later = (datetime.now(UTC) + timedelta(days=days) for days in (1, 9))

    async def accepted(given: InvitedRole) -> tuple[int, datetime | None]:
        made = await invitations.create(runtime.db, project.owner, Invite(roles=[given]))
        await acceptance.accept_as(runtime.db, person.actor, made.secret)
        (row,) = await rows(
            runtime,
            "SELECT role, expires_at FROM memberships WHERE user_id = :u AND project_id = :p",
            u=person.actor.user_id,
            p=project.id,
        )
        return row.role, row.expires_at

    assert await accepted(in_project(project, Role.REPORTER, expires_at=soon)) == (Role.REPORTER, soon)
    assert await accepted(in_project(project, Role.REPORTER, expires_at=later)) == (Role.REPORTER, later)
    assert await accepted(in_project(project, Role.REPORTER, expires_at=soon)) == (Role.REPORTER, later)
    assert await accepted(in_project(project, Role.GUEST)) == (Role.REPORTER, later)
    assert await accepted(in_project(project, Role.MAINTAINER, expires_at=soon)) == (Role.REPORTER, later)
    assert await accepted(in_project(project, Role.REPORTER)) == (Role.REPORTER, None)
    assert await accepted(in_project(project, Role.MAINTAINER, expires_at=soon)) == (Role.REPORTER, None)
    assert await accepted(in_project(project, Role.MAINTAINER)) == (Role.MAINTAINER, None)
    await members.set_role(runtime.db, project.owner, target, person.actor.username, Role.OWNER)
    assert await accepted(in_project(project, Role.GUEST)) == (Role.OWNER, None)
    await execute(
        runtime,
        "UPDATE memberships SET expires_at = now() WHERE user_id = :u AND project_id = :p",
        u=person.actor.user_id,
        p=project.id,
    )
    assert await accepted(in_project(project, Role.GUEST)) == (Role.GUEST, None)


async def test_a_refused_acceptance_leaves_the_link_as_it_was(runtime, project):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    with pytest.raises(Taken):
        await come_in(runtime, made.secret, project[Role.GUEST].actor.username)
    with pytest.raises(Invalid):
        await come_in(runtime, made.secret, "a b")
    assert await end_of(runtime, made.secret) is None
    await come_in(runtime, made.secret)


async def test_of_two_acceptances_at_once_the_second_waits_and_finds_nothing(runtime, project, monkeypatch):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    first_name, second_name = (f"ada-{uuid4().hex[:12]}" for _ in range(2))
    async with paused_before(monkeypatch, sessions.start, "first") as reached:
        first = asyncio.create_task(come_in(runtime, made.secret, first_name), name="first")
        await reached.wait()
        second = asyncio.create_task(come_in(runtime, made.secret, second_name), name="second")
        await asyncio.sleep(0.2)
        assert not second.done()
    assert await first == first_name
    with pytest.raises(LinkEnded) as refused:
        await second
    assert refused.value.end is End.USED
    assert await rows(runtime, "SELECT id FROM users WHERE username = :u", u=second_name) == []


async def test_when_the_first_of_two_acceptances_fails_the_second_comes_in(runtime, project, monkeypatch):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    taken = project[Role.GUEST].actor.username
    async with paused_before(monkeypatch, acceptance.users.add, "first") as reached:
        first = asyncio.create_task(come_in(runtime, made.secret, taken), name="first")
        await reached.wait()
        second = asyncio.create_task(come_in(runtime, made.secret), name="second")
        await asyncio.sleep(0.2)
        assert not second.done()
    with pytest.raises(Taken):
        await first
    assert await memberships(runtime, await second) == {(None, project.id, Role.DEVELOPER)}


@pytest.mark.parametrize("use", [invitations.revoke, invitations.renew])
async def test_revoking_or_renewing_waits_for_an_acceptance_under_way_and_is_refused(
    runtime, project, monkeypatch, use
):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    async with paused_before(monkeypatch, sessions.start, "accepting") as reached:
        accepting = asyncio.create_task(come_in(runtime, made.secret), name="accepting")
        await reached.wait()
        ending = asyncio.create_task(use(runtime.db, project.owner, made.invitation.id))
        await asyncio.sleep(0.2)
        assert not ending.done()
    await accepting
    with pytest.raises(Conflict):
        await ending


@pytest.mark.parametrize("use", [invitations.revoke, invitations.renew])
async def test_an_acceptance_waits_for_a_revocation_under_way_and_is_refused(runtime, project, monkeypatch, use):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    async with paused_before(monkeypatch, invitations.record, "ending") as reached:
        ending = asyncio.create_task(use(runtime.db, project.owner, made.invitation.id), name="ending")
        await reached.wait()
        accepting = asyncio.create_task(come_in(runtime, made.secret))
        await asyncio.sleep(0.2)
        assert not accepting.done()
    await ending
    with pytest.raises((LinkEnded, LinkNotFound)):
        await accepting


async def test_an_acceptance_for_an_identity_uses_the_same_link_once(runtime, admin, project):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    person = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    async with runtime.db.write() as tx:
        answer = await acceptance.usable(tx, made.secret)
        await acceptance.accept(tx, answer.id, person.actor.user_id, UNKNOWN)
    assert await memberships(runtime, person.actor.username) == {(None, project.id, Role.DEVELOPER)}
    with pytest.raises(LinkEnded):
        async with runtime.db.write() as tx:
            await acceptance.accept(tx, answer.id, person.actor.user_id, UNKNOWN)


@pytest.mark.parametrize("change", [invitations.renew, invitations.revoke])
async def test_a_sign_in_at_a_provider_that_began_with_an_old_secret_ends_with_it(runtime, project, change):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    await execute(
        runtime,
        "INSERT INTO openid_requests (state_sha256, browser_sha256, provider, nonce, verifier, return_to, link_id,"
        " expires_at) VALUES (sha256(convert_to(:s, 'UTF8')), '', 'p', 'n', 'v', '/', :id, now() + interval '1 hour')",
        s=uuid4().hex,
        id=made.invitation.id,
    )
    await change(runtime.db, project.owner, made.invitation.id)
    assert await rows(runtime, "SELECT 1 FROM openid_requests WHERE link_id = :id", id=made.invitation.id) == []


async def test_of_two_resets_made_at_once_one_is_left(runtime, admin, project):
    username = project[Role.GUEST].actor.username
    made = await asyncio.gather(*(password_resets.create(runtime.db, admin.actor, username) for _ in range(4)))
    ids = [each.new.link.id for each in made]
    answer = await rows(runtime, "SELECT id FROM one_time_links WHERE id = ANY(:ids) AND revoked_at IS NULL", ids=ids)
    assert len(answer) == 1


async def test_only_administrators_reset_passwords_of_people_who_are_active(runtime, admin, project):
    username = project[Role.GUEST].actor.username
    with pytest.raises(Forbidden):
        await password_resets.create(runtime.db, project.owner, username)
    with pytest.raises(NotFound):
        await password_resets.create(runtime.db, admin.actor, f"no-{uuid4().hex}")
    person = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    await user_changes.deactivate(runtime.db, admin.actor, person.actor.user_id)
    with pytest.raises(Conflict):
        await password_resets.create(runtime.db, admin.actor, person.actor.username)


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ("UPDATE one_time_links SET expires_at = now() WHERE id = :link", End.EXPIRED),
        ("UPDATE one_time_links SET revoked_at = now() WHERE id = :link", End.REVOKED),
        ("UPDATE one_time_links SET used_at = now() WHERE id = :link", End.USED),
        ("UPDATE users SET blocked_at = now() WHERE id = :user", End.PERSON),
        ("UPDATE users SET deleted_at = now() WHERE id = :user", End.PERSON),
        ("UPDATE users SET is_bot = true WHERE id = :user", End.PERSON),
        ("UPDATE users SET blocked_at = now() WHERE id = :maker", End.MAKER),
        ("UPDATE users SET deleted_at = now() WHERE id = :maker", End.MAKER),
        ("UPDATE users SET is_admin = false WHERE id = :maker", End.MAKER),
    ],
)
@pytest.mark.parametrize("purpose", Purpose)
async def test_the_statement_that_uses_a_link_up_looks_itself(runtime, admin, purpose, change, end):
    """Whatever changed since the page looked."""
    maker = await new_person(runtime, admin, f"admin-{uuid4().hex[:12]}")
    user = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    await execute(runtime, "UPDATE users SET is_admin = true WHERE id = :id", id=maker.actor.user_id)
    ids = {"maker": maker.actor.user_id, "user": user.actor.user_id}
    is_for_person = purpose is not Purpose.INVITATION
    values = {"created_by": ids["maker"]} | ({"user_id": ids["user"]} if is_for_person else {})
    async with runtime.db.write() as tx:
        new = await links.add(tx, purpose, **values)
    ids["link"] = new.link.id
    await execute(runtime, change, **{name: id for name, id in ids.items() if f":{name}" in change})
    if not is_for_person and end is End.PERSON:
        return
    with pytest.raises(LinkEnded) as refused:
        async with runtime.db.write() as tx:
            await links.use(tx, purpose, new.secret)
    assert refused.value.end is end
    answer = await rows(runtime, "SELECT used_by FROM one_time_links WHERE id = :id", id=new.link.id)
    assert answer == [(None,)]


async def test_a_token_that_is_confined_to_some_models_invites_no_one(runtime, admin, project):
    """Not even an administrator's."""
    confined = replace(admin.actor, model_patterns=("digits",))
    made = await invitations.create(runtime.db, admin.actor, Invite(roles=[in_project(project)]))
    for attempt in (
        invitations.create(runtime.db, confined, Invite()),
        invitations.renew(runtime.db, confined, made.invitation.id),
        invitations.revoke(runtime.db, confined, made.invitation.id),
        password_resets.create(runtime.db, confined, project[Role.GUEST].actor.username),
        reads.page(runtime.db, confined, Window()),
    ):
        with pytest.raises(Forbidden):
            await attempt
    assert await reads.by_ids(runtime.db, confined, [made.invitation.id]) == [None]


async def test_a_reset_ends_other_links_into_the_account(runtime, admin, project):
    person = await new_person(runtime, admin, f"ada-{uuid4().hex[:12]}")
    reset = await password_resets.create(runtime.db, admin.actor, person.actor.username)
    async with runtime.db.write() as tx:
        other = await links.add_for_person(tx, Purpose.SIGN_IN, person.actor.user_id, None)
    await password_resets.complete(runtime.db, reset.new.secret, "hash", UNKNOWN, life=LIFE)
    async with runtime.db.read() as snap:
        with pytest.raises(LinkEnded):
            await links.find(snap, Purpose.SIGN_IN, other.secret)


async def test_links_that_ended_long_ago_are_removed(runtime, admin, project):
    made = [await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)])) for _ in range(3)]
    old, used, young = (each.invitation.id for each in made)
    await come_in(runtime, made[1].secret)
    move = "UPDATE one_time_links SET expires_at = now() - CAST(:ago AS interval) WHERE id = :id"
    for id, days in ((old, 31), (used, 31), (young, 29)):
        await execute(runtime, move, ago=timedelta(days=days), id=id)
    assert await upkeep.remove_old(runtime.db) >= 2
    assert await rows(runtime, "SELECT id FROM one_time_links WHERE id IN (:a, :b, :c)", a=old, b=used, c=young) == [
        (young,)
    ]
    assert await rows(runtime, "SELECT 1 FROM invitation_roles WHERE link_id IN (:a, :b)", a=old, b=used) == []
    assert await upkeep.remove_old(runtime.db) == 0


async def test_administrators_list_all_by_status(runtime, admin, project):
    made = {
        status: await invitations.create(runtime.db, admin.actor, Invite(roles=[in_project(project)]))
        for status in Status
    }
    await come_in(runtime, made[Status.ACCEPTED].secret)
    await invitations.revoke(runtime.db, admin.actor, made[Status.REVOKED].invitation.id)
    expired = made[Status.EXPIRED].invitation.id
    await execute(runtime, "UPDATE one_time_links SET expires_at = now() WHERE id = :id", id=expired)
    ids = {each.invitation.id for each in made.values()}
    for status in Status:
        page = await reads.page(runtime.db, admin.actor, Window(first=100), status)
        assert {one.status for one in page.items} == {status}
        assert {one.id for one in page.items} & ids == {made[status].invitation.id}
        assert await reads.count(runtime.db, admin.actor, status) >= 1
    page = await reads.page(runtime.db, admin.actor, Window(first=4))
    assert {one.id: one.status for one in page.items} == {each.invitation.id: status for status, each in made.items()}
    with pytest.raises(Forbidden):
        await reads.page(runtime.db, project.owner, Window())


async def test_owners_see_what_is_to_their_groups_and_projects_others_do_not(ask, data, runtime, admin, project, owner):
    made = await invitations.create(runtime.db, admin.actor, Invite(roles=[in_project(project), in_group(project)]))
    id = str(links_id(made))
    group = project.path.rpartition("/")[0]
    seen = await data(project[Role.OWNER], LISTS, p=project.path, g=group)
    assert seen == {name: {"invitations": {"nodes": [{"status": "PENDING"}]}} for name in ("project", "group")}
    for role in (Role.MAINTAINER, Role.GUEST):
        answer = await ask(project[role], LISTS, p=project.path, g=group)
        assert {error["extensions"]["code"] for error in answer.errors} == {"FORBIDDEN"}
        assert (await data(project[role], INVITED, id=id))["node"] is None
    assert (await data(project.stranger, INVITED, id=id))["node"] is None
    assert (await data(None, INVITED, id=id))["node"] is None
    assert (await data(project[Role.OWNER], INVITED, id=id))["node"]["status"] == "PENDING"
    assert (await data(admin, INVITED, id=id))["node"]["status"] == "PENDING"


def links_id(made) -> str:
    return str(GlobalId.of("Invitation", made.invitation.id))


async def test_what_an_invitation_says_of_others_is_what_its_reader_may_see(data, runtime, admin, project, owner):
    """An owner of the project alone sees the invitation, and of its other role not in which group it is."""
    actor, _ = owner
    other = await _private_group(runtime, admin)
    roles = [in_project(project), InvitedRole(GroupOrProject(group_id=other), Role.GUEST)]
    made = await invitations.create(runtime.db, admin.actor, Invite(roles=roles))
    token = (await tokens.issue(runtime.db, actor, IssueToken("t"))).secret
    person = type(admin)(actor, token)
    query = """query i($id: ID!) { node(id: $id) { ... on Invitation {
      memberships { group { fullPath } project { fullPath } } } } }"""
    shown = (await data(person, query, id=links_id(made)))["node"]["memberships"]
    assert shown == [{"group": None, "project": {"fullPath": project.path}}, {"group": None, "project": None}]


async def _private_group(runtime, admin) -> int:
    return (await groups.create(runtime.db, admin.actor, CreateGroup(f"g{uuid4().hex}"))).id


async def test_the_access_log_tells_who_invited_whom_to_what_and_what_became_of_it(runtime, project):
    email = f"{uuid4().hex}@example.org"
    made = await invitations.create(runtime.db, project.owner, Invite(email=email, roles=[in_project(project)]))
    username = await come_in(runtime, made.secret)
    [(user_id,)] = await rows(runtime, "SELECT id FROM users WHERE username = :u", u=username)
    log = await rows(
        runtime,
        "SELECT action, result, actor_id, username, about_project_id FROM access_log"
        " WHERE details ->> 'invitation' = :id ORDER BY id",
        id=str(made.invitation.id),
    )
    assert [tuple(row) for row in log] == [
        ("invitation_create", "ok", project.owner.user_id, email, project.id),
        ("invitation_accept", "ok", user_id, username, project.id),
    ]


async def test_who_made_an_invitation_does_not_accept_it(runtime, project, owner):
    actor, target = owner
    end = datetime.now(UTC) + timedelta(hours=1)
    await members.set_role(runtime.db, project.owner, target, actor.username, Role.OWNER, expires_at=end)
    made = await invitations.create(runtime.db, actor, Invite(roles=[in_project(project, Role.OWNER)]))
    with pytest.raises(Forbidden, match="yourself"):
        await acceptance.accept_as(runtime.db, actor, made.secret)
    assert await end_of(runtime, made.secret) is None


async def test_from_where_an_invitation_was_accepted_is_shown_to_no_member(runtime, project, admin):
    made = await invitations.create(runtime.db, project.owner, Invite(roles=[in_project(project)]))
    account, client = NewAccount(f"ada-{uuid4().hex[:12]}", "Ada", "hash"), ClientInfo("192.0.2.77", "browser")
    await acceptance.make_account(runtime.db, made.secret, account, client, life=LIFE)
    for actor in (project.owner, project[Role.MAINTAINER].actor, admin.actor):
        (page,) = await log_reads.of_projects(runtime.db, actor, [(project.id,)], Window(first=10))
        (accepted,) = [entry for entry in page.items if entry.action == "invitation_accept"]
        assert accepted.address == "192.0.2.77"
        assert log_reads.shows_origin(actor, accepted) is (actor is admin.actor)
