"""Batches of sets of gates and of gates."""

from __future__ import annotations

from uuid import UUID

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.lifecycle.gates import reads
from app.lifecycle.gates.reads import Gate, GateSet, SetKey, StageKey
from app.pagination import Page, Window


class GateLoaders:
    """What concerns gates; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db, self._actor = db, actor
        self.standing: DataLoader[StageKey, GateSet | None] = DataLoader(self._standing)
        self.sets: DataLoader[SetKey, GateSet | None] = DataLoader(self._sets)
        self.gates: DataLoader[tuple[int, UUID], Gate | None] = DataLoader(self._gates)
        self.gates_of_sets: DataLoader[SetKey, list[Gate]] = DataLoader(self._gates_of_sets)
        self.counts_of_stages: DataLoader[StageKey, int] = DataLoader(self._counts)
        self.sets_of_stages: DataLoader[tuple[StageKey, Window], Page[GateSet]] = per_arguments(self._sets_of_stages)

    async def _standing(self, keys: list[StageKey]) -> Results[GateSet | None]:
        return await reads.standing(self._db, self._actor, keys)

    async def _sets(self, keys: list[SetKey]) -> Results[GateSet | None]:
        return await reads.sets_by_keys(self._db, self._actor, keys)

    async def _gates(self, keys: list[tuple[int, UUID]]) -> Results[Gate | None]:
        return await reads.gates_by_keys(self._db, self._actor, keys)

    async def _gates_of_sets(self, keys: list[SetKey]) -> Results[list[Gate]]:
        return await reads.gates_of_sets(self._db, self._actor, keys)

    async def _counts(self, keys: list[StageKey]) -> Results[int]:
        return await reads.counts_of_stages(self._db, self._actor, keys)

    async def _sets_of_stages(self, keys: list[StageKey], window: Window) -> Results[Page[GateSet]]:
        return await reads.sets_of_stages(self._db, self._actor, keys, window)
