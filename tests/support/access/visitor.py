"""A person at a browser without script: opens pages, fills in their forms, keeps cookies."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Self

import httpx


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.inputs: list[dict[str, str]] = []
        self.actions: list[str] = []
        self.shown = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.inputs.append(values | {"form": str(len(self.actions))})
        if tag == "form":
            self.actions.append(values.get("action", ""))

    def handle_data(self, data: str) -> None:
        self.shown += data


class Visitor:
    """One browser; use as a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, timeout=30)
        self.agent = self.http.headers["user-agent"]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def open(self, path: str) -> httpx.Response:
        """Open a page, or a link of this service."""
        return await self.http.get(path.removeprefix(self.url))

    async def send(self, path: str, page: httpx.Response, **fields: str) -> httpx.Response:
        """Send a form of a page that was opened, with its token."""
        hidden = {"form_token": token_of(page)}
        return await self.http.post(path.removeprefix(self.url), data=hidden | fields, headers={"Origin": self.url})

    async def fill_in(self, path: str, **fields: str) -> httpx.Response:
        """Open a page and send its form."""
        return await self.send(path, await self.open(path), **fields)

    async def ask(self, document: str, **variables: Any) -> Any:
        """An operation of GraphQL with the browser's session."""
        sent = {"query": document, "variables": variables}
        headers = {"Origin": self.url, "X-Requested-With": "tests"}
        return (await self.http.post("/graphql", json=sent, headers=headers)).json()

    async def whoami(self) -> str | None:
        """The username of who is signed in."""
        viewer = (await self.ask("{ viewer { user { username } } }"))["data"]["viewer"]
        return viewer["user"]["username"] if viewer else None


def token_of(page: httpx.Response) -> str:
    """The hidden token of the forms of a page."""
    match = re.search(r'name="form_token" value="([^"]+)"', page.text)
    return match[1] if match else ""


def text_of(page: httpx.Response) -> str:
    """What is read on a page."""
    return " ".join(_Page(page.text).shown.split())


def inputs_of(page: httpx.Response) -> dict[str, dict[str, str]]:
    """The fields of a page by name."""
    return {one["name"]: one for one in _Page(page.text).inputs if "name" in one}
