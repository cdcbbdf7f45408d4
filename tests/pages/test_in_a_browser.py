"""Signing in, the explorer and signing out in a real browser, with nothing but the keyboard on the pages."""

from __future__ import annotations

import asyncio
import json
import re
from uuid import uuid4

from playwright.async_api import expect

from app.access import members, sessions
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.registry import models
from app.registry.models import CreateModel
from tests.pages.conftest import PASSWORD
from tests.support.browser.waiting import value_of
from tests.support.source import ROOT

EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
RESULT = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''"
RUN = "document.querySelector('.graphiql-execute-button').click()"


async def tab_to(page, condition):
    """Press Tab until what has the focus is what is wanted."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate(f"(e => {condition})(document.activeElement)"):
            return
    raise AssertionError(condition)


async def sign_in(page, person, return_to):
    await page.goto(return_to)
    await expect(page).to_have_url(re.compile("/sign-in"))
    assert await page.evaluate("document.activeElement.id") == "username"
    await page.keyboard.insert_text(person.actor.username)
    await page.keyboard.press("Tab")
    await page.keyboard.insert_text(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/account"))


async def test_the_account_is_used_by_keyboard(url, person, visits):
    page = await visits.open(url)
    await sign_in(page, person, "/account?done=session")
    assert await page.evaluate("document.cookie") == ""
    await tab_to(page, "e.id === 'token_name'")
    await page.keyboard.insert_text("by keyboard")
    await tab_to(page, "e.id === 'scope_read_api'")
    await page.keyboard.press("Space")
    await tab_to(page, "e.textContent === 'Make the token'")
    await page.keyboard.press("Enter")
    await expect(page.locator("code.secret")).to_have_text(re.compile("^myt_"))
    await tab_to(page, "e.textContent === 'Sign out'")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/sign-in"))
    await page.goto("/account")
    await expect(page).to_have_url(re.compile("/sign-in"))


async def result_of(page, query):
    """What the explorer shows as the answer to a query that it did not show before."""
    before = await page.evaluate(RESULT)
    await page.evaluate(f"{EDITOR}.setValue({json.dumps(query)})")
    await page.evaluate(RUN)
    return await value_of(page, f"({RESULT}).length > 2 && ({RESULT}) !== {json.dumps(before)} && ({RESULT})")


async def test_the_explorer_works_with_the_session(url, runtime, person, project, visits):
    """Queries by fetch and subscriptions by socket, and neither once the session has ended."""
    scope = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, scope, person.actor.username, Role.DEVELOPER)
    page = await visits.open(url)
    await sign_in(page, person, "/account")
    await page.goto("/graphql")
    await page.locator(".graphiql-query-editor .CodeMirror").wait_for()
    shown = json.loads(await result_of(page, "{ viewer { user { username } } }"))
    assert shown["data"]["viewer"]["user"]["username"] == person.actor.username

    (snippet,) = re.findall(r"```js\n(.*?)```", (ROOT / "docs" / "people.md").read_text(), re.DOTALL)
    answer = await page.evaluate(f"(async () => (await {snippet.strip().removeprefix('await ').rstrip(';')}).json())()")
    assert [one["isCurrent"] for one in answer["data"]["viewer"]["sessions"]["nodes"]] == [True]

    watched = f'subscription {{ projectEvents(project: {{path: "{project.path}"}}) {{ type objectType }} }}'
    await page.evaluate(f"{EDITOR}.setValue({json.dumps(watched)})")
    await page.evaluate(RUN)
    for _ in range(40):
        await models.create(runtime.db, project.owner, project.id, CreateModel(f"m{uuid4().hex}"))
        await asyncio.sleep(0.25)
        if "projectEvents" in (shown := await page.evaluate(RESULT)):
            break
    assert '"objectType": "Model"' in shown, shown

    async with runtime.db.write() as tx:
        await sessions.end_all(tx, person.actor.user_id)
    await page.goto("/graphql")
    await page.locator(".graphiql-query-editor .CodeMirror").wait_for()
    assert json.loads(await result_of(page, "{ viewer { isAdmin } }"))["data"]["viewer"] is None
