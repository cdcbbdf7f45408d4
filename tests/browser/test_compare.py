"""Candidates side by side: what differs, a baseline, curves and charts of values, all of it in the address."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.words import word

CREATE = "candidate { id uuid }"


@pytest.fixture
async def address(caller, project):
    """The comparison of three candidates, of which all have a curve, and one a script for a name."""
    made = await caller.do("experimentCreate", "experiment { id }", project={"path": project.path}, name="compared")
    uuids = []
    for index in range(3):
        answer = await caller.do(
            "candidateCreate",
            CREATE,
            experiment={"id": made["experiment"]["id"]},
            name="<img src=x onerror=alert(1)>" if index == 2 else f"run-{index}",
            params=[{"key": "depth", "value": str(index)}, {"key": "same", "value": "adam"}],
        )
        uuids.append(answer["candidate"]["uuid"])
        points = [
            {"key": "loss", "value": (index + 1) / (step + 1), "step": step, "timestamp": step + 1}
            for step in range(20)
        ]
        await caller.do("candidateLog", CREATE, candidate={"id": answer["candidate"]["id"]}, metrics=points)
    return f"/{project.path}/-/compare?candidates={','.join(uuids)}"


async def test_values_show_what_differs_and_how_far_it_is_from_a_baseline(as_person, address):
    page = await as_person(Role.REPORTER)
    await page.goto(address)
    await expect(page.get_by_role("rowheader", name="depth", exact=True)).to_be_visible()
    await expect(page.get_by_role("rowheader", name="same", exact=True)).to_have_count(0)
    await page.get_by_role("button", name=word("compare.baseline")).first.click()
    await expect(page.get_by_role("row").filter(has_text="loss")).to_contain_text("+100%")
    await page.get_by_text(word("compare.differences_only")).click()
    await expect(page.get_by_role("rowheader", name="same", exact=True)).to_be_visible()
    # The address alone shows the same to a colleague.
    other = await as_person(Role.GUEST)
    await other.goto(page.url)
    await expect(other.get_by_role("rowheader", name="same", exact=True)).to_be_visible()
    await expect(other.get_by_role("row").filter(has_text="loss")).to_contain_text("+100%")


async def test_curves_are_drawn_and_stand_in_a_table_and_in_files(as_person, address):
    page = await as_person(Role.REPORTER)
    await page.goto(f"{address}&tab=curves")
    await expect(page.locator("main canvas")).to_be_visible()
    await page.get_by_role("button", name="run-1", exact=True).click()
    await expect(page).to_have_url(re.compile("hidden="))
    async with page.expect_download() as saved:
        await page.get_by_role("button", name=word("compare.chart_png")).click()
    assert (await saved.value).suggested_filename == "loss.png"
    await page.get_by_role("button", name=word("compare.chart_table")).click()
    await expect(page.get_by_role("cell", name="run-0", exact=True)).to_have_count(20)
    await expect(page.get_by_role("cell", name="run-1", exact=True)).to_have_count(0)
    async with page.expect_download() as saved:
        await page.get_by_role("button", name=word("compare.chart_csv"), exact=True).click()
    assert (await saved.value).suggested_filename == "loss.csv"


async def test_parallel_axes_choose_candidates_by_keys(as_person, address):
    page = await as_person(Role.REPORTER)
    await page.goto(f"{address}&tab=parallel")
    slider = page.get_by_role("slider", name=word("compare.chart_least").replace("{axis}", "depth"))
    await slider.focus()
    for _ in range(3):
        await page.keyboard.press("ArrowUp")
    await expect(page).to_have_url(re.compile("brush="))
    await expect(page.get_by_text(re.compile("^2 of 3"))).to_be_visible()


@pytest.mark.parametrize("tab", ["scatter", "contour", "box"])
async def test_charts_of_values_are_drawn(as_person, address, tab):
    page = await as_person(Role.REPORTER)
    await page.goto(f"{address}&tab={tab}&z=metric:loss")
    await expect(page.locator("main figure canvas")).to_be_visible()


async def test_one_candidate_is_nothing_to_compare(as_person, address):
    page = await as_person(Role.REPORTER)
    await page.goto(address.split(",")[0])
    await expect(page.get_by_role("heading", name=word("compare.empty"))).to_be_visible()
