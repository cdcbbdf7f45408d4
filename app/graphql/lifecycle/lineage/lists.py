"""The fields that a version has of its lineage."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from app.errors import Invalid
from app.graphql.context import Info
from app.graphql.lifecycle.lineage.enums import LineageDirection
from app.graphql.types.fields import resolved
from app.lifecycle.lineage import walks
from app.lifecycle.lineage.nodes import Node, NodeKind

Direction = Annotated[LineageDirection, strawberry.argument(description="Which way.")]
MaxSteps = Annotated[int, strawberry.argument(description="How far, 1 to 20 steps.")]


@strawberry.type
class VersionLineage:
    """Mixed into the version."""

    row: strawberry.Private[Any]

    @resolved("What it was directly made from.")
    async def derivations(self, info: Info) -> list[types.Derivation]:
        rows = await info.context.loaders.lineage.of_versions.load((self.row.project_id, self.row.id))
        return [types.Derivation.of(row) for row in rows]

    @resolved("All that it was made from, or all that depends on it.")
    async def lineage(
        self, info: Info, *, direction: Direction, max_steps: MaxSteps = walks.MAX_STEPS
    ) -> types.Lineage:
        root = Node(NodeKind.VERSION, self.row.project_id, self.row.id)
        return await lineage_of(info, root, direction, max_steps)


async def lineage_of(info: Info, root: Node, direction: LineageDirection, max_steps: int) -> types.Lineage:
    """The lineage of something that the viewer may see, by the request's loader.

    Raises:
        Invalid: so many steps are not followed.
    """
    if not 1 <= max_steps <= walks.MAX_STEPS:
        raise Invalid(f"`maxSteps` is {max_steps}; it is between 1 and {walks.MAX_STEPS}.", field="maxSteps")
    loaders = info.context.loaders.lineage
    loader = loaders.upstream if direction is LineageDirection.UPSTREAM else loaders.downstream
    return types.Lineage.of(await loader.load((root, max_steps)))


# At the end, since the types of these modules refer to each other.
from app.graphql.lifecycle.lineage import types  # noqa: E402
