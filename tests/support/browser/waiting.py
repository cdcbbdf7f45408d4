"""Waiting for an expression of a page.

Playwright's own `wait_for_function` evaluates its text within the page, which the content policy of ours refuses.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from playwright.async_api import Page

PATIENCE = 30.0
"""Seconds."""


async def value_of(page: Page, expression: str, seconds: float = PATIENCE) -> Any:
    """The value of the expression, once it has one that counts as true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := await page.evaluate(expression):
            return value
        await asyncio.sleep(0.05)
    raise AssertionError(f"{expression} did not come true within {seconds:g} s")
