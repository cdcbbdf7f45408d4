"""What depends on a data set or a version."""

from __future__ import annotations

from typing import Annotated

import strawberry

from app.access import projects
from app.errors import Invalid
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.lifecycle.lineage.enums import LineageDirection
from app.graphql.lifecycle.lineage.lists import MaxSteps, lineage_of
from app.graphql.lifecycle.lineage.types import Lineage
from app.graphql.registry.lookups import ModelVersionLookup
from app.graphql.types.fields import choice, optional, resolved
from app.lifecycle.lineage import walks
from app.lifecycle.lineage.nodes import Node, NodeKind
from app.registry.references.resolve import Named
from app.registry.versions import lookup
from app.registry.versions.lookup import ModelVersion, Target


@strawberry.input(description="A data set by project and name.")
class DatasetName:
    project: str = strawberry.field(description="The full path of the project whose candidates read it.")
    name: str = strawberry.field(description="Its name.")
    digest: str | None = optional("The digest of its content; any when left out.")


@strawberry.input(one_of=True, description="Names what something may depend on, in one of two ways.")
class ImpactLookup:
    model_version: ModelVersionLookup | None = choice("A version.")
    dataset: DatasetName | None = choice("A data set.")


@strawberry.type
class LineageQuery:
    @resolved(
        "All that depends on a data set or a version: candidates, versions made from them or derived, and deployments "
        "that have not ended. Null when it may not be seen."
    )
    async def impact(
        self,
        info: Info,
        by: Annotated[ImpactLookup, strawberry.argument(description="The data set or the version.")],
        max_steps: MaxSteps = walks.MAX_STEPS,
    ) -> Lineage | None:
        root = await or_none(_root(info, by))
        return await lineage_of(info, root, LineageDirection.DOWNSTREAM, max_steps) if root else None


async def _root(info: Info, by: ImpactLookup) -> Node:
    if by.dataset:
        access = await projects.get(info.context.db, info.context.actor, by.dataset.project)
        name, digest = by.dataset.name, by.dataset.digest or ""
        if len(name) > 500 or len(digest) > 36 or "\0" in name + digest:
            raise Invalid("A data set has a name of at most 500 characters and a digest of at most 36.", field="by")
        return Node(NodeKind.DATASET, access.id, None, name, digest)
    assert by.model_version, "one of the two is given"
    project, target = by.model_version.key()
    version = await _version(info, project, target)
    return Node(NodeKind.VERSION, version.project_id, version.id)


async def _version(info: Info, project: int | str, target: Target) -> ModelVersion:
    db, actor = info.context.db, info.context.actor
    if isinstance(target, Named):
        return await lookup.by_reference(db, actor, project, target.model, target.reference)
    return await lookup.get(db, actor, project, target)
