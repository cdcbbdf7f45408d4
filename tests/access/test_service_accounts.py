"""Service accounts: named bots of a project or group, whose tokens share a role and end together."""

from __future__ import annotations

import asyncio

import pytest

from app.access import projects, tokens
from app.access.members import GroupOrProject
from app.access.policy import Permission, Role, Scope
from app.access.service_accounts import changes, reads
from app.access.service_accounts.accounts import ServiceAccount, ServiceAccountNotFound
from app.access.service_accounts.changes import CreateServiceAccount, EditServiceAccount
from app.access.tokens import IssueToken
from app.errors import Forbidden, Taken, TooLarge, Unauthenticated
from app.pagination import Window
from app.upkeep import project_deletion
from tests.conftest import new_project


async def made(runtime, project, *, by=None, name="nightly", role=Role.DEVELOPER, group=False) -> ServiceAccount:
    target = GroupOrProject(group_id=project.group_id) if group else GroupOrProject(project_id=project.id)
    return await changes.create(runtime.db, by or project.owner, CreateServiceAccount(target, name, "d", role))


async def token(runtime, project, account, *scopes, by=None) -> str:
    command = IssueToken("t", scopes or (Scope.API,), service_account_id=account.id)
    return (await tokens.issue(runtime.db, by or project.owner, command)).secret


async def role_of(runtime, secret, project) -> Role | None:
    actor = await tokens.authenticate(runtime.db, secret)
    return (await projects.get(runtime.db, actor, project.id)).role


@pytest.mark.parametrize("group", [False, True])
async def test_all_its_tokens_have_its_role_as_it_is_now(runtime, project, group):
    account = await made(runtime, project, group=group)
    secrets = [await token(runtime, project, account) for _ in range(2)]
    assert [await role_of(runtime, one, project) for one in secrets] == [Role.DEVELOPER] * 2
    await changes.edit(runtime.db, project.owner, account.id, EditServiceAccount(role=Role.REPORTER, name="weekly"))
    assert [await role_of(runtime, one, project) for one in secrets] == [Role.REPORTER] * 2
    assert {(await tokens.authenticate(runtime.db, one)).user_id for one in secrets} == {account.id}


async def test_its_deletion_ends_all_its_tokens_at_once(runtime, project):
    account = await made(runtime, project)
    secrets = [await token(runtime, project, account) for _ in range(2)]
    await changes.remove(runtime.db, project.owner, account.id)
    for secret in secrets:
        with pytest.raises(Unauthenticated):
            await tokens.authenticate(runtime.db, secret)
    with pytest.raises(ServiceAccountNotFound):
        await token(runtime, project, account)
    assert (await made(runtime, project)).id != account.id


async def test_a_token_made_during_the_deletion_ends_with_it(runtime, project):
    account = await made(runtime, project)
    outcomes = await asyncio.gather(
        changes.remove(runtime.db, project.owner, account.id),
        *(token(runtime, project, account) for _ in range(6)),
        return_exceptions=True,
    )
    for one in outcomes[1:]:
        assert isinstance(one, str | ServiceAccountNotFound), one
        if isinstance(one, str):
            with pytest.raises(Unauthenticated):
                await tokens.authenticate(runtime.db, one)


async def test_of_two_of_a_name_one_is_made(runtime, project):
    outcomes = await asyncio.gather(
        *(made(runtime, project, name=name) for name in ("Nightly", "nightly", "NIGHTLY")), return_exceptions=True
    )
    assert [isinstance(one, Taken) for one in outcomes].count(True) == 2
    assert (await made(runtime, project, group=True)).name == "nightly"


async def test_no_one_gives_a_higher_role_than_their_own(runtime, project):
    maintainer = project[Role.MAINTAINER].actor
    with pytest.raises(Forbidden, match="maintainer here"):
        await made(runtime, project, by=maintainer, role=Role.OWNER)
    mine = await made(runtime, project, by=maintainer, role=Role.MAINTAINER)
    with pytest.raises(Forbidden, match="above"):
        await changes.edit(runtime.db, maintainer, mine.id, EditServiceAccount(role=Role.OWNER))
    theirs = await made(runtime, project, name="owners", role=Role.OWNER)
    for change in (
        changes.edit(runtime.db, maintainer, theirs.id, EditServiceAccount(role=Role.GUEST)),
        changes.remove(runtime.db, maintainer, theirs.id),
        token(runtime, project, theirs, by=maintainer),
    ):
        with pytest.raises(Forbidden):
            await change


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.GUEST, None])
async def test_those_who_do_not_manage_tokens_know_of_none(runtime, project, role):
    actor = (project[role] if role else project.stranger).actor
    account = await made(runtime, project)
    for change in (
        changes.edit(runtime.db, actor, account.id, EditServiceAccount(name="x")),
        changes.remove(runtime.db, actor, account.id),
        token(runtime, project, account, by=actor),
    ):
        with pytest.raises(ServiceAccountNotFound):
            await change
    assert await reads.by_ids(runtime.db, actor, [account.id]) == [None]
    (refusal,) = await reads.of_projects(runtime.db, actor, [(project.id,)], Window(first=5))
    assert not hasattr(refusal, "items")


async def test_bots_manage_accounts_with_the_scope_for_it_only(runtime, project):
    account = await made(runtime, project, role=Role.MAINTAINER)
    plain = await tokens.authenticate(runtime.db, await token(runtime, project, account))
    with pytest.raises(Forbidden, match="manage_access"):
        await made(runtime, project, by=plain, name="b")
    managing = await token(runtime, project, account, Scope.API, Scope.MANAGE_ACCESS)
    bot = await tokens.authenticate(runtime.db, managing)
    assert (await made(runtime, project, by=bot, name="b")).created_by == account.id


async def test_lists_show_the_accounts_of_a_project_and_their_tokens(runtime, project, staff):
    other = await new_project(runtime, staff)
    mine, _ = await made(runtime, project), await made(runtime, other)
    await token(runtime, project, mine)
    (page,) = await reads.of_projects(runtime.db, project.owner, [(project.id,)], Window(first=5))
    assert [one.id for one in page.items] == [mine.id]
    (group,) = await reads.of_groups(runtime.db, project.owner, [(project.group_id,)], Window(first=5))
    assert group.items == []
    (listed,) = await reads.tokens_of(runtime.db, [(mine.id,)], Window(first=5))
    assert [one.user_id for one in listed.items] == [mine.id]


async def test_they_end_with_their_project(runtime, project):
    account = await made(runtime, project)
    secret = await token(runtime, project, account)
    await project_deletion.delete(runtime.db, project.owner, project.id, project.path)
    with pytest.raises(Unauthenticated):
        await tokens.authenticate(runtime.db, secret)
    with pytest.raises(ServiceAccountNotFound):
        await token(runtime, project, account)


async def test_descriptions_have_a_limit(runtime, project):
    target = GroupOrProject(project_id=project.id)
    with pytest.raises(TooLarge):
        await changes.create(runtime.db, project.owner, CreateServiceAccount(target, "n", "d" * 1_001))


async def test_what_it_may_do_is_what_its_role_may(runtime, project):
    account = await made(runtime, project, role=Role.REPORTER)
    actor = await tokens.authenticate(runtime.db, await token(runtime, project, account))
    access = await projects.get(runtime.db, actor, project.id)
    from app.access import policy  # noqa: PLC0415

    assert policy.allows(actor, access, Permission.REGISTRY_WRITE)
    assert not policy.allows(actor, access, Permission.CANDIDATE_WRITE)
