"""What a project has in the object store, as the client sees it."""

from __future__ import annotations

import strawberry

from app.access.policy import ProjectAccess
from app.artifacts import stored_bytes
from app.artifacts.reads.usage import Amount, Usage
from app.graphql.context import Info
from app.graphql.types.fields import resolved
from app.graphql.types.scalars import Long


@strawberry.type(description="Some objects in the store.")
class StorageAmount:
    object_count: Long = strawberry.field(description="How many.")
    size: Long = strawberry.field(description="Their bytes, as far as the sizes are known.")

    @classmethod
    def of(cls, amount: Amount) -> StorageAmount:
        return cls(object_count=Long(amount.objects), size=Long(amount.bytes))


@strawberry.type(description="What a project has in the object store; the same bytes count once, however many files.")
class ProjectStorage:
    access: strawberry.Private[ProjectAccess]
    stored: StorageAmount = strawberry.field(description="What its files need.")
    pending: StorageAmount = strawberry.field(description="On its way; sizes are not known yet.")
    damaged: StorageAmount = strawberry.field(description="Of what is stored: missing or altered in the store.")
    awaiting_removal: StorageAmount = strawberry.field(description="Deleted, and about to leave the store.")

    size_limit: Long | None = strawberry.field(
        description="How many bytes its files may need; null: no limit, or you are no member."
    )

    @resolved(
        "Of what is stored: bytes that only deleted models, versions, candidates and logged models need. For members."
    )
    async def restorable_size(self, info: Info) -> Long | None:
        amount = await info.context.loaders.access.restorable.load((self.access.id,))
        return Long(amount.bytes) if amount else None

    @classmethod
    def of(cls, info: Info, access: ProjectAccess, usage: Usage) -> ProjectStorage:
        limits = stored_bytes.limits_of(info.context.actor, access, of_token=False) if access.role else ()
        return cls(
            access=access,
            size_limit=Long(limits[0].most) if limits else None,
            stored=StorageAmount.of(usage.stored),
            pending=StorageAmount.of(usage.pending),
            damaged=StorageAmount.of(usage.damaged),
            awaiting_removal=StorageAmount.of(usage.condemned),
        )
