"""The certified OpenID provider (npm ``oidc-provider``) in a process of its own, and a browser that signs in there."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from tests.support.graphql.nodejs import program

FOLDER = Path(__file__).parents[1] / "openid_provider"
CLIENT_ID, SECRET = "modelyard", "a secret with & and % in it"
_FORM = re.compile(r'<form[^>]* action="([^"]+)"')


def person(**claims: Any) -> dict[str, Any]:
    """What a provider tells of a person, if nothing else is said."""
    usual = {"preferred_username": "ada", "name": "Ada Lovelace", "email": "ada@example.org", "email_verified": True}
    return {name: value for name, value in (usual | {"groups": []} | claims).items() if value is not None}


@dataclass
class RealProvider:
    """The running provider; ``accounts`` are its people, by subject."""

    process: asyncio.subprocess.Process
    issuer: str

    async def tell(self, **told: Any) -> None:
        """Accounts, a clock that goes ahead (``skew``), new keys (``rotate``), or that it is ``away``."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(told).encode() + b"\n")
        answer = await asyncio.wait_for(self.process.stdout.readline(), 20)
        assert answer == b"done\n", answer

    async def sign_in(self, address: str, subject: str) -> str:
        """Log in and consent as a person would; where the provider sends the browser at the end."""
        async with httpx.AsyncClient(timeout=20) as browser:
            answer = await browser.get(address)
            for _ in range(12):
                if "location" in answer.headers:
                    address = urljoin(str(answer.url), answer.headers["location"])
                    if not address.startswith(self.issuer):
                        return address
                    answer = await browser.get(address)
                    continue
                form = _FORM.search(answer.text)
                assert answer.status_code == 200 and form is not None, answer.text
                fields = {"prompt": "login", "login": subject, "password": "x"}
                if 'value="consent"' in answer.text:
                    fields = {"prompt": "consent"}
                answer = await browser.post(urljoin(str(answer.url), form[1]), data=fields)
        raise AssertionError("the provider sends the browser round in circles")


@asynccontextmanager
async def running(callbacks: list[str], *, options: dict[str, Any] | None = None) -> AsyncIterator[RealProvider]:
    """A provider on a free port of loopback that knows this client, with these callbacks."""
    if not (FOLDER / "node_modules" / "oidc-provider").exists():
        pytest.fail(f"The OpenID provider is not installed: run `make test`, or `npm ci` in {FOLDER}.")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program(),
        str(FOLDER / "provider.mjs"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    provider = RealProvider(process, f"http://127.0.0.1:{port}")
    client = {"client_id": CLIENT_ID, "client_secret": SECRET, "redirect_uris": callbacks}
    try:
        await provider.tell(issuer=provider.issuer, port=port, clients=[client], options=options or {})
        yield provider
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


_REFRESH = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]+)">')
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class Visitor:
    """A browser at the pages of the service, with cookies of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, timeout=30)

    async def start(self, provider: str = "real", **fields: str) -> httpx.Response:
        """Press the provider's button."""
        page = await self.http.get("/sign-in?return_to=/account", follow_redirects=True)
        token = _TOKEN.search(page.text)
        assert token is not None, page.text
        form = fields | {"form_token": token[1]}
        return await self.http.post(f"/openid/{provider}/start", data=form, headers={"Origin": self.url})

    async def address(self, provider: str = "real", **fields: str) -> str:
        """Where the button leads."""
        answer = await self.start(provider, **fields)
        refresh = _REFRESH.search(answer.text)
        assert answer.status_code == 200 and refresh is not None, said(answer)
        return unescape(refresh[1])

    async def back(self, address: str) -> httpx.Response:
        """Follow the provider back to the service."""
        parts = urlsplit(address)
        return await self.http.get(f"{parts.path}?{parts.query}")

    async def sign_in(self, provider: RealProvider, subject: str, name: str = "real", **fields: str) -> httpx.Response:
        """All of it; the answer of the callback."""
        return await self.back(await provider.sign_in(await self.address(name, **fields), subject))

    async def viewer(self) -> dict[str, Any] | None:
        """Who the service takes the browser for."""
        query = "{ viewer { isAdmin user { username name } } }"
        answer = await self.http.post(
            "/graphql", json={"query": query}, headers={"Origin": self.url, "X-Requested-With": "tests"}
        )
        if answer.status_code == 401:  # of a session that has ended
            return None
        viewer: dict[str, Any] | None = answer.json()["data"]["viewer"]
        return viewer


def said(answer: httpx.Response) -> str:
    """What a page says is wrong."""
    error = re.search(r'<p class="error" role="alert">(.*?)</p>', answer.text, re.DOTALL)
    return unescape(error[1]) if error else ""


def query_of(address: str) -> dict[str, str]:
    """The query of an address, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
