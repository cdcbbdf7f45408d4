"""Files and folders dropped on a page, by the event of the browser itself: folders are real ones."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Error, FloatRect, Locator, expect

_STEPS = ("dragEnter", "dragOver", "drop")


async def drop(target: Locator, *paths: Path) -> None:
    """Drop files and folders on the middle of an element."""
    box = await _visible_box(target)
    page = target.page
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path.resolve()) for path in paths], "dragOperationsMask": 1}
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for step in _STEPS:
        await session.send("Input.dispatchDragEvent", {"type": step, "data": data, **middle})
    await session.detach()


async def _visible_box(target: Locator) -> FloatRect:
    """Where the element is; a page that is just loading may put another one in its place."""
    for _ in range(3):
        await expect(target).to_be_visible()
        try:
            await target.scroll_into_view_if_needed()
        except Error:
            continue
        if box := await target.bounding_box():
            return box
    raise AssertionError(f"{target} does not stay visible")
