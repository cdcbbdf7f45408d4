"""Invitations, password resets and sign-in links as a person at a browser without script meets them."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access.members import GroupOrProject
from app.access.one_time_links import at_the_machine, invitations, links, password_resets, sign_in_links
from app.access.one_time_links.invitations import Invite, InvitedRole
from app.access.policy import Role
from tests.conftest import new_person
from tests.support.access.signed_in import SESSION, sign_in
from tests.support.pages.visitor import Visitor

PASSWORD = "correct horse battery staple"
INVITE = """mutation i($input: UserInviteInput!) {
  userInvite(input: $input) { invitation { id status } url userErrors { code message field } } }"""


def new_name() -> str:
    return f"ada-{uuid4().hex[:12]}"


@pytest.fixture
async def invite(runtime, admin):
    """Makes an invitation of the administrator and gives the path of its link."""

    async def make(*roles: InvitedRole, **command) -> str:
        made = await invitations.create(runtime.db, admin.actor, Invite(roles=roles, **command))
        return f"/invitations/{made.secret}"

    return make


async def account(runtime, username: str):
    async with runtime.db.read() as snap:
        return (
            await snap.execute(text("SELECT id, name, email, is_admin FROM users WHERE username = :u"), {"u": username})
        ).one_or_none()


def form(username: str, **fields: str) -> dict[str, str]:
    return {"username": username, "name": "Ada", "password": PASSWORD, "password_again": PASSWORD} | fields


async def test_an_invited_person_makes_an_account_with_the_roles_and_is_signed_in(http, project, visitor):
    owner = project[Role.OWNER]
    requested = {
        "email": f"{uuid4().hex}@example.org",
        "memberships": [{"groupOrProject": {"project": {"path": project.path}}, "role": "DEVELOPER"}],
    }
    answer = await http.post(
        "/graphql", json={"query": INVITE, "variables": {"input": requested}}, headers=owner.headers
    )
    made = answer.json()["data"]["userInvite"]
    assert made["userErrors"] == [] and made["invitation"]["status"] == "PENDING"
    assert re.fullmatch(rf"{visitor.url}/invitations/myl_[A-Za-z0-9_-]{{43}}", made["url"])

    page = await visitor.open(made["url"])
    assert page.status == 200
    assert project.path in page.text and "developer" in page.text
    username = new_name()
    accepted = await visitor.send_to(made["url"], page, **form(username))
    assert (accepted.status, accepted.answer.headers["location"]) == (303, "/")
    cookie = accepted.answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert await visitor.whoami() == username
    shown = await visitor.ask(
        "query p($p: String!) { project(by: {path: $p}) { viewerRole } viewer { isAdmin } }", p=project.path
    )
    assert shown["data"] == {"project": {"viewerRole": "DEVELOPER"}, "viewer": {"isAdmin": False}}
    assert (await account(project.runtime, username)).email == requested["email"]


async def test_looking_at_a_link_uses_nothing_up(invite, visitor, url):
    path = await invite()
    for _ in range(3):
        assert (await visitor.open(path)).status == 200
        assert (await visitor.http.head(path)).status_code == 200
    async with Visitor(url) as another:
        assert (await another.fill_in(path, **form(new_name()))).status == 303


async def test_a_link_works_once(invite, visitor, url, runtime):
    path = await invite()
    assert (await visitor.fill_in(path, **form(new_name()))).status == 303
    async with Visitor(url) as another:
        page = await another.open(path)
        assert page.status == 410 and "used already" in page.text
        second = new_name()
        page = await another.open("/sign-in")
        assert (await another.send_to(path, page, **form(second))).status == 410
    assert await account(runtime, second) is None


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"password": "short", "password_again": "short"}, 400, "at least 10 characters"),
        ({"password": "password12", "password_again": "password12"}, 400, "most common"),
        ({"password_again": "something else"}, 400, "two passwords differ"),
        ({"password": "x" * 5000, "password_again": "x" * 5000}, 400, "at most"),
        ({"username": "a b"}, 400, "not a valid path"),
        ({"username": ""}, 400, "not a valid path"),
        ({"username": "../admin"}, 400, "not a valid path"),
        ({"name": "\x1b[31mred"}, 400, "not a valid name"),
        ({"name": "n" * 300}, 400, "not a valid name"),
    ],
)
async def test_a_refused_form_says_why_and_uses_nothing_up(invite, visitor, runtime, fields, status, reason):
    path, username = await invite(), new_name()
    refused = await visitor.fill_in(path, **form(username) | fields)
    assert (refused.status, reason in refused.text) == (status, True), refused.text
    assert await account(runtime, username) is None
    assert "value" not in refused.inputs["password"] and PASSWORD not in refused.html
    assert (await visitor.send_to(path, refused, **form(username))).status == 303


async def test_the_username_of_another_is_refused_whatever_the_case(invite, visitor, staff):
    path, other = await invite(), staff[Role.GUEST].actor.username
    refused = await visitor.fill_in(path, **form(other.upper()))
    assert refused.status == 409 and "already a user" in refused.text
    assert refused.inputs["username"]["value"] == other.upper()
    assert (await visitor.send_to(path, refused, **form(new_name()))).status == 303


async def test_a_name_that_is_a_group_is_taken(invite, visitor, project, runtime):
    group = project.path.partition("/")[0]
    refused = await visitor.fill_in(await invite(), **form(group))
    assert refused.status == 409
    assert await account(runtime, group) is None


async def test_a_form_without_its_token_or_from_elsewhere_does_nothing(invite, visitor, runtime):
    path, username = await invite(), new_name()
    await visitor.open(path)
    bare = await visitor.http.post(path, data=form(username), headers={"Origin": visitor.url})
    page = await visitor.open(path)
    fields = {"form_token": page.token} | form(username)
    elsewhere = await visitor.http.post(path, data=fields, headers={"Origin": "https://evil.example"})
    assert (bare.status_code, elsewhere.status_code) == (403, 403)
    assert await account(runtime, username) is None
    assert (await visitor.send_to(path, page, **form(username))).status == 303


@pytest.mark.parametrize("kind", ["invitations", "password-resets", "sign-in-links"])
@pytest.mark.parametrize("secret", ["myl_" + "A" * 43, "x", "%00", "A" * 3000, "myl_%F0%9F%92%A9", "a%0d%0ab"])
async def test_a_guessed_link_is_none(visitor, kind, secret):
    page = await visitor.open(f"/{kind}/{secret}")
    assert page.status == 404
    assert page.answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", ["password-resets", "sign-in-links"])
async def test_a_link_for_one_thing_is_none_for_another(invite, visitor, kind):
    path = await invite()
    other = path.replace("invitations", kind)
    page = await visitor.open(path)
    assert (await visitor.open(other)).status == 404
    assert (await visitor.send_to(other, page, password=PASSWORD, password_again=PASSWORD)).status == 404
    assert (await visitor.open(path)).status == 200


async def test_pages_of_links_are_not_kept_and_tell_no_other_site(invite, visitor):
    page = await visitor.open(await invite())
    assert page.answer.headers["cache-control"] == "no-store"
    assert page.answer.headers["referrer-policy"] == "same-origin"
    assert "<script" not in page.html


async def test_hostile_names_are_shown_as_text(runtime, admin, visitor, project):
    hostile = "<script>alert(1)</script>\u202e\"'>"
    async with runtime.db.write() as tx:
        await tx.execute(text("UPDATE users SET name = :n WHERE id = :id"), {"n": hostile, "id": project.owner.user_id})
    try:
        role = InvitedRole(GroupOrProject(project_id=project.id), Role.GUEST)
        made = await invitations.create(runtime.db, project.owner, Invite(roles=[role]))
        page = await visitor.open(f"/invitations/{made.secret}")
    finally:
        async with runtime.db.write() as tx:
            await tx.execute(text("UPDATE users SET name = username WHERE id = :id"), {"id": project.owner.user_id})
    assert "<script" not in page.html
    assert "<bdi>&lt;script&gt;" in page.html
    refused = await visitor.send_to(f"/invitations/{made.secret}", page, **form('"><img src=x>', name="<b>bold</b>"))
    assert refused.status == 400 and "<img" not in refused.html and "<b>bold" not in refused.html


async def test_who_is_signed_in_accepts_into_that_account_and_loses_nothing(runtime, admin, invite, project, url):
    person = await new_person(runtime, admin, new_name())
    lower = InvitedRole(GroupOrProject(project_id=project.id), Role.REPORTER)
    higher = InvitedRole(GroupOrProject(group_id=project.group_id), Role.DEVELOPER)
    browser = await sign_in(runtime, person.actor, url)
    async with Visitor(url) as visitor:
        visitor.http.cookies.set(SESSION, browser.secret)
        page = await visitor.open(await invite(lower, higher))
        assert f"Accept as {person.actor.username}" in page.text and "password" not in page.inputs
        path = await invite(lower, higher)
        assert (await visitor.fill_in(path)).answer.headers["location"] == "/"
        assert (await visitor.open(path)).status == 410
        # Once more with less: nothing is lowered.
        guest = InvitedRole(GroupOrProject(group_id=project.group_id), Role.GUEST)
        assert (await visitor.fill_in(await invite(guest))).status == 303
    async with runtime.db.read() as snap:
        rows = await snap.execute(
            text(
                "SELECT group_id, project_id, role FROM memberships"
                " WHERE user_id = :u AND (project_id = :p OR group_id = :g)"
            ),
            {"u": person.actor.user_id, "p": project.id, "g": project.group_id},
        )
        assert {(row.group_id, row.project_id, row.role) for row in rows} == {
            (project.group_id, None, Role.DEVELOPER),
            (None, project.id, Role.REPORTER),
        }


async def test_who_has_an_account_signs_in_from_the_page_and_comes_back_to_it(runtime, admin, invite, url):
    first, username = await invite(), new_name()
    async with Visitor(url) as visitor:
        assert (await visitor.fill_in(first, **form(username))).status == 303
    second = await invite()
    async with Visitor(url) as visitor:
        page = await visitor.open(second)
        (link,) = re.findall(r'href="(/sign-in\?return_to=[^"]+)"', page.html)
        page = await visitor.open(link)
        fields = {"return_to": page.inputs["return_to"]["value"], "username": username, "password": PASSWORD}
        signed_in = await visitor.send_to("/sign-in", page, **fields)
        assert (signed_in.status, signed_in.answer.headers["location"]) == (303, second)
        assert f"Accept as {username}" in (await visitor.open(second)).text
        assert (await visitor.fill_in(second)).status == 303


async def test_the_use_of_a_dead_link_is_logged_and_a_guess_is_not(runtime, invite, visitor, url):
    path = await invite()
    assert (await visitor.fill_in(path, **form(new_name()))).status == 303
    logged = "SELECT result, reason, address FROM access_log WHERE details ->> 'invitation' = :id ORDER BY id DESC"
    async with Visitor(url) as other:
        page = await other.open("/sign-in")
        assert (await other.send_to(path, page, **form(new_name()))).status == 410
        guess = "/invitations/myl_" + "A" * 43
        before = await count_of_log(runtime)
        assert (await other.send_to(guess, page, **form(new_name()))).status == 404
        assert await count_of_log(runtime) == before
    async with runtime.db.read() as snap:
        entry = (await snap.execute(text(logged), {"id": str(await link_id(runtime, path))})).first()
    assert tuple(entry) == ("refused", "used", "127.0.0.1")


async def link_id(runtime, path: str) -> int:
    async with runtime.db.read() as snap:
        sha256 = links.digest(path.rpartition("/")[2])
        return await snap.scalar(text("SELECT id FROM one_time_links WHERE sha256 = :s"), {"s": sha256})


async def count_of_log(runtime) -> int:
    async with runtime.db.read() as snap:
        return await snap.scalar(text("SELECT count(*) FROM access_log"))


async def test_the_form_of_a_visitor_is_refused_once_someone_is_signed_in(runtime, admin, invite, url):
    """Else a person would make an account where the roles were to go into the one that is there."""
    person = await new_person(runtime, admin, new_name())
    browser = await sign_in(runtime, person.actor, url)
    path, username = await invite(), new_name()
    async with Visitor(url) as visitor:
        page = await visitor.open(path)
        visitor.http.cookies.set(SESSION, browser.secret)
        assert (await visitor.send_to(path, page, **form(username))).status == 403
        assert (await visitor.open(path)).status == 200
    assert await account(runtime, username) is None


async def test_of_many_who_send_one_link_at_once_one_comes_in(invite, url, runtime):
    path, names = await invite(), [new_name() for _ in range(6)]

    async def come_in(username: str) -> int:
        async with Visitor(url) as visitor:
            return (await visitor.fill_in(path, **form(username))).status

    statuses = await asyncio.gather(*map(come_in, names))
    assert sorted(statuses) == [303, *[410] * 5]
    assert [await account(runtime, name) is not None for name in names].count(True) == 1


async def test_of_two_links_that_take_one_username_one_gets_it_and_the_other_goes_on(invite, url):
    paths, username = [await invite(), await invite()], new_name()

    async def come_in(path: str) -> int:
        async with Visitor(url) as visitor:
            return (await visitor.fill_in(path, **form(username))).status

    statuses = await asyncio.gather(*map(come_in, paths))
    assert sorted(statuses) == [303, 409]
    async with Visitor(url) as visitor:
        other = paths[statuses.index(409)]
        assert (await visitor.fill_in(other, **form(new_name()))).status == 303


async def test_a_reset_sets_the_password_ends_sessions_and_works_once(runtime, admin, url, visitor):
    person = await new_person(runtime, admin, new_name())
    before = await sign_in(runtime, person.actor, url)
    earlier = await password_resets.create(runtime.db, admin.actor, person.actor.username)
    made = await password_resets.create(runtime.db, admin.actor, person.actor.username)
    path = f"/password-resets/{made.new.secret}"
    assert (await visitor.open(f"/password-resets/{earlier.new.secret}")).status == 410
    assert (await visitor.open(path)).status == 200
    refused = await visitor.fill_in(path, password="short", password_again="short")
    assert refused.status == 400
    named = f"{person.actor.username}-2027"
    assert (await visitor.send_to(path, refused, password=named, password_again=named)).status == 400
    assert (await visitor.send_to(path, refused, password=PASSWORD, password_again=PASSWORD)).status == 303
    assert await visitor.whoami() == person.actor.username
    assert (await visitor.open(path)).status == 410
    async with Visitor(url) as other:
        ended = await other.http.get("/account", headers=before.cookie)
        assert (ended.status_code, ended.headers["location"].partition("?")[0]) == (303, "/sign-in")
        await other.fill_in("/sign-in", username=person.actor.username, password=PASSWORD)
        assert await other.whoami() == person.actor.username


async def test_a_sign_in_link_signs_in_with_a_password_or_without(runtime, admin, url):
    for fields in ({}, {"password": PASSWORD, "password_again": PASSWORD}):
        person = await new_person(runtime, admin, new_name())
        async with runtime.db.write() as tx:
            new = await sign_in_links.add(tx, person.actor.username)
        async with Visitor(url) as visitor:
            path = f"/sign-in-links/{new.secret}"
            bad = await visitor.fill_in(path, password="123", password_again="123")
            assert bad.status == 400
            assert (await visitor.send_to(path, bad, **fields)).status == 303
            assert await visitor.whoami() == person.actor.username
            assert (await visitor.open(path)).status == 410


@pytest.mark.parametrize("change", ["blocked_at = now()", "blocked_at = now(), deleted_at = now()"])
async def test_links_of_a_person_who_is_deactivated_are_dead(runtime, admin, visitor, change):
    person = await new_person(runtime, admin, new_name())
    reset = await password_resets.create(runtime.db, admin.actor, person.actor.username)
    async with runtime.db.write() as tx:
        signing_in = await sign_in_links.add(tx, person.actor.username)
        await tx.execute(text(f"UPDATE users SET {change} WHERE id = :id"), {"id": person.actor.user_id})
    for path in (f"/password-resets/{reset.new.secret}", f"/sign-in-links/{signing_in.secret}"):
        page = await visitor.open(path)
        assert page.status == 410 and "deactivated" in page.text
        page = await visitor.open("/sign-in")
        answer = await visitor.send_to(path, page, password=PASSWORD, password_again=PASSWORD)
        assert (answer.status, await visitor.whoami()) == (410, None)


async def test_an_expired_and_a_revoked_link_say_so(runtime, admin, invite, visitor):
    expired, revoked = await invite(), await invite()
    async with runtime.db.write() as tx:
        sha256 = links.digest(expired.rpartition("/")[2])
        await tx.execute(text("UPDATE one_time_links SET expires_at = now() WHERE sha256 = :s"), {"s": sha256})
        sha256 = links.digest(revoked.rpartition("/")[2])
        id = await tx.scalar(text("SELECT id FROM one_time_links WHERE sha256 = :s"), {"s": sha256})
    await invitations.revoke(runtime.db, admin.actor, id)
    for path, why in ((expired, "expired"), (revoked, "taken back")):
        page = await visitor.open(path)
        assert page.status == 410 and why in page.text
        page = await visitor.open("/sign-in")
        assert (await visitor.send_to(path, page, **form(new_name()))).status == 410


async def test_the_log_holds_no_secret_of_a_link(invite, visitor, capsys, runtime):
    path = await invite()
    secret = path.rpartition("/")[2]
    page = await visitor.open(path)
    for spoiled in (path, f"/{path}", f"{path}/", f"{path}/x", f"/{secret}", f"/Invitations/{secret}"):
        await visitor.http.get(visitor.url + spoiled)
        await visitor.http.delete(visitor.url + spoiled)
    await visitor.send_to(path, page, **form("no name"))
    await visitor.send_to(path, page, **form(new_name()))
    await visitor.send_to(path, page, **form(new_name()))
    said = "".join(capsys.readouterr())
    assert "/invitations/…" in said
    assert secret not in said and PASSWORD not in said
    async with runtime.db.read() as snap:
        entries = await snap.scalar(text("SELECT string_agg(access_log::text, ' ') FROM access_log"))
    assert secret not in entries and PASSWORD not in entries
    assert links.digest(secret).hex() not in entries


async def test_the_first_sign_in_is_given_only_while_no_administrator_can_sign_in(runtime, admin):
    async with runtime.db.write() as tx:
        await tx.execute(text("DELETE FROM passwords USING users u WHERE u.id = user_id AND u.is_admin"))
        await tx.execute(text("DELETE FROM openid_identities USING users u WHERE u.id = user_id AND u.is_admin"))
    first = await at_the_machine.first_sign_in(runtime.db)
    second = await at_the_machine.first_sign_in(runtime.db)
    assert first is not None and second is not None
    async with runtime.db.write() as tx:
        with pytest.raises(links.LinkEnded):
            await links.find(tx, links.Purpose.SIGN_IN, first.secret)
        await tx.execute(text("INSERT INTO passwords (user_id, hash) VALUES (:u, 'x')"), {"u": second.link.user_id})
    try:
        assert await at_the_machine.first_sign_in(runtime.db) is None
    finally:
        async with runtime.db.write() as tx:
            await tx.execute(text("DELETE FROM passwords WHERE user_id = :u"), {"u": second.link.user_id})
