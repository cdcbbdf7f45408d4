"""Facts and CI jobs of a version from its page: stated, refused at the field, corrected and taken back, by a person."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.words import word

COMMIT = """query f($id: ID!) { modelVersion(by: {id: $id}) { facts { sourceCommit {
  sha branch statements { source note statedBy { username } entries { key value } } }
  environment { libraries { name version } } } ciJobs { externalId } } }"""
SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


@pytest.fixture
async def version(caller, project):
    model = {"path": {"project": project.path, "name": "scratches"}}
    await caller.do("modelCreate", project={"path": project.path}, name="scratches")
    made = await caller.do("modelVersionCreate", "modelVersion { id }", model=model, version="1.0.0")
    return made["modelVersion"]["id"]


def _address(project):
    return f"/{project.path}/-/models/scratches/versions/1.0.0"


async def _edit(page, fact):
    await page.get_by_role("button", name=word("versions.fact_edit", fact=word(f"versions.fact_{fact}"))).click()
    return page.get_by_role("dialog")


async def test_a_person_states_corrects_and_takes_back_a_commit(as_person, caller, project, version):
    page = await as_person(Role.REPORTER)
    await page.goto(_address(project))
    dialog = await _edit(page, "SOURCE_COMMIT")
    sha = dialog.get_by_label(word("versions.commit"))
    await sha.fill("main")
    await dialog.get_by_label(word("versions.fact_note")).fill("It was not tagged.")
    save = dialog.get_by_role("button", name=word("versions.fact_state"), exact=True)
    await save.click()
    await expect(sha).to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_text("is no SHA of a commit")).to_be_visible()
    await sha.fill(SHA)
    await save.click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_text(SHA).first).to_be_visible()
    commit = (await caller.ask(COMMIT, id=version))["modelVersion"]["facts"]["sourceCommit"]
    (statement,) = commit["statements"]
    assert (commit["sha"], statement["source"], statement["note"]) == (SHA, "STATED", "It was not tagged.")
    assert statement["statedBy"]["username"] == project[Role.REPORTER].actor.username
    assert statement["entries"] == [{"key": "sha", "value": SHA}], "only what was changed is stated"

    dialog = await _edit(page, "SOURCE_COMMIT")
    await dialog.get_by_label(word("versions.commit")).fill("")
    await dialog.get_by_label(word("versions.branch")).fill("main")
    await dialog.get_by_role("button", name=word("versions.fact_state"), exact=True).click()
    await expect(dialog).to_have_count(0)
    commit = (await caller.ask(COMMIT, id=version))["modelVersion"]["facts"]["sourceCommit"]
    assert (commit["sha"], commit["branch"], len(commit["statements"])) == (None, "main", 2)


async def test_entries_of_a_fact_are_added_and_removed(as_person, caller, project, version):
    stated = {"libraries": [{"name": "numpy", "version": "==1.26.4"}, {"name": "torch", "version": "==2.4"}]}
    await caller.do("factsSet", modelVersion={"id": version}, environment=stated)
    page = await as_person(Role.REPORTER)
    await page.goto(_address(project))
    dialog = await _edit(page, "ENVIRONMENT")
    await dialog.get_by_role("button", name=word("versions.entry_remove", name="numpy")).click()
    await dialog.get_by_role("button", name=word("versions.entry_add")).click()
    await dialog.get_by_label(word("versions.entry_name"), exact=True).last.fill("not a name")
    await dialog.get_by_label(word("versions.entry_value_ENVIRONMENT"), exact=True).last.fill("==3")
    save = dialog.get_by_role("button", name=word("versions.fact_state"), exact=True)
    await save.click()
    await expect(dialog.get_by_role("alert")).to_contain_text("is no name of a library")
    await dialog.get_by_label(word("versions.entry_name"), exact=True).last.fill("scipy")
    await save.click()
    await expect(dialog).to_have_count(0)
    libraries = (await caller.ask(COMMIT, id=version))["modelVersion"]["facts"]["environment"]["libraries"]
    assert [one["name"] for one in libraries] == ["scipy", "torch"]


async def test_a_ci_job_is_linked_and_unlinked(as_person, caller, project, version):
    page = await as_person(Role.REPORTER)
    await page.goto(_address(project))
    await page.get_by_role("button", name=word("versions.ci_link"), exact=True).click()
    dialog = page.get_by_role("dialog")
    number = dialog.get_by_label(word("versions.ci_external_id"))
    await number.fill("no number")
    link = dialog.get_by_role("button", name=word("versions.ci_link"), exact=True)
    await link.click()
    await expect(number).to_have_attribute("aria-invalid", "true")
    await number.fill("4711")
    await link.click()
    await expect(dialog).to_have_count(0)
    unlink = page.get_by_role("button", name=word("versions.ci_unlink"), exact=True)
    await expect(unlink).to_be_visible()
    assert (await caller.ask(COMMIT, id=version))["modelVersion"]["ciJobs"] == [{"externalId": "4711"}]
    await unlink.click()
    await expect(unlink).to_have_count(0)
    assert (await caller.ask(COMMIT, id=version))["modelVersion"]["ciJobs"] == []


async def test_who_may_not_change_a_version_states_nothing(as_person, project, version):
    page = await as_person(Role.GUEST)
    await page.goto(_address(project))
    await expect(page.get_by_text(word("versions.fact_SOURCE_COMMIT"), exact=True)).to_be_visible()
    edit = page.get_by_role("button", name=word("versions.fact_edit", fact=word("versions.fact_SOURCE_COMMIT")))
    await expect(edit).to_have_count(0)
    await expect(page.get_by_role("button", name=word("versions.ci_link"), exact=True)).to_have_count(0)
