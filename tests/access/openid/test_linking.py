"""Identities of accounts that exist: linked by who is signed in, accepted with an invitation, unlinked again."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update

from app.access.members import GroupOrProject
from app.access.one_time_links import invitations
from app.access.one_time_links.invitations import Invite, InvitedRole
from app.access.openid import identities as own_identities
from app.access.openid import password_sign_in
from app.access.openid.configuration import GroupRule
from app.access.openid.identities import IdentityNotFound, LastWayIn
from app.access.openid.password_sign_in import PasswordsOff
from app.access.policy import Role
from app.access.tables import Membership, User
from app.access.tables_of_people import OpenIdIdentity, Password
from app.errors import Unauthenticated
from tests.access.openid.conftest import described
from tests.conftest import new_person
from tests.support.access.openid_provider import said
from tests.support.access.signed_in import sign_in

DELETE = "mutation d($id: ID!) { identityDelete(input: {id: $id}) { deletedId userErrors { code message } } }"
OWN = "{ viewer { identities { id email provider { name title } } } }"


@pytest.fixture
async def member(runtime, admin):
    """A person with an account who has no identity yet."""
    return await new_person(runtime, admin, f"p-{uuid4().hex[:10]}")


@pytest.fixture
def signed_in(service, runtime, visit):
    """A browser in which a person is signed in."""

    async def open_for(person):
        browser, session = visit(), await sign_in(runtime, person.actor, service.url)
        browser.http.cookies.set("modelyard_session", session.secret)
        return browser

    return open_for


@pytest.fixture
def at_fake(service, fake):
    return service.has(described("fake", fake.url, accounts="invited"))


async def start(browser, **fields):
    page = await browser.http.get("/account")
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    form = fields | {"form_token": token}
    return await browser.http.post("/openid/fake/start", data=form, headers={"Origin": browser.url})


async def address_for(browser, **fields):
    answer = await start(browser, purpose="link", **fields)
    assert answer.status_code == 200, said(answer)
    return answer.text.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")


@pytest.fixture
def link(fake, at_fake):
    async def come(browser):
        return await browser.back(fake.callback(await address_for(browser, return_to="/account?linked")))

    return come


async def ask(browser, query, **variables):
    headers = {"Origin": browser.url, "X-Requested-With": "tests"}
    answer = await browser.http.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    return answer.json()["data"]


async def test_who_is_signed_in_links_an_identity_and_signs_in_with_it(member, signed_in, link, fake, visit):
    fake.userinfo = {"preferred_username": "quite-another", "email": "linked@example.org"}
    browser = await signed_in(member)
    before = browser.http.cookies["modelyard_session"]
    answer = await link(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?linked")
    assert browser.http.cookies["modelyard_session"] == before, "the session goes on"
    (identity,) = (await ask(browser, OWN))["viewer"]["identities"]
    assert (identity["email"], identity["provider"]) == (
        "linked@example.org",
        {"name": "fake", "title": "The fake one"},
    )
    other = visit()
    assert (await other.back(fake.callback(await other.address("fake")))).status_code == 303
    assert (await other.viewer())["user"]["username"] == member.actor.username
    assert (await link(browser)).status_code == 303, "once more changes nothing"
    assert len((await ask(browser, OWN))["viewer"]["identities"]) == 1


async def test_linking_gives_the_roles_of_the_groups(member, signed_in, fake, service, runtime, project):
    rule = GroupRule.model_validate({"member_of": "team", "role": "reporter", "project": project.path})
    service.has(described("fake", fake.url, accounts="invited", rules=(rule,)))
    fake.userinfo = {"groups": ["team"]}
    browser = await signed_in(member)
    assert (await browser.back(fake.callback(await address_for(browser)))).status_code == 303
    mine = select(Membership.role, Membership.rule).where(
        Membership.user_id == member.actor.user_id, Membership.project_id == project.id
    )
    async with runtime.db.read() as snap:
        assert (await snap.execute(mine)).all() == [(Role.REPORTER, "fake")]
    # Unlinking takes away what the provider's groups gave.
    async with runtime.db.write() as tx:
        tx.add(Password(user_id=member.actor.user_id, hash="of no password"))
        await tx.flush()
    (identity,) = (await ask(browser, OWN))["viewer"]["identities"]
    assert (await ask(browser, DELETE, id=identity["id"]))["identityDelete"]["userErrors"] == []
    async with runtime.db.read() as snap:
        assert (await snap.execute(mine)).all() == []


async def test_an_identity_of_another_account_is_not_taken_over(member, signed_in, link, runtime, admin, fake):
    assert (await link(await signed_in(member))).status_code == 303
    second = await new_person(runtime, admin, f"p-{uuid4().hex[:10]}")
    refused = await link(await signed_in(second))
    assert (refused.status_code, "belongs to another account" in said(refused)) == (409, True)
    assert f"still signed in as {second.actor.username}" in refused.text
    async with runtime.db.read() as snap:
        rows = (await snap.scalars(select(OpenIdIdentity).where(OpenIdIdentity.subject == fake.subject))).all()
    assert [row.user_id for row in rows] == [member.actor.user_id]


async def test_two_accounts_that_link_one_identity_at_once_leave_it_to_one(signed_in, runtime, admin, fake, at_fake):
    people = [await new_person(runtime, admin, f"p-{uuid4().hex[:10]}") for _ in range(4)]
    browsers = [await signed_in(one) for one in people]
    addresses = [fake.callback(await address_for(browser)) for browser in browsers]
    answers = await asyncio.gather(*(one.back(address) for one, address in zip(browsers, addresses, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]


async def test_only_the_person_who_began_links(member, signed_in, fake, at_fake, runtime, admin, visit):
    browser = await signed_in(member)
    address = fake.callback(await address_for(browser))
    second = await new_person(runtime, admin, f"p-{uuid4().hex[:10]}")
    session = await sign_in(runtime, second.actor, browser.url)
    browser.http.cookies.set("modelyard_session", session.secret)
    refused = await browser.back(address)
    assert (refused.status_code, "as another person" in said(refused)) == (403, True)

    browser = await signed_in(member)
    address = fake.callback(await address_for(browser))
    del browser.http.cookies["modelyard_session"]
    refused = await browser.back(address)
    assert (refused.status_code, "http-equiv" in refused.text) == (401, False)


async def test_a_visitor_links_nothing(at_fake, visitor):
    refused = await visitor.start("fake", purpose="link")
    assert refused.status_code == 401


async def test_a_person_deactivated_meanwhile_links_nothing(member, signed_in, fake, at_fake, runtime):
    browser = await signed_in(member)
    address = fake.callback(await address_for(browser))
    async with runtime.db.write() as tx:
        await tx.execute(update(User).where(User.id == member.actor.user_id).values(blocked_at=text("now()")))
    assert (await browser.back(address)).status_code in {401, 403}


async def unlinked(runtime, openid, person, identity):
    try:
        await own_identities.delete_own(runtime.db, person.actor, openid, identity)
    except (LastWayIn, IdentityNotFound) as error:
        return type(error)
    return None


async def test_the_last_way_in_is_not_unlinked(member, signed_in, link, runtime, at_fake, service):
    browser = await signed_in(member)
    await link(browser)
    (identity,) = (await ask(browser, OWN))["viewer"]["identities"]
    answer = (await ask(browser, DELETE, id=identity["id"]))["identityDelete"]
    assert [error["code"] for error in answer["userErrors"]] == ["CONFLICT"]
    assert "the only way in which you can sign in" in answer["userErrors"][0]["message"]
    async with runtime.db.write() as tx:  # at a provider that is not configured any more
        tx.add(OpenIdIdentity(user_id=member.actor.user_id, provider="old", issuer="https://old.example", subject="s"))
        await tx.flush()
    answer = (await ask(browser, DELETE, id=identity["id"]))["identityDelete"]
    assert [error["code"] for error in answer["userErrors"]] == ["CONFLICT"]
    async with runtime.db.write() as tx:
        tx.add(Password(user_id=member.actor.user_id, hash="of no password"))
        await tx.flush()
    answer = (await ask(browser, DELETE, id=identity["id"]))["identityDelete"]
    assert answer == {"deletedId": identity["id"], "userErrors": []}
    answer = (await ask(browser, DELETE, id=identity["id"]))["identityDelete"]
    assert [error["code"] for error in answer["userErrors"]] == ["NOT_FOUND"]


async def test_of_two_identities_unlinked_at_once_one_stays(member, runtime, fake, at_fake):
    async with runtime.db.write() as tx:
        rows = [
            OpenIdIdentity(user_id=member.actor.user_id, provider="fake", issuer=fake.url, subject=uuid4().hex)
            for _ in range(2)
        ]
        tx.add_all(rows)
        await tx.flush()
        ids = [row.id for row in rows]
    results = await asyncio.gather(*(unlinked(runtime, at_fake, member, one) for one in ids))
    assert sorted(map(str, results)) == sorted(map(str, [None, LastWayIn]))


async def test_unlinking_waits_for_another_that_is_under_way(member, runtime, fake, at_fake):
    async with runtime.db.write() as tx:
        rows = [
            OpenIdIdentity(user_id=member.actor.user_id, provider="fake", issuer=fake.url, subject=uuid4().hex)
            for _ in range(2)
        ]
        tx.add_all(rows)
        await tx.flush()
    async with runtime.db.write() as tx:
        await tx.execute(select(User.id).where(User.id == member.actor.user_id).with_for_update(key_share=True))
        waiting = asyncio.create_task(unlinked(runtime, at_fake, member, rows[1].id))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        await tx.execute(text("DELETE FROM openid_identities WHERE id = :id"), {"id": rows[0].id})
    assert await waiting is LastWayIn


async def test_identities_of_others_are_not_there(member, runtime, fake, at_fake, admin):
    async with runtime.db.write() as tx:
        row = OpenIdIdentity(user_id=member.actor.user_id, provider="fake", issuer=fake.url, subject=uuid4().hex)
        tx.add(row)
        await tx.flush()
    second = await new_person(runtime, admin, f"p-{uuid4().hex[:10]}")
    for stranger in (second, admin):
        assert await unlinked(runtime, at_fake, stranger, row.id) is IdentityNotFound
        assert row.id not in [one.id for one in await own_identities.own(runtime.db, stranger.actor)]
    with pytest.raises(Unauthenticated):
        await own_identities.own(runtime.db, type(admin.actor)())


@pytest.fixture
def invite(runtime, project):
    async def make(**values):
        role = InvitedRole(GroupOrProject(project_id=project.id), Role.DEVELOPER, None)
        return await invitations.create(runtime.db, project.owner, Invite(roles=[role], **values))

    return make


async def test_an_invited_person_comes_with_an_identity(invite, visit, fake, at_fake, runtime, project):
    fake.userinfo = {"preferred_username": f"inv-{fake.subject[:8]}"}
    made = await invite()
    browser = visit()
    address = fake.callback(await browser.address("fake", invitation=made.secret))
    assert (await browser.back(address)).status_code == 303
    assert (await browser.viewer())["user"]["username"] == f"inv-{fake.subject[:8]}"
    async with runtime.db.read() as snap:
        given = select(Membership.role, Membership.rule).where(Membership.project_id == project.id)
        given = given.join(OpenIdIdentity, OpenIdIdentity.user_id == Membership.user_id)
        assert (await snap.execute(given.where(OpenIdIdentity.subject == fake.subject))).all() == [
            (Role.DEVELOPER, None)
        ]
    fake.subject = uuid4().hex
    again = await visit().start("fake", invitation=made.secret)
    assert again.status_code in {404, 409, 410} and said(again)


async def test_an_invitation_is_used_once_however_many_began_with_it(invite, visit, fake, at_fake, runtime):
    made = await invite()
    browsers = [visit() for _ in range(4)]
    addresses = [fake.callback(await browser.address("fake", invitation=made.secret)) for browser in browsers]
    subjects = [uuid4().hex for _ in browsers]

    async def come(browser, address, subject):
        fake.subject = subject  # the fake has one subject at a time
        return await browser.back(address)

    answers = [await come(*one) for one in zip(browsers, addresses, subjects, strict=True)]
    assert [answer.status_code for answer in answers].count(303) == 1
    async with runtime.db.read() as snap:
        made_for = (await snap.scalars(select(OpenIdIdentity).where(OpenIdIdentity.subject.in_(subjects)))).all()
    assert len(made_for) == 1, "no account is left of those who were refused"


async def test_an_invitation_revoked_meanwhile_makes_no_account(invite, visitor, fake, at_fake, runtime, project):
    made = await invite()
    address = fake.callback(await visitor.address("fake", invitation=made.secret))
    await invitations.revoke(runtime.db, project.owner, made.invitation.id)
    answer = await visitor.back(address)
    assert answer.status_code in {400, 404, 409} and said(answer)
    async with runtime.db.read() as snap:
        assert await snap.scalar(select(OpenIdIdentity.id).where(OpenIdIdentity.subject == fake.subject)) is None


async def test_an_unknown_invitation_begins_nothing(at_fake, visitor):
    answer = await visitor.start("fake", invitation="myl_" + "x" * 43)
    assert (answer.status_code, "http-equiv" in answer.text) == (404, False)


async def test_passwords_are_off_only_while_an_administrator_has_an_identity(service, runtime, admin, member):
    """The administrator of the tests is that of all tests, so the identity is taken away again."""
    issuer = f"https://{uuid4().hex}.example"
    openid = service.has(described("only", issuer), is_only_way=True)
    async with runtime.db.read() as snap:
        assert await password_sign_in.is_on(snap, openid), "no one is locked out by a provider that never worked"
    async with runtime.db.write() as tx:
        tx.add(OpenIdIdentity(user_id=member.actor.user_id, provider="only", issuer=issuer, subject=uuid4().hex))
        await tx.flush()
    async with runtime.db.read() as snap:
        assert await password_sign_in.is_on(snap, openid), "of a person who is no administrator it says nothing"
    async with runtime.db.write() as tx:
        row = OpenIdIdentity(user_id=admin.actor.user_id, provider="only", issuer=issuer, subject=uuid4().hex)
        tx.add(row)
        await tx.flush()
    try:
        async with runtime.db.read() as snap:
            assert not await password_sign_in.is_on(snap, openid)
            with pytest.raises(PasswordsOff, match="does not accept passwords; sign in with The only one"):
                await password_sign_in.require_on(snap, openid)
            other = service.has(described("other", "https://other.example"), is_only_way=True)
            assert await password_sign_in.is_on(snap, other), "of a provider that is not configured it says nothing"
            assert await password_sign_in.is_on(snap, service.has(described("only", issuer)))
    finally:
        async with runtime.db.write() as tx:
            await tx.delete(row)
            await tx.flush()


async def test_ways_to_sign_in_are_told_to_all(service, http, fake, visitor):
    service.has(described("fake", fake.url), described("b", "https://b.example", title="<b>B</b>"))
    query = {"query": "{ signInMethods { hasPasswords providers { name title } } }"}
    answer = (await visitor.http.post("/graphql", json=query)).json()["data"]["signInMethods"]
    assert answer == {
        "hasPasswords": True,
        "providers": [{"name": "fake", "title": "The fake one"}, {"name": "b", "title": "<b>B</b>"}],
    }
