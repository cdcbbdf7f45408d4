"""Batches of users, projects and groups."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from strawberry.dataloader import DataLoader

from app.access import groups, jobs, pages, projects, users
from app.access.groups import GroupAccess
from app.access.policy import Actor, ProjectAccess
from app.access.users import User
from app.db.database import Database
from app.graphql.batches import per_arguments
from app.pagination import Page, Window
from app.queue.outbox import BackgroundJob


class AccessLoaders:
    """What concerns users, groups and projects."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.users: DataLoader[int, User | None] = DataLoader(self._users)
        self.projects: DataLoader[int, ProjectAccess | None] = DataLoader(self._projects)
        self.groups: DataLoader[int, GroupAccess | None] = DataLoader(self._groups)
        self.jobs: DataLoader[UUID, BackgroundJob | None] = DataLoader(self._jobs)
        self.projects_of_group: DataLoader[tuple[int, Window], Page[ProjectAccess]] = per_arguments(self._in_groups)
        self.groups_of_group: DataLoader[tuple[int, Window], Page[GroupAccess]] = per_arguments(self._below_groups)
        self.project_count_of_group: DataLoader[int, int] = DataLoader(self._project_counts)
        self.group_count_of_group: DataLoader[int, int] = DataLoader(self._group_counts)

    async def _users(self, ids: list[int]) -> Sequence[User | None]:
        return await users.by_ids(self._db, ids)

    async def _projects(self, ids: list[int]) -> Sequence[ProjectAccess | None]:
        return await projects.by_ids(self._db, self._actor, ids)

    async def _groups(self, ids: list[int]) -> Sequence[GroupAccess | None]:
        return await groups.by_ids(self._db, self._actor, ids)

    async def _jobs(self, ids: list[UUID]) -> Sequence[BackgroundJob | None]:
        return await jobs.by_ids(self._db, self._actor, ids)

    async def _in_groups(self, ids: list[int], window: Window) -> Sequence[Page[ProjectAccess]]:
        return await pages.projects_of_groups(self._db, self._actor, ids, window)

    async def _below_groups(self, ids: list[int], window: Window) -> Sequence[Page[GroupAccess]]:
        return await pages.groups_of_groups(self._db, self._actor, ids, window)

    async def _project_counts(self, ids: list[int]) -> Sequence[int]:
        return await pages.count_projects_of_groups(self._db, self._actor, ids)

    async def _group_counts(self, ids: list[int]) -> Sequence[int]:
        return await pages.count_groups_of_groups(self._db, self._actor, ids)
