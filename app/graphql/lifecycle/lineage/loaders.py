"""Batches of derivations and lineages."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.lifecycle.lineage import reads, walks
from app.lifecycle.lineage.derivations import Derivation
from app.lifecycle.lineage.nodes import Lineage, Node
from app.lifecycle.lineage.reads import Key


class LineageLoaders:
    """What concerns lineage; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db, self._actor = db, actor
        self.derivations: DataLoader[Key, Derivation | None] = DataLoader(self._by_keys)
        self.of_versions: DataLoader[Key, list[Derivation]] = DataLoader(self._of_versions)
        self.upstream: DataLoader[tuple[Node, int], Lineage] = per_arguments(self._upstream)
        self.downstream: DataLoader[tuple[Node, int], Lineage] = per_arguments(self._downstream)

    async def _by_keys(self, keys: list[Key]) -> Results[Derivation | None]:
        return await reads.by_keys(self._db, self._actor, keys)

    async def _of_versions(self, keys: list[Key]) -> Results[list[Derivation]]:
        return await reads.of_versions(self._db, self._actor, keys)

    async def _upstream(self, roots: list[Node], max_steps: int) -> list[Lineage]:
        return await walks.upstream(self._db, self._actor, roots, max_steps)

    async def _downstream(self, roots: list[Node], max_steps: int) -> list[Lineage]:
        return await walks.downstream(self._db, self._actor, roots, max_steps)
