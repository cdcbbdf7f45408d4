"""Batches of seals and withdrawals."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.lifecycle.seals import reads
from app.lifecycle.seals.reads import VersionSeal, VersionWithdrawal
from app.registry.reads.loaders import VersionKey


class SealLoaders:
    """What concerns seals and withdrawals; keys are project and version."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.seals: DataLoader[VersionKey, VersionSeal | None] = DataLoader(self._seals)
        self.withdrawals: DataLoader[VersionKey, list[VersionWithdrawal]] = DataLoader(self._withdrawals)

    async def _seals(self, keys: list[VersionKey]) -> Results[VersionSeal | None]:
        return await reads.seals_of_versions(self._db, self._actor, keys)

    async def _withdrawals(self, keys: list[VersionKey]) -> Results[list[VersionWithdrawal]]:
        return await reads.withdrawals_of_versions(self._db, self._actor, keys)
