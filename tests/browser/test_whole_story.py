"""One story over all pages: a person is invited, brings two versions to a stage by the approval of another, and leaves.

What each page does in detail is tested beside its page; here it counts that one leads to the next.
"""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from app.access import members
from app.access.members import GroupOrProject
from app.access.policy import Role
from tests.support.browser.dropping import drop
from tests.support.browser.words import word

pytestmark = pytest.mark.usefixtures("worker")
PASSWORD = "three weeks of GPUs"
GATES = [{"kind": "approvals", "config": {"count": 1}}]
NO_HANDLES = "delete DataTransferItem.prototype.getAsFileSystemHandle"
STAGES = """query s($p: String!) { project(by: {path: $p}) { models { totalCount nodes {
  versions { nodes { version stage } } } } } }"""


async def test_from_the_invitation_to_the_sign_out(as_person, caller, runtime, admin, project, tmp_path):
    await caller.do("gatesSet", project={"path": project.path}, stage="staging", gates=GATES, expectedNumber=0)
    approver = await as_person(Role.MAINTAINER)
    page = await as_person(None)
    await page.add_init_script(NO_HANDLES)

    await comes_in(page, await invitation(await as_person(admin)), runtime, project)
    await makes_model(page, project)
    for version in ("1.0.0", "1.1.0"):
        await makes_version(page, project, version)
        await brings_files(page, tmp_path / version)
        await asks_for_stage(page, version)
        await approves(approver, page.url)
    assert await stages(caller, project) == {"1.0.0": "archived", "1.1.0": "staging"}

    await compares_candidates(page, caller, project)
    await caller.do("gatesSet", project={"path": project.path}, stage="staging", gates=[], expectedNumber=1)
    await rolls_back(approver, project)
    assert (await stages(caller, project))["1.0.0"] == "staging"

    await deletes_version(page, project, "1.1.0")
    await deletes_model(page, project)
    assert await stages(caller, project) == {}
    await page.get_by_role("button", name=re.compile(word("shell.account_of", name=""))).click()
    await page.get_by_role("menuitem", name=word("shell.sign_out")).click()
    await page.wait_for_url(re.compile("/sign-in"))


async def stages(caller, project) -> dict[str, str]:
    """The stage of each version of the project's models."""
    answer = await caller.ask(STAGES, p=project.path)
    models = answer["project"]["models"]["nodes"]
    return {one["version"]: one["stage"] for model in models for one in model["versions"]["nodes"]}


async def invitation(page: Page) -> str:
    """The path of the link that an administrator makes on the page of all users."""
    await page.goto("/-/admin/users")
    await page.get_by_role("button", name=word("admin.invite")).click()
    await page.get_by_role("button", name=word("admin.make_invitation")).click()
    secret = page.locator("[data-secret]")
    await expect(secret).to_have_text(re.compile("/invitations/"))
    return f"/invitations/{(await secret.inner_text()).strip().rpartition('/')[2]}"


async def comes_in(page: Page, path: str, runtime, project) -> None:
    name = f"grace-{uuid4().hex[:8]}"
    await page.goto(path)
    await page.locator("[name=username]").fill(name)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[name=password_again]").fill(PASSWORD)
    await page.locator("[name=password_again]").press("Enter")
    await page.wait_for_url(lambda url: "/invitations/" not in url)
    await members.set_role(runtime.db, project.owner, GroupOrProject(project_id=project.id), name, Role.DEVELOPER)


