"""One story from an invitation to signing out, through every page that hands over to another.

What each page can do is tested beside it; here an invited developer brings a model to production, with a colleague who
approves.
"""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from app.access.policy import Role
from tests.support.browser.dropping import drop
from tests.support.browser.visits import eventually
from tests.support.browser.words import word

pytestmark = pytest.mark.usefixtures("worker")
PASSWORD = "three weeks of GPUs"
MIB = 1024 * 1024
LARGE = 300 * MIB
ONE_APPROVAL = [{"kind": "approvals", "config": {"count": 1}}]
EXPECTED = {
    **{f"note-{number}.txt": 7 for number in range(1, 10)},
    "model/README.md": 16,
    "model/data/table.csv": 30,
    "weights.bin": LARGE,
}
"""What is left of what the developer uploads."""
NO_HANDLES = "delete DataTransferItem.prototype.getAsFileSystemHandle"
"""As in browsers that have none; Chromium without a screen ends with a trap when a page reads a kept one again."""
FILES = """query f($by: ModelVersionLookup!) { modelVersion(by: $by) {
  status stage artifacts(first: 100) { nodes { path size } } } }"""


async def test_an_invited_developer_brings_a_model_to_production(as_person, caller, project, tmp_path):
    home = f"/{project.path}/-"
    await caller.do(
        "gatesSet", project={"path": project.path}, stage="production", gates=ONE_APPROVAL, expectedNumber=0
    )
    owner, maintainer = await as_person(Role.OWNER), await as_person(Role.MAINTAINER)
    developer = await as_person(None)
    await developer.add_init_script(NO_HANDLES)

    await _come_in(developer, await _invited(owner, home))
    await _create(developer, home)
    await _upload(developer, tmp_path)
    await _look_and_tidy(developer)

    async def is_complete() -> bool:
        version = await _version(caller, project, "1.0.0")
        sizes = {one["path"]: one["size"] for one in version["artifacts"]["nodes"]}
        return (sizes, version["status"]) == (EXPECTED, "READY")

    await eventually(is_complete)
    request = await _request_promotion(developer)
    await _approve_and_promote(maintainer, request)
    assert (await _version(caller, project, "1.0.0"))["stage"] == "production"

    await _second_version(caller, project)
    await _compare(developer, home)
    await _filter(developer, home)
    await _roll_back(maintainer, home)
    assert (await _version(caller, project, "1.0.0"))["stage"] == "production"

    await _delete_version(developer, home)
    await _delete_model(maintainer, home)
    await developer.get_by_role("button", name=re.compile(word("shell.account_of", name=""))).click()
    await developer.get_by_role("menuitem", name=word("shell.sign_out")).click()
    await developer.wait_for_url(re.compile("/sign-in"))
    await developer.goto(f"{home}/models")
    await expect(developer.get_by_role("link", name=word("shell.sign_in")).first).to_be_visible()


async def _invited(owner: Page, home: str) -> str:
    """An owner makes a link for a developer; its path."""
    await owner.goto(f"{home}/members")
    await owner.get_by_role("button", name=word("settings.invite")).click()
    dialog = owner.get_by_role("dialog")
    await dialog.get_by_role("button", name=word("settings.make_link")).click()
    link = await dialog.locator("code").inner_text()
    return f"/invitations/{link.rpartition('/')[2]}"


async def _come_in(page: Page, link: str) -> None:
    await page.goto(link)
    await page.locator("[name=username]").fill(f"grace-{uuid4().hex[:8]}")
    for name in ("password", "password_again"):
        await page.locator(f"[name={name}]").fill(PASSWORD)
    await page.locator("[name=password_again]").press("Enter")
    await page.wait_for_url(lambda url: "/invitations/" not in url)


