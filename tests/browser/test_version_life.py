"""Versions from the form to the trash: the number is checked as it is typed, a stage is entered by the dialog."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.visits import eventually
from tests.support.browser.words import word

STAGE = "query s($id: ID!) { modelVersion(by: {id: $id}) { stage } }"


@pytest.fixture
async def model(caller, project):
    await caller.do("modelCreate", project={"path": project.path}, name="scratches")
    return {"path": {"project": project.path, "name": "scratches"}}


@pytest.fixture
async def version(caller, project, model):
    """A version with a file."""
    made = await caller.do("modelVersionCreate", "modelVersion { id candidate { uuid } }", model=model, version="1.0.0")
    run = made["modelVersion"]["candidate"]["uuid"]
    await caller.put(project.id, f"candidate:{run}", "notes.txt", b"line four\n")
    return made["modelVersion"]["id"]


async def test_a_version_is_made_by_a_suggested_step_and_a_wrong_number_is_refused_as_typed(
    as_person, project, version
):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/models/scratches/new-version")
    number = page.get_by_label(word("versions.version"), exact=True)
    await number.fill("1.0")
    await expect(number).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("radio", name=re.compile("1\\.1\\.0")).click()
    await expect(number).to_have_value("1.1.0")
    await expect(page.get_by_text(word("versions.is_free", version="1.1.0"))).to_be_visible()
    await page.get_by_role("button", name=word("versions.create"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/-/models/scratches/versions/1\.1\.0"))


async def test_a_version_enters_a_stage_by_the_dialog(as_person, caller, project, version):
    page = await as_person(Role.MAINTAINER)
    await page.goto(f"/{project.path}/-/models/scratches/versions/1.0.0")
    await page.get_by_role("button", name=word("versions.promote"), exact=True).click()
    dialog = page.get_by_role("dialog", name=word("lifecycle.promote_title", model="scratches", version="1.0.0"))
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name=word("lifecycle.promote"), exact=True).click()
    await expect(dialog).to_have_count(0)
    answer = await caller.ask(STAGE, id=version)
    assert answer["modelVersion"]["stage"] == "staging"
    await expect(page.get_by_role("main").get_by_text("staging").first).to_be_visible()


async def test_a_file_is_looked_at(as_person, project, version):
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/models/scratches/versions/1.0.0?tab=files")
    await page.get_by_role("treegrid", name=word("artifacts.files")).get_by_text("notes.txt").click()
    await expect(page.get_by_text("line four")).to_be_visible()


async def test_a_version_is_deleted_after_its_number_is_typed_and_comes_back(as_person, caller, project, version):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/models/scratches/versions/1.0.0")
    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("versions.delete")).click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    await dialog.get_by_role("textbox").fill("1.0.0")
    await dialog.get_by_role("button", name=word("versions.delete"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/-/models/scratches(\?.*)?$"))
    await page.get_by_role("button", name=word("models.undo")).click()

    async def is_back() -> bool:
        return (await caller.ask(STAGE, id=version))["modelVersion"] is not None

    await eventually(is_back)
    await page.goto(f"/{project.path}/-/models/scratches/versions/1.0.0")
    await expect(page.get_by_role("heading", name=re.compile("1.0.0")).first).to_be_visible()
