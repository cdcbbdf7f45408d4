"""Changing one's own password over GraphQL, with the session of a browser."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from app.access.passwords.sign_in import NotSignedIn
from app.access.policy import Actor
from app.runtime import open_runtime
from tests.conftest import serving
from tests.support.access.passwords import GOOD, attempt, new_member
from tests.support.access.signed_in import sign_in
from tests.support.graphql.examples import FOLDER

NEW = "seven quiet lanterns, lit"
DOCUMENT = (FOLDER / "passwordChange.graphql").read_text()


@pytest.fixture
async def member(runtime):
    return await new_member(runtime)


@pytest.fixture
async def browser(runtime, member, url):
    return await sign_in(runtime, Actor(user_id=member.id), url)


async def change(http, headers, current=GOOD, new=NEW):
    variables = {"input": {"currentPassword": current, "newPassword": new}}
    answer = await http.post("/graphql", json={"query": DOCUMENT, "variables": variables}, headers=headers)
    return answer.json()["data"]["passwordChange"]


async def viewer(http, headers):
    answer = await http.post("/graphql", json={"query": "{ viewer { user { username } } }"}, headers=headers)
    seen = (answer.json().get("data") or {}).get("viewer")
    return seen and seen["user"]["username"]


async def test_the_example_changes_the_password_and_ends_all_other_sessions_at_once(
    http, runtime, member, browser, url
):
    others = [await sign_in(runtime, Actor(user_id=member.id), url) for _ in range(3)]
    for one in (browser, *others):
        assert await viewer(http, one.headers) == member.username
    variables = json.loads((FOLDER / "passwordChange.json").read_text())
    answer = await http.post("/graphql", json={"query": DOCUMENT, "variables": variables}, headers=browser.headers)
    assert answer.json()["data"]["passwordChange"] == {
        "user": {"username": member.username},
        "endedSessionCount": 3,
        "userErrors": [],
    }
    assert await viewer(http, browser.headers) == member.username
    for one in others:
        assert await viewer(http, one.headers) is None
    with pytest.raises(NotSignedIn):
        await attempt(runtime, member.username, GOOD)
    await attempt(runtime, member.username, NEW)


async def test_sessions_end_at_the_next_request_to_another_process(runtime, member, http, browser):
    async with open_runtime(runtime.settings, name="second") as second, serving(second) as other_url:
        there = await sign_in(runtime, Actor(user_id=member.id), other_url)
        assert await viewer(http, {}) is None
        async with httpx.AsyncClient(base_url=other_url) as other:
            assert await viewer(other, there.headers) == member.username
            assert (await change(http, browser.headers))["endedSessionCount"] == 1
            assert await viewer(other, there.headers) is None


async def test_tokens_go_on_and_change_nothing_themselves(http, runtime, staff):
    person = staff[None]
    answer = await change(http, person.headers)
    assert [(error["code"], error["message"]) for error in answer["userErrors"]] == [
        ("FORBIDDEN", "A token cannot do this; sign in to the web page with your name and password.")
    ]
    assert await viewer(http, person.headers) == person.actor.username


@pytest.mark.parametrize(
    ("current", "new", "field", "word"),
    [
        ("wrong password", NEW, "currentPassword", "not right"),
        (GOOD, "short", "newPassword", "at least 10"),
        (GOOD, "x1" * 513, "newPassword", "at most 1,024"),
        (GOOD, "password2026", "newPassword", "most common"),
        (GOOD, "nul\0inside it", "newPassword", "NUL"),
        (GOOD, GOOD, "newPassword", "choose another"),
    ],
)
async def test_what_is_wrong_is_told_by_field_and_changes_nothing(
    http, runtime, member, browser, current, new, field, word
):
    other = await sign_in(runtime, Actor(user_id=member.id), browser.url)
    [error] = (await change(http, browser.headers, current, new))["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", field)
    assert word in error["message"]
    assert current not in error["message"] and new not in error["message"]
    assert await viewer(http, other.headers) == member.username
    await attempt(runtime, member.username, GOOD)


async def test_guesses_of_the_current_password_are_slowed(http, runtime, member, browser):
    answers = [await change(http, browser.headers, "wrong password") for _ in range(11)]
    codes = [answer["userErrors"][0]["code"] for answer in answers]
    assert codes == ["INVALID"] * 10 + ["RATE_LIMITED"]
    assert (await change(http, browser.headers))["userErrors"][0]["code"] == "RATE_LIMITED"
    await attempt(runtime, member.username, GOOD)


async def test_of_two_changes_at_once_one_counts_and_one_session_is_left(http, runtime, member, browser):
    other = await sign_in(runtime, Actor(user_id=member.id), browser.url)
    answers = await asyncio.gather(
        change(http, browser.headers, new="first of two passwords"),
        change(http, other.headers, new="second of two passwords"),
        return_exceptions=True,
    )
    done = [answer for answer in answers if isinstance(answer, dict) and not answer["userErrors"]]
    assert len(done) == 1
    async with runtime.db.read() as snap:
        living = await snap.scalar(
            text("SELECT count(*) FROM sessions WHERE user_id = :id AND ended_at IS NULL"), {"id": member.id}
        )
    assert living == 1


async def test_a_person_without_a_password_is_told_how_to_get_one(http, runtime, browser, member):
    async with runtime.db.write() as tx:
        await tx.execute(text("DELETE FROM passwords WHERE user_id = :id"), {"id": member.id})
    [error] = (await change(http, browser.headers))["userErrors"]
    assert error["code"] == "CONFLICT" and "administrator" in error["message"]


async def test_the_longest_password_of_the_largest_characters_fits(http, runtime, member, browser):
    longest = ("🦄" + uuid4().hex)[:11] + "🦄🐎🦓" * 337 + "🐴🐎"
    assert len(longest) == 1_024
    assert (await change(http, browser.headers, new=longest))["userErrors"] == []
    await attempt(runtime, member.username, longest)
