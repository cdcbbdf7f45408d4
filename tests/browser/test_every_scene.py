"""What lies over pages has no serious axe finding either: dialogs, menus, previews, the palette, the list of keys."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.scenes import SCENES
from tests.support.browser.accessibility import findings

SHOWN = [name for name in SCENES if name.startswith(("dialog-", "menu-", "state-preview-", "state-gates"))]
"""Scenes of the project that is full; the others show what fails or is not there."""
BY_KEYS = {"dialog-keys", "menu-palette"}
"""What no button has opened."""


@pytest.mark.parametrize("name", SHOWN)
async def test_what_is_opened_hinders_no_one(visits, site, shown, name):
    scene = SCENES[name]
    tab = await visits.open(site, shown.people[scene.page.viewer].actor, reduced_motion="reduce")
    await tab.goto(scene.page.address(shown.demo))
    await tab.locator(scene.page.shown).first.wait_for()
    await scene.act(tab)
    if not name.startswith("state-"):
        await expect(tab.get_by_role("dialog").or_(tab.get_by_role("menu")).first).to_be_visible()
    await tab.wait_for_timeout(500)  # what is opened moves into its place
    wrong = {}
    for theme in ("light", "dark"):
        await tab.emulate_media(color_scheme=theme)
        wrong[theme] = await findings(tab)
    assert wrong == {"light": [], "dark": []}


@pytest.mark.parametrize("name", [name for name in SHOWN if name.startswith(("dialog-", "menu-"))])
async def test_escape_closes_what_is_opened_and_the_page_has_the_keyboard_again(visits, site, shown, name):
    scene = SCENES[name]
    tab = await visits.open(site, shown.people[scene.page.viewer].actor, reduced_motion="reduce")
    await tab.goto(scene.page.address(shown.demo))
    await tab.locator(scene.page.shown).first.wait_for()
    await scene.act(tab)
    opened = tab.get_by_role("dialog").or_(tab.get_by_role("menu"))
    await expect(opened.first).to_be_visible()
    assert await tab.evaluate("document.activeElement !== document.body"), "the focus is in what was opened"
    await tab.keyboard.press("Escape")
    await expect(opened).to_have_count(0)
    if name not in BY_KEYS:
        await expect(tab.locator("button:focus"), "what opened it has the focus").to_have_count(1)
