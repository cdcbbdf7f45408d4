"""Secrets at rest: AES-256-GCM under a key that is derived from the installation's own.

The database alone gives no secret away, and a sealed one cannot be moved to another webhook.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from uuid import UUID

from Crypto.Cipher import AES

from app.errors import Conflict

_PURPOSE = b"modelyard webhook secrets, version 1"
_FORMAT = b"\x01"
_NONCE, _TAG = 12, 16
_HEAD = len(_FORMAT) + _NONCE + _TAG


class SecretUnreadable(Conflict):
    """The webhook's secret cannot be read with this installation's MODELYARD_SECRET_KEY; set the secret anew."""


class Vault:
    """Seals and opens secrets of webhooks."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.new(secret_key.encode(), _PURPOSE, hashlib.sha256).digest()

    def seal(self, project_id: int, webhook_id: UUID, secret: str) -> bytes:
        """The secret as it may be stored."""
        nonce = secrets.token_bytes(_NONCE)
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce)
        cipher.update(_place(project_id, webhook_id))
        text, tag = cipher.encrypt_and_digest(secret.encode())
        return _FORMAT + nonce + tag + text

    def open(self, project_id: int, webhook_id: UUID, sealed: bytes) -> str:
        """The secret again.

        Raises:
            SecretUnreadable: another key sealed it, or it belongs to another webhook.
        """
        nonce, tag = sealed[len(_FORMAT) : len(_FORMAT) + _NONCE], sealed[len(_FORMAT) + _NONCE : _HEAD]
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce)
        cipher.update(_place(project_id, webhook_id))
        try:
            return cipher.decrypt_and_verify(sealed[_HEAD:], tag).decode()
        except ValueError as error:
            raise SecretUnreadable from error


def _place(project_id: int, webhook_id: UUID) -> bytes:
    return f"{project_id}:{webhook_id.hex}".encode()
