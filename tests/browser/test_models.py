"""Models from their creation to their deletion, by the forms; what is typed survives refusals."""

from __future__ import annotations

import re

from playwright.async_api import expect

from app.access import sessions
from app.access.policy import Role
from app.artifacts.artifacts import Root
from app.registry import models
from app.registry.models import CreateModel
from tests.support.browser.words import word
from tests.support.registry.versions import create_version, store_file


async def test_a_model_is_made_changed_and_deleted(as_person, caller, project):
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/models")
    await page.get_by_role("link", name=word("models.new")).first.click()
    await page.get_by_label(word("models.name")).fill("scratches")
    await page.get_by_role("textbox", name=re.compile(word("models.description"))).fill("Finds **scratches**.")
    await page.get_by_role("button", name=word("models.create"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models/scratches$"))
    await expect(page.locator("strong", has_text="scratches")).to_be_visible()

    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("models.edit")).click()
    await page.get_by_label(word("models.name")).fill("dents")
    await page.get_by_role("button", name=word("models.save"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models/dents$"))

    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("models.delete")).click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    confirm = dialog.get_by_role("button", name=word("models.delete"))
    await expect(confirm).to_be_disabled()
    await dialog.get_by_role("textbox").fill("dents")
    await confirm.click()
    await expect(page).to_have_url(re.compile("/-/models$"))
    await expect(page.get_by_text(word("models.was_deleted", name="dents"))).to_be_visible()
    answer = await caller.ask(
        "query($p: String!) { project(by: {path: $p}) { models { totalCount } } }", p=project.path
    )
    assert answer["project"]["models"]["totalCount"] == 0


async def test_the_list_and_the_card_say_how_large_a_model_is(as_person, runtime, project):
    await models.create(runtime.db, project.owner, project.id, CreateModel("m"))
    version = await create_version(runtime, project, "1.0.0")
    await store_file(runtime, project, Root(project.id, version.candidate_id), "weights.bin", b"w" * 2048)
    page = await as_person(Role.GUEST)
    await page.goto(f"/{project.path}/-/models")
    await expect(page.get_by_role("columnheader", name=word("models.size"))).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="1.0.0").get_by_title("2,048 B")).to_be_visible()
    await page.get_by_role("link", name="m", exact=True).click()
    await expect(page.get_by_role("complementary").get_by_title("2,048 B")).to_be_visible()


async def test_a_name_from_right_to_left_turns_round_nothing_beside_it(as_person, caller, project):
    name = "מודל"
    await caller.do("modelCreate", project={"path": project.path}, name=name)
    page = await as_person(Role.OWNER)
    await page.goto(f"/{project.path}/-/models")
    link = page.get_by_role("link", name=name)
    assert await link.evaluate("(one) => getComputedStyle(one).unicodeBidi") == "isolate"
    await link.click()
    await page.get_by_role("button", name=word("models.more"), exact=True).click()
    await page.get_by_role("menuitem", name=word("models.delete"), exact=True).click()
    title = word("models.delete_title", name=f"\u2068{name}\u2069")
    await expect(page.get_by_role("dialog", name=title)).to_be_visible()
    await page.get_by_role("dialog").get_by_role("textbox").fill(name)
    await page.get_by_role("dialog").get_by_role("button", name=word("models.delete"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models$"))


async def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(as_person, caller, project):
    await caller.do("modelCreate", project={"path": project.path}, name="taken")
    page = await as_person(Role.DEVELOPER)
    await page.goto(f"/{project.path}/-/new-model")
    name = page.get_by_label(word("models.name"))
    await name.fill("taken")
    await page.get_by_role("textbox", name=re.compile(word("models.description"))).fill("Half an hour of typing.")
    await page.get_by_role("button", name=word("models.create"), exact=True).click()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("textbox", name=re.compile(word("models.description")))).to_have_value(
        "Half an hour of typing."
    )
    await name.fill("free")
    await page.get_by_role("button", name=word("models.create"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models/free$"))


async def test_a_session_that_ends_while_typing_loses_no_text(as_person, visits, site, runtime, project):
    visits.watch.tolerate("401")
    page = await as_person(Role.DEVELOPER)
    person = project[Role.DEVELOPER].actor
    await page.goto(f"/{project.path}/-/new-model")
    await page.get_by_label(word("models.name")).fill("typed")
    description = page.get_by_role("textbox", name=re.compile(word("models.description")))
    await description.fill("Typed before the session ended.")
    async with runtime.db.write() as tx:
        await sessions.end_all(tx, person.user_id)
    await page.get_by_role("button", name=word("models.create"), exact=True).click()
    await expect(page.get_by_role("dialog", name=word("shell.session_ended"))).to_be_visible()
    await visits.sign_in(page.context, site, person)
    await page.get_by_role("button", name=word("shell.session_go_on")).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(description).to_have_value("Typed before the session ended.")
    await page.get_by_role("button", name=word("models.create"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models/typed$"))


async def test_guests_are_offered_nothing_that_they_may_not_do(as_person, caller, project):
    await caller.do("modelCreate", project={"path": project.path}, name="scratches")
    page = await as_person(Role.GUEST)
    await page.goto(f"/{project.path}/-/models/scratches")
    await expect(page.get_by_role("heading", name=re.compile("scratches"))).to_be_visible()
    await page.get_by_role("button", name=word("models.more")).click()
    await expect(page.get_by_role("menuitem", name=word("models.copy_tracking_uri"))).to_be_visible()
    await expect(page.get_by_role("menuitem", name=word("models.delete"))).to_have_count(0)


async def test_a_new_model_appears_in_an_open_list_by_itself(as_person, caller, project):
    await caller.do("modelCreate", project={"path": project.path}, name="first")
    page = await as_person(Role.REPORTER)
    await page.goto(f"/{project.path}/-/models")
    await expect(page.get_by_role("link", name="first")).to_be_visible()
    await caller.do("modelCreate", project={"path": project.path}, name="second")
    await expect(page.get_by_role("link", name="second")).to_be_visible()
