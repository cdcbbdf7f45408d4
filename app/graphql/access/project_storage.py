"""What a project has in the object store, as the client sees it."""

from __future__ import annotations

import strawberry

from app.artifacts.reads.usage import Amount, Usage
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
    stored: StorageAmount = strawberry.field(description="What its files need.")
    pending: StorageAmount = strawberry.field(description="On its way; sizes are not known yet.")
    damaged: StorageAmount = strawberry.field(description="Of what is stored: missing or altered in the store.")
    awaiting_removal: StorageAmount = strawberry.field(description="Deleted, and about to leave the store.")

    @classmethod
    def of(cls, usage: Usage) -> ProjectStorage:
        return cls(
            stored=StorageAmount.of(usage.stored),
            pending=StorageAmount.of(usage.pending),
            damaged=StorageAmount.of(usage.damaged),
            awaiting_removal=StorageAmount.of(usage.condemned),
        )
