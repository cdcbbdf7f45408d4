"""A browser without script: follows links, fills in the forms that a page really has, and keeps cookies."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urljoin

import httpx


@dataclass
class Form:
    """A form of a page, with the values that it was shown with."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.labels: set[str] = set()
        self.inputs: list[dict[str, str]] = []
        self.ids: list[str] = []
        self._inside: Form | None = None
        self._in_button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        if tag == "form":
            assert given["method"] == "post", "pages change nothing by GET"
            self._inside = Form(given.get("action") or self.path)
            self.forms.append(self._inside)
        elif tag == "label":
            self.labels.add(given["for"])
        elif tag == "input":
            self.inputs.append(given)
            chosen = given.get("type") not in {"checkbox", "radio"} or "checked" in given
            if self._inside is not None and chosen:
                self._inside.fields[given["name"]] = given.get("value", "")
        elif tag == "button":
            self._in_button = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "button":
            self._in_button = False

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._in_button and self._inside is not None:
            self._inside.buttons.append(" ".join(data.split()))


@dataclass
class Page:
    """What the visitor sees."""

    answer: httpx.Response
    forms: list[Form]
    text: str
    reader: _Reader

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def path(self) -> str:
        return self.answer.url.raw_path.decode()

    @property
    def html(self) -> str:
        return self.answer.text

    @property
    def inputs(self) -> dict[str, dict[str, str]]:
        """The fields of all forms by name, with their attributes."""
        return {given["name"]: given for given in self.reader.inputs}

    @property
    def token(self) -> str:
        """The hidden token of its forms; empty if it has none."""
        return next((form.fields["form_token"] for form in self.forms if "form_token" in form.fields), "")

    def form(self, action: str, **shown: str) -> Form:
        """The one form that goes there and shows these values."""
        fits = [form for form in self.forms if form.action == action and shown.items() <= form.fields.items()]
        assert len(fits) == 1, (action, shown, self.forms, self.text[:500])
        return fits[0]


class Visitor:
    """A browser at ``url``; ``headers`` are what proxies in front add."""

    def __init__(self, url: str, headers: dict[str, str] | None = None, *, origin: str | None = None) -> None:
        self.url, self.origin = url, origin or url
        self.http = httpx.AsyncClient(base_url=url, headers=headers, follow_redirects=False, timeout=30)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def open(self, path: str) -> Page:
        """A page, after all redirects."""
        return await self._follow(await self.http.get(path))

    async def send(self, form: Form, values: dict[str, str] | None = None, *, follow: bool = True, **more: str) -> Page:
        """A form as it was shown, with what was typed and clicked; redirects are followed."""
        answer = await self.post(form.action, form.fields | (values or {}) | more)
        return await self._follow(answer) if follow else _page(answer)

    async def send_to(self, path: str, page: Page, **fields: str) -> Page:
        """Fields of any kind with the token of a page, whatever forms it has; the answer itself, not where it leads."""
        return _page(await self.post(path, {"form_token": page.token} | fields))

    async def fill_in(self, path: str, **fields: str) -> Page:
        """Open a page and send these fields back to it; the answer itself, not where it leads."""
        return await self.send_to(path, await self.open(path), **fields)

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Fields of any kind, as browsers send forms."""
        return await self.http.post(path, data=fields, headers={"Origin": self.origin} | headers)

    async def ask(self, document: str, **variables: Any) -> Any:
        """An operation of GraphQL with the browser's session."""
        sent = {"query": document, "variables": variables}
        headers = {"Origin": self.origin, "X-Requested-With": "tests"}
        return (await self.http.post("/graphql", json=sent, headers=headers)).json()

    async def whoami(self) -> str | None:
        """The username of who is signed in."""
        viewer = (await self.ask("{ viewer { user { username } } }"))["data"]["viewer"]
        return viewer["user"]["username"] if viewer else None

    async def _follow(self, answer: httpx.Response) -> Page:
        """Where redirects lead; from the pages that need script, which start at `/`, it goes on to the account."""
        for _ in range(5):
            if answer.status_code not in {302, 303, 307}:
                return _page(answer)
            answer = await self.http.get(urljoin(str(answer.url), answer.headers["location"]).partition("#")[0])
            if answer.url.path == "/":
                answer = await self.http.get("/account")
        raise AssertionError("redirects without end")


def _page(answer: httpx.Response) -> Page:
    reader = _Reader(answer.url.path)
    reader.feed(answer.text)
    return Page(answer, reader.forms, " ".join(" ".join(reader.words).split()), reader)
