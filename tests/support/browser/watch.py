"""What pages do while a test uses them: what fails, what the policy refuses, whom they speak to, what they query."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, Response, WebError

from tests.support.source import ROOT

DOCUMENTS = ROOT / "web" / "src" / "api" / "documents.json"
REPORT_VIOLATIONS = """addEventListener('securitypolicyviolation', (event) => console.error(
  `refused by ${event.effectiveDirective}: ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`
), true)"""
_LOCAL = {"data", "blob", "about"}
_NAMED = re.compile(r"^\s*(query|mutation|subscription)\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Operation:
    """A request for GraphQL by the name of its document; ``kind`` is query, mutation or subscription."""

    kind: str
    name: str
    variables: dict[str, Any]


@dataclass
class Watch:
    """Everything that went wrong in a browser context, in words; a test that ends with a problem has failed.

    ``origins`` are the only ones that pages may speak to.
    """

    origins: set[str]
    problems: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    """Those that were answered."""
    _tolerated: list[re.Pattern[str]] = field(default_factory=list)

    async def attach(self, context: BrowserContext) -> None:
        """Watch all pages of a context, also those that it opens later."""
        await context.add_init_script(REPORT_VIOLATIONS)
        context.on("weberror", self._error)
        context.on("console", self._said)
        context.on("request", self._sent)
        context.on("response", self._answered)

    def tolerate(self, *patterns: str) -> None:
        """Say which problems the test brings about on purpose: regular expressions, searched in their words."""
        self._tolerated += map(re.compile, patterns)

    @property
    def unexpected(self) -> list[str]:
        """The problems that no test has announced."""
        return [one for one in self.problems if not any(pattern.search(one) for pattern in self._tolerated)]

    @property
    def queries(self) -> list[str]:
        """The names of queries and mutations so far; subscriptions wait beside the page and hold nothing up."""
        return [one.name for one in self.operations if one.kind != "subscription"]

    def forget(self) -> None:
        """Count from here on."""
        self.operations.clear()
        self.addresses.clear()

    def _error(self, error: WebError) -> None:
        raised = error.error
        self.problems.append(f"page error: {raised.message}\n{raised.stack or ''}"[:1000])

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location
            self.problems.append(f"console: {message.text} ({where['url']}:{where['lineNumber']})"[:1000])

    def _sent(self, request: Request) -> None:
        self.addresses.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in _LOCAL and f"{parts.scheme}://{parts.netloc}" not in self.origins:
            self.problems.append(f"request to elsewhere: {request.url[:300]}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"answer {response.status}: {response.request.method} {response.url[:300]}")
        if urlsplit(response.url).path == "/graphql" and response.request.method == "POST":
            operation = _operation(response.request)
            self.operations.append(operation)
            if response.status >= 400:
                self.problems.append(f"answer {response.status} to {operation.name} {operation.variables}"[:500])


def _operation(request: Request) -> Operation:
    sent = json.loads(request.post_data or "{}")
    digest = ((sent.get("extensions") or {}).get("persistedQuery") or {}).get("sha256Hash", "")
    text = sent.get("query") or documents(DOCUMENTS).get(digest, "")
    named = _NAMED.search(text)
    kind, name = named.groups() if named else ("query", digest or "unnamed")
    return Operation(kind, name, sent.get("variables") or {})


@functools.cache
def documents(path: Path) -> dict[str, str]:
    """The texts of the documents that pages send, by hash."""
    return json.loads(path.read_text()) if path.exists() else {}


def origin(address: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def origins_of(addresses: Iterable[str | None]) -> set[str]:
    """The origins of those addresses that are given."""
    return {origin(one) for one in addresses if one}
