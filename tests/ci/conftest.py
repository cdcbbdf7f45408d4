"""CI systems on loopback, and a project whose CI settings name them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.access.policy import Role
from app.ci import configuration, polling
from app.ci.configuration import EditSettings
from app.ci.tables import CiJob
from app.queue.outbox import BackgroundJob
from tests.graphql.conftest import ask, client, data  # noqa: F401  (fixtures)
from tests.support.ci import fake_servers
from tests.support.ci.fake_servers import GitHub, GitLab


@pytest.fixture
async def gitlab() -> AsyncIterator[GitLab]:
    async with fake_servers.running(GitLab()) as server:
        yield server


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with fake_servers.running(GitHub()) as server:
        yield server


@pytest.fixture
def configure(runtime, project):
    """Save CI settings of the test's project, as its maintainer."""

    async def save(**values):
        edit = EditSettings(**values)
        return await configuration.save(runtime.db, project[Role.MAINTAINER].actor, runtime.ci_client, project.id, edit)

    return save


@pytest.fixture
def at_gitlab(configure, gitlab):
    """The settings for the fake GitLab."""

    async def save(**values):
        defaults = {"provider": "gitlab", "base_url": gitlab.url, "ci_project": gitlab.project, "token": gitlab.token}
        return await configure(**(defaults | values))

    return save


@pytest.fixture
def at_github(configure, github):
    """The settings for the fake GitHub."""

    async def save(**values):
        defaults = {
            "provider": "github",
            "base_url": github.url,
            "ci_project": github.repository,
            "token": github.token,
        }
        return await configure(**(defaults | values))

    return save


@pytest.fixture
def ci_jobs(runtime, project):
    """The CI jobs of the test's project as they are stored, the oldest first."""

    async def read() -> list[CiJob]:
        async with runtime.db.read() as snap:
            return list(await snap.scalars(select(CiJob).where(CiJob.project_id == project.id).order_by(CiJob.id)))

    return read


@pytest.fixture
def ci_job(ci_jobs):
    """The only one."""

    async def read() -> CiJob:
        (job,) = await ci_jobs()
        return job

    return read


@pytest.fixture
def promised(runtime, project):
    """Background jobs of one kind that wait for the test's project."""

    async def read(kind: str = "ci.follow") -> list[BackgroundJob]:
        async with runtime.db.read() as snap:
            mine = (
                BackgroundJob.project_id == project.id, BackgroundJob.kind == kind, BackgroundJob.state == "queued",
            )  # fmt: skip
            return list(await snap.scalars(select(BackgroundJob).where(*mine).order_by(BackgroundJob.id)))

    return read


@pytest.fixture
def poll(runtime, project, ci_jobs):
    """Look once at every CI job of the test's project, as the background job does; patience lasts 0.3 s."""
    ci_client = replace(runtime.ci_client, timeout_seconds=0.3)

    async def follow() -> list[CiJob]:
        for job in await ci_jobs():
            await polling.follow(runtime.db, ci_client, project.id, job.id)
        return await ci_jobs()

    return follow
