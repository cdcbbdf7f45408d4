"""Batches of promotions, requests, their timelines and approvals."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.lifecycle.promotions import reads
from app.lifecycle.promotions.reads import (
    Key,
    Promotion,
    PromotionApproval,
    PromotionRequest,
    PromotionRequestEvent,
    RequestList,
)
from app.pagination import Page, Window


class PromotionLoaders:
    """What concerns promotions; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.promotions: DataLoader[Key, Promotion | None] = DataLoader(self._promotions)
        self.of_requests: DataLoader[Key, Promotion | None] = DataLoader(self._of_requests)
        self.of_versions: DataLoader[tuple[Key, Window], Page[Promotion]] = per_arguments(self._of_versions)
        self.requests: DataLoader[Key, PromotionRequest | None] = DataLoader(self._requests)
        self.requests_of_projects: DataLoader[tuple[tuple[int], tuple[Window, RequestList]], Page[PromotionRequest]] = (
            per_arguments(self._requests_of_projects)
        )
        self.request_counts: DataLoader[tuple[tuple[int], RequestList], int] = per_arguments(self._request_counts)
        self.requests_of_versions: DataLoader[tuple[Key, Window], Page[PromotionRequest]] = per_arguments(
            self._requests_of_versions
        )
        self.events: DataLoader[tuple[Key, Window], Page[PromotionRequestEvent]] = per_arguments(self._events)
        self.approvals: DataLoader[Key, list[PromotionApproval]] = DataLoader(self._approvals)

    async def _promotions(self, keys: list[Key]) -> Results[Promotion | None]:
        return await reads.promotions_by_keys(self._db, self._actor, keys)

    async def _of_requests(self, keys: list[Key]) -> Results[Promotion | None]:
        return await reads.promotions_of_requests(self._db, self._actor, keys)

    async def _of_versions(self, keys: list[Key], window: Window) -> Results[Page[Promotion]]:
        return await reads.promotions_of_versions(self._db, self._actor, keys, window)

    async def _requests(self, keys: list[Key]) -> Results[PromotionRequest | None]:
        return await reads.requests_by_keys(self._db, self._actor, keys)

    async def _requests_of_projects(
        self, keys: list[tuple[int]], request: tuple[Window, RequestList]
    ) -> Results[Page[PromotionRequest]]:
        window, query = request
        return await reads.requests_of_projects(self._db, self._actor, keys, window, query)

    async def _request_counts(self, keys: list[tuple[int]], query: RequestList) -> Results[int]:
        return await reads.count_requests_of_projects(self._db, self._actor, keys, query)

    async def _requests_of_versions(self, keys: list[Key], window: Window) -> Results[Page[PromotionRequest]]:
        return await reads.requests_of_versions(self._db, self._actor, keys, window)

    async def _events(self, keys: list[Key], window: Window) -> Results[Page[PromotionRequestEvent]]:
        return await reads.events_of_requests(self._db, self._actor, keys, window)

    async def _approvals(self, keys: list[Key]) -> Results[list[PromotionApproval]]:
        return await reads.approvals_of_requests(self._db, self._actor, keys)
