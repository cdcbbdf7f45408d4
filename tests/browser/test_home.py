"""Where people begin: home, search, groups and projects, their account, and the users of the installation."""

from __future__ import annotations

import re
from uuid import uuid4

from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.words import word


async def test_home_lists_own_projects_and_recent_versions(as_person, caller, project, member):
    await caller.do("modelCreate", project={"path": project.path}, name="scratches")
    model = {"path": {"project": project.path, "name": "scratches"}}
    await caller.do("modelVersionCreate", model=model, version="1.0.0")
    page = await as_person(member)
    await page.goto("/")
    await expect(page.get_by_role("link", name="scratches 1.0.0").first).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name=project.path, exact=True).click()
    await expect(page).to_have_url(re.compile(re.escape(project.path) + "$"))
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(page).to_have_title(re.compile("Modelyard$"))


async def test_a_new_project_begins_with_snippets_that_take_a_token(as_person, project):
    page = await as_person(Role.OWNER)
    group = project.path.rpartition("/")[0]
    await page.goto(f"/{group}?new=project")
    dialog = page.get_by_role("dialog")
    path = f"p{uuid4().hex[:8]}"
    await dialog.get_by_role("textbox", name=word("namespaces.path"), exact=True).fill("no good path")
    await dialog.get_by_role("button", name=word("namespaces.create")).click()
    await expect(dialog.get_by_text("not a valid path")).to_be_visible()
    await dialog.get_by_role("textbox", name=word("namespaces.path"), exact=True).fill(path)
    await dialog.get_by_role("button", name=word("namespaces.create")).click()
    await expect(page).to_have_url(re.compile(f"/{group}/{path}$"))
    await expect(page.get_by_text("/ml/mlflow")).to_be_visible()
    await page.get_by_role("button", name=word("home.make_token")).click()
    await expect(page.get_by_text(re.compile("myt_[A-Za-z0-9_-]{20,}")).first).to_be_visible()


async def test_a_token_is_shown_once_and_can_be_revoked(as_person, project):
    page = await as_person(Role.DEVELOPER)
    await page.goto("/-/account")
    name = f"laptop {uuid4().hex[:6]}"
    await page.get_by_role("button", name=word("account.new_token")).click()
    await page.get_by_role("textbox", name=word("account.token_name"), exact=True).fill(name)
    await page.get_by_role("button", name=word("account.create_token")).click()
    await expect(page.locator("[data-secret]")).to_have_text(re.compile("^myt_"))
    await page.reload()
    await expect(page.get_by_role("cell", name=name, exact=True)).to_be_visible()
    await expect(page.locator("[data-secret]")).to_have_count(0)
    await page.get_by_role("button", name=word("account.actions_for", name=name)).click()
    await page.get_by_role("menuitem", name=word("account.revoke")).click()
    await page.get_by_role("dialog").get_by_role("button", name=word("account.revoke")).click()
    await expect(page.get_by_role("cell", name=name, exact=True)).to_have_count(0)


async def test_administrators_invite_by_a_link_that_is_shown_once(as_person, admin, project):
    page = await as_person(admin)
    await page.goto("/-/admin/users")
    await page.get_by_role("button", name=word("admin.invite")).click()
    await page.get_by_role("button", name=word("admin.make_invitation")).click()
    await expect(page.locator("[data-secret]")).to_have_text(re.compile("/invitations/"))
    await page.get_by_role("tab", name=word("admin.tab_invitations")).click()
    await expect(page.get_by_role("cell", name=word("admin.anybody")).first).to_be_visible()


async def test_people_who_administer_nothing_do_not_see_the_users(as_person, project):
    page = await as_person(Role.OWNER)
    await page.goto("/-/admin/users")
    await expect(page.get_by_role("heading", name=word("shell.missing"))).to_be_visible()


async def test_search_finds_in_a_project_and_everywhere(as_person, caller, project, member):
    await caller.do("modelCreate", project={"path": project.path}, name="wrinkles")
    page = await as_person(member)
    await page.goto("/-/search?q=wrink")
    await expect(page.get_by_role("main").get_by_role("link", name="wrinkles", exact=True)).to_be_visible()
    await page.goto(f"/-/search?q=wrink&project={project.path}")
    await page.get_by_role("main").get_by_role("link", name="wrinkles", exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models/wrinkles"))


async def test_search_everywhere_finds_versions_and_candidates_and_the_palette_leads_to_them(
    as_person, caller, project, member
):
    mark = uuid4().hex[:8]
    here = {"path": project.path}
    await caller.do("modelCreate", project=here, name=f"wrinkles-{mark}")
    model = {"path": {"project": project.path, "name": f"wrinkles-{mark}"}}
    await caller.do("modelVersionCreate", model=model, version="1.2.3")
    experiment = {"path": {"project": project.path, "number": 0}}
    made = await caller.do("candidateCreate", "candidate { uuid }", experiment=experiment, name=f"run-{mark}")
    page = await as_person(member)
    await page.goto(f"/-/search?q=wrinkles-{mark}%401.2")
    results = page.get_by_role("main")
    await expect(results.get_by_role("link", name=f"wrinkles-{mark} 1.2.3")).to_be_visible()
    await page.goto(f"/-/search?q={mark}&kind=Candidate")
    await expect(results.get_by_role("link", name=f"run-{mark}")).to_be_visible()
    await expect(results.get_by_role("link", name=f"[model]wrinkles-{mark}", exact=True)).to_have_count(0)
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.get_by_role("combobox").fill(made["candidate"]["uuid"])
    await page.get_by_role("option", name=f"run-{mark}").click()
    await expect(page).to_have_url(re.compile(rf"/-/candidates/{made['candidate']['uuid']}"))
    # Signs that mean something to patterns, to SQL, to HTML or to the direction of writing are plain characters.
    await page.goto("/-/search?q=%25_%27%22%3Cb%3E%E2%80%AE")
    await expect(page.get_by_text(word("home.search_none"), exact=True)).to_be_visible()
