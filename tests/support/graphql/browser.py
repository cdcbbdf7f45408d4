"""A real browser without a screen, told what to do over its debugging protocol (Chrome DevTools Protocol)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

KEYS = {"Enter": ("Enter", "\r"), "Space": (" ", " "), "Tab": ("Tab", "\t")}
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-port=0 --window-size=1400,900"
).split()


def executable() -> str | None:
    """The browser on this machine, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab; ``violations`` is what the browser refused to load or run, and what the page failed at."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.violations: list[str] = []
        self.requests: list[str] = []
        self._loaded = asyncio.Event()

    async def listen(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if "id" in message:
                self._waiting.pop(message["id"]).set_result(message)
            elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.violations.append(message["params"]["entry"]["text"][:300])
            elif message["method"] == "Runtime.exceptionThrown":
                self.violations.append(str(message["params"])[:300])
            elif message["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        message = await answer
        assert "error" not in message, (method, message["error"])
        return message["result"]

    async def go(self, address: str) -> None:
        """Open an address and wait until it is loaded."""
        self._loaded.clear()
        await self.call("Page.navigate", url=address)
        await self._loaded.wait()

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, script: str, seconds: float = 20) -> Any:
        """The value of an expression, as soon as it is true."""
        async with asyncio.timeout(seconds):
            while not (value := await self.run(script)):  # noqa: ASYNC110 - the page tells of nothing by itself
                await asyncio.sleep(0.05)
        return value

    async def press(self, name: str, *, control: bool = False) -> None:
        """Press and release a key of :data:`KEYS`."""
        key, text = KEYS[name]
        event = {"key": key, "code": name, "windowsVirtualKeyCode": ord(text), "modifiers": 2 if control else 0}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **event, **({} if control else {"text": text}))
        await self.call("Input.dispatchKeyEvent", type="keyUp", **event)


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Page]:
    """An empty tab of a browser of its own, which ends with the block."""
    name = executable()
    assert name is not None, "ask for the executable first"
    process = await asyncio.create_subprocess_exec(
        name, *OPTIONS, f"--user-data-dir={folder}", "about:blank", stderr=asyncio.subprocess.PIPE
    )
    try:
        port = await _port(process)
        async with httpx.AsyncClient() as client:
            tabs = (await client.get(f"http://127.0.0.1:{port}/json")).json()
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        async with connect(address, max_size=None) as socket:
            page = Page(socket)
            listening = asyncio.create_task(page.listen())
            for domain in ("Page", "Runtime", "Log", "Network"):
                await page.call(f"{domain}.enable")
            yield page
            listening.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async with asyncio.timeout(30):
        async for line in process.stderr:
            if match := re.search(rb"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line):
                return int(match[1])
    raise AssertionError("the browser has ended")
