"""The process that :mod:`app.embedded.preparation` starts; the only module here that knows the application."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.access import bootstrap
from app.db import migrate
from app.runtime import open_runtime
from app.settings import Settings


async def prepare(settings: Settings, known_token: str | None) -> dict[str, Any]:
    """Bring the schema up to date and make sure that there is an admin, a project and a working token.

    May run at any time and any number of times: migrations hold a lock, the bootstrap finds what is there.
    """
    await migrate.upgrade(settings.database_url)
    async with open_runtime(settings) as runtime:
        await runtime.blobs.ensure_bucket()
        return asdict(await bootstrap.ensure(runtime.db, known_token=known_token))
