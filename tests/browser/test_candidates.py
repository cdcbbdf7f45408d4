"""Experiments and their candidates: made, filtered, grouped, nested, selected, deleted and taken back."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.async_api import Page, expect

from app.access.policy import Role
from tests.support.browser.words import word

CREATE = "candidate { id uuid name }"


@pytest.fixture
async def runs(caller, project):
    """An experiment with eight candidates, the last of which is nested in the first."""
    made = await caller.do(
        "experimentCreate", "experiment { id number }", project={"path": project.path}, name="tuning"
    )
    experiment = made["experiment"]
    first = None
    for index in range(8):
        parent = {"parentId": first} if index == 7 else {}
        answer = await caller.do(
            "candidateCreate",
            CREATE,
            experiment={"id": experiment["id"]},
            name=f"run-{index}",
            params=[{"key": "depth", "value": str(index % 2)}],
            tags=[{"key": "team", "value": "a" if index < 4 else "b"}],
            **parent,
        )
        candidate = answer["candidate"]
        first = first or candidate["id"]
        await caller.do(
            "candidateLog",
            CREATE,
            candidate={"id": candidate["id"]},
            metrics=[{"key": "loss", "value": index, "step": 1, "timestamp": 1}],
        )
    return experiment["number"]


def row(page: Page, name: str):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


async def apply_filter(page: Page, text: str) -> None:
    await page.get_by_label(word("candidates.filter"), exact=True).fill(text)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=word("candidates.filter_apply"), exact=True).click()


async def test_an_experiment_is_made_renamed_deleted_and_taken_back(as_person, project):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/experiments")
    await page.get_by_role("button", name=word("experiments.create")).first.click()
    await page.get_by_role("textbox", name=word("experiments.name")).fill("first")
    await page.get_by_role("dialog").get_by_role("button", name=word("experiments.create")).click()
    await expect(page.get_by_role("heading", level=1, name="first")).to_be_visible()

    await page.get_by_role("button", name=word("experiments.actions")).click()
    await page.get_by_role("menuitem", name=word("experiments.rename")).click()
    await page.get_by_role("textbox", name=word("experiments.name")).fill("second")
    await page.get_by_role("dialog").get_by_role("button", name=word("experiments.rename")).click()
    await expect(page.get_by_role("heading", level=1, name="second")).to_be_visible()

    await page.get_by_role("button", name=word("experiments.actions")).click()
    await page.get_by_role("menuitem", name=word("experiments.delete")).click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    await dialog.get_by_role("button", name=word("experiments.delete")).click()
    await expect(page).to_have_url(re.compile("/-/experiments$"))
    await page.get_by_role("button", name=word("candidates.undo")).click()
    await expect(page.get_by_role("link", name="second")).to_be_visible()


async def test_a_filter_stands_in_the_address_and_its_error_is_underlined(as_person, project, runs):
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/experiments/{runs}")
    await expect(row(page, "run-3")).to_be_visible()
    await apply_filter(page, "metrics.loss > 5 OR params.depth = 'none'")
    await expect(row(page, "run-3")).to_have_count(0)
    await expect(row(page, "run-6")).to_be_visible()
    assert parse_qs(urlparse(page.url).query)["f"] == ["metrics.loss > 5 OR params.depth = 'none'"]
    await page.reload()
    await expect(row(page, "run-7")).to_be_visible()

    await apply_filter(page, "metrics.loss > much")
    await expect(page.get_by_role("alert")).to_contain_text("at character 16")
    await expect(page.locator("mark")).to_have_text("much")


async def test_the_filter_completes_what_was_logged(as_person, project, runs):
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/experiments/{runs}")
    await expect(row(page, "run-3")).to_be_visible()
    box = page.get_by_label(word("candidates.filter"), exact=True)
    await box.click()
    await box.press_sequentially("lo")
    await page.get_by_role("option", name=re.compile("metrics.loss")).click()
    await expect(box).to_have_value("metrics.loss ")
    await box.press_sequentially("= 2 AND team")
    await page.get_by_role("option", name=re.compile("tags.team")).click()
    await box.press_sequentially("= ")
    await page.get_by_role("option", name=re.compile("'a'")).click()
    await expect(box).to_have_value("metrics.loss = 2 AND tags.team = 'a' ")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=word("candidates.filter_apply"), exact=True).click()
    await expect(row(page, "run-2")).to_be_visible()
    await expect(row(page, "run-1")).to_have_count(0)


async def test_nested_candidates_stand_below_their_parent(as_person, project, runs):
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/experiments/{runs}")
    await expect(row(page, "run-0")).to_be_visible()
    await expect(row(page, "run-7")).to_have_count(0)
    await row(page, "run-0").get_by_role("button", name=re.compile("run-0")).click()
    await expect(row(page, "run-7")).to_be_visible()


async def test_rows_are_grouped_by_a_tag(as_person, project, runs):
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/experiments/{runs}?group=t.team")
    head = page.get_by_role("row").filter(has=page.get_by_role("button", name=re.compile("^a ")))
    await expect(head).to_be_visible()
    await head.get_by_role("button").click()
    await expect(row(page, "run-1")).to_have_count(0)
    await expect(row(page, "run-5")).to_be_visible()


async def test_selected_candidates_are_deleted_and_taken_back(as_person, project, runs, caller):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/experiments/{runs}")
    for name in ("run-2", "run-3"):
        await row(page, name).get_by_role("gridcell").first.click()
    await expect(page).to_have_url(re.compile("sel="))
    await page.get_by_role("toolbar").get_by_role("button", name=word("candidates.delete")).click()
    await expect(row(page, "run-2")).to_have_count(0)
    await page.get_by_role("button", name=word("candidates.undo")).click()
    await expect(row(page, "run-2")).to_be_visible()
    await expect(row(page, "run-3")).to_be_visible()


async def test_a_candidate_shows_what_it_logged_and_is_renamed(as_person, project, runs):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/experiments/{runs}")
    await page.get_by_role("link", name="run-4", exact=True).click()
    await expect(page.get_by_role("heading", level=1, name="run-4")).to_be_visible()
    await page.get_by_role("tab", name=word("candidates.tab.metrics"), exact=False).first.click()
    await expect(page.get_by_role("cell", name="loss", exact=True)).to_be_visible()
    await expect(page.locator("canvas").first).to_be_visible()
    await page.get_by_role("button", name=word("candidates.actions")).click()
    await page.get_by_role("menuitem", name=word("candidates.edit")).click()
    await page.get_by_role("textbox", name=word("candidates.attribute.name")).fill("best")
    await page.get_by_role("dialog").get_by_role("button", name=word("candidates.save")).click()
    await expect(page.get_by_role("heading", level=1, name="best")).to_be_visible()


async def test_a_running_candidate_is_told_of_as_it_logs(as_person, project, runs, caller):
    answer = await caller.ask(
        "query($p: String!, $n: Long!) { experiment(by: {path: {project: $p, number: $n}})"
        " { candidates(first: 1) { nodes { id uuid } } } }",
        p=project.path,
        n=runs,
    )
    candidate = answer["experiment"]["candidates"]["nodes"][0]
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/candidates/{candidate['uuid']}?tab=metrics")
    await expect(page.get_by_role("cell", name="loss", exact=True)).to_be_visible()
    await caller.do(
        "candidateLog",
        CREATE,
        candidate={"id": candidate["id"]},
        metrics=[{"key": "fresh", "value": 0.5, "step": 1, "timestamp": 1}],
    )
    await expect(page.get_by_role("cell", name="fresh", exact=True)).to_be_visible()
