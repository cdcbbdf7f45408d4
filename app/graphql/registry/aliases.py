"""Aliases as the client sees them, and where they stood before."""

from __future__ import annotations

from datetime import datetime

import strawberry

from app.access.policy import Permission
from app.graphql.access.types import Token, User, maker, token_by_id
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.lifecycle.stages.lists import AsOf
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.graphql.types.scalars import Long
from app.pagination import Window
from app.registry.aliases import AliasDetails
from app.registry.names import alias_key
from app.registry.reads import loaders
from app.registry.reads.loaders import ModelKey


@strawberry.type(description="A movable name on a version.")
class Alias(Node):
    row: strawberry.Private[loaders.Alias | AliasDetails]
    name: str = strawberry.field(description="Unique in its model.")
    set_at: datetime = strawberry.field(description="Since when it points to this version.")

    @classmethod
    def of(cls, row: loaders.Alias | AliasDetails) -> Alias:
        id = alias_id((row.project_id, row.model_id), row.name)
        return cls(id=id, row=row, name=row.name, set_at=row.valid_from)

    @resolved("The model that it belongs to.")
    async def model(self, info: Info) -> types.Model | None:
        return await types.model_by_key(info, self.row.project_id, self.row.model_id)

    @resolved("The version that it points to, or pointed to at a moment.")
    async def model_version(self, info: Info, *, as_of: AsOf = None) -> types.ModelVersion | None:
        row: loaders.Alias | AliasDetails | None = self.row
        if as_of is not None:
            past = info.context.loaders.stages.past_aliases_of_models
            rows = await past.load(((self.row.project_id, self.row.model_id), as_of))
            row = next((one for one in rows if one.name == self.name), None)
        return await types.version_by_key(info, row.project_id, row.version_id) if row else None

    @resolved("Who set it.")
    async def set_by(self, info: Info) -> User | None:
        return await maker(info, self.row.set_by, self.row.project_id)

    @resolved("Whether you may move and delete it.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.REGISTRY_WRITE)


@strawberry.type(description="An interval of time in which an alias pointed to a version.")
class AliasAssignment:
    row: strawberry.Private[loaders.Alias]
    name: str = strawberry.field(description="The name of the alias.")
    version: str = strawberry.field(description="The semantic version, also of one that was deleted since.")
    number: Long = strawberry.field(description="Its number.")
    set_at: datetime = strawberry.field(description="Since when it pointed to this version.")
    ended_at: datetime | None = strawberry.field(
        description="When it was moved to another version or deleted; null: it points there now."
    )
    set_reason: str = strawberry.field(description="Why it was put there, as told.")
    end_reason: str = strawberry.field(description="Why it was moved away, as told.")
    set_by_name: str = strawberry.field(description="The username of who put it there, as it was then.")
    ended_by_name: str = strawberry.field(description="The username of who moved it away, as it was then.")
    set_by_ci_job: str | None = strawberry.field(description="The CI job whose token put it there: `gitlab:42`.")
    ended_by_ci_job: str | None = strawberry.field(description="The CI job whose token moved it away.")

    @classmethod
    def of(cls, row: loaders.Alias) -> AliasAssignment:
        return cls(
            row=row,
            name=row.name,
            version=row.version,
            number=Long(row.number),
            set_at=row.valid_from,
            ended_at=row.valid_until,
            set_reason=row.reason or "",
            end_reason=row.ended_reason or "",
            set_by_name=row.set_by_name or "",
            ended_by_name=row.ended_by_name or "",
            set_by_ci_job=row.ci_job,
            ended_by_ci_job=row.ended_ci_job,
        )

    @resolved("The version; null when it was deleted.")
    async def model_version(self, info: Info) -> types.ModelVersion | None:
        return await types.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("Who put the alias on this version.")
    async def set_by(self, info: Info) -> User | None:
        return await maker(info, self.row.set_by, self.row.project_id)

    @resolved("Who moved it away.")
    async def ended_by(self, info: Info) -> User | None:
        return await maker(info, self.row.ended_by, self.row.project_id)

    @resolved("The token by which it was put there, for those who may revoke it.")
    async def token(self, info: Info) -> Token | None:
        return await token_by_id(info, self.row.token_id)


def alias_id(model: ModelKey, name: str) -> strawberry.ID:
    """The id of an alias of that model."""
    return ids.of("Alias", *model, name)


async def alias_by_id(info: Info, id: str) -> Alias | None:
    """The alias of that id, through the request's loader; None when there is none that may be seen."""
    parts = ids.parts(id, "Alias", 3)
    project_id, model_id = (ids.as_integer(parts[0]), ids.as_integer(parts[1])) if parts else (None, None)
    if parts is None or project_id is None or model_id is None:
        return None
    rows = await or_none(info.context.loaders.registry.aliases_of_models.load((project_id, model_id))) or []
    return next((Alias.of(row) for row in rows if row.name == alias_key(parts[2])), None)


async def history_of(info: Info, model: ModelKey, name: str, page: Window) -> Connection[AliasAssignment]:
    """Where an alias of a model stands and stood, by the request's loader."""
    loader = info.context.loaders.registry.alias_histories
    return connection(await loader.load((model, (page, name))), AliasAssignment.of)


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.registry import types  # noqa: E402
