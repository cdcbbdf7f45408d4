"""Requests to the API of a CI system: below its base URL, never redirected, never long, judged by their status."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from yarl import URL

from app.ci.providers.protocol import HOPEFUL, HOPELESS, PATIENT, FetchFailed
from app.outgoing import requests
from app.outgoing.addresses import AddressRefused, AddressRules
from app.outgoing.requests import Answer, Unreachable

TIMEOUT_SECONDS = 10
MAX_BODY = 1024 * 1024
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "modelyard-ci"}


@dataclass(frozen=True, slots=True)
class HttpApi:
    """The API below a base URL, over the network."""

    rules: AddressRules
    base_url: str
    title: str
    timeout_seconds: float = TIMEOUT_SECONDS

    async def get(self, path: str, headers: dict[str, str]) -> Any:
        try:
            base = self.rules.check(self.base_url)
            # Encoded already, and taken as it is: what stands in the path cannot climb out of the base URL.
            url = URL(str(base).rstrip("/") + path, encoded=True)
            answer = await requests.send(
                self.rules, "GET", url, _HEADERS | headers, limit=MAX_BODY, timeout_seconds=self.timeout_seconds
            )
        except AddressRefused as refusal:
            raise FetchFailed(refusal.message, patience=HOPELESS, awaits_settings=True) from None
        except Unreachable as failure:
            raise FetchFailed(f"{self.title} {failure.message}.", patience=PATIENT) from None
        self._judge(answer)
        return self._read(answer)

    def _judge(self, answer: Answer) -> None:
        status, said = answer.status, f"{self.title} answered {answer.status}"
        wait = _wait(answer.headers)
        if status == 429 or status >= 500 or (status == 403 and wait is not None):
            raise FetchFailed(f"{said}; it is polled again.", patience=PATIENT, retry_after=wait)
        if 300 <= status < 400:
            raise FetchFailed(
                f"{said}, a redirect, which is not followed; correct the base URL.",
                patience=HOPELESS,
                awaits_settings=True,
            )
        if status in {401, 403}:
            reason = f"{said}: the API token is missing, has expired, or may not read the job."
            raise FetchFailed(reason, patience=HOPELESS, awaits_settings=True)
        if status == 404:
            reason = f"{said}: the CI project has no such job, or the API token may not see it."
            raise FetchFailed(reason, patience=HOPEFUL, awaits_settings=True)
        if status != 200:
            raise FetchFailed(f"{said}, which is no answer of this API.", patience=HOPEFUL, awaits_settings=True)

    def _read(self, answer: Answer) -> Any:
        if not answer.is_whole:
            raise FetchFailed(f"The answer of {self.title} is longer than {MAX_BODY} bytes.", patience=HOPEFUL)
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise FetchFailed(f"The answer of {self.title} is not JSON.", patience=HOPEFUL) from None


def _wait(headers: Mapping[str, str]) -> float | None:
    """What ``Retry-After`` says, or GitHub's ``X-RateLimit-Reset`` once nothing is left."""
    wait = requests.retry_after(headers)
    if wait is not None:
        return wait
    reset = headers.get("X-RateLimit-Reset", "")
    if headers.get("X-RateLimit-Remaining") == "0" and reset.isascii() and reset.isdigit() and len(reset) < 12:
        return max(0.0, int(reset) - time.time())
    return None
