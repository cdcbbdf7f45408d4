"""Versions from their creation to their deletion: numbers, aliases, withdrawals, seals, differences."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.words import word


@pytest.fixture
async def model(caller, project):
    """A model with two versions."""
    await caller.do("modelCreate", project={"path": project.path}, name="scratches")
    for number in ("1.0.0", "1.1.0"):
        await caller.do("modelVersionCreate", model=_model(project), version=number)
    return "scratches"


async def test_the_next_number_of_each_step_is_offered_and_a_typed_one_is_checked(as_person, project, model):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/models/{model}/new-version")
    number = page.get_by_label(word("versions.version"), exact=True)
    await expect(number).to_have_value("1.1.1")
    await expect(page.get_by_text(word("versions.is_free", version="1.1.1"))).to_be_visible()
    await page.get_by_text(f"{word('versions.step_major')}: 2.0.0").click()
    await expect(number).to_have_value("2.0.0")
    await number.fill("1.1.0")
    await expect(number).to_have_attribute("aria-invalid", "true")
    await number.fill("v3")
    await expect(number).to_have_attribute("aria-invalid", "true")
    await number.fill("1.2.0")
    await expect(page.get_by_text(word("versions.is_free", version="1.2.0"))).to_be_visible()
    await page.get_by_role("button", name=word("versions.create"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/models/scratches/versions/1\.2\.0\?tab=files$"))


async def test_a_candidate_is_taken_over(as_person, caller, project, model):
    made = await caller.do("experimentCreate", "experiment { id }", project={"path": project.path}, name="training")
    experiment = {"id": made["experiment"]["id"]}
    made = await caller.do("candidateCreate", "candidate { id uuid }", experiment=experiment, name="best-run")
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/models/{model}/new-version")
    await page.get_by_role("combobox", name=re.compile(word("versions.candidate"))).fill("best")
    await page.get_by_role("option", name=re.compile("best-run")).click()
    await page.get_by_role("button", name=word("versions.create"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/versions/1\.1\.1$"))
    await expect(page.get_by_role("link", name="best-run")).to_be_visible()


async def test_an_alias_is_set_moved_and_deleted(as_person, caller, project, model):
    await caller.do("aliasSet", model=_model(project), name="champion", reference="1.0.0")
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/models/{model}/versions/1.1.0")
    await _choose(page, "versions.aliases")
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_role("combobox")
    await name.fill("champion")
    await page.get_by_role("option", name=re.compile("champion")).first.click()
    await dialog.get_by_role("button", name=word("versions.alias_move"), exact=True).click()
    remove = dialog.get_by_role("button", name=word("versions.alias_delete", name="champion"))
    await expect(remove).to_be_visible()
    assert await _aliases(caller, project) == {"champion": "1.1.0"}
    await remove.click()
    await expect(remove).to_have_count(0)
    assert await _aliases(caller, project) == {}


async def test_a_version_is_yanked_for_a_reason_and_brought_back(as_person, project, model):
    page = await as_person(Role.MAINTAINER)
    await page.goto(f"/{project.path}/-/models/{model}/versions/1.1.0")
    await _choose(page, "versions.action_yank")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(word("models.reason")).fill("Trained on the wrong data")
    await dialog.get_by_role("button", name=word("versions.action_yank"), exact=True).click()
    await expect(page.get_by_text(word("versions.banner_yanked"))).to_be_visible()
    await expect(page.get_by_role("status").get_by_text("Trained on the wrong data")).to_be_visible()
    await _choose(page, "versions.action_unyank")
    await dialog.get_by_role("button", name=word("versions.action_unyank"), exact=True).click()
    await expect(page.get_by_text(word("versions.banner_yanked"))).to_have_count(0)


async def test_a_deleted_version_comes_back_from_the_trash(as_person, project, model):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/models/{model}/versions/1.1.0")
    await _choose(page, "versions.delete")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("1.1.0")
    await dialog.get_by_role("button", name=word("versions.delete"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/models/scratches\?tab=versions$"))
    await expect(page.get_by_role("link", name="1.1.0")).to_have_count(0)
    await page.get_by_role("button", name=word("models.view_deleted"), exact=True).click()
    await page.get_by_role("button", name=word("models.restore"), exact=True).click()
    await page.get_by_role("button", name=word("models.view_active"), exact=True).click()
    await expect(page.get_by_role("link", name="1.1.0")).to_be_visible()


async def test_what_differs_from_the_release_before_is_shown(as_person, caller, project, model):
    for number, depth in (("1.0.0", "4"), ("1.1.0", "6")):
        path = {"project": project.path, "model": model, "reference": number}
        version = await caller.ask(
            "query($by: ModelVersionLookup!) { modelVersion(by: $by) { candidate { id } } }", by={"path": path}
        )
        candidate = {"id": version["modelVersion"]["candidate"]["id"]}
        await caller.do("candidateLog", candidate=candidate, params=[{"key": "depth", "value": depth}])
    page = await as_person(Role.GUEST)
    await page.goto(f"/{project.path}/-/models/{model}/versions/1.1.0/diff")
    title = word("versions.diff_title", base="1.0.0", version="1.1.0")
    await expect(page.get_by_role("heading", name=title)).to_be_visible()
    row = page.get_by_role("row", name=re.compile("depth"))
    await expect(row).to_contain_text("4")
    await expect(row).to_contain_text("6")


async def _choose(page, key: str) -> None:
    await page.get_by_role("button", name=word("models.more"), exact=True).click()
    await page.get_by_role("menuitem", name=word(key), exact=True).click()


def _model(project) -> dict[str, object]:
    return {"path": {"project": project.path, "name": "scratches"}}


async def _aliases(caller, project) -> dict[str, str]:
    listed = await caller.ask(
        "query($by: ModelLookup!) { model(by: $by) { aliases { name modelVersion { version } } } }", by=_model(project)
    )
    return {alias["name"]: alias["modelVersion"]["version"] for alias in listed["model"]["aliases"]}
