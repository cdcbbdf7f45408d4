"""What a process needs to ask outside: keys for secrets, rules about addresses, the evaluator of expressions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.encryption import Encryption
from app.lifecycle.gates.expressions.evaluator import Evaluator
from app.outgoing.addresses import AddressRules
from app.settings import Settings

_PURPOSE = b"modelyard gate secrets, version 1"


@dataclass(frozen=True, slots=True)
class GateClients:
    """Seals and opens the secrets of gates; sends and evaluates."""

    rules: AddressRules
    evaluator: Evaluator
    encryption: Encryption

    @classmethod
    def of(cls, settings: Settings) -> GateClients:
        """The clients as the settings say: webhooks of gates go where other webhooks go."""
        rules = AddressRules.of(_hosts(settings))
        return cls(rules, Evaluator(), Encryption(settings.secret_key.get_secret_value(), _PURPOSE))

    def seal(self, project_id: int, secret_id: UUID, secret: str) -> bytes:
        """The secret of a gate as it may be stored."""
        return self.encryption.encrypt(f"{project_id}:{secret_id.hex}", secret)

    def open(self, project_id: int, secret_id: UUID, sealed: bytes) -> str:
        """The secret again.

        Raises:
            SecretUnreadable: another key sealed it, or it belongs to another gate.
        """
        return self.encryption.decrypt(f"{project_id}:{secret_id.hex}", sealed)


def _hosts(settings: Settings) -> Iterable[str]:
    return settings.webhook_private_hosts.split(",")
