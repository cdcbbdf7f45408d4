"""Files dropped on a version: single ones, folders, a large one that a reload interrupts; and one deleted again."""

from __future__ import annotations

import hashlib
import re

import pytest
from playwright.async_api import expect

from app.access.policy import Role
from tests.support.browser.dropping import drop
from tests.support.browser.visits import eventually
from tests.support.browser.words import word

pytestmark = pytest.mark.usefixtures("worker")
MIB = 1024 * 1024
NO_HANDLES = "delete DataTransferItem.prototype.getAsFileSystemHandle"
"""As in browsers that have none; Chromium without a screen ends with a trap when a page reads a kept one again."""
FILES = """query f($id: ID!) { modelVersion(by: {id: $id}) {
  artifacts(first: 100) { nodes { path size sha256 status } } } }"""


@pytest.fixture
async def version(caller, project):
    """A version without files."""
    await caller.do("modelCreate", project={"path": project.path}, name="scratches")
    model = {"path": {"project": project.path, "name": "scratches"}}
    made = await caller.do("modelVersionCreate", "modelVersion { id }", model=model, version="1.0.0")
    return made["modelVersion"]["id"]


@pytest.fixture
async def page(as_person, project, version):
    opened = await as_person(Role.DEVELOPER)
    await opened.add_init_script(NO_HANDLES)
    await opened.goto(f"/{project.path}/-/models/scratches/versions/1.0.0?tab=files")
    await expect(opened.get_by_text(word("artifacts.drop_here")).first).to_be_visible()
    return opened


def target(page):
    """Where files are dropped."""
    return page.get_by_text(word("artifacts.drop_here")).first


async def arrived(page, count: int, seconds: float = 30) -> None:
    """Wait until so many files are there."""
    panel = page.get_by_role("region", name=word("artifacts.uploads"))
    done = re.compile(rf"^{count} of {count} files? uploaded$")
    await expect(panel.get_by_text(done)).to_be_visible(timeout=seconds * 1000)


async def stored(caller, version) -> dict[str, tuple[int, str, str]]:
    answer = await caller.ask(FILES, id=version)
    return {
        one["path"]: (one["size"], one["sha256"], one["status"]) for one in answer["modelVersion"]["artifacts"]["nodes"]
    }


def digest_of(path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def test_ten_files_and_a_folder(page, caller, version, tmp_path):
    singles = [tmp_path / f"file-{number}.txt" for number in range(10)]
    for number, path in enumerate(singles):
        path.write_text(f"content {number}\n")
    folder = tmp_path / "model"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_text("# The model\n")
    (folder / "data" / "weights.bin").write_bytes(bytes(100_000))
    await drop(target(page), *singles, folder)
    await arrived(page, 12)
    files = await stored(caller, version)
    assert set(files) == {*(path.name for path in singles), "model/README.md", "model/data/weights.bin"}
    assert {path.name: files[path.name][1] for path in singles} == {path.name: digest_of(path) for path in singles}
    tree = page.get_by_role("treegrid", name=word("artifacts.files"))
    await expect(tree.get_by_text("file-0.txt")).to_be_visible()
    await expect(tree.get_by_text("model", exact=True)).to_be_visible()


async def test_a_large_file_goes_on_after_a_reload(page, caller, version, tmp_path):
    """300 MiB, of which a part is sent when the page is loaded anew; what has arrived is not sent again."""
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.write(b"\xff")
        file.truncate(300 * MIB)
    session = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 30 * MIB}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", slow)
    await drop(target(page), large)
    bar = page.get_by_role("region", name=word("artifacts.uploads")).get_by_role("progressbar").first
    await expect(bar).to_have_attribute("aria-valuenow", re.compile(r"[1-9]\d{7,}"), timeout=60_000)
    await page.reload()
    await session.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    panel = page.get_by_role("region", name=word("artifacts.uploads"))
    await expect(panel.get_by_text("large.bin")).to_be_visible()
    await drop(target(page), large)
    await arrived(page, 1, 120)
    files = await stored(caller, version)
    assert files["large.bin"][:2] == (300 * MIB, digest_of(large))


async def test_one_file_is_deleted_and_the_others_stay(page, caller, project, version, tmp_path):
    for name in ("keep.txt", "remove.txt"):
        (tmp_path / name).write_text(name)
    await drop(target(page), tmp_path / "keep.txt", tmp_path / "remove.txt")
    await arrived(page, 2)
    tree = page.get_by_role("treegrid", name=word("artifacts.files"))
    await expect(tree.get_by_text("remove.txt")).to_be_visible()
    await tree.focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Space")
    await page.get_by_role("button", name=re.compile(word("artifacts.delete"))).first.click()
    dialog = page.get_by_role("dialog").or_(page.get_by_role("alertdialog"))
    await dialog.get_by_role("button", name=re.compile(word("artifacts.delete"))).click()
    await expect(dialog).to_have_count(0)
    await expect(tree.get_by_text("remove.txt")).to_have_count(0)

    async def is_deleted() -> bool:
        return set(await stored(caller, version)) == {"keep.txt"}

    await eventually(is_deleted)
