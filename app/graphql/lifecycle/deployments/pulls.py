"""Pulls as the client sees them: who fetched files of a version, by day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.lifecycle.deployments.statuses import for_members
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.scalars import Long
from app.lifecycle.pulls import reads
from app.pagination import Page


@strawberry.type(description="How often a caller pulled a version on one day, through one door.")
class Pull:
    row: strawberry.Private[reads.Pull]
    day: str = strawberry.field(description="The day by UTC, as `2027-01-31`.")
    door: str = strawberry.field(
        description="`mlflow`, `packages` (GitLab's paths), or `link` (of GraphQL, `modelyard pull`, or presigned)."
    )
    download_count: Long = strawberry.field(description="Files of which the bytes were asked for from the beginning.")
    size: Long = strawberry.field(description="The bytes of them, in parts or as a whole.")
    resolution_count: Long = strawberry.field(
        description="How often MLflow's client asked where the files are, as it does when it loads a model."
    )
    first_at: datetime = strawberry.field(description="The first time on that day, to some seconds.")
    last_at: datetime = strawberry.field(description="The last time on that day, to some seconds.")

    @classmethod
    def of(cls, row: reads.Pull) -> Pull:
        return cls(
            row=row,
            day=row.day.isoformat(),
            door=row.door,
            download_count=Long(row.downloads),
            size=Long(row.bytes),
            resolution_count=Long(row.resolutions),
            first_at=row.first_at,
            last_at=row.last_at,
        )

    @resolved("Who it was; null: callers without a token.")
    async def user(self, info: Info) -> User | None:
        return await maker(info, self.row.user_id or None, self.row.project_id)


@strawberry.type
class VersionPulls:
    """Mixed into the version."""

    row: strawberry.Private[Any]

    @resolved(
        "Who pulled it, by day, caller and door, the latest day first; counted every few seconds, and kept for 400 "
        "days unless set otherwise. For members."
    )
    async def pulls(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Pull]:
        key = ((self.row.project_id, self.row.id), window(first, after, last, before))
        return connection(await for_members(info.context.loaders.deployments.pulls.load(key), Page()), Pull.of)
