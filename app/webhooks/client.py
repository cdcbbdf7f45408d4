"""What a process needs to deliver: the vault for secrets, and the rules about addresses."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.outgoing.addresses import AddressRules
from app.settings import Settings
from app.webhooks import signed_post
from app.webhooks.secrets import SecretUnreadable, Vault
from app.webhooks.signed_post import Attempt
from app.webhooks.tables import Webhook


@dataclass(frozen=True, slots=True)
class WebhookClient:
    """Opens stored secrets and sends bodies."""

    vault: Vault
    rules: AddressRules

    @classmethod
    def of(cls, settings: Settings) -> WebhookClient:
        rules = AddressRules.of(settings.webhook_private_hosts.split(","))
        return cls(Vault(settings.secret_key.get_secret_value()), rules)

    async def send(self, webhook: Webhook, delivery_id: UUID, body: bytes) -> Attempt:
        """Send a body to the webhook's address, signed if it has a secret. Never within a transaction."""
        secret = None
        if webhook.sealed_secret is not None:
            try:
                secret = self.vault.open(webhook.project_id, webhook.id, webhook.sealed_secret)
            except SecretUnreadable as error:
                return Attempt(error=error.message)
        return await signed_post.post(self.rules, webhook.url, delivery_id, body, secret)
