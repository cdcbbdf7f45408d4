"""Batches of invitations and their roles."""

from __future__ import annotations

from collections.abc import Sequence

from strawberry.dataloader import DataLoader

from app.access.one_time_links import reads
from app.access.one_time_links.invitations import InvitationRole
from app.access.one_time_links.reads import Listed
from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.access.reads.loaders import IdKey
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window


class InvitationLoaders:
    """What concerns invitations."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.invitations: DataLoader[int, Listed | None] = DataLoader(self._invitations)
        self.roles: DataLoader[int, list[InvitationRole]] = DataLoader(self._roles)
        self.of_projects: DataLoader[tuple[IdKey, Window], Page[Listed]] = per_arguments(self._of_projects)
        self.of_groups: DataLoader[tuple[IdKey, Window], Page[Listed]] = per_arguments(self._of_groups)

    async def _invitations(self, ids: list[int]) -> Sequence[Listed | None]:
        return await reads.by_ids(self._db, self._actor, ids)

    async def _roles(self, ids: list[int]) -> Sequence[list[InvitationRole]]:
        return await reads.roles_by_ids(self._db, ids)

    async def _of_projects(self, keys: list[IdKey], window: Window) -> Results[Page[Listed]]:
        return await reads.of_projects(self._db, self._actor, keys, window)

    async def _of_groups(self, keys: list[IdKey], window: Window) -> Results[Page[Listed]]:
        return await reads.of_groups(self._db, self._actor, keys, window)
