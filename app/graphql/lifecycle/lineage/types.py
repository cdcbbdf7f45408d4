"""Derivations and lineages as the client sees them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from app.access.policy import Permission
from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.lifecycle.deployments import types as deployment_types
from app.graphql.lifecycle.lineage.enums import DerivationKind, LineageRelation
from app.graphql.types import ids
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.lifecycle.lineage import derivations, nodes
from app.lifecycle.lineage.nodes import NodeKind


@strawberry.type(description="That a version was made from another one.")
class Derivation(Node):
    row: strawberry.Private[derivations.Derivation]
    kind: DerivationKind = strawberry.field(description="How it was made.")
    base_name: str = strawberry.field(description="What it was made from, by name.")
    source: str = strawberry.field(description="Who says so: `stated` by a caller, or read out of a `tag`.")
    created_at: datetime = strawberry.field(description="When it was noted.")

    @classmethod
    def of(cls, row: derivations.Derivation) -> Derivation:
        return cls(
            id=ids.of("Derivation", row.project_id, row.id),
            row=row,
            kind=DerivationKind(row.kind),
            base_name=row.base,
            source=row.source,
            created_at=row.created_at,
        )

    @resolved("The version that was made.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        return await registry.version_by_key(info, self.row.project_id, self.row.version_id)

    @resolved("The version that it was made from; null when that is kept elsewhere or was deleted.")
    async def parent(self, info: Info) -> registry.ModelVersion | None:
        project_id, version_id = self.row.base_project_id, self.row.base_version_id
        if project_id is None or version_id is None:
            return None
        return await registry.version_by_key(info, project_id, version_id)

    @resolved("Who stated it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Whether you may take it back.")
    async def viewer_can_delete(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.REGISTRY_WRITE)


@strawberry.type(description="A data set as candidates of a project know it.")
class LineageDataset:
    name: str = strawberry.field(description="Its name.")
    digest: str = strawberry.field(description="The digest of its content; empty: of any content.")


@strawberry.type(
    description="A part of a lineage: one of `dataset`, `candidate`, `modelVersion`, `deployment` and `baseName`."
)
class LineageEntry:
    node: strawberry.Private[nodes.Node]
    step: int = strawberry.field(description="How many steps it is away; what is directly connected is 1 step away.")
    relation: LineageRelation = strawberry.field(description="How it and its parent belong together.")
    parent_id: strawberry.ID | None = strawberry.field(
        description="The object by which it was reached first; null: a data set."
    )
    dataset: LineageDataset | None = strawberry.field(description="The data set.")
    base_name: str | None = strawberry.field(description="The name of a base that is kept elsewhere.")

    @classmethod
    def of(cls, entry: nodes.Entry) -> LineageEntry:
        node = entry.node
        is_dataset = node.kind is NodeKind.DATASET
        return cls(
            node=node,
            step=entry.step,
            relation=LineageRelation(entry.relation),
            parent_id=_id(entry.parent),
            dataset=LineageDataset(name=node.name, digest=node.digest) if is_dataset else None,
            base_name=node.name if node.kind is NodeKind.ELSEWHERE else None,
        )

    @resolved("The version.")
    async def model_version(self, info: Info) -> registry.ModelVersion | None:
        if self.node.kind is not NodeKind.VERSION or not isinstance(self.node.id, int):
            return None
        return await registry.version_by_key(info, self.node.project_id, self.node.id)

    @resolved("The candidate.")
    async def candidate(self, info: Info) -> tracking.Candidate | None:
        if self.node.kind is not NodeKind.CANDIDATE or not isinstance(self.node.id, UUID):
            return None
        return await or_none(tracking.candidate_by_key(info, self.node.project_id, self.node.id))

    @resolved("The deployment.")
    async def deployment(self, info: Info) -> deployment_types.Deployment | None:
        if self.node.kind is not NodeKind.DEPLOYMENT or not isinstance(self.node.id, int):
            return None
        return await deployment_types.deployment_by_key(info, self.node.project_id, self.node.id)


@strawberry.type(description="All that something leads to, across models and projects, as far as you may see it.")
class Lineage:
    whole: strawberry.Private[nodes.Lineage]
    is_complete: bool = strawberry.field(
        description="Whether these are all: a lineage ends after 1,000 entries and after as many steps as requested."
    )
    model_version_count: int = strawberry.field(description="How many versions are in it.")
    deployment_count: int = strawberry.field(description="How many deployments are in it.")

    @classmethod
    def of(cls, whole: nodes.Lineage) -> Lineage:
        kinds = [entry.node.kind for entry in whole.entries]
        return cls(
            whole=whole,
            is_complete=not whole.is_cut,
            model_version_count=kinds.count(NodeKind.VERSION),
            deployment_count=kinds.count(NodeKind.DEPLOYMENT),
        )

    @resolved("Its entries, nearest first.")
    def entries(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[LineageEntry]:
        whole = self.whole

        async def count() -> int:
            return len(whole.entries)

        return connection(whole.page(window(first, after, last, before)), LineageEntry.of, count)


async def derivation_by_key(info: Info, project_id: int, derivation_id: int) -> Derivation | None:
    """The derivation of that id, by the request's loader; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.lineage.derivations.load((project_id, derivation_id)))
    return Derivation.of(row) if row else None


def _id(node: nodes.Node) -> strawberry.ID | None:
    if node.kind is NodeKind.VERSION and node.id is not None:
        return ids.of("ModelVersion", node.project_id, node.id)
    if node.kind is NodeKind.CANDIDATE and node.id is not None:
        return ids.of("Candidate", node.project_id, node.id)
    return None


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
from app.graphql.registry import types as registry  # noqa: E402
from app.graphql.tracking import types as tracking  # noqa: E402
