"""Files and folders dropped on a page, by the event of the browser itself: folders are real ones."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Locator

_STEPS = ("dragEnter", "dragOver", "drop")


async def drop(target: Locator, *paths: Path) -> None:
    """Drop files and folders on the middle of an element."""
    await target.scroll_into_view_if_needed()
    box = await target.bounding_box()
    assert box is not None, "what is not visible takes no files"
    page = target.page
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path.resolve()) for path in paths], "dragOperationsMask": 1}
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for step in _STEPS:
        await session.send("Input.dispatchDragEvent", {"type": step, "data": data, **middle})
    await session.detach()
