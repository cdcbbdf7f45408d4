"""Pictures of every page into docs/pages: ``python -m tests.browser.screenshots [NAME ...]``.

Each page in both themes, on a desktop and on a phone, with data as it is at work; each once on both (`-long`) with
long names and in Korean; then dialogs, menus and states of some. The index of the folder is written with them.
`--png FOLDER` writes lossless pictures elsewhere, to look at; `--only plain|long` makes one of both.
"""
# ruff: noqa: ASYNC240, T201 - a command that talks, and does one thing at a time

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from playwright.async_api import Error
from playwright.async_api import Page as Tab

from app import installation as preparing
from app.access import bootstrap, projects, tokens
from app.access.projects import CreateProject
from app.db.database import driver_url
from app.embedded import servers as embedded
from app.runtime import Runtime, open_runtime
from app.settings import Settings
from app.web.build.building import Building
from tests.browser import installation, pages, picture_index, scenes
from tests.browser.demo.ages import stretch
from tests.browser.demo.texts import PLAIN, WORST
from tests.browser.installation import Shown
from tests.conftest import Person, serving, working
from tests.support.browser import chromium
from tests.support.browser.visits import Visits
from tests.support.source import ROOT

FOLDER = ROOT / "docs" / "pages"
THEMES = ("light", "dark")
QUALITY = 60
LOOKS = {
    "plain": tuple(itertools.product(THEMES, ("desktop", "phone"))),
    "long": (("light", "desktop"), ("dark", "phone")),
}
VARIANTS = {"plain": (PLAIN, "", "en-GB"), "long": (WORST, "-long", "ko-KR")}
NETWORKS = {
    "plain": ("vision", "surface-defects"),
    "long": ("manufacturing-quality-laboratory", "metal-surface-defect-models"),
}


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Runtime, Person, str]]:
    """Servers, a worker and the API in a folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="myp"))
    servers = await asyncio.to_thread(embedded.start, folder)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        os.environ.update(servers.environment)
        os.environ["MODELYARD_WEBHOOK_PRIVATE_HOSTS"] = "127.0.0.1"
        settings = Settings.read()
        await preparing.prepare_schema(settings)
        async with open_runtime(settings, name="screenshots") as runtime:
            await runtime.blobs.ensure_bucket()
            first = await bootstrap.ensure(runtime.db, token=None)
            admin = Person(await tokens.authenticate(runtime.db, first.token), first.token)
            async with working(runtime, servers, folder / "worker.log"), serving(runtime) as url:
                yield runtime, admin, url
    finally:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def picture(tab: Tab, target: Path) -> None:
    """What the tab shows, as WebP or PNG by the name of the file."""
    session = await tab.context.new_cdp_session(tab)
    kind = {"format": "png"} if target.suffix == ".png" else {"format": "webp", "quality": QUALITY}
    shot = await session.send("Page.captureScreenshot", kind)
    await asyncio.to_thread(target.write_bytes, base64.b64decode(shot["data"]))
    await session.detach()


async def take(
    visits: Visits, tab: Tab, shown: Shown, page: pages.Page, target: Path, act: scenes.Act | None = None
) -> list[str]:
    """One page in one theme and size; what went wrong with it."""
    visits.watch.problems.clear()
    try:
        await tab.goto(page.address(shown.demo))
        await tab.locator(page.shown).first.wait_for(timeout=10_000)
        if act is not None:
            await act(tab)
    except Error as error:
        visits.watch.problems.append(error.message.splitlines()[0])
    await tab.wait_for_timeout(600 if act is None else 1500)  # what comes after the first rows: fonts, figures, curves
    await picture(tab, target)
    wide = await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    problems = [*visits.watch.unexpected, *([f"{wide} px too wide"] if wide > 0 else [])]
    return [f"{target.name}: {one}" for one in problems]


async def take_all(
    visits: Visits, url: str, shown: Shown, chosen: list[pages.Page], target: Callable[[str], Path], **options: Any
) -> int:
    """All pages in one theme and size, those of each viewer in one tab; how many had something wrong."""
    tabs: dict[str, Tab] = {}
    wrong = 0
    for page in chosen:
        if page.viewer not in tabs:
            person = shown.people[page.viewer].actor
            tabs[page.viewer] = await visits.open(url, person, reduced_motion="reduce", **options)
        problems = await take(visits, tabs[page.viewer], shown, page, target(page.name))
        wrong += bool(problems)
        print(*problems, sep="\n", end="\n" if problems else "", flush=True)
    await visits.close()
    return wrong


async def take_scenes(
    visits: Visits, url: str, shown: Shown, names: list[str], target: Callable[[str], Path], **options: Any
) -> None:
    """Dialogs, menus and states; each in a browser of its own, since what is done to one must not meet another."""
    for name in names:
        scene = scenes.SCENES[name]
        tab = await visits.open(url, shown.people[scene.page.viewer].actor, reduced_motion="reduce", **options)
        # Some are failures on purpose: only what kept the scene from being reached is told.
        problems = await take(visits, tab, shown, scene.page, target(name), scene.act)
        print(*[one for one in problems if "Timeout" in one or "too wide" in one], sep="\n", flush=True)
        await tab.unroute_all(behavior="ignoreErrors")
        await visits.close()


async def furnish(runtime: Runtime, shown: Shown) -> None:
    """Projects beside the one that is full."""
    for path, about in scenes.OTHERS:
        await projects.create(
            runtime.db, shown.people["owner"].actor, CreateProject(shown.demo.group, path, description=about)
        )


async def take_variant(runtime: Runtime, admin: Person, url: str, browser: Any, arguments: Any, variant: str) -> int:
    """All pictures with one kind of data; how many had something wrong."""
    folder, suffix = Path(arguments.png or FOLDER), "png" if arguments.png else "webp"
    texts, mark, locale = VARIANTS[variant]
    group, project = NETWORKS[variant]
    begun = datetime.now(UTC)
    shown = await installation.build(runtime, admin, url, texts, group=group, project=project, candidates=40)
    if variant == "plain":
        await furnish(runtime, shown)
    await asyncio.sleep(3)  # the worker looks at files
    await stretch(driver_url(runtime.settings.owner_url), begun, over=timedelta(days=24))
    chosen = pages.named(arguments.names) if not set(arguments.names) & set(scenes.SCENES) else []
    acted = [name for name in scenes.SCENES if not arguments.names or name in arguments.names]

    async def looked_at(theme: str, size: str) -> int:
        def target(name: str) -> Path:
            return folder / f"{name}{mark}-{theme}-{size}.{suffix}"

        options = {"phone": size == "phone", "color_scheme": theme, "locale": locale}
        wrong = await take_all(Visits(browser, runtime), url, shown, chosen, target, **options)
        if variant == "plain":
            await take_scenes(Visits(browser, runtime), url, shown, acted, target, **options)
        return wrong

    return sum(await asyncio.gather(*(looked_at(*one) for one in LOOKS[variant])))


async def main(arguments: argparse.Namespace) -> int:
    """Take all pictures; how many of them had something wrong."""
    Building(ROOT, print).build()
    folder = Path(arguments.png or FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    wrong = 0
    async with running() as (runtime, admin, url), chromium.started() as browser:
        for variant in [arguments.only] if arguments.only else VARIANTS:
            wrong += await take_variant(runtime, admin, url, browser, arguments, variant)
    if not arguments.png:
        picture_index.write(folder)
    print(f"{sum(file.stat().st_size for file in folder.iterdir()) / 1e6:.1f} MB in {folder}; {wrong} with problems")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--png")
    parser.add_argument("--only", choices=VARIANTS)
    sys.exit(asyncio.run(main(parser.parse_args())) > 0)
