"""Gives the demonstration's data the ages that it would have at work.

It is built within a minute. For pictures that minute is stretched to weeks: what was built later stays later, and
whatever happened between two moments still does. Only for installations that end with the pictures: the audit log's
digests no longer fit.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg

LEFT_OUT = (
    "sessions",
    "access_epoch",
    "request_counts",
    "project_events",
    "metric_points",
    "background_jobs",
    "deployments",
)
"""Tables that the service itself reads by time."""
COLUMNS = """SELECT c.table_name, array_agg(quote_ident(c.column_name)) AS columns
FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'timestamp with time zone'
AND c.is_generated = 'NEVER' GROUP BY c.table_name ORDER BY c.table_name"""


async def stretch(dsn: str, begun: datetime, *, over: timedelta) -> None:
    """Move all moments since ``begun`` apart, so that they take ``over``; needs a superuser."""
    ended = datetime.now(UTC)
    factor = over / (ended - begun)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET session_replication_role = replica")  # no trigger takes it for a change
        for table, columns in await connection.fetch(COLUMNS):
            if table in LEFT_OUT:
                continue
            moved = ", ".join(
                f"{one} = CASE WHEN {one} BETWEEN $1 AND $2 THEN $2 - ($2 - {one}) * $3::float8 ELSE {one} END"
                for one in columns
            )
            await connection.execute(f'UPDATE "{table}" SET {moved}', begun, ended, factor)
    finally:
        await connection.close()
