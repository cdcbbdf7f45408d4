"""What is deleted, and time that passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from app.artifacts.artifacts import Root
from app.queue import jobs
from app.registry import models, purge
from app.registry.background_jobs import PurgeModel, PurgeVersion
from app.registry.models import CreateModel
from app.registry.versions import create
from app.registry.versions.lookup import ModelVersion
from app.registry.versions.request import CreateVersion
from app.runtime import Runtime
from app.tracking import candidates
from app.tracking import purge as tracking_purge
from app.tracking.background_jobs import PurgeCandidate, PurgeExperiment
from app.tracking.candidates import Candidate, CreateCandidate
from tests.support.registry.versions import store_file


async def silent(_done: int, _total: int | None) -> None:
    """No one looks at the progress."""


@dataclass
class Trash:
    """A project whose trash is looked at."""

    runtime: Runtime
    project: Any

    @property
    def db(self) -> Any:
        return self.runtime.db

    @property
    def owner(self) -> Any:
        return self.project.owner

    async def model(self, name: str = "m") -> models.Model:
        return await models.create(self.db, self.owner, self.project.id, CreateModel(name))

    async def version(self, text: str | None = None, *, model: str | int = "m", **values: Any) -> ModelVersion:
        command = CreateVersion(model, version=text, **values)
        return await create.create(self.db, self.owner, self.project.id, command)

    async def candidate(self, experiment_number: int = 0) -> Candidate:
        command = CreateCandidate(experiment_number)
        return (await candidates.create(self.db, self.owner, self.project.id, command)).candidate

    async def file(self, root: Root, path: str, content: bytes = b"x") -> None:
        await store_file(self.runtime, self.project, root, path, content)

    async def count(self, table: str, condition: str = "true") -> int:
        statement = text(f"SELECT count(*) FROM {table} WHERE project_id = :id AND {condition}")
        async with self.db.read() as snap:
            return await snap.scalar(statement, {"id": self.project.id}) or 0

    async def value(self, statement: str, **values: Any) -> Any:
        async with self.db.read() as snap:
            return await snap.scalar(text(statement), {"id": self.project.id, **values})

    async def let_time_pass(self, days: int = 31) -> None:
        """All that is hidden was hidden so many days earlier, and jobs are due so much earlier."""
        async with self.db.write() as tx:
            for table in ("models", "model_versions", "candidates", "experiments", "logged_models"):
                await tx.execute(
                    text(
                        f"UPDATE {table} SET purge_at = purge_at - make_interval(days => :days)"
                        " WHERE project_id = :id AND purge_at IS NOT NULL"
                    ),
                    {"id": self.project.id, "days": days},
                )
            await tx.execute(
                text(
                    "UPDATE background_jobs SET run_after = run_after - make_interval(days => :days)"
                    " WHERE project_id = :id AND state = 'queued'"
                ),
                {"id": self.project.id, "days": days},
            )

    async def run_due(self) -> list[str]:
        """Do what workers would do now, until nothing is due; the kinds."""
        done = []
        while due := await self._due():
            for job in due:
                done.append(job.kind)
                match job:
                    case PurgeModel(project_id, model_id):
                        await purge.model(self.db, project_id, model_id, progress=silent)
                    case PurgeVersion(project_id, version_id):
                        await purge.version(self.db, project_id, version_id, progress=silent)
                    case PurgeCandidate(project_id, candidate_id):
                        await tracking_purge.candidate(self.db, project_id, candidate_id, progress=silent)
                    case PurgeExperiment(project_id, number):
                        await tracking_purge.experiment(self.db, project_id, number, progress=silent)
        return done

    async def _due(self) -> list[jobs.Job]:
        statement = text(
            "UPDATE background_jobs SET state = 'succeeded', finished_at = now() WHERE project_id = :id"
            " AND state = 'queued' AND run_after <= now() AND kind LIKE '%.purge_%' RETURNING kind, payload"
        )
        async with self.db.write() as tx:
            return [jobs.decode(*row) for row in await tx.execute(statement, {"id": self.project.id})]


@pytest.fixture
async def trash(runtime, project) -> Trash:
    return Trash(runtime, project)


@pytest.fixture
async def model(trash) -> models.Model:
    return await trash.model()
