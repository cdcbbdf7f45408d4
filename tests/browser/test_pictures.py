"""The pictures of the pages: there is one of each, and what is written in Korean can be read in them."""

from __future__ import annotations

from app.access.policy import Role
from tests.browser import picture_index
from tests.browser.pages import PAGES
from tests.support.source import ROOT

FOLDER = ROOT / "docs" / "pages"


def test_every_page_has_pictures_of_all_looks():
    there = {file.stem for file in FOLDER.glob("*.webp")}
    plain = {f"{page.name}-{look}" for page in PAGES for _, look in picture_index.LOOKS}
    long = {f"{page.name}-long-{look}" for page in PAGES for look in ("light-desktop", "dark-phone")}
    missing = (plain | long) - there
    assert missing == set(), "Take them: python -m tests.browser.screenshots NAME"


def test_the_index_shows_all_pictures():
    index = (FOLDER / "README.md").read_text()
    assert [file.name for file in FOLDER.glob("*.webp") if f'"{file.name}"' not in index] == []


async def test_korean_is_drawn_with_the_font_that_the_pages_bring(as_person, project):
    page = await as_person(Role.OWNER, locale="ko-KR")
    await page.goto(f"/{project.path}/-/models")
    await page.get_by_role("heading", level=1).filter(has_text="모델").wait_for()
    await page.evaluate("document.fonts.ready.then(() => undefined)")
    session = await page.context.new_cdp_session(page)
    await session.send("DOM.enable")
    await session.send("CSS.enable")
    root = (await session.send("DOM.getDocument"))["root"]["nodeId"]
    title = (await session.send("DOM.querySelector", {"nodeId": root, "selector": "main h1"}))["nodeId"]
    fonts = (await session.send("CSS.getPlatformFontsForNode", {"nodeId": title}))["fonts"]
    assert [(font["familyName"], font["isCustomFont"]) for font in fonts] == [("Pretendard Variable", True)]
