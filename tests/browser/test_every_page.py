"""What holds of every page: it opens without an error, has no serious axe finding, and few requests fill it."""

from __future__ import annotations

import pytest

from tests.browser.pages import NOT_PAGES, PAGES
from tests.support.browser import first_row
from tests.support.browser.accessibility import findings
from tests.support.browser.routes import routes
from tests.support.browser.visits import PHONE

NAMES = [page.name for page in PAGES]
ZOOMED = {"width": 720, "height": 450}
"""A desktop at 200 %."""
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_a_page_hinders_no_one_and_needs_few_requests(visits, site, shown, page):
    tab = await visits.open(site, shown.people[page.viewer].actor, reduced_motion="reduce")
    await first_row.watch(tab, page.row)
    await tab.goto(page.address(shown.demo))
    await tab.locator(page.shown).first.wait_for()
    first = await first_row.of(tab)
    await tab.wait_for_timeout(400)  # subscriptions keep the network busy for ever
    wrong = {}
    for theme in ("light", "dark"):
        await tab.emulate_media(color_scheme=theme)
        wrong[theme] = await findings(tab)
    too_wide = {}
    for size in (PHONE, ZOOMED):
        await tab.set_viewport_size(size)
        await tab.wait_for_timeout(400)  # charts are drawn anew
        content, window = await tab.evaluate(WIDTHS)
        too_wide |= {size["width"]: content} if content > window else {}
    assert wrong == {"light": [], "dark": []}
    assert too_wide == {}, "it scrolls sideways"
    assert len(first.requests) <= 2, first.requests


def test_every_route_has_a_page_here():
    assert routes() - {page.route for page in PAGES} - NOT_PAGES == set()
