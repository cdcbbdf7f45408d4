"""A token by the device flow (RFC 8628): a short code is shown here and confirmed in a browser, wherever that is."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from modelyard_client.failures import Failure, Forbidden, TemporaryFailure, Unreachable
from modelyard_client.service import http

if TYPE_CHECKING:
    import aiohttp

_CLIENT = "modelyard-cli"
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER = 5.0
"""Seconds that RFC 8628 adds to the interval when the service says `slow_down`."""
_LONGEST_INTERVAL, _LONGEST_LIFE = 60.0, 3600.0
_ENDED = {
    "access_denied": "The sign-in was refused in the browser.",
    "expired_token": "The code has expired. Run `modelyard login` again.",
}


@dataclass(frozen=True)
class DeviceCode:
    """What the service gave: a code for the person, and one for this program."""

    device_code: str
    user_code: str
    link: str
    """The page where the code is entered."""
    direct_link: str
    """The same with the code filled in."""
    expires_at: float
    """By the clock of ``time.monotonic``."""
    interval: float
    """Seconds between two questions."""


async def begin(session: aiohttp.ClientSession, url: str) -> DeviceCode:
    """Have a code made for this machine.

    Raises:
        Failure: the service has no such sign-in, or its answer makes no sense.
        Unreachable: it did not answer.
    """
    fields = {"client_id": _CLIENT, "device_name": device_name()}
    try:
        status, answer = await _post(session, f"{url}/oauth/device/code", fields)
    except TemporaryFailure as failure:
        raise Unreachable(f"{failure.reason}.") from None
    if status != 200:
        raise Failure(f"{url} does not sign in by a code: {_words(status, answer)}")
    try:
        link = _page(answer["verification_uri"])
        return DeviceCode(
            str(answer["device_code"]),
            str(answer["user_code"])[:40],
            link,
            _page(answer.get("verification_uri_complete") or link),
            time.monotonic() + min(float(answer.get("expires_in", 600)), _LONGEST_LIFE),
            min(max(float(answer.get("interval", 5)), 0.1), _LONGEST_INTERVAL),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Failure(f"{url} answered a sign-in otherwise than RFC 8628 says.", code="BAD_ANSWER") from None


async def token(session: aiohttp.ClientSession, url: str, code: DeviceCode) -> str:
    """The token, once the person has confirmed. Failures of the network are waited out until the code expires.

    Raises:
        Forbidden: the person refused.
        Failure: the code has expired, or the service says something else.
    """
    fields = {"grant_type": _GRANT, "device_code": code.device_code, "client_id": _CLIENT}
    interval = code.interval
    while True:
        await asyncio.sleep(interval)
        if time.monotonic() > code.expires_at:
            raise Failure(_ENDED["expired_token"], code="EXPIRED")
        try:
            status, answer = await _post(session, f"{url}/oauth/token", fields)
        except TemporaryFailure as failure:
            interval = max(interval, min(failure.retry_after or 0.0, _LONGEST_INTERVAL))
            continue
        error = answer.get("error")
        if status == 200:
            return _token(url, answer)
        if error == "slow_down":
            interval = min(interval + _SLOWER, _LONGEST_INTERVAL)
        elif error != "authorization_pending":
            raise _ended(url, status, answer)


def device_name() -> str:
    """How the token will be called in the list of tokens."""
    host = "".join(letter for letter in socket.gethostname() if letter.isprintable())
    return f"modelyard on {host[:100] or 'a machine'}"


async def _post(session: aiohttp.ClientSession, url: str, fields: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    with http.translate_errors(url):
        async with session.post(
            url, data=urlencode(fields).encode(), headers=headers, proxy=http.proxy(url), allow_redirects=False
        ) as answer:
            http.raise_if_temporary(answer)
            http.refuse_redirect(url, answer)
            body = await http.read(url, answer)
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        decoded = None
    return answer.status, decoded if isinstance(decoded, dict) else {}


def _token(url: str, answer: Mapping[str, Any]) -> str:
    secret = answer.get("access_token")
    if not isinstance(secret, str) or not 8 <= len(secret) <= 4096 or not secret.isascii() or not secret.isprintable():
        raise Failure(f"{url} answered a sign-in without a token.", code="BAD_ANSWER")
    return secret


def _ended(url: str, status: int, answer: Mapping[str, Any]) -> Failure:
    error = str(answer.get("error", ""))
    if error == "access_denied":
        return Forbidden(_ENDED[error], code="DENIED")
    if error == "expired_token":
        return Failure(_ENDED[error], code="EXPIRED")
    return Failure(f"{url} refused the sign-in: {_words(status, answer)}")


def _words(status: int, answer: Mapping[str, Any]) -> str:
    said = answer.get("error_description") or answer.get("message") or answer.get("error")
    return f"it answered {status}{f', {str(said)[:300]}' if said else ''}"


def _page(link: Any) -> str:
    """A link that a browser may be sent to; a service must not start programs on this machine by other schemes."""
    parts = urlsplit(link)
    if not isinstance(link, str) or parts.scheme not in {"http", "https"} or not parts.hostname or not link.isascii():
        raise ValueError
    if any(letter <= " " for letter in link):
        raise ValueError
    return link
