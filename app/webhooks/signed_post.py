"""One POST to an address outside: signed, limited in time and size, to the very address that was checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from uuid import UUID

from app.outgoing import requests
from app.outgoing.addresses import AddressRefused, AddressRules
from app.outgoing.requests import Unreachable

TIMEOUT_SECONDS = 10
MAX_BODY = 4_096
"""Bytes of the receiver's answer that are kept."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one POST; ``status`` is None when there was no answer, ``error`` when it succeeded."""

    status: int | None = None
    body: str = ""
    error: str | None = None
    may_retry: bool = False
    retry_after: float | None = None
    """Seconds to wait, from the receiver's `Retry-After`."""

    @property
    def succeeded(self) -> bool:
        return self.error is None


def sign(secret: str, delivery_id: UUID, timestamp: str, body: bytes) -> str:
    """``v1,`` and the base64 HMAC-SHA256 over id, timestamp and body, joined by dots (MLflow REST: webhooks)."""
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


async def post(
    rules: AddressRules,
    url: str,
    delivery_id: UUID,
    body: bytes,
    secret: str | None,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Attempt:
    """Send a body once. Never raises: refusals and failures are answers, too."""
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "modelyard-webhooks",
        "X-MLflow-Delivery-Id": str(delivery_id),
        "X-MLflow-Timestamp": timestamp,
    }
    if secret:
        headers["X-MLflow-Signature"] = sign(secret, delivery_id, timestamp, body)
    try:
        return await _post(rules, url, body, headers, timeout_seconds)
    except AddressRefused as refusal:
        return Attempt(error=refusal.message)
    except Unreachable as failure:
        return Attempt(error=f"The receiver {failure.message}.", may_retry=True)


async def _post(rules: AddressRules, url: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> Attempt:
    answer = await requests.send(
        rules, "POST", rules.check(url), headers, body=body, limit=MAX_BODY, timeout_seconds=timeout_seconds
    )
    text = answer.body.decode("utf-8", "replace").replace("\0", "\ufffd")
    return _judged(answer.status, text, requests.retry_after(answer.headers))


def _judged(status: int, body: str, retry_after: float | None) -> Attempt:
    if status in _SUCCESS:
        return Attempt(status, body)
    if 300 <= status < 400:
        return Attempt(status, body, f"The receiver answered {status}; redirects are not followed.")
    may_retry = status >= 500 or status == 429
    return Attempt(status, body, f"The receiver answered {status}.", may_retry, retry_after)
