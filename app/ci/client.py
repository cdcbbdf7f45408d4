"""What a process needs to speak with CI systems: the seal for secrets, rules about addresses, and issuers' keys."""

from __future__ import annotations

from dataclasses import dataclass

from app.ci.providers.github import GitHub
from app.ci.providers.gitlab import GitLab
from app.ci.providers.http_api import TIMEOUT_SECONDS, HttpApi
from app.ci.providers.protocol import HOPELESS, FetchFailed, JobReport, Provider
from app.ci.tables import CiSettings
from app.encryption import Encryption, SecretUnreadable
from app.errors import Invalid
from app.outgoing.addresses import AddressRules
from app.outgoing.issuers import Issuers
from app.settings import Settings
from app.text import quoted

PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (GitLab(), GitHub())}
_PURPOSE = b"modelyard ci secrets, version 1"
TOKEN, HOOK_SECRET = "token", "hook secret"


def provider_of(name: str) -> Provider:
    """The provider of that name.

    Raises:
        Invalid: there is none.
    """
    if name not in PROVIDERS:
        raise Invalid(f"{quoted(name)} is no CI provider: {' or '.join(PROVIDERS)}.", field="provider")
    return PROVIDERS[name]


@dataclass(frozen=True, slots=True)
class CiClient:
    """Fetches jobs from CI systems, and opens the stored secrets that this takes."""

    encryption: Encryption
    rules: AddressRules
    issuers: Issuers
    timeout_seconds: float = TIMEOUT_SECONDS

    @classmethod
    def of(cls, settings: Settings) -> CiClient:
        hosts = settings.ci_private_hosts.split(",")
        rules = AddressRules.of(hosts, noun="CI base URL", setting="MODELYARD_CI_PRIVATE_HOSTS")
        return cls(
            Encryption(settings.secret_key.get_secret_value(), _PURPOSE),
            rules,
            Issuers(rules, own_host=True),
            settings.ci_timeout_seconds,
        )

    def encrypt(self, project_id: int, name: str, secret: str) -> bytes:
        """A secret of a project's CI settings as it may be stored."""
        return self.encryption.encrypt(f"{project_id}:{name}", secret)

    def decrypt(self, project_id: int, name: str, sealed: bytes) -> str:
        """The secret again.

        Raises:
            SecretUnreadable: another key sealed it.
        """
        return self.encryption.decrypt(f"{project_id}:{name}", sealed)

    async def fetch_job(self, settings: CiSettings, external_id: str) -> JobReport:
        """Ask the CI system of a project for one of its jobs. Never within a transaction.

        Raises:
            FetchFailed: it did not tell.
        """
        provider, token = PROVIDERS[settings.provider], None
        if settings.sealed_token is not None:
            try:
                token = self.decrypt(settings.project_id, TOKEN, settings.sealed_token)
            except SecretUnreadable as error:
                raise FetchFailed(error.message, patience=HOPELESS, awaits_settings=True) from None
        api = HttpApi(self.rules, settings.base_url, provider.title, self.timeout_seconds)
        return await provider.fetch_job(api, settings.ci_project, external_id, token)
