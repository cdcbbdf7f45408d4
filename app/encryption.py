"""Secrets at rest: AES-256-GCM under keys that are derived from the installation's own, one for each purpose.

The database alone gives no secret away, and a sealed one cannot be moved to another place.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from Crypto.Cipher import AES

from app.errors import Conflict

_FORMAT = b"\x01"
_NONCE, _TAG = 12, 16
_HEAD = len(_FORMAT) + _NONCE + _TAG


class SecretUnreadable(Conflict):
    """The stored secret cannot be read with this installation's MODELYARD_SECRET_KEY; set the secret anew."""


class Encryption:
    """Seals and opens secrets of one purpose; ``place`` names where a secret belongs."""

    def __init__(self, secret_key: str, purpose: bytes) -> None:
        self._key = hmac.new(secret_key.encode(), purpose, hashlib.sha256).digest()

    def close(self, place: str, secret: str) -> bytes:
        """The secret as it may be stored."""
        nonce = secrets.token_bytes(_NONCE)
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce)
        cipher.update(place.encode())
        text, tag = cipher.encrypt_and_digest(secret.encode())
        return _FORMAT + nonce + tag + text

    def open(self, place: str, sealed: bytes) -> str:
        """The secret again.

        Raises:
            SecretUnreadable: another key sealed it, or it belongs to another place.
        """
        nonce, tag = sealed[len(_FORMAT) : len(_FORMAT) + _NONCE], sealed[len(_FORMAT) + _NONCE : _HEAD]
        cipher = AES.new(self._key, AES.MODE_GCM, nonce=nonce)
        cipher.update(place.encode())
        try:
            return cipher.decrypt_and_verify(sealed[_HEAD:], tag).decode()
        except ValueError as error:
            raise SecretUnreadable from error
