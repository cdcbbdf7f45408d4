"""Whatever hostile users call things and put into files: nothing of it runs, and nothing is loaded from elsewhere."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.async_api import Error

from tests.browser import installation
from tests.browser.demo.hostile import HOSTILE
from tests.browser.pages import PAGES

NAMES = [page.name for page in PAGES]
# A picture from elsewhere in a description is refused by the policy, which says so.
REFUSED_PICTURES = (r"refused by img-src", r"Content Security Policy directive: \"img-src")


@pytest.fixture(scope="session")
async def hostile(runtime, admin, site):
    mark = f"-{uuid4().hex[:6]}"
    return await installation.build(
        runtime, admin, site, HOSTILE, group=f"hostile{mark}", project="project", mark=mark, candidates=10
    )


async def ran(tab) -> list[str]:
    """The frames in which something ran."""
    frames = []
    for frame in tab.frames:
        try:
            if await frame.evaluate("globalThis.__ran !== undefined"):
                frames.append(frame.url)
        except Error:  # a frame without script cannot have run anything
            continue
    return frames


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
async def test_nothing_runs(visits, site, hostile, page):
    visits.watch.tolerate(*REFUSED_PICTURES)
    tab = await visits.open(site, hostile.people[page.viewer].actor)
    tab.on("dialog", lambda dialog: visits.watch.problems.append(f"a dialog says {dialog.message}"))
    await tab.goto(page.address(hostile.demo))
    await tab.locator(page.shown).first.wait_for()
    await tab.wait_for_timeout(500)
    assert await ran(tab) == []
    assert tab.url.startswith(site)
