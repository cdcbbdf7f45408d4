"""Secrets of webhooks at rest: sealed, each for its own webhook."""

from __future__ import annotations

from uuid import UUID

from app.encryption import Encryption, SecretUnreadable

__all__ = ["SecretUnreadable", "Vault"]

_PURPOSE = b"modelyard webhook secrets, version 1"


class Vault:
    """Seals and opens secrets of webhooks."""

    def __init__(self, secret_key: str) -> None:
        self._encryption = Encryption(secret_key, _PURPOSE)

    def seal(self, project_id: int, webhook_id: UUID, secret: str) -> bytes:
        """The secret as it may be stored."""
        return self._encryption.encrypt(_purpose_of(project_id, webhook_id), secret)

    def open(self, project_id: int, webhook_id: UUID, sealed: bytes) -> str:
        """The secret again.

        Raises:
            SecretUnreadable: another key sealed it, or it belongs to another webhook.
        """
        return self._encryption.decrypt(_purpose_of(project_id, webhook_id), sealed)


def _purpose_of(project_id: int, webhook_id: UUID) -> str:
    return f"{project_id}:{webhook_id.hex}"