async def _create(page: Page, home: str) -> None:
    """A model and its first version, each by its form."""
    await page.goto(f"{home}/models")
    await (
        page.get_by_role("link", name=word("models.new"))
        .or_(page.get_by_role("button", name=word("models.new")))
        .first.click()
    )
    await page.get_by_role("textbox", name=word("models.name")).fill("scratches")
    await page.get_by_role("button", name=word("models.create"), exact=True).click()
    await expect(page).to_have_url(re.compile("/models/scratches"))
    await page.goto(f"{home}/models/scratches/new-version")
    await page.get_by_label(word("versions.version"), exact=True).fill("1.0.0")
    await page.get_by_role("button", name=word("versions.create"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/models/scratches/versions/1\.0\.0\?tab=files$"))


async def _upload(page: Page, folder: Path) -> None:
    """Ten files and a folder; then a large one, which loading the page anew interrupts."""
    notes = [folder / f"note-{number}.txt" for number in range(10)]
    for number, note in enumerate(notes):
        note.write_text(f"note {number}\n")
    (folder / "model" / "data").mkdir(parents=True)
    (folder / "model" / "README.md").write_text("# Scratches\n\nOk\n")
    (folder / "model" / "data" / "table.csv").write_text("name,value\nfirst,1\nsecond,200\n")
    target = page.get_by_text(word("artifacts.drop_here")).first
    await drop(target, *notes, folder / "model")
    await _arrived(page, 12)
    large = folder / "weights.bin"
    with large.open("wb") as file:
        file.write(b"\xff")
        file.truncate(LARGE)
    session = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 30 * MIB}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", slow)
    await drop(target, large)
    bar = page.get_by_role("region", name=word("artifacts.uploads")).get_by_role("progressbar").first
    await expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[1-9]\d{7,}"), timeout=60_000)
    page.on("dialog", lambda dialog: dialog.accept())
    await page.reload()
    await session.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    await expect(page.get_by_text(word("artifacts.phase.interrupted"), exact=True)).to_be_visible()
    await drop(target, large)
    await _arrived(page, 1, 120)


async def _arrived(page: Page, count: int, seconds: float = 60) -> None:
    panel = page.get_by_role("region", name=word("artifacts.uploads"))
    done = re.compile(rf"^{count} of {count} files? uploaded$")
    await expect(panel.get_by_text(done)).to_be_visible(timeout=seconds * 1000)


async def _look_and_tidy(page: Page) -> None:
    """A table and a Markdown file are shown; one file is deleted."""
    await _file(page, "table.csv").click()
    await expect(page.get_by_role("cell", name="second")).to_be_visible()
    await _file(page, "README.md").click()
    await expect(page.get_by_role("heading", name="Scratches")).to_be_visible()
    await _file(page, "note-0.txt").get_by_role("checkbox").click()
    await page.get_by_role("button", name=word("artifacts.delete"), exact=True).first.click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    await dialog.get_by_role("button", name=word("artifacts.delete"), exact=True).click()
    await expect(_file(page, "note-0.txt")).to_have_count(0)


def _file(page: Page, name: str):
    return page.get_by_role("row").filter(has=page.get_by_text(name, exact=True))


async def _request_promotion(page: Page) -> str:
    """The developer may not approve what is their own: they ask. The address of the request."""
    await page.get_by_role("button", name=word("lifecycle.promote"), exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox").click()
    await page.get_by_role("option", name="production").click()
    await expect(dialog.get_by_text(word("lifecycle.outcome_FAILED")).first).to_be_visible()
    await dialog.get_by_label(word("lifecycle.reason")).fill("Better on glare.")
    await dialog.get_by_role("button", name=word("lifecycle.request"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/promotions/"))
    return page.url


async def _approve_and_promote(page: Page, request: str) -> None:
    await page.goto(request)
    await expect(page.get_by_text("Better on glare.").first).to_be_visible()
    await page.get_by_role("button", name=word("lifecycle.approve"), exact=True).click()
    await expect(page.get_by_text(word("lifecycle.outcome_PASSED")).first).to_be_visible()
    await page.get_by_role("button", name=word("lifecycle.promote"), exact=True).click()
    await expect(page.get_by_text(word("lifecycle.request_PROMOTED")).first).to_be_visible()


async def _second_version(caller, project) -> None:
    """CI makes 1.1.0 of a better candidate and, as an exception, brings it to production."""
    model = {"path": {"project": project.path, "name": "scratches"}}
    made = await caller.do(
        "modelVersionCreate", "modelVersion { id candidate { id uuid } }", model=model, version="1.1.0"
    )
    candidate = made["modelVersion"]["candidate"]
    await caller.do("candidateLog", candidate={"id": candidate["id"]}, params=[{"key": "depth", "value": "6"}])
    await caller.put(project.id, f"candidate:{candidate['uuid']}", "weights.txt", b"2")
    await caller.do(
        "modelVersionPromote",
        modelVersion={"id": made["modelVersion"]["id"]},
        stage="production",
        bypassReason="The line stands still.",
    )
    await caller.do("modelVersionCreate", model=model, version="2.0.0-rc.1")


async def _compare(page: Page, home: str) -> None:
    await page.goto(f"{home}/models/scratches?tab=versions")
    for version in ("1.0.0", "1.1.0"):
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=version, exact=True))
        await row.get_by_role("gridcell").first.click()
    await page.get_by_role("button", name=re.compile("^Compare")).click()
    await expect(page).to_have_url(re.compile("/-/compare"))
    await expect(page.get_by_role("rowheader", name="depth", exact=True)).to_be_visible()


async def _filter(page: Page, home: str) -> None:
    await page.goto(f"{home}/candidates")
    rows = page.get_by_role("grid").get_by_role("row").filter(has=page.get_by_role("gridcell"))
    await expect(rows).to_have_count(3)
    await page.get_by_label(word("candidates.filter")).fill("params.depth = '6'")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(1)


async def _roll_back(page: Page, home: str) -> None:
    await page.goto(f"{home}/models/scratches")
    await page.get_by_role("button", name=word("models.more")).click()
    await page.get_by_role("menuitem", name=word("lifecycle.roll_back")).click()
    dialog = page.get_by_role("dialog", name=word("lifecycle.roll_back"))
    await expect(dialog.get_by_role("cell", name="1.1.0")).to_be_visible()
    await dialog.get_by_label(word("lifecycle.reason")).fill("Slower on phones.")
    back = dialog.get_by_role("button", name=word("lifecycle.back"), exact=True)
    await back.click()
    # Its approval was for another moment: a maintainer does not wait for another one.
    await dialog.get_by_text(word("lifecycle.bypass"), exact=True).click()
    await dialog.get_by_label(word("lifecycle.bypass_reason")).fill("The line stands still.")
    await back.click()
    done = word("lifecycle.rolled_back", stage="production", version="1.0.0")
    await expect(page.get_by_text(done).first).to_be_visible()


async def _delete_version(page: Page, home: str) -> None:
    await page.goto(f"{home}/models/scratches/versions/2.0.0-rc.1")
    await page.get_by_role("button", name=word("models.more"), exact=True).click()
    await page.get_by_role("menuitem", name=word("versions.delete"), exact=True).click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("2.0.0-rc.1")
    await dialog.get_by_role("button", name=word("versions.delete"), exact=True).click()
    await expect(page).to_have_url(re.compile(r"/models/scratches\?tab=versions$"))
    await expect(page.get_by_role("link", name="2.0.0-rc.1")).to_have_count(0)


async def _delete_model(page: Page, home: str) -> None:
    """What goes with it is listed, and its name typed."""
    await page.goto(f"{home}/models/scratches")
    await page.get_by_role("button", name=word("models.more"), exact=True).click()
    await page.get_by_role("menuitem", name=word("models.delete"), exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("2 versions")).to_be_visible()
    await dialog.get_by_role("textbox").fill("scratches")
    await dialog.get_by_role("button", name=word("models.delete"), exact=True).click()
    await expect(page).to_have_url(re.compile("/-/models$"))
    await expect(page.get_by_role("link", name="scratches", exact=True)).to_have_count(0)


async def _version(caller, project, reference: str) -> dict:
    by = {"path": {"project": project.path, "model": "scratches", "reference": reference}}
    return (await caller.ask(FILES, by=by))["modelVersion"]
