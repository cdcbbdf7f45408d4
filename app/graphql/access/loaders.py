"""Batches of users, projects and groups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from app.access import groups, jobs, projects, sessions, users
from app.access.groups import GroupAccess
from app.access.jobs import JobFilter
from app.access.members import Member
from app.access.policy import Actor, ProjectAccess
from app.access.reads import access_log, loaders
from app.access.reads.guarded import Results
from app.access.reads.loaders import IdKey, MemberKey
from app.access.service_accounts import reads as service_accounts
from app.access.service_accounts.accounts import ServiceAccount
from app.access.sessions import Session
from app.access.tokens import Token
from app.access.users import User
from app.artifacts.reads import usage
from app.artifacts.reads.usage import Amount, Usage
from app.db.database import Database
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window
from app.queue.outbox import BackgroundJob

V = TypeVar("V")


class AccessLoaders:
    """What concerns users, groups and projects."""

    def __init__(self, db: Database, actor: Actor) -> None:
        self._db = db
        self._actor = actor
        self.users: DataLoader[int, User | None] = DataLoader(self._users)
        self.seen_users: DataLoader[int, User | None] = DataLoader(self._seen_users)
        self.projects: DataLoader[int, ProjectAccess | None] = DataLoader(self._projects)
        self.groups: DataLoader[int, GroupAccess | None] = DataLoader(self._groups)
        self.tokens: DataLoader[int, Token | None] = DataLoader(self._tokens)
        self.sessions: DataLoader[int, Session | None] = DataLoader(self._sessions)
        self.project_members: DataLoader[MemberKey, Member | None] = DataLoader(self._project_members)
        self.group_members: DataLoader[MemberKey, Member | None] = DataLoader(self._group_members)
        self.storage: DataLoader[tuple[int], Usage] = DataLoader(self._storage)
        self.jobs: DataLoader[UUID, BackgroundJob | None] = DataLoader(self._jobs)
        self.projects_of_group: DataLoader[tuple[int, Window], Page[ProjectAccess]] = per_arguments(self._in_groups)
        self.groups_of_group: DataLoader[tuple[int, Window], Page[GroupAccess]] = per_arguments(self._below_groups)
        self._add_lists()
        self.jobs_of_projects = per_arguments(self._jobs_of_projects)
        self.job_counts_of_projects = per_arguments(self._job_counts)
        self.project_count_of_group: DataLoader[int, int] = DataLoader(self._project_counts)
        self.group_count_of_group: DataLoader[int, int] = DataLoader(self._group_counts)

    def _add_lists(self) -> None:
        """What groups and projects have and only some callers see."""
        self.members_of_projects = self._listed(loaders.members_of_projects)
        self.members_of_groups = self._listed(loaders.members_of_groups)
        self.log_of_projects = self._listed(access_log.of_projects)
        self.log_of_groups = self._listed(access_log.of_groups)
        self.tokens_of_projects = self._listed(loaders.tokens_of_projects)
        self.tokens_of_groups = self._listed(loaders.tokens_of_groups)
        self.service_accounts: DataLoader[int, ServiceAccount | None] = DataLoader(self._service_accounts)
        self.service_accounts_of_projects = self._listed(service_accounts.of_projects)
        self.service_accounts_of_groups = self._listed(service_accounts.of_groups)
        self.tokens_of_accounts: DataLoader[tuple[IdKey, Window], Page[Token]] = per_arguments(self._of_accounts)

    @cached_property
    def restorable(self) -> DataLoader[tuple[int], Amount | None]:
        """Bytes of projects that are deleted and can be restored."""
        return DataLoader(self._restorable)

    def _listed(
        self, read: Callable[[Database, Actor, list[IdKey], Window], Awaitable[Results[Page[V]]]]
    ) -> DataLoader[tuple[IdKey, Window], Page[V]]:
        """A loader over a list of the core."""

        async def load(keys: list[IdKey], window: Window) -> Results[Page[V]]:
            return await read(self._db, self._actor, keys, window)

        return per_arguments(load)

    async def _jobs_of_projects(
        self, keys: list[IdKey], request: tuple[Window, JobFilter]
    ) -> Results[Page[BackgroundJob]]:
        return await loaders.jobs_of_projects(self._db, self._actor, keys, *request)

    async def _job_counts(self, keys: list[IdKey], request: JobFilter) -> Results[int]:
        return await loaders.count_jobs_of_projects(self._db, self._actor, keys, request)

    async def _tokens(self, ids: list[int]) -> Sequence[Token | None]:
        return await loaders.tokens_by_ids(self._db, self._actor, ids)

    async def _service_accounts(self, ids: list[int]) -> Sequence[ServiceAccount | None]:
        return await service_accounts.by_ids(self._db, self._actor, ids)

    async def _of_accounts(self, keys: list[IdKey], window: Window) -> Sequence[Page[Token]]:
        return await service_accounts.tokens_of(self._db, keys, window)

    async def _sessions(self, ids: list[int]) -> Sequence[Session | None]:
        return await sessions.own_by_ids(self._db, self._actor, ids)

    async def _project_members(self, keys: list[MemberKey]) -> Results[Member | None]:
        return await loaders.project_members_by_keys(self._db, self._actor, keys)

    async def _group_members(self, keys: list[MemberKey]) -> Results[Member | None]:
        return await loaders.group_members_by_keys(self._db, self._actor, keys)

    async def _users(self, ids: list[int]) -> Sequence[User | None]:
        return await users.by_ids(self._db, ids)

    async def _seen_users(self, ids: list[int]) -> Sequence[User | None]:
        return await users.seen_by_ids(self._db, self._actor, ids)

    async def _projects(self, ids: list[int]) -> Sequence[ProjectAccess | None]:
        return await projects.by_ids(self._db, self._actor, ids)

    async def _groups(self, ids: list[int]) -> Sequence[GroupAccess | None]:
        return await groups.by_ids(self._db, self._actor, ids)

    async def _storage(self, keys: list[tuple[int]]) -> Results[Usage]:
        return await usage.of_projects(self._db, self._actor, keys)

    async def _restorable(self, keys: list[tuple[int]]) -> Results[Amount | None]:
        return await usage.restorable(self._db, self._actor, keys)

    async def _jobs(self, ids: list[UUID]) -> Sequence[BackgroundJob | None]:
        return await jobs.by_ids(self._db, self._actor, ids)

    async def _in_groups(self, ids: list[int], window: Window) -> Sequence[Page[ProjectAccess]]:
        return await loaders.projects_of_groups(self._db, self._actor, ids, window)

    async def _below_groups(self, ids: list[int], window: Window) -> Sequence[Page[GroupAccess]]:
        return await loaders.groups_of_groups(self._db, self._actor, ids, window)

    async def _project_counts(self, ids: list[int]) -> Sequence[int]:
        return await loaders.count_projects_of_groups(self._db, self._actor, ids)

    async def _group_counts(self, ids: list[int]) -> Sequence[int]:
        return await loaders.count_groups_of_groups(self._db, self._actor, ids)
