"""Invitations that are accepted with an identity at a real provider, by the button on their page."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from app.access.members import GroupOrProject
from app.access.one_time_links import invitations
from app.access.one_time_links.invitations import Invite, InvitedRole
from app.access.policy import Role
from tests.access.openid.conftest import described
from tests.support.access.openid_provider import person, said


@pytest.fixture
async def invite(runtime, admin):
    async def make(*targets: tuple[GroupOrProject, Role], **command):
        roles = [InvitedRole(target, role) for target, role in targets]
        return await invitations.create(runtime.db, admin.actor, Invite(roles=roles, **command))

    return make


@pytest.fixture
async def configured(service, real, subject, username):
    await real.tell(accounts={subject: person(preferred_username=username, email=None)})

    def configure(**changes):
        return service.has(described("real", real.issuer, accounts="invited"), **changes)

    return configure


async def role_of(runtime, username: str, project) -> int | None:
    async with runtime.db.read() as snap:
        return await snap.scalar(
            text(
                "SELECT m.role FROM memberships m JOIN users u ON u.id = m.user_id"
                " WHERE username = :u AND project_id = :p"
            ),
            {"u": username, "p": project.id},
        )


async def test_the_page_has_a_button_by_which_the_person_comes_in(
    runtime, project, real, configured, visitor, subject, username, invite
):
    configured()
    made = await invite((GroupOrProject(project_id=project.id), Role.DEVELOPER))
    page = await visitor.http.get(f"/invitations/{made.secret}")
    assert 'action="/openid/real/start"' in page.text and "Come in with The real one" in page.text
    field = re.search(r'name="invitation" value="([^"]+)"', page.text)
    assert field is not None and field[1] == made.secret
    assert (await visitor.sign_in(real, subject, invitation=made.secret)).status_code == 303
    assert (await visitor.viewer())["user"]["username"] == username
    assert await role_of(runtime, username, project) == Role.DEVELOPER
    assert (await visitor.http.get(f"/invitations/{made.secret}")).status_code == 410


async def test_who_has_an_account_accepts_into_it(runtime, project, real, configured, visit, subject, username, invite):
    configured()
    first, second = await invite(), await invite((GroupOrProject(project_id=project.id), Role.REPORTER))
    assert (await visit().sign_in(real, subject, invitation=first.secret)).status_code == 303
    browser = visit()
    assert (await browser.sign_in(real, subject, invitation=second.secret)).status_code == 303
    assert (await browser.viewer())["user"]["username"] == username
    assert await role_of(runtime, username, project) == Role.REPORTER


@pytest.mark.parametrize("end", ["revoked", "renewed", "used"])
async def test_an_invitation_that_ends_while_the_person_is_at_the_provider_lets_no_one_in(
    runtime, admin, real, configured, visit, visitor, subject, identities, invite, end
):
    configured()
    made = await invite()
    address = await visitor.address(invitation=made.secret)
    back = await real.sign_in(address, subject)
    match end:
        case "revoked":
            await invitations.revoke(runtime.db, admin.actor, made.invitation.id)
        case "renewed":
            await invitations.renew(runtime.db, admin.actor, made.invitation.id)
        case "used":
            async with runtime.db.write() as tx:
                await tx.execute(
                    text("UPDATE one_time_links SET used_at = now() WHERE id = :id"), {"id": made.invitation.id}
                )
    answer = await visitor.back(back)
    assert answer.status_code in {400, 403, 404, 409, 410}, said(answer)
    assert await visitor.viewer() is None and await identities(subject) == []


async def test_where_passwords_are_switched_off_none_is_set(runtime, admin, real, configured, visit, subject, invite):
    """Once an administrator has an identity at the provider."""
    made = await invite(is_admin=True)
    configured()
    assert (await visit().sign_in(real, subject, invitation=made.secret)).status_code == 303
    try:
        configured(is_only_way=True)
        other = await invite()
        browser = visit()
        page = await browser.http.get(f"/invitations/{other.secret}")
        assert 'type="password"' not in page.text and "Come in with The real one" in page.text
        token = re.search(r'name="form_token" value="([^"]+)"', page.text)
        password = "correct horse battery staple"
        form = {"form_token": token[1], "username": f"x{subject}", "password": password, "password_again": password}
        answer = await browser.http.post(f"/invitations/{other.secret}", data=form, headers={"Origin": browser.url})
        assert (answer.status_code, "does not accept passwords" in said(answer)) == (403, True)
    finally:
        async with runtime.db.write() as tx:
            await tx.execute(
                text(
                    "UPDATE users SET is_admin = false FROM openid_identities i"
                    " WHERE i.user_id = users.id AND subject = :s"
                ),
                {"s": subject},
            )
