"""What axe-core says of a page: the rules of WCAG 2.2 A and AA, and of good practice, that a program can check."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.support.browser.chromium import AXE

_RUN = """() => axe.run({exclude: ['[data-base-ui-focus-guard]']}, {
  resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
})"""
"""Without the component library's own guards, which hand the focus on as soon as they get it."""
_SERIOUS = {"serious", "critical"}


async def findings(page: Page) -> list[str]:
    """The serious and critical ones of a page as it stands, each with its rule and where it is."""
    await page.evaluate(AXE.read_text())
    result: dict[str, Any] = await page.evaluate(_RUN)
    return [
        f"{violation['id']}: {node['target']} {node['html'][:200]} {node['failureSummary'][:300]}"
        for violation in result["violations"]
        if violation["impact"] in _SERIOUS
        for node in violation["nodes"][:5]
    ]
