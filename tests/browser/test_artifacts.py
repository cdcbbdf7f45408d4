"""Files of a version: dropped, looked at, saved together, deleted; what strangers put into them runs nothing."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from app.access.policy import Role
from tests.support.browser.dropping import drop
from tests.support.browser.words import word

pytestmark = pytest.mark.usefixtures("worker")
MIB = 1024 * 1024
RUNS = "<script>globalThis.__ran = 1</script><img src=x onerror='globalThis.__ran = 1'>"
LOADS = "<img src='https://elsewhere.example/x.png'><iframe src='https://elsewhere.example/'></iframe>"
DRAWING = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9' onload='parent.__ran = 1'>"
    "<script>parent.__ran = 1</script><image href='https://elsewhere.example/x.png'/></svg>"
)
HOSTILE = {
    "card.md": f"# Card\n\n[link](javascript:globalThis.__ran=1) {RUNS}{LOADS}",
    "page.html": f"<body>{RUNS}{LOADS}<meta http-equiv='refresh' content='0;url=https://elsewhere.example/'>Page",
    "drawing.svg": DRAWING,
    "book.ipynb": (
        '{"nbformat": 4, "cells": [{"cell_type": "code", "source": "df", "outputs": [{"output_type": "display_data",'
        ' "data": {"text/html": "<b>Table</b><script>globalThis.__ran = 1</script>'
        '<img src=https://elsewhere.example/x.png onerror=globalThis.__ran=1>"}}]}]}'
    ),
    "name <img src=x onerror=globalThis.__ran=1>.txt": "plain",
}


@pytest.fixture
async def version(caller, project):
    """An open version without files, and the address of its files."""
    await caller.do("modelCreate", project={"path": project.path}, name="scratches")
    model = {"path": {"project": project.path, "name": "scratches"}}
    made = await caller.do("modelVersionCreate", "modelVersion { id }", model=model, version="1.0.0")
    return made["modelVersion"]["id"], f"/{project.path}/-/models/scratches/versions/1.0.0?tab=files"


async def paths(caller, version: str) -> set[str]:
    data = await caller.ask(
        "query($id: ID!) { modelVersion(by: {id: $id}) { artifacts(first: 100) { nodes { path } } } }", id=version
    )
    return {file["path"] for file in data["modelVersion"]["artifacts"]["nodes"]}


async def choose(page: Page, *files: Path) -> None:
    await page.get_by_label(word("artifacts.choose_files")).and_(page.locator("input")).set_input_files(files)


def row(page: Page, name: str):
    return page.get_by_role("row").filter(has=page.get_by_text(name, exact=True))


async def test_files_and_a_folder_are_dropped_shown_saved_and_deleted(as_person, caller, version, tmp_path):
    id, address = version
    for number in range(9):
        (tmp_path / f"note-{number}.txt").write_text(f"note {number}\n")
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "table.csv").write_text("name,value\nfirst,1\nsecond,2\n")
    (tmp_path / "data" / "deep" / "config.json").write_text('{"layers": [1, 2], "name": "net"}')
    page = await as_person(Role.DEVELOPER)
    await page.goto(address)
    await drop(page.get_by_text(word("artifacts.drop_here")), *sorted(tmp_path.iterdir()))
    await expect(row(page, "config.json")).to_be_visible(timeout=60_000)
    await expect(row(page, "note-8.txt")).to_be_visible(timeout=60_000)
    assert await paths(caller, id) == {f"note-{n}.txt" for n in range(9)} | {"data/table.csv", "data/deep/config.json"}

    await row(page, "table.csv").click()
    await expect(page.get_by_role("cell", name="second")).to_be_visible()
    await expect(page).to_have_url(re.compile("file=data%2Ftable.csv"))
    await row(page, "config.json").click()
    await expect(page.get_by_text("layers:")).to_be_visible()

    # Browsers without a way to write a file while it comes keep the archive.
    await page.evaluate("delete Window.prototype.showSaveFilePicker; delete window.showSaveFilePicker")
    await page.get_by_role("button", name=word("artifacts.choose_all")).click()
    async with page.expect_download() as saved:
        await page.get_by_role("button", name=word("artifacts.zip")).click()
    archive = zipfile.ZipFile(io.BytesIO(Path(await (await saved.value).path()).read_bytes()))  # noqa: ASYNC240
    assert (archive.testzip(), set(archive.namelist())) == (None, await paths(caller, id))
    assert archive.read("note-3.txt") == b"note 3\n"
    await page.get_by_role("button", name=word("artifacts.choose_none")).click()

    await page.get_by_role("treegrid").focus()
    await page.keyboard.press("End")
    await page.keyboard.press("Space")
    await page.get_by_role("button", name=word("artifacts.delete"), exact=True).first.click()
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    await expect(dialog).to_contain_text("note-8.txt")
    await dialog.get_by_role("button", name=word("artifacts.delete"), exact=True).click()
    await expect(row(page, "note-8.txt")).to_have_count(0)
    assert "note-8.txt" not in await paths(caller, id)


async def test_an_upload_goes_on_after_the_page_is_loaded_anew(as_person, caller, version, tmp_path):
    id, address = version
    large = tmp_path / "weights.bin"
    large.write_bytes(os.urandom(40 * MIB))
    page = await as_person(Role.DEVELOPER)
    sent: list[str] = []

    async def hold(route) -> None:
        number = route.request.url.partition("?")[0].rpartition("/")[2]
        sent.append(number)
        if number == "1" or "anew" in sent:
            await route.continue_()

    await page.route(re.compile(r"/uploads/\d+/[0-9a-f]+/\d+\?"), hold)
    await page.goto(address)
    async with page.expect_response(re.compile(r"/uploads/\d+/[0-9a-f]+/1\?")):
        await choose(page, large)
    page.on("dialog", lambda dialog: dialog.accept())
    sent.append("anew")
    await page.reload()
    await expect(page.get_by_text(word("artifacts.phase.interrupted"))).to_be_visible()
    await choose(page, large)
    await expect(row(page, "weights.bin")).to_be_visible(timeout=90_000)
    assert sorted(sent[sent.index("anew") + 1 :]) == ["2", "3"]
    assert await paths(caller, id) == {"weights.bin"}


async def test_a_cancelled_upload_leaves_nothing(as_person, caller, project, version, tmp_path):
    id, address = version
    large = tmp_path / "weights.bin"
    large.write_bytes(os.urandom(MIB))
    page = await as_person(Role.DEVELOPER)
    await page.route(re.compile(r"/uploads/\d+/[0-9a-f]+/\d+\?"), lambda route: None)
    await page.goto(address)
    await choose(page, large)
    await expect(page.get_by_text(word("artifacts.phase.sending"))).to_be_visible()
    await page.get_by_role("button", name=word("artifacts.cancel_all")).click()
    await expect(page.get_by_text("weights.bin")).to_have_count(0)
    await page.goto(f"/{project.path}/-/uploads")
    await expect(page.get_by_text(word("artifacts.no_uploads"))).to_be_visible()
    assert await paths(caller, id) == set()


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_file_of_a_stranger_runs_nothing_and_loads_nothing(as_person, visits, version, name):
    # A page in a sandbox is refused what it tries, and the browser says so.
    visits.watch.tolerate(r"blob:", r"sandboxed", r"about:srcdoc")
    _, address = version
    page = await as_person(Role.DEVELOPER)
    await page.goto(address)
    buffer = {"name": name, "mimeType": "text/plain", "buffer": HOSTILE[name].encode()}
    await page.get_by_label(word("artifacts.choose_files")).and_(page.locator("input")).set_input_files(buffer)
    await expect(row(page, name)).to_be_visible(timeout=60_000)
    await row(page, name).click()
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    shown = page.get_by_role("button", name=word("artifacts.view.page"), exact=True)
    if name.endswith(".html"):
        await shown.click()
        await expect(page.frame_locator("iframe").get_by_text("Page")).to_be_visible()
    await page.wait_for_timeout(500)
    assert await page.evaluate("globalThis.__ran") is None
    assert await page.locator("iframe[sandbox='']").count() == (1 if name.endswith(".html") else 0)
