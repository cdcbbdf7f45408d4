"""From the list of a person's identities to the form that links another, and what that is told to lead back to."""

from __future__ import annotations

from playwright.async_api import Route, expect

from app.access.policy import Role
from tests.support.browser.words import word

PROVIDER = {"__typename": "SignInProvider", "name": "fake", "title": "Company"}


async def _with_a_provider(route: Route) -> None:
    """The installation of these tests has no provider: only the page is told of one."""
    answer = await route.fetch()
    said = await answer.json()
    if methods := (said.get("data") or {}).get("signInMethods"):
        methods["providers"] = [PROVIDER]
    await route.fulfill(response=answer, json=said)


async def test_linking_an_identity_is_told_which_page_it_began_from(as_person, site, project):
    page = await as_person(Role.GUEST)
    await page.route("**/graphql", _with_a_provider)
    await page.goto("/-/account?tab=identities")
    await page.get_by_role("link", name=word("account.link_identity")).click()
    await page.wait_for_url(f"{site}/account?return_to=%2F-%2Faccount%3Ftab%3Didentities#identities")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
