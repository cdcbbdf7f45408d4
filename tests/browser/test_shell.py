"""What stands around every page: keys, palette, theme, language, and what is said when something is wrong."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.access import sessions
from app.access.policy import Role
from tests.support.browser.words import word

GRAPHQL = "**/graphql"


@pytest.fixture
async def models(caller, project):
    for name in ("scratches", "dents", "stains"):
        await caller.do("modelCreate", project={"path": project.path}, name=name)


@pytest.fixture
async def page(as_person, project, models):
    opened = await as_person(Role.OWNER)
    await opened.goto(f"/{project.path}/-/models")
    await expect(opened.get_by_role("heading", level=1)).to_be_visible()
    return opened


async def test_the_palette_leads_everywhere_by_keyboard(page, project):
    await page.keyboard.press("Control+k")
    await expect(page.get_by_placeholder(word("shell.palette_hint"))).to_be_focused()
    await page.keyboard.insert_text("scratches")
    await expect(page.get_by_role("option").filter(has_text="scratches").first).to_be_visible()
    await page.get_by_role("option").filter(has_text="scratches").first.click()
    await expect(page).to_have_url(re.compile(r"/-/models/scratches"))
    await page.keyboard.press("Control+k")
    await page.keyboard.press("Escape")
    await expect(page.get_by_placeholder(word("shell.palette_hint"))).to_have_count(0)


async def test_slash_leads_into_the_search(page, project):
    await page.keyboard.press("/")
    await page.keyboard.insert_text("dents")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"[?&]q=dents"))
    await expect(page.get_by_role("main").get_by_role("link", name=re.compile("dents")).first).to_be_visible()


async def test_the_first_tab_skips_to_the_content(page):
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name=word("shell.skip"))).to_be_focused()
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.closest('main') !== null")


async def test_theme_and_language_are_kept(page):
    await page.get_by_role("button", name=word("shell.preferences")).click()
    await page.get_by_role("menuitem", name=word("shell.theme_dark")).click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.get_by_role("button", name=word("shell.preferences")).click()
    await page.get_by_role("menuitem", name="한국어").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "ko")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page.get_by_role("link", name="모델", exact=True).first).to_be_visible()


async def test_a_lost_connection_is_said_and_mends_itself(page, visits, project):
    visits.watch.tolerate("ERR_INTERNET_DISCONNECTED")
    await page.context.set_offline(True)
    await expect(page.get_by_text(word("shell.condition_offline"))).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.get_by_text(word("shell.condition_offline"))).to_have_count(0)


async def test_a_server_that_is_being_upgraded_is_said_and_the_page_goes_on(page, visits, project):
    visits.watch.tolerate("502")
    await page.route(GRAPHQL, lambda route: route.fulfill(status=502, body=""))
    await page.get_by_role("link", name="scratches").first.click()
    await expect(page.get_by_text(word("shell.condition_upgrading"))).to_be_visible()
    await page.unroute(GRAPHQL)
    await expect(page.get_by_text(word("shell.condition_upgrading"))).to_have_count(0)
    await expect(page.get_by_role("heading", name=re.compile("scratches"))).to_be_visible()


async def test_a_session_that_ends_leaves_the_page_and_goes_on_after_a_new_sign_in(
    page, visits, site, runtime, project
):
    visits.watch.tolerate("401")
    await page.locator("header input[type=search]").fill("half a word")
    async with runtime.db.write() as tx:
        await sessions.end_all(tx, project.owner.user_id)
    await page.get_by_role("link", name="scratches").first.click()
    await expect(page.get_by_role("dialog", name=word("shell.session_ended"))).to_be_visible()
    await expect(page.locator("header input[type=search]")).to_have_value("half a word")
    await visits.sign_in(page.context, site, project.owner)
    await page.get_by_role("button", name=word("shell.session_go_on")).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("heading", name=re.compile("scratches"))).to_be_visible()


async def test_signing_out_ends_the_session(page, visits, runtime, project):
    await page.get_by_role("button", name=re.compile(word("shell.account_of", name=""))).click()
    await page.get_by_role("menuitem", name=word("shell.sign_out")).click()
    await page.wait_for_url(re.compile("/sign-in"))
    await page.goto(f"/{project.path}/-/models")
    await expect(page.get_by_role("link", name=word("shell.sign_in")).first).to_be_visible()
