"""A command line that signs in, and the browser in which a person confirms it, over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from sqlalchemy import text

from app.access.tokens import digest
from app.runtime import Runtime
from tests.support.access.signed_in import Browser

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass(frozen=True)
class Device:
    """A sign-in that a machine has begun."""

    http: httpx.AsyncClient
    device_code: str
    user_code: str

    async def poll(self, **changed: str) -> httpx.Response:
        form = {"grant_type": GRANT, "device_code": self.device_code, "client_id": "modelyard-cli"} | changed
        return await self.http.post("/oauth/token", data=form)

    async def error(self) -> str:
        answer = await self.poll()
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"])


async def begin(http: httpx.AsyncClient, **form: str) -> Device:
    """A machine begins."""
    answer = await http.post("/oauth/device/code", data={"client_id": "modelyard-cli"} | form)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return Device(http, body["device_code"], body["user_code"])


async def page(http: httpx.AsyncClient, browser: Browser, code: str) -> httpx.Response:
    """The page that the link of a machine leads to."""
    return await http.get("/device", params={"code": code}, headers=browser.cookie)


async def decide(http: httpx.AsyncClient, browser: Browser, code: str, decision: str) -> httpx.Response:
    """Send the form of the page."""
    shown = await http.get("/device", headers=browser.cookie)
    field = _FORM_TOKEN.search(shown.text)
    assert field is not None, shown.text
    form = {"form_token": field[1], "code": code, "decision": decision}
    return await http.post("/device", data=form, headers=browser.cookie | {"Origin": browser.url})


async def change(runtime: Runtime, device: Device, assignments: str) -> None:
    """Let time pass for a sign-in, or set what its row says."""
    async with runtime.db.write() as tx:
        statement = f"UPDATE device_grants SET {assignments} WHERE device_sha256 = :sha"
        await tx.execute(text(statement), {"sha": digest(device.device_code)})


async def rested(runtime: Runtime, device: Device) -> None:
    """The next poll is not too early."""
    await change(runtime, device, "last_polled_at = now() - interval '2 minutes'")


def code_of(link: str) -> str:
    """The code in the link that a machine shows."""
    values: dict[str, list[Any]] = parse_qs(urlsplit(link).query)
    return str(values["code"][0])
