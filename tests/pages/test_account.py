"""The page of one's own account: sessions, tokens and the password, by the forms that it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.access import tokens
from app.access.policy import Scope
from app.access.token_rules.granting import GRANTED_BY
from app.pages.account.token_fields import SCOPES
from tests.conftest import serving
from tests.pages.conftest import PASSWORD
from tests.support.access.signed_in import SESSION, sign_in
from tests.support.pages.visitor import Visitor


@pytest.fixture
async def account(visitor, person):
    """The page, after a sign-in."""
    page = await visitor.open("/sign-in")
    return await visitor.send(page.form("/sign-in"), username=person.actor.username, password=PASSWORD)


async def test_each_session_is_shown_and_can_be_ended(account, visitor, runtime, person, url, http):
    other = await sign_in(runtime, person.actor, url)
    page = await visitor.open("/account")
    assert "Firefox on Linux" in page.text and "(this browser)" in page.text
    ended = await visitor.send(page.form("/account/sessions/revoke", session=str(other.session_id)))
    assert (ended.path, "The session has ended." in ended.text) == ("/account?done=session", True)
    assert "Firefox on Linux" not in ended.text
    assert (await http.get("/account", headers=other.cookie)).status_code == 303


async def test_ending_the_own_session_signs_out(account, visitor):
    form = next(form for form in account.forms if form.action == "/account/sessions/revoke")
    assert (await visitor.send(form)).path == "/sign-in"
    assert SESSION not in visitor.http.cookies


async def test_all_other_sessions_end_at_once(account, visitor, runtime, person, url, http):
    others = [await sign_in(runtime, person.actor, url) for _ in range(3)]
    page = await visitor.send((await visitor.open("/account")).form("/account/sessions/revoke-others"))
    assert "You are signed out everywhere else." in page.text
    assert [(await http.get("/account", headers=one.cookie)).status_code for one in others] == [303] * 3


async def test_the_session_of_another_person_is_not_there(account, visitor, runtime, staff, url):
    other = await sign_in(runtime, staff[None].actor, url)
    form = account.forms[1]
    page = await visitor.send(form, {"session": str(other.session_id)})
    assert (page.status, f"You have no session {other.session_id}." in page.text) == (404, True)
    for odd in ("", "x", "-1", "9" * 30, chr(0x661)):
        assert (await visitor.send(form, {"session": odd})).status == 400


async def test_a_token_is_shown_once_and_works_until_it_is_revoked(account, visitor, http, runtime):
    form = account.form("/account/tokens")
    made = await visitor.send(form, token_name="ci", scope_read_api="1", token_last_day="2099-12-31")
    secret = re.search(r"myt_[\w-]+", made.text)[0]
    bearer = {"Authorization": f"Bearer {secret}"}
    scopes = {"query": "{ viewer { scopes tokens { nodes { name expiresAt } } } }"}
    viewer = (await http.post("/graphql", json=scopes, headers=bearer)).json()["data"]["viewer"]
    assert viewer["scopes"] == ["READ_API"]
    assert viewer["tokens"]["nodes"][0] == {"name": "ci", "expiresAt": "2100-01-01T00:00:00+00:00"}
    page = await visitor.open("/account")
    assert secret not in page.answer.text and "ci" in page.text
    token = await runtime.authenticator.actor(secret)
    revoked = await visitor.send(page.form("/account/tokens/revoke", token=str(token.token_id)))
    assert "The token was revoked." in revoked.text
    assert (await http.post("/graphql", json=scopes, headers=bearer)).status_code == 401


WRONG = {
    "no name": ({"token_name": " ", "scope_api": "1"}, "name"),
    "no scope": ({"token_name": "t"}, "scopes"),
    "a scope that is none": ({"token_name": "t", "scope_manage_access": "1"}, "scopes"),
    "the past": ({"token_name": "t", "scope_api": "1", "token_last_day": "2020-01-01"}, "last_day"),
    "no date": ({"token_name": "t", "scope_api": "1", "token_last_day": "tomorrow"}, "last_day"),
    "the end of time": ({"token_name": "t", "scope_api": "1", "token_last_day": "9999-12-31"}, "last_day"),
}


@pytest.mark.parametrize("kind", WRONG)
async def test_what_is_wrong_with_a_token_is_told_beside_its_field(account, visitor, kind):
    values, field = WRONG[kind]
    page = await visitor.send(account.form("/account/tokens"), values)
    marks = {"name": 'id="token_name-error"', "scopes": 'id="scopes-error"', "last_day": 'id="token_last_day-error"'}
    assert page.status == 400 and marks[field] in page.answer.text
    assert page.form("/account/tokens").fields["token_name"] == values["token_name"]
    assert "myt_" not in page.text


async def test_a_token_for_a_part_is_made_with_its_scopes(account, visitor, runtime):
    assert set(SCOPES) == set(Scope) - GRANTED_BY.keys()
    chosen = {"token_name": "t", "scope_read_registry": "1", "scope_read_artifacts": "1", "token_models": "fraud-*, b"}
    made = await visitor.send(account.form("/account/tokens"), chosen)
    actor = await runtime.authenticator.actor(re.search(r"myt_[\w-]+", made.text)[0])
    assert actor.scopes == {Scope.READ_REGISTRY, Scope.READ_ARTIFACTS}
    assert sorted(actor.model_patterns) == ["b", "fraud-*"]
    assert "of fraud-*, b" in (await visitor.open("/account")).text


async def test_a_token_lives_no_longer_than_the_installation_allows(runtime, person):
    settings = runtime.settings.model_copy(update={"token_max_days": 30})
    async with serving(replace(runtime, settings=settings)) as address, Visitor(address) as visitor:
        page = await visitor.open("/sign-in")
        account = await visitor.send(page.form("/sign-in"), username=person.actor.username, password=PASSWORD)
        values = {"token_name": "t", "scope_api": "1", "token_last_day": "2099-12-31"}
        refused = await visitor.send(account.form("/account/tokens"), values)
        assert refused.status == 400 and 'id="token_last_day-error"' in refused.answer.text


async def test_many_tokens_come_in_pages(account, visitor, runtime, person):
    async with runtime.db.write() as tx:
        for number in range(105):
            command = tokens.IssueToken(f"number {number}", expires_at=datetime.now(UTC) + timedelta(days=1))
            await tokens.add(tx, command, user_id=person.actor.user_id, created_by=person.actor.user_id)
    page = await visitor.open("/account")
    older = re.search(r'href="(/account\?tokens=[^"#]+)', page.answer.text)[1]
    assert "number 0 " in (await visitor.open(older)).text
    assert (await visitor.open("/account?tokens=nonsense")).status == 400


async def test_a_new_password_counts_at_once_and_ends_other_sessions(account, visitor, runtime, person, url, http):
    other = await sign_in(runtime, person.actor, url)
    form = account.form("/account/password")
    changed = await visitor.send(form, current_password=PASSWORD, new_password="a much longer secret")
    assert (changed.path, "The password was changed." in changed.text) == ("/account?done=password", True)
    assert (await http.get("/account", headers=other.cookie)).status_code == 303
    page = await visitor.open("/sign-in?return_to=/account")
    assert page.path == "/account"


async def test_a_wrong_password_is_told_beside_its_field(account, visitor):
    form = account.form("/account/password")
    wrong = await visitor.send(form, current_password="not it at all", new_password="a much longer secret")
    assert wrong.status == 400 and 'id="current_password-error"' in wrong.answer.text
    short = await visitor.send(form, current_password=PASSWORD, new_password="short")
    assert short.status == 400 and 'id="new_password-error"' in short.answer.text
    assert PASSWORD not in short.answer.text


async def test_forms_of_a_session_that_has_ended_lead_to_the_sign_in(account, visitor, runtime, person):
    await tokens_and_sessions_end(runtime, person)
    for form in account.forms:
        page = await visitor.send(form, follow=False)
        assert (page.status, page.answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


async def tokens_and_sessions_end(runtime, person):
    from app.access import sessions  # noqa: PLC0415

    async with runtime.db.write() as tx:
        await sessions.end_all(tx, person.actor.user_id)


async def test_a_token_opens_no_page(http, person):
    answer = await http.get("/account", headers=person.headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?return_to=%2Faccount")
