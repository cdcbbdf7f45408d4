"""What the pages show of single sign-on: buttons, identities, and what is away; without script, also in a browser."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from aiohttp import web

from app.access.one_time_links import invitations
from app.access.one_time_links.invitations import Invite
from app.access.tables_of_people import OpenIdIdentity, Password
from tests.access.openid.conftest import described
from tests.conftest import new_person
from tests.support.access.fake_openid_provider import DISCOVERY
from tests.support.access.openid_provider import person, said
from tests.support.access.signed_in import sign_in


@pytest.fixture
async def member(runtime, admin):
    return await new_person(runtime, admin, f"p-{uuid4().hex[:10]}")


@pytest.fixture
async def at_home(service, runtime, visitor, member):
    """The browser of a person who is signed in."""
    session = await sign_in(runtime, member.actor, service.url)
    visitor.http.cookies.set("modelyard_session", session.secret)
    return visitor


def forms(page):
    return re.findall(r'<form method="post" action="([^"]+)"', page.text)


async def test_the_sign_in_page_has_a_button_for_each_provider(service, fake, visitor):
    service.has(described("fake", fake.url, title="<b>Fake</b>"), described("second", "https://second.example"))
    page = await visitor.http.get("/sign-in?return_to=/account%3Fx")
    assert forms(page) == ["/openid/fake/start", "/openid/second/start", "/sign-in"]
    assert "Sign in with &lt;b&gt;Fake&lt;/b&gt;</button>" in page.text
    assert page.text.count('name="return_to" value="/account?x"') == 3
    assert fake.requests == [], "no provider is asked before a button is pressed"


async def test_without_providers_there_is_nothing_of_them(service, visitor, at_home):
    service.has()
    assert "openid" not in (await at_home.http.get("/account")).text
    del at_home.http.cookies["modelyard_session"]
    assert forms(await visitor.http.get("/sign-in")) == ["/sign-in"]


async def test_a_provider_that_is_away_is_named_beside_its_button_and_passwords_go_on(service, fake, visitor):
    service.has(described("fake", fake.url))
    hint = "The fake one could not be reached a moment ago."
    assert hint not in (await visitor.http.get("/sign-in")).text
    fake.troubles[DISCOVERY] = web.Response(status=503)
    assert "cannot be used at the moment" in said(await visitor.start("fake"))
    page = await visitor.http.get("/sign-in")
    assert hint in page.text and forms(page) == ["/openid/fake/start", "/sign-in"]
    del fake.troubles[DISCOVERY]
    service.runtime.openid.issuers._issuers[fake.url].next_try_at = 0.0
    assert (await visitor.start("fake")).status_code == 200
    assert hint not in (await visitor.http.get("/sign-in")).text


async def test_where_passwords_are_off_there_is_no_form_for_them(service, fake, visitor, runtime, admin):
    service.has(described("fake", fake.url), is_only_way=True)
    assert "/sign-in" in forms(await visitor.http.get("/sign-in"))
    async with runtime.db.write() as tx:
        row = OpenIdIdentity(user_id=admin.actor.user_id, provider="fake", issuer=fake.url, subject=uuid4().hex)
        tx.add(row)
        await tx.flush()
    try:
        page = await visitor.http.get("/sign-in")
        assert forms(page) == ["/openid/fake/start"]
        token = re.search(r'name="form_token" value="([^"]+)"', page.text)[1]
        form = {"form_token": token, "username": admin.actor.username, "password": "whatever it is"}
        answer = await visitor.http.post("/sign-in", data=form, headers={"Origin": visitor.url})
        assert (answer.status_code, "does not accept passwords" in said(answer)) == (403, True)
        # Nor does an invitation make an account that could not be used.
        made = await invitations.create(runtime.db, admin.actor, Invite(email=f"{uuid4().hex}@example.org"))
        path = f"/invitations/{made.secret}"
        assert forms(await visitor.http.get(path)) == ["/openid/fake/start"]
        form = {"form_token": token, "username": f"u-{uuid4().hex}", "new_password": "correct horse battery staple"}
        answer = await visitor.http.post(path, data=form, headers={"Origin": visitor.url})
        assert (answer.status_code, "does not accept passwords" in answer.text) == (403, True)
    finally:
        async with runtime.db.write() as tx:
            await tx.delete(row)
            await tx.flush()


async def test_identities_are_listed_linked_and_unlinked_on_the_account_s_page(service, fake, at_home, member, runtime):
    service.has(described("fake", fake.url))
    page = await at_home.http.get("/account")
    assert "/openid/fake/start" in forms(page) and "Unlink" not in page.text
    fake.userinfo = {"email": "<i>@example.org"}
    address = await at_home.address("fake", purpose="link", return_to="/account?done=linked#main")
    answer = await at_home.back(fake.callback(address))
    assert answer.headers["location"] == "/account?done=linked#main"
    page = await at_home.http.get(answer.headers["location"])
    assert "The identity was linked." in page.text and "<i>" not in page.text
    number = re.search(r'name="identity" value="(\d+)"', page.text)[1]
    form = {"identity": number, "form_token": re.search(r'name="form_token" value="([^"]+)"', page.text)[1]}

    async def unlink():
        path = "/account/identities/delete"
        return await at_home.http.post(path, data=form, headers={"Origin": at_home.url})

    refused = await unlink()
    assert (refused.status_code, "only way in which you can sign in" in said(refused)) == (409, True)
    async with runtime.db.write() as tx:
        tx.add(Password(user_id=member.actor.user_id, hash="of no password"))
        await tx.flush()
    done = await unlink()
    assert (done.status_code, done.headers["location"]) == (303, "/account?done=unlinked#main")
    assert (await unlink()).status_code == 404


RETURN_TO = re.compile(r'name="return_to" value="([^"]*)"')


async def test_linking_returns_to_the_page_that_sent_the_browser_here(service, fake, at_home):
    service.has(described("fake", fake.url))
    page = await at_home.http.get("/account", params={"return_to": "/-/account?tab=identities"})
    (target,) = RETURN_TO.findall(page.text)
    answer = await at_home.back(fake.callback(await at_home.address("fake", purpose="link", return_to=target)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/-/account?tab=identities")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "",
    ],
)
async def test_linking_leads_to_no_page_of_others(service, fake, at_home, target):
    service.has(described("fake", fake.url))
    page = await at_home.http.get("/account", params={"return_to": target})
    assert RETURN_TO.findall(page.text) == ["/"]
    answer = await at_home.back(fake.callback(await at_home.address("fake", purpose="link", return_to=target)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_an_invitation_can_be_accepted_with_a_provider(service, fake, visitor, runtime, admin):
    service.has(described("fake", fake.url, accounts="invited"))
    made = await invitations.create(runtime.db, admin.actor, Invite(email=f"{uuid4().hex}@example.org"))
    page = await visitor.http.get(f"/invitations/{made.secret}")
    assert "/openid/fake/start" in forms(page)
    assert "Come in with The fake one</button>" in page.text
    assert f'name="invitation" value="{made.secret}"' in page.text
    address = await visitor.address("fake", invitation=made.secret)
    assert (await visitor.back(fake.callback(address))).status_code == 303
    assert await visitor.viewer() is not None


async def test_it_works_in_a_browser(service, real, subject, username, visits):
    await real.tell(accounts={subject: person(preferred_username=username, email=None)})
    service.has(described("real", real.issuer))
    page = await visits.open(service.url, also=(real.issuer,))
    visits.watch.tolerate(
        r"Failed to load resource", r"request to elsewhere: https://fonts\."
    )  # the provider's page wants a font
    await page.goto("/sign-in?return_to=/account")
    await page.locator('form[action="/openid/real/start"] button').click()
    await page.locator("[name=login]").fill(subject)
    assert page.url.startswith(real.issuer)
    await page.locator("[name=password]").fill("x")
    await page.locator("[type=submit]").click()
    await page.locator("[value=consent]").wait_for(state="attached")
    await page.locator("[type=submit]").click()
    await page.wait_for_url(f"{service.url}/account")
    assert username in await page.locator("body").inner_text()