async def makes_model(page: Page, project) -> None:
    await page.goto(f"/{project.path}/-/models")
    await page.get_by_role("link", name=word("models.new")).first.click()
    await page.get_by_label(word("models.name")).fill("scratches")
    await page.get_by_role("button", name=word("models.create"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models/scratches$"))


async def makes_version(page: Page, project, version: str) -> None:
    await page.goto(f"/{project.path}/-/models/scratches/new-version")
    await page.get_by_label(word("versions.version"), exact=True).fill(version)
    await expect(page.get_by_text(word("versions.is_free", version=version))).to_be_visible()
    await page.get_by_role("button", name=word("versions.create"), exact=True).click()
    await expect(page).to_have_url(re.compile(rf"/versions/{re.escape(version)}"))


async def brings_files(page: Page, folder) -> None:
    """Ten files and a folder are dropped; one is looked at, and one deleted."""
    (folder / "model" / "data").mkdir(parents=True)
    (folder / "model" / "data" / "weights.bin").write_bytes(folder.name.encode() * 1000)
    singles = [folder / f"file-{number}.txt" for number in range(10)]
    for path in singles:
        path.write_text(f"content of {path.name} in {folder.name}\n")
    await page.goto(f"{page.url.partition('?')[0]}?tab=files")
    await drop(page.get_by_text(word("artifacts.drop_here")).first, *singles, folder / "model")
    panel = page.get_by_role("region", name=word("artifacts.uploads"))
    await expect(panel.get_by_text(re.compile(r"^11 of 11 files uploaded$"))).to_be_visible(timeout=30_000)
    tree = page.get_by_role("treegrid", name=word("artifacts.files"))
    await tree.get_by_text("file-0.txt").click()
    await expect(page.get_by_text("content of file-0.txt")).to_be_visible()
    await page.goto(f"{page.url.partition('?')[0]}?tab=files")
    await expect(tree.get_by_text("file-9.txt")).to_be_visible()
    await tree.focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Space")
    await page.get_by_role("button", name=re.compile(word("artifacts.delete"))).first.click()
    dialog = page.get_by_role("dialog").or_(page.get_by_role("alertdialog"))
    await dialog.get_by_role("button", name=re.compile(word("artifacts.delete"))).click()
    await expect(tree.get_by_text("file-9.txt")).to_have_count(0)
    await expect(tree.get_by_text("file-8.txt")).to_be_visible()


async def asks_for_stage(page: Page, version: str) -> None:
    """The dialog shows that an approval is missing, and leads to the request."""
    await page.get_by_role("button", name=word("versions.promote"), exact=True).click()
    dialog = page.get_by_role("dialog", name=word("lifecycle.promote_title", model="scratches", version=version))
    await expect(dialog.get_by_role("button", name=word("lifecycle.promote"), exact=True)).to_be_disabled()
    await dialog.get_by_role("button", name=word("lifecycle.request"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/promotions/."))


async def approves(page: Page, address: str) -> None:
    """Another person follows the address of the request."""
    await page.goto(address)
    await page.get_by_role("button", name=word("lifecycle.approve"), exact=True).click()
    await expect(page.get_by_text(word("lifecycle.outcome_PASSED")).first).to_be_visible()
    await page.get_by_role("button", name=word("lifecycle.promote"), exact=True).click()
    await expect(page.get_by_text(word("lifecycle.request_PROMOTED")).first).to_be_visible()


async def compares_candidates(page: Page, caller, project) -> None:
    """A filter leaves two of three candidates, and their comparison shows what differs."""
    made = await caller.do(
        "experimentCreate", "experiment { id number }", project={"path": project.path}, name="tuning"
    )
    uuids = []
    for depth in range(3):
        one = await caller.do(
            "candidateCreate",
            "candidate { uuid }",
            experiment={"id": made["experiment"]["id"]},
            name=f"run-{depth}",
            params=[{"key": "depth", "value": str(depth)}],
        )
        uuids.append(one["candidate"]["uuid"])
    await page.goto(f"/{project.path}/-/experiments/{made['experiment']['number']}")
    await page.get_by_label(word("candidates.filter"), exact=True).fill("params.depth != '0'")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name=word("candidates.filter_apply"), exact=True).click()
    await expect(page.get_by_role("link", name="run-0", exact=True)).to_have_count(0)
    await expect(page.get_by_role("link", name="run-1", exact=True)).to_be_visible()
    await page.goto(f"/{project.path}/-/compare?candidates={','.join(uuids[1:])}")
    await expect(page.get_by_role("rowheader", name="depth", exact=True)).to_be_visible()


async def rolls_back(page: Page, project) -> None:
    await page.goto(f"/{project.path}/-/models/scratches")
    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("lifecycle.roll_back")).click()
    dialog = page.get_by_role("dialog", name=word("lifecycle.roll_back"))
    await dialog.get_by_role("combobox", name=word("lifecycle.stage")).click()
    await page.get_by_role("option", name="staging", exact=True).click()
    await expect(dialog.get_by_role("cell", name="1.1.0")).to_be_visible()
    await dialog.get_by_label(word("lifecycle.reason")).fill("Slower on phones.")
    await dialog.get_by_role("button", name=word("lifecycle.back"), exact=True).click()
    back = word("lifecycle.rolled_back", stage="staging", version="1.0.0")
    await expect(page.get_by_text(back).first).to_be_visible()


async def deletes_version(page: Page, project, version: str) -> None:
    await page.goto(f"/{project.path}/-/models/scratches/versions/{version}")
    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("versions.delete")).click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    await dialog.get_by_role("textbox").fill(version)
    await dialog.get_by_role("button", name=word("versions.delete"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/-/models/scratches(\?.*)?$"))


async def deletes_model(page: Page, project) -> None:
    await page.goto(f"/{project.path}/-/models/scratches")
    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("models.delete")).click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    await dialog.get_by_role("textbox").fill("scratches")
    await dialog.get_by_role("button", name=word("models.delete")).click()
    await expect(page).to_have_url(re.compile("/-/models$"))
