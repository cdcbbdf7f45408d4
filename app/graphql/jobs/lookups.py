"""How background jobs are named in queries and mutations alike."""

from __future__ import annotations

from uuid import UUID

import strawberry

from app.graphql.types import ids
from app.graphql.types.fields import choice


@strawberry.input(one_of=True, description="Names a background job, in one of two ways.")
class BackgroundJobLookup:
    id: strawberry.ID | None = choice("The id of the job.")
    uuid: str | None = choice("Its UUID, as in answers of the REST API.")

    def key(self) -> UUID | None:
        """The UUID that is meant; None for garbage."""
        return ids.uuid(self.id, "BackgroundJob") if self.id else ids.as_uuid(self.uuid or "")

    def required(self, field: str = "backgroundJob") -> UUID:
        """The UUID that is meant.

        Raises:
            NotFound: it means no job.
        """
        key = self.key()
        if key is None:
            raise ids.missing("background job", self.id or self.uuid or "", field)
        return key
