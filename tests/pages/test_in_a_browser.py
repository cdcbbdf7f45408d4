"""Signing in, the explorer and signing out in a real browser, with nothing but the keyboard on the pages."""

from __future__ import annotations

import asyncio
import json
import re
from uuid import uuid4

import pytest

from app.access import members, sessions
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.registry import models
from app.registry.models import CreateModel
from tests.pages.conftest import PASSWORD
from tests.support.graphql import browser
from tests.support.source import ROOT

EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
RESULT = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''"
RUN = "document.querySelector('.graphiql-execute-button').click()"
LOADED = "document.readyState === 'complete'"

pytestmark = pytest.mark.skipif(browser.executable() is None, reason="there is no Chromium on the PATH")


async def write(page, text):
    await page.call("Input.insertText", text=text)


async def tab_to(page, condition):
    """Press Tab until what has the focus is what is wanted."""
    for _ in range(60):
        await page.press("Tab")
        if await page.run(f"(e => {condition})(document.activeElement)"):
            return
    raise AssertionError(condition)


async def sign_in(page, url, person, return_to):
    await page.go(f"{url}{return_to}")
    await page.until(f"location.pathname === '/sign-in' && {LOADED}")
    assert await page.run("document.activeElement.id") == "username"
    await write(page, person.actor.username)
    await page.press("Tab")
    await write(page, PASSWORD)
    await page.press("Enter")


async def test_the_account_is_used_by_keyboard(url, person, tmp_path):
    async with browser.opened(tmp_path / "profile") as page, asyncio.timeout(120):
        await sign_in(page, url, person, "/account?done=session")
        await page.until(f"location.pathname === '/account' && {LOADED}")
        assert await page.run("document.cookie") == ""
        await tab_to(page, "e.id === 'token_name'")
        await write(page, "by keyboard")
        await tab_to(page, "e.id === 'scope_read_api'")
        await page.press("Space")
        await tab_to(page, "e.textContent === 'Make the token'")
        await page.press("Enter")
        await page.until("document.querySelector('code.secret')?.textContent.startsWith('myt_')")
        await tab_to(page, "e.textContent === 'Sign out'")
        await page.press("Enter")
        await page.until(f"location.pathname === '/sign-in' && {LOADED}")
        await page.go(f"{url}/account")
        await page.until("location.pathname === '/sign-in'")
        assert page.violations == []
        assert {address for address in page.requests if not address.startswith((f"{url}/", "data:"))} == set()


async def result_of(page, query):
    """What the explorer shows as the answer to a query that it did not show before."""
    before = await page.run(RESULT)
    await page.run(f"{EDITOR}.setValue({json.dumps(query)})")
    await page.run(RUN)
    return await page.until(f"({RESULT}).length > 2 && ({RESULT}) !== {json.dumps(before)} && ({RESULT})")


async def test_the_explorer_works_with_the_session(url, runtime, person, project, tmp_path):
    """Queries by fetch and subscriptions by socket, and neither once the session has ended."""
    scope = GroupOrProject(project_id=project.id)
    await members.set_role(runtime.db, project.owner, scope, person.actor.username, Role.DEVELOPER)
    async with browser.opened(tmp_path / "profile") as page, asyncio.timeout(120):
        await sign_in(page, url, person, "/account")
        await page.until(f"location.pathname === '/account' && {LOADED}")
        await page.go(f"{url}/graphql")
        await page.until("document.querySelector('.graphiql-query-editor .CodeMirror') !== null")
        shown = json.loads(await result_of(page, "{ viewer { user { username } } }"))
        assert shown["data"]["viewer"]["user"]["username"] == person.actor.username

        (snippet,) = re.findall(r"```js\n(.*?)```", (ROOT / "docs" / "people.md").read_text(), re.DOTALL)
        answer = await page.run(f"(async () => (await {snippet.strip().removeprefix('await ').rstrip(';')}).json())()")
        assert [one["isCurrent"] for one in answer["data"]["viewer"]["sessions"]["nodes"]] == [True]

        watched = f'subscription {{ projectEvents(project: {{path: "{project.path}"}}) {{ type objectType }} }}'
        await page.run(f"{EDITOR}.setValue({json.dumps(watched)})")
        await page.run(RUN)
        for _ in range(40):
            await models.create(runtime.db, project.owner, project.id, CreateModel(f"m{uuid4().hex}"))
            await asyncio.sleep(0.25)
            if "projectEvents" in (shown := await page.run(RESULT)):
                break
        assert '"objectType": "Model"' in shown, shown

        async with runtime.db.write() as tx:
            await sessions.end_all(tx, person.actor.user_id)
        await page.go(f"{url}/graphql")
        await page.until("document.querySelector('.graphiql-query-editor .CodeMirror') !== null")
        assert json.loads(await result_of(page, "{ viewer { isAdmin } }"))["data"]["viewer"] is None
        assert page.violations == []
