"""Secrets at rest: AES-256-GCM under keys that are derived from the installation's own, one for each purpose.

The database alone gives no secret away, and a stored secret cannot be moved to another row: the context in which it was
encrypted is authenticated with it. Stored are a byte for the format, nonce, tag and ciphertext.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import Conflict

_FORMAT = b"\x01"
_NONCE, _TAG = 12, 16
_HEAD = len(_FORMAT) + _NONCE + _TAG


class SecretUnreadable(Conflict):
    """The stored secret cannot be read with this installation's MODELYARD_SECRET_KEY; set the secret anew."""


class Encryption:
    """Encrypts and decrypts secrets of one purpose; ``context`` names the row and column that a secret belongs to."""

    def __init__(self, secret_key: str, purpose: bytes) -> None:
        self._cipher = AESGCM(hmac.new(secret_key.encode(), purpose, hashlib.sha256).digest())

    def encrypt(self, context: str, secret: str) -> bytes:
        """The secret as it may be stored; another text each time."""
        nonce = secrets.token_bytes(_NONCE)
        encrypted = self._cipher.encrypt(nonce, secret.encode(), context.encode())
        return _FORMAT + nonce + encrypted[-_TAG:] + encrypted[:-_TAG]

    def decrypt(self, context: str, stored: bytes) -> str:
        """The secret again.

        Raises:
            SecretUnreadable: it was encrypted with another key, or in another context.
        """
        nonce, tag = stored[len(_FORMAT) : len(_FORMAT) + _NONCE], stored[len(_FORMAT) + _NONCE : _HEAD]
        try:
            return self._cipher.decrypt(nonce, stored[_HEAD:] + tag, context.encode()).decode()
        except (InvalidTag, ValueError) as error:  # what is too short has no nonce
            raise SecretUnreadable from error
