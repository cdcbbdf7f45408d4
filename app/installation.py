"""What an installation needs before API and worker can start, and who may use it first."""

from __future__ import annotations

from dataclasses import dataclass

from app.access import bootstrap
from app.access.bootstrap import FirstStart
from app.access.one_time_links import at_the_machine
from app.db.migrate import upgrade
from app.db.revisions import require_supported
from app.runtime import open_runtime
from app.settings import Settings


async def migrate(settings: Settings) -> None:
    """Bring the schema up to date and make the bucket; may run any number of times, also several times at once.

    Raises:
        NewerData: a newer release has migrated the database.
        Unavailable: the database or the object store cannot be reached.
        sqlalchemy.exc.DBAPIError: a migration failed.
    """
    await prepare_schema(settings)
    async with open_runtime(settings) as runtime:
        await runtime.blobs.ensure_bucket()


async def prepare_schema(settings: Settings) -> None:
    """Bring the schema up to date, as the owner of the tables where there is an address for that.

    Raises:
        NewerData, Unavailable, sqlalchemy.exc.DBAPIError: as :func:`migrate`.
    """
    await upgrade(settings.owner_url, settings.database_url)


async def require_supported_data(settings: Settings) -> None:
    """Refuse to run on data of a newer release.

    Raises:
        NewerData: see :func:`app.db.revisions.require_supported`.
    """
    async with open_runtime(settings) as runtime:
        await require_supported(runtime.db)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where to begin; ``sign_in_secret`` is that of a one-time link, None once an administrator can sign in."""

    first_start: FirstStart
    sign_in_secret: str | None


async def first_start(settings: Settings, token: str | None) -> Beginning:
    """Find or make the administrator, a first project and a token: the given one if it works, else a new one.

    As long as no administrator has a password or an identity, a link with which one signs in, too.

    Raises:
        NewerData: a newer release has migrated the database.
        Unavailable: the database cannot be reached.
    """
    async with open_runtime(settings) as runtime:
        await require_supported(runtime.db)
        first = await bootstrap.ensure(runtime.db, token=token)
        link = await at_the_machine.first_sign_in(runtime.db)
        return Beginning(first, link.secret if link is not None else None)
