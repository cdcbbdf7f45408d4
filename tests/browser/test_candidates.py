"""Tables of candidates: filtered, sorted, selected, compared, deleted and taken back."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.words import word

ROWS = '[role="row"]:has([role="gridcell"])'


@pytest.fixture
async def experiment(caller, project):
    """Ten candidates with a param, a tag and a metric; the number of their experiment."""
    made = await caller.do(
        "experimentCreate", "experiment { id number }", project={"path": project.path}, name="tuning"
    )
    for number in range(10):
        candidate = await caller.do(
            "candidateCreate",
            "candidate { id }",
            experiment={"id": made["experiment"]["id"]},
            name=f"run-{number}",
            params=[{"key": "rate", "value": f"0.{number}"}],
            tags=[{"key": "camera", "value": "left" if number % 2 else "right"}],
        )
        point = {"key": "loss", "value": number / 10, "timestamp": 1, "step": 1}
        await caller.do("candidateLog", candidate={"id": candidate["candidate"]["id"]}, metrics=[point])
    return made["experiment"]["number"]


@pytest.fixture
async def page(as_person, project, experiment):
    opened = await as_person(Role.DEVELOPER)
    await opened.goto(f"/{project.path}/-/experiments/{experiment}")
    await expect(opened.locator(ROWS)).to_have_count(10)
    return opened


async def filtered(page, text):
    box = page.get_by_role("combobox", name=word("candidates.filter"))
    await box.fill(text)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=word("candidates.filter_apply")).click()


async def test_a_filter_narrows_the_table_and_stands_in_the_address(page, as_person):
    await filtered(page, "metrics.loss < 0.25 and params.rate != '0.0'")
    await expect(page.locator(ROWS)).to_have_count(2)
    colleague = await as_person(Role.REPORTER)
    await colleague.goto(page.url)
    await expect(colleague.locator(ROWS)).to_have_count(2)
    await page.get_by_role("button", name=word("candidates.filter_clear")).click()
    await expect(page.locator(ROWS)).to_have_count(10)


async def test_what_is_wrong_with_a_filter_is_underlined(page):
    await filtered(page, "metrics.loss << 1")
    await expect(page.get_by_role("alert").filter(has_text="character")).to_be_visible()
    await expect(page.locator("mark")).to_be_visible()
    await filtered(page, "metrics.loss < 1")
    await expect(page.locator("mark")).to_have_count(0)
    await expect(page.locator(ROWS)).to_have_count(10)


async def test_selected_candidates_are_compared(page):
    for name in ("run-3", "run-4"):
        await page.locator(ROWS).filter(has_text=name).get_by_role("checkbox").click()
    await page.get_by_role("button", name=word("candidates.compare"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/compare"))
    for text in ("run-3", "run-4", "0.3", "0.4"):
        await expect(page.get_by_role("main").get_by_text(text, exact=True).first).to_be_visible()


async def test_deleted_candidates_come_back_by_undo(page):
    for name in ("run-1", "run-2"):
        await page.locator(ROWS).filter(has_text=name).get_by_role("checkbox").click()
    await page.get_by_role("button", name=word("candidates.delete"), exact=True).click()
    await expect(page.locator(ROWS)).to_have_count(8)
    await page.get_by_role("button", name=word("candidates.undo")).click()
    await expect(page.locator(ROWS)).to_have_count(10)


async def test_a_table_is_used_by_keyboard_alone(page):
    await page.locator(ROWS).first.get_by_role("gridcell").first.click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Space")
    await expect(page.get_by_role("button", name=word("candidates.compare"), exact=True)).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/-/candidates/"))
