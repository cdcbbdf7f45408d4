"""A real browser without a screen: one for each test process, started when a test first asks for it.

It is driven by Playwright for Python (Apache-2.0), which lives in the event loop of the tests beside the API under
test. Its wheel carries a driver of its own; playwright-core of npm has the same driver, and would need another process
and a protocol of ours between it and the tests. The browser is not Playwright's, which is fetched from outside of any
registry and wants libraries that root installs: it comes as the npm package `@sparticuz/chromium` (MIT; Chromium
BSD-3-Clause), with the libraries that machines may lack. ``MODELYARD_TEST_CHROMIUM`` names another executable, such as
`/usr/bin/chromium`.

Of that package only the binary is used, never its list of arguments: they switch off the same-origin policy and
the isolation of sites, and tests of either would prove nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Error, async_playwright

from tests.support.graphql.nodejs import program

FOLDER = Path(__file__).parent
PACKAGE = FOLDER / "node_modules" / "@sparticuz" / "chromium"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
CHOSEN = "MODELYARD_TEST_CHROMIUM"
LIBRARIES = ("libnspr4.so", "libnss3.so", "libnssutil3.so", "libplc4.so", "libplds4.so", "libexpat.so.1")
ARGUMENTS = [
    "--headless=shell",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
]
"""What a machine without a screen needs, and what makes screenshots equal on all of them."""
_DECOMPRESS = """require('stream').pipeline(require('fs').createReadStream(process.argv[1]),
  require('zlib').createBrotliDecompress(), process.stdout, (error) => { if (error) throw error })"""


def executable() -> tuple[Path, dict[str, str]]:
    """The browser and what it needs in its environment.

    Raises:
        pytest.fail.Exception: there is none.
    """
    if chosen := os.environ.get(CHOSEN):
        path = shutil.which(chosen)
        if path is None:
            pytest.fail(f"{CHOSEN} names {chosen}, which is no executable.")
        return Path(path), {}
    if not PACKAGE.exists():
        pytest.fail(
            "The browser is not installed: run `make test`, or `npm ci --ignore-scripts` in "
            f"{FOLDER}, or name one in {CHOSEN}."
        )
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    # In the checkout: in the folder for temporary files a second user would meet the first one's binary.
    folder = FOLDER / "node_modules" / f".chromium-{version}"
    with _only_one(folder):
        if not (folder / "complete").exists():
            _unpack(folder)
    return folder / "chromium", _libraries(folder)


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one process at a time unpack into a folder; the others find it done."""
    with Path(f"{folder}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "lib").mkdir(parents=True)
    packed = {path.name: path for path in (PACKAGE / "bin").rglob("*.br")}
    binary = folder / "chromium"
    with binary.open("wb") as out:
        _decompress(packed["chromium.br"], out)
    binary.chmod(0o755)
    for name, into in (("al2023.tar.br", folder), ("swiftshader.tar.br", folder)):
        if name in packed:
            with tarfile.open(fileobj=BytesIO(_decompress(packed[name]))) as archive:
                archive.extractall(into, filter="data")
    (folder / "complete").touch()


def _decompress(path: Path, out: Any = subprocess.PIPE) -> bytes:
    """The bytes of a Brotli file; Node.js knows the format, Python's own library does not."""
    done = subprocess.run([program(), "-e", _DECOMPRESS, str(path)], stdout=out, check=True)
    return done.stdout or b""


def _libraries(folder: Path) -> dict[str, str]:
    """Where a machine lacks a library of the browser, those of the package are used."""
    installed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    if all(name in installed for name in LIBRARIES):
        return {}
    inside = next(folder.rglob("libnss3.so"), folder / "lib" / "none").parent
    return {"LD_LIBRARY_PATH": f"{inside}:{os.environ.get('LD_LIBRARY_PATH', '')}".rstrip(":")}


@contextlib.asynccontextmanager
async def started(**options: Any) -> AsyncIterator[Browser]:
    """A browser that ends with the block; options are those of Playwright's `launch`."""
    path, environment = await asyncio.to_thread(executable)
    async with async_playwright() as playwright:
        given: dict[str, Any] = {"executable_path": path, "args": ARGUMENTS, "env": dict(os.environ) | environment}
        # Root has no sandbox in Chromium; nor has any user where the system allows no namespaces.
        try:
            browser = await playwright.chromium.launch(chromium_sandbox=os.geteuid() != 0, **given, **options)
        except Error:
            browser = await playwright.chromium.launch(chromium_sandbox=False, **given, **options)
        try:
            yield browser
        finally:
            await browser.close()
