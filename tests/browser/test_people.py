"""People come in by an invitation, see what they may, and leave; a session that ends takes nothing from them."""

from __future__ import annotations

from uuid import uuid4

from playwright.async_api import expect

from tests.support.browser.words import word

PASSWORD = "three weeks of GPUs"


async def test_an_invited_person_comes_in_looks_around_and_leaves(as_person, caller, project):
    made = await caller.do(
        "userInvite", "url", memberships=[{"groupOrProject": {"project": {"path": project.path}}, "role": "DEVELOPER"}]
    )
    page = await as_person(None)
    await page.goto(f"/invitations/{made['url'].rpartition('/')[2]}")
    await page.locator("[name=username]").fill(f"grace-{uuid4().hex[:8]}")
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[name=password_again]").fill(PASSWORD)
    await page.locator("[name=password_again]").press("Enter")
    await page.wait_for_url(lambda url: "/invitations/" not in url)
    await page.goto(f"/{project.path}/-/models")
    await expect(page.get_by_role("heading", name=word("models.title"), exact=True)).to_be_visible()


async def test_who_is_not_signed_in_is_led_back_to_where_they_wanted_to_go(as_person, project):
    page = await as_person(None)
    await page.goto(f"/{project.path}/-/models")
    await page.get_by_role("link", name=word("shell.sign_in")).first.click()
    await expect(page.locator("[name=username]")).to_be_visible()
    assert f"return_to=%2F{project.path.replace('/', '%2F')}" in page.url
