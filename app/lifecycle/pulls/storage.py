"""Writes what was counted, by version and day, and removes what is older than it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from app.db.database import Database
from app.db.statements import Statement
from app.registry.reads.reach import versions_with_file_sql

AT_ONCE = 1_000
_REMOVED_AT_ONCE = 5_000


class Counted(NamedTuple):
    """What one caller pulled through one door: of a version, or of a folder of the files that versions have.

    The ages are seconds before it is written.
    """

    project_id: int
    version_id: int
    root_id: UUID | None
    folder: str
    user_id: int
    door: str
    downloads: int
    bytes: int
    resolutions: int
    first_age: float
    last_age: float


# In the order of the key, so that two processes lock the rows in the same order. Files that belong to no living version
# fall away, and so does what is left of a deleted project.
_ADD = Statement(
    "pulls.add",
    "Add what was counted to each version that has the files.",
    f"""
    INSERT INTO pulls AS old
        (project_id, version_id, day, user_id, door, downloads, bytes, resolutions, first_at, last_at)
    SELECT counted.project_id, version.id, ((now() - counted.last_age * interval '1 second') AT TIME ZONE 'UTC')::date,
        counted.user_id, counted.door, sum(counted.downloads), sum(counted.bytes), sum(counted.resolutions),
        min(now() - counted.first_age * interval '1 second'), max(now() - counted.last_age * interval '1 second')
    FROM unnest(
            :projects::bigint[], :versions::bigint[], :roots::uuid[], :folders::text[], :users::bigint[],
            :doors::text[], :downloads::bigint[], :bytes::bigint[], :resolutions::bigint[], :first_ages::float8[],
            :last_ages::float8[]
        ) AS counted (project_id, version_id, root_id, folder, user_id, door, downloads, bytes, resolutions, first_age,
            last_age)
    CROSS JOIN LATERAL ({versions_with_file_sql("counted")}) AS version
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (project_id, version_id, day, user_id, door) DO UPDATE
    SET downloads = old.downloads + excluded.downloads, bytes = old.bytes + excluded.bytes,
        resolutions = old.resolutions + excluded.resolutions,
        first_at = least(old.first_at, excluded.first_at), last_at = greatest(old.last_at, excluded.last_at)
    """,  # noqa: S608 - a fragment
)
_REMOVE_OLD = Statement(
    "pulls.remove_old",
    "Remove some of the entries of days before the last ones.",
    """
    DELETE FROM pulls WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM pulls WHERE day < (now() AT TIME ZONE 'UTC')::date - :days::int LIMIT :limit
    ))
    """,
)


async def add(db: Database, counted: Sequence[Counted]) -> None:
    """Add up to a thousand entries, in one statement.

    Raises:
        Unavailable: the database is away; nothing was written.
        OutcomeUnknown: the connection broke while it wrote.
    """
    columns = list(zip(*counted, strict=True))
    names = "projects versions roots folders users doors downloads bytes resolutions first_ages last_ages".split()
    async with db.committing(grows=False) as connection:
        await _ADD.execute(connection, **dict(zip(names, columns, strict=True)))


async def remove_old(db: Database, keep: timedelta) -> int:
    """Remove what is older than it is kept, a batch at a time; the number of entries."""
    async with db.write() as tx:
        return await _REMOVE_OLD.execute(tx, days=keep.days, limit=_REMOVED_AT_ONCE)
