"""What holds of every page: it opens without an error, hinders nobody in either theme, and few requests fill it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page as Tab

from tests.browser.pages import PAGES, Page
from tests.support.browser.accessibility import findings
from tests.support.browser.routes import routes

NAMES = [page.name for page in PAGES]


async def opened(visits, site, shown, page: Page, **options) -> Tab:
    tab = await visits.open(site, shown.people[page.viewer].actor, **options)
    await tab.goto(page.address(shown.demo))
    await tab.locator(page.shown).first.wait_for()
    return tab


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_no_serious_hindrance(visits, site, shown, page, theme):
    tab = await opened(visits, site, shown, page, color_scheme=theme, reduced_motion="reduce")
    assert await findings(tab) == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_few_requests_before_the_first_row(visits, site, shown, page):
    await opened(visits, site, shown, page)
    assert len(visits.watch.queries) <= page.queries, visits.watch.queries


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_a_phone_scrolls_no_page_sideways(visits, site, shown, page):
    tab = await opened(visits, site, shown, page, phone=True)
    widths = await tab.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]


def test_every_route_has_a_page_here():
    assert routes() - {page.route for page in PAGES} == set()
