"""The OpenID providers of a process: what the settings say of them, and what they publish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from app.access.openid import configuration
from app.access.openid.configuration import Provider
from app.errors import NotFound, TooManyRequests
from app.outgoing.addresses import AddressRefused, AddressRules
from app.outgoing.issuers import Issuers
from app.settings import Settings, SettingsError
from app.text import quoted

MAX_CONVERSATIONS = 16
"""Sign-ins for which one process speaks with one provider at once: one that hangs holds up nothing else."""


class ProviderNotFound(NotFound):
    """There is no OpenID provider of that name."""


class ProviderBusy(TooManyRequests):
    """Too many people sign in with this provider at the moment; try again in a few seconds."""


@dataclass(frozen=True, slots=True)
class OpenIdProviders:
    """The providers, in the order of their file, and the one client that speaks with them."""

    providers: tuple[Provider, ...]
    rules: AddressRules
    issuers: Issuers
    timeout_seconds: float
    url: str
    """The public address of this installation: providers send browsers back below it."""
    is_only_way: bool = False
    """Whether the settings want no passwords beside them; see ``password_sign_in`` for when that counts."""
    _conversations: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> OpenIdProviders:
        """What the settings describe.

        Raises:
            SettingsError: the file of providers is wrong, a provider is at an address that is not allowed, or passwords
                shall be off where there is no provider.
        """
        providers = configuration.read(settings.openid_providers) if settings.openid_providers else ()
        if settings.openid_only and not providers:
            raise SettingsError(f"MODELYARD_OPENID_ONLY needs providers: {configuration.SETTING} names none.")
        hosts = settings.openid_private_hosts.split(",")
        rules = AddressRules.of(hosts, noun="OpenID address", setting="MODELYARD_OPENID_PRIVATE_HOSTS")
        for provider in providers:
            try:
                rules.check(provider.issuer)
            except AddressRefused as refusal:
                raise SettingsError(f"{configuration.SETTING}: provider {provider.name}: {refusal.message}") from None
        timeout = settings.openid_timeout_seconds
        issuers = Issuers(rules, own_host=False, timeout_seconds=timeout)
        return cls(providers, rules, issuers, timeout, settings.url, settings.openid_only)

    @property
    def issuer_urls(self) -> list[str]:
        return [provider.issuer for provider in self.providers]

    def get(self, name: str) -> Provider:
        """The provider of that name.

        Raises:
            ProviderNotFound: there is none.
        """
        for provider in self.providers:
            if provider.name == name:
                return provider
        raise ProviderNotFound(f"There is no OpenID provider {quoted(name)}.")

    def title_of(self, name: str) -> str:
        """How people know the provider; its name where it is no longer configured."""
        return next((provider.title for provider in self.providers if provider.name == name), name)

    def is_away(self, provider: Provider) -> bool:
        """Whether the provider could not be reached a moment ago, and nothing is left of what it published."""
        return self.issuers.is_away(provider.issuer)

    def callback_url(self, provider: Provider) -> str:
        """Where the provider sends browsers back; to be registered there."""
        return f"{self.url}/openid/{provider.name}/callback"

    @asynccontextmanager
    async def conversation(self, provider: Provider) -> AsyncIterator[None]:
        """Speak with a provider while the block runs, three times as long as one answer may take at most.

        Raises:
            ProviderBusy: the process speaks with it for many others already.
            TimeoutError: the answers have taken too long together.
        """
        under_way = self._conversations.get(provider.name, 0)
        if under_way >= MAX_CONVERSATIONS:
            raise ProviderBusy
        self._conversations[provider.name] = under_way + 1
        try:
            async with asyncio.timeout(3 * self.timeout_seconds):
                yield
        finally:
            self._conversations[provider.name] -= 1
