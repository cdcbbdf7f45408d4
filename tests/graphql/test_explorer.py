"""The explorer page: GraphiQL from this service's own origin, under a policy that allows nothing else."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from app.registry import models
from app.registry.models import CreateModel
from tests.support.browser.waiting import value_of

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "clients" / "graphiql"
ASSETS = ROOT / "app" / "graphql" / "transport" / "explorer" / "assets"
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def page_of(client) -> tuple[str, str]:
    answer = await client.get("/graphql", headers=HTML)
    assert answer.status_code == 200
    return answer.text, answer.headers["content-security-policy"]


async def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(client):
    page, policy = await page_of(client)
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert set(re.findall(r"(\S+:)(?= |;|$)", policy)) == {"data:"}
    assert not re.search(r"<style|style=|<script>|\bon\w+=|://", page)


async def test_the_files_of_the_page_are_kept_by_their_digest(http):
    page, _ = await page_of(http)
    links = re.findall(r'(?:href|src)="(graphql/[^"]+)"', page)
    assert [link.rpartition("/")[2] for link in links] == ["LICENSES.txt", "explorer.css", "explorer.js"]
    for link in links:
        plain = await http.get(f"/{link}", headers={"accept-encoding": "identity"})
        packed = await http.get(f"/{link}", headers={"accept-encoding": "gzip, br"})
        assert plain.content == packed.content == (ASSETS / link.rpartition("/")[2]).read_bytes()
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, 9, mtime=0))
        for answer in (plain, packed):
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-type"].startswith("text/")


@pytest.mark.parametrize("path", ["0/explorer.js", "0123456789abcdef/explorer.js", "0/build.json", "0/..%2fpage.py"])
async def test_other_files_are_not_served(client, path):
    answer = await client.get(f"/graphql/explorer/{path}")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_what_is_committed_is_what_the_sources_build():
    """`make graphiql` builds it; by hand neither side is changed alone."""
    record = json.loads((ASSETS / "build.json").read_text())
    for folder, files in ((ASSETS, record["built"]), (SOURCES, record["from"])):
        assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files} == files
    assert {path.name for path in ASSETS.iterdir()} == {*record["built"], "build.json"}
    locked = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    assert all("resolved" not in package for package in locked.values())
    assert {folder: locked[folder]["version"] for folder in record["packages"]} == record["packages"]


def test_every_package_in_the_script_brings_its_licence():
    text = (ASSETS / "LICENSES.txt").read_text()
    free = "MIT|ISC|0BSD|BSD-2-Clause|Apache-2.0"
    for folder, version in json.loads((ASSETS / "build.json").read_text())["packages"].items():
        name = folder.rpartition("node_modules/")[2]
        assert re.search(rf"^{re.escape(f'{name} {version}')} \(({free})\)$", text, re.MULTILINE)


EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
RESULT = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() ?? ''"
RUN = "document.querySelector('.graphiql-execute-button').click()"


async def test_it_works_in_a_browser(url, runtime, project, visits):
    """Queries, completion and subscriptions, as the holder of a token, without one refusal of the policy."""
    page = await visits.open(url)
    await page.goto("/graphql")
    await page.locator("#token").fill(project.token)
    await page.keyboard.press("Enter")
    await value_of(page, "sessionStorage.getItem('token')?.startsWith('myt_')")
    await page.locator(".graphiql-query-editor .CodeMirror").wait_for()

    query = f'{{ project(by: {{path: "{project.path}"}}) {{ fullPath viewerRole }} }}'
    await page.evaluate(f"{EDITOR}.setValue({json.dumps(query)})")
    await page.evaluate(RUN)
    shown = await value_of(page, f"({RESULT}).length > 2 && ({RESULT})")
    assert "data" in json.loads(shown), shown
    assert json.loads(shown)["data"]["project"] == {"fullPath": project.path, "viewerRole": "OWNER"}

    await page.evaluate(f"{EDITOR}.setValue('{{ modelVers }}'); {EDITOR}.setCursor(0, 11); {EDITOR}.focus()")
    hints = "[...document.querySelectorAll('.CodeMirror-hints li')].map((one) => one.textContent)"
    for _ in range(20):  # the schema is read meanwhile
        await page.keyboard.press("Control+Space")
        await asyncio.sleep(0.25)
        if offered := await page.evaluate(hints):
            break
    assert any(hint.startswith("modelVersionsCompare") for hint in offered)

    watched = f'subscription {{ projectEvents(project: {{path: "{project.path}"}}) {{ type objectType }} }}'
    await page.evaluate(f"{EDITOR}.setValue({json.dumps(watched)})")
    await page.evaluate(RUN)
    for number in range(40):
        await models.create(runtime.db, project.owner, project.id, CreateModel(f"m{number}"))
        await asyncio.sleep(0.25)
        if "projectEvents" in (shown := await page.evaluate(RESULT)):
            break
    assert '"objectType": "Model"' in shown, shown
    await page.get_by_label("Open settings dialog").click()
    await page.get_by_role("dialog").wait_for()
