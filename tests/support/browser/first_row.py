"""What a page requests of GraphQL before its first row is there: the strict count of how soon it shows something.

A row is the first thing of the page itself that can be read: a line of a table or list, a value, a field of a form, or
a chart.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from playwright.async_api import Page

from tests.support.browser.waiting import value_of

ROWS = "main :is(td, [role=gridcell], li, dd, figure, canvas, form input, form textarea)"
_WATCH = """((rows) => {
  const state = globalThis.__firstRow = { requests: [], after: null };
  const isFull = (one) => one.matches('figure, canvas, input, textarea') || one.textContent.trim() !== '';
  const filled = (one) => !one.closest('nav') && isFull(one);
  const look = () => {
    if (state.after === null && [...document.querySelectorAll(rows)].some(filled)) state.after = performance.now();
  };
  const real = globalThis.fetch;
  globalThis.fetch = (address, options) => {
    look();  // What is requested by the code that has just drawn the row comes after it.
    const isQuery = String(address).endsWith('/graphql') && !/event-stream/.test(options?.headers?.accept ?? '');
    if (isQuery && state.after === null) state.requests.push(JSON.parse(options.body).operationName);
    return real(address, options);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
})"""


class FirstRow(NamedTuple):
    """The operations that were requested until then, and the milliseconds since the page was asked for."""

    requests: list[str]
    after: float


async def watch(page: Page, rows: str = ROWS) -> None:
    """Watch the pages that are opened in this tab from now on."""
    await page.add_init_script(f"{_WATCH}({rows!r})")


async def of(page: Page) -> FirstRow:
    """What there was until the first row, which is waited for."""
    state: dict[str, Any] = await value_of(page, "__firstRow.after && __firstRow")
    return FirstRow(state["requests"], state["after"])
