"""The parts of a running process, built once: for API, workers, tests and commands alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from app import faults
from app.access.authentication.authenticator import Authenticator
from app.access.limits.requests import Defaults
from app.access.openid.providers import OpenIdProviders
from app.ci.client import CiClient
from app.db.database import Database
from app.disk_space import DiskSpace
from app.lifecycle.gates.clients import GateClients
from app.lifecycle.pulls.counter import PullCounter
from app.queue.notifier import Notifier
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.storage.s3.store import S3BlobStore
from app.webhooks.client import WebhookClient

API_STATEMENT_TIMEOUT_MS = 5_000
WORKER_STATEMENT_TIMEOUT_MS = 60_000
_STORES_OWN_SHARE = 0.011
"""SeaweedFS makes its volumes read-only below one per cent (volume.minFreeSpace); it looks once a minute."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Database, store, notifier, the clients of webhooks, CI, gates and OpenID, and the cache of tokens."""

    settings: Settings
    db: Database
    blobs: BlobStore
    notifier: Notifier
    webhook_client: WebhookClient
    ci_client: CiClient
    gate_clients: GateClients
    openid: OpenIdProviders
    authenticator: Authenticator
    pulls: PullCounter


@asynccontextmanager
async def open_runtime(
    settings: Settings, *, name: str = "modelyard", statement_timeout_ms: int = API_STATEMENT_TIMEOUT_MS
) -> AsyncIterator[Runtime]:
    """Build the parts and close them again. None connects yet: a server that is away is met when it is used.

    Raises:
        SettingsError: the file of OpenID providers is wrong.
    """
    openid = OpenIdProviders.of(settings)
    faults.arm(settings.faults)
    notifier = Notifier(settings.redis_url)
    db = Database(
        settings.database_url,
        pool=settings.database_pool,
        statement_timeout_ms=statement_timeout_ms,
        name=name,
        announce=notifier.announce,
        # A part of the reserve: where both are on one disk, files are refused while there is still room for rows.
        room=_disk_space(settings, "the database", "postgres", "pg18", settings.reserved_bytes // 4),
    )
    reserve = settings.reserved_bytes
    blobs = S3BlobStore(
        settings, room=_disk_space(settings, "the object store", "s3", "s3", reserve, _STORES_OWN_SHARE)
    )
    idle = timedelta(seconds=settings.session_idle_seconds)
    authenticator = Authenticator(db, session_idle=idle, limits=Defaults.of(settings))
    pulls = PullCounter(db, every=settings.pull_flush_seconds)
    try:
        yield Runtime(
            settings, db, blobs, notifier, WebhookClient.of(settings), CiClient.of(settings), GateClients.of(settings),
            openid, authenticator, pulls,
        )  # fmt: skip
    finally:
        await pulls.close()
        await authenticator.refusals.close()
        await notifier.close()
        await blobs.close()
        await db.close()


def _disk_space(settings: Settings, what: str, server: str, folder: str, reserve: int, share: float = 0.0) -> DiskSpace:
    """The disk of a server; of one that `up` has started, its free space can be read."""
    if server not in settings.embedded.split(","):
        return DiskSpace(what)
    return DiskSpace(what, directory=settings.data_dir / folder, reserve=reserve, share=share)
