from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from app.embedded.servers import Servers
from app.settings import Settings
from app.storage.s3.store import S3BlobStore


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A store that belongs to these tests alone: they stop and start it."""
    servers = Servers(tmp_path_factory.mktemp("storage"), ["s3"])
    try:
        servers.launch_all()
        servers.wait()
        yield servers
    finally:
        servers.stop()


@pytest.fixture(scope="session")
def storage_settings(servers: Servers) -> Settings:
    """By its port: tests put a proxy in the way by changing the address."""
    environment = {name.removeprefix("MODELYARD_").lower(): text for name, text in servers.environment.items()}
    unused = {"database_url": "postgresql://unused", "redis_url": "redis://unused"}
    return Settings(**unused | environment | {"s3_socket": None})


@pytest.fixture(scope="session")
async def store(storage_settings: Settings) -> AsyncIterator[S3BlobStore]:
    store = S3BlobStore(storage_settings)
    await store.ensure_bucket()
    yield store
    await store.close()
