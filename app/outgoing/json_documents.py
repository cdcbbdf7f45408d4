"""A document in JSON at an address outside of the installation: small, an object, from where it should be."""

from __future__ import annotations

from typing import Any

import orjson
from yarl import URL

from app.errors import Unavailable
from app.outgoing import requests
from app.outgoing.addresses import AddressRefused, AddressRules
from app.outgoing.requests import Answer, Unreachable

MAX_BODY = 1024 * 1024
HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "modelyard"}


class DocumentUnreadable(Unavailable):
    """There was no such document; the message goes on after the name of who should have sent it."""


async def get(rules: AddressRules, address: str, *, timeout_seconds: float, bearer: str = "") -> dict[str, Any]:
    """The object at an address. Never within a transaction.

    Raises:
        DocumentUnreadable: the address is not allowed, there was no answer, or another than an object with status 200.
    """
    headers = HEADERS | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    answer = await send(rules, "GET", address, headers, timeout_seconds=timeout_seconds)
    if answer.status != 200:
        raise DocumentUnreadable(f"answered {answer.status}")
    return members(answer)


async def send(
    rules: AddressRules,
    method: str,
    address: str,
    headers: dict[str, str],
    *,
    body: bytes | None = None,
    timeout_seconds: float,
) -> Answer:
    """Any answer to a request.

    Raises:
        DocumentUnreadable: the address is not allowed, or there was no answer in time.
    """
    try:
        url: URL = rules.check(address)
        return await requests.send(
            rules, method, url, headers, body=body, limit=MAX_BODY, timeout_seconds=timeout_seconds
        )
    except AddressRefused as refusal:
        raise DocumentUnreadable(f"is at an address that is not allowed: {refusal.message}") from None
    except Unreachable as failure:
        raise DocumentUnreadable(failure.message) from None


def members(answer: Answer) -> dict[str, Any]:
    """The members of the object that was answered.

    Raises:
        DocumentUnreadable: it is longer than 1 MiB, no JSON, or no object.
    """
    if not answer.is_whole:
        raise DocumentUnreadable(f"sent more than {MAX_BODY} bytes")
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise DocumentUnreadable("sent something that is not JSON") from None
    if not isinstance(document, dict):
        raise DocumentUnreadable("sent JSON that is no object")
    return document
