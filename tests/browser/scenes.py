"""What lies over pages or stands in their place: dialogs, menus, previews, empty and failing pages, for pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page as Tab

from tests.browser.pages import Page, at, within
from tests.support.browser.words import word

EMPTY = ("label-reading", "Reads lot numbers, dates and codes off labels and boxes.")
OTHERS = (
    ("weld-inspection", "Welds by X-ray and ultrasound: which of them are sound."),
    ("predictive-maintenance", "When bearings of the rolling mill will wear out."),
    EMPTY,
)
"""Projects beside the one that is full, and the one in which there is nothing yet."""
Act = Callable[[Tab], Awaitable[Any]]


@dataclass(frozen=True)
class Scene:
    """A page and what is done on it before the picture."""

    page: Page
    act: Act


def _click(key: str, **options: Any) -> Act:
    async def act(tab: Tab) -> None:
        await tab.locator("main").get_by_role("button", name=word(key), exact=True, **options).first.click()

    return act


async def _palette(tab: Tab) -> None:
    await tab.locator("main h1").click()
    await tab.keyboard.press("Control+k")


async def _keys(tab: Tab) -> None:
    await tab.locator("main h1").click()
    await tab.keyboard.press("?")


async def _cut_off(tab: Tab) -> None:
    await tab.route("**/graphql*", lambda route: route.abort())
    await tab.reload()


async def _slow(tab: Tab) -> None:
    await tab.route("**/graphql*", lambda route: None)
    await tab.reload()


async def _nothing(_: Tab) -> None: ...


def _version(tab: str) -> Page:
    return Page("", within(f"models/{{model}}/versions/2.1.0{tab}"))


SCENES: dict[str, Scene] = {
    "dialog-promote": Scene(_version(""), _click("versions.promote")),
    "dialog-delete-model": Scene(Page("", within("models/{model}?tab=settings")), _click("models.delete")),
    "dialog-new-token": Scene(Page("", at("/-/account"), "main table"), _click("account.new_token")),
    "dialog-new-protection": Scene(Page("", within("stages"), "main table"), _click("lifecycle.new_protection")),
    "dialog-keys": Scene(Page("", within("models")), _keys),
    "menu-palette": Scene(Page("", at("/{project}")), _palette),
    "menu-version": Scene(_version(""), _click("models.more")),
    "menu-columns": Scene(Page("", within("candidates")), _click("candidates.columns")),
    "state-preview-image": Scene(_version("?tab=files&file=plots%2Fline-4.png"), _nothing),
    "state-preview-tensors": Scene(_version("?tab=files&file=data%2Fweights.safetensors"), _nothing),
    "state-preview-table": Scene(_version("?tab=files&file=evaluation%2Fhistory.csv"), _nothing),
    "state-gates": Scene(Page("", within("stages?stage=production"), "main table"), _nothing),
    "state-no-models": Scene(Page("", at(f"/{{group}}/{EMPTY[0]}/-/models")), _nothing),
    "state-no-experiments": Scene(Page("", at(f"/{{group}}/{EMPTY[0]}/-/experiments")), _nothing),
    "state-missing": Scene(Page("", at("/{project}/-/models/nothing-by-this-name"), "main"), _nothing),
    "state-slow": Scene(Page("", within("models")), _slow),
    "state-cut-off": Scene(Page("", within("models")), _cut_off),
}
