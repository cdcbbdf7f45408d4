"""Queries of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from app.graphql.access.lookups import ProjectLookup
from app.graphql.context import Info
from app.graphql.lifecycle.audit.types import AuditAction, AuditEntry, AuditHead
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.lifecycle.audit import reads

OfProject = Annotated[
    ProjectLookup | None,
    strawberry.argument(
        description="Of this project; when left out, of what belongs to none, for administrators. They name a project "
        "that is deleted by its number."
    ),
]
DoneBy = Annotated[str | None, strawberry.argument(description="Only what the user of this name did.")]
OfAction = Annotated[AuditAction | None, strawberry.argument(description="Only entries of this action.")]
OfType = Annotated[
    str | None, strawberry.argument(description="Only those of this kind of object, such as `model_version`.")
]
OfKey = Annotated[str | None, strawberry.argument(description="Only those of this object, by its `objectKey`.")]
Since = Annotated[datetime | None, strawberry.argument(description="Only those of this moment or later.")]
Until = Annotated[datetime | None, strawberry.argument(description="Only those before this moment.")]
OldestFirst = Annotated[bool, strawberry.argument(description="Whether the oldest come first, as in an export.")]


@strawberry.type
class AuditQuery:
    @resolved(
        "Every change, newest first, a second or two after it was made. For maintainers: null with an error else."
    )
    async def audit_log(
        self,
        info: Info,
        *,
        project: OfProject = None,
        done_by: DoneBy = None,
        action: OfAction = None,
        object_type: OfType = None,
        object_key: OfKey = None,
        since_at: Since = None,
        until_at: Until = None,
        is_oldest_first: OldestFirst = False,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditEntry] | None:
        kind = None if action is None else str(action.value)
        chosen = reads.Filter(done_by, kind, object_type, object_key, since_at, until_at)
        db, actor, page = info.context.db, info.context.actor, window(first, after, last, before)
        page_of_log = await reads.search(db, actor, _key(project), page, chosen, oldest_first=is_oldest_first)
        return connection(page_of_log, AuditEntry.of)

    @resolved("How far the chain of the audit log had come, hour by hour, newest first; for those who read the log.")
    async def audit_heads(
        self,
        info: Info,
        *,
        project: OfProject = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AuditHead] | None:
        page = window(first, after, last, before)
        page_of_log = await reads.heads(info.context.db, info.context.actor, _key(project), page)
        return connection(page_of_log, AuditHead.of)


def _key(project: ProjectLookup | None) -> int | str | None:
    return None if project is None else project.key()
