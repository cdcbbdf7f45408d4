"""The state of a random life of files, and how its steps, which are synchronous, reach the real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine
from sqlalchemy import select

from app.artifacts.tables import Blob, MultipartUpload
from app.errors import ModelyardError
from app.queue.outbox import BackgroundJob
from app.runtime import Runtime
from tests.conftest import TestProject, new_project
from tests.support.artifacts.stateful.expected import Announced, InParts, Model, Owner, Slow

LIMIT = 1 << 20
A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(hours=26)
PATHS = st.sampled_from(["a", "d/b", "d/e/c", "model/MLmodel"])
BYTES = st.sampled_from([b"", b"one", b"two", b"three", b"four"])
owners, models, versions = Bundle("owners"), Bundle("models"), Bundle("versions")
slow, in_parts, announced = Bundle("slow"), Bundle("in_parts"), Bundle("announced")


class Installation:
    """A runtime with an event loop of its own, for the steps of Hypothesis, which are synchronous."""

    def __init__(self, runner: asyncio.Runner, runtime: Runtime, staff: Any) -> None:
        self.runner, self.runtime, self.staff = runner, runtime, staff

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def new_project(self) -> TestProject:
        return self.run(new_project(self.runtime, self.staff))


async def outcome(work: Coroutine[Any, Any, Any]) -> Any:
    """What it answered, or how it was refused; anything but a refusal is a fault of ours."""
    try:
        return await work
    except ModelyardError as refused:
        return refused


def refused(outcome: object) -> bool:
    return isinstance(outcome, ModelyardError)


async def chunks(*parts: bytes) -> Any:
    for part in parts:
        yield part


class LifeOfFiles(RuleBasedStateMachine):
    """What all steps share: the servers, the project, and what it should hold."""

    def __init__(self, installation: Installation) -> None:
        super().__init__()
        self.installation = installation
        self.runtime = installation.runtime
        self.db, self.blobs = self.runtime.db, self.runtime.blobs
        self.project = installation.new_project()
        self.actor = self.project.owner
        self.all_owners: list[Owner] = []
        self.all_models: list[Model] = []
        self.all_slow: list[Slow] = []
        self.all_in_parts: list[InParts] = []
        self.all_announced: list[Announced] = []
        self.deaths = 0
        self.verified: set[str] = set()
        """Keys whose bytes were read; they are read again when days have passed."""

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.installation.run(work)

    def attempt(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.run(outcome(work))

    async def pending(self) -> list[Any]:
        mine = (Blob.project_id == self.project.id, Blob.state == "pending")
        async with self.db.read() as snap:
            return list(await snap.scalars(select(Blob.id).where(*mine)))

    async def jobs(self, *states: str) -> list[Any]:
        mine = (BackgroundJob.project_id == self.project.id, BackgroundJob.state.in_(states))
        async with self.db.read() as snap:
            return list(await snap.scalars(select(BackgroundJob.id).where(*mine).order_by(BackgroundJob.id)))

    async def note_verified(self) -> None:
        """A worker may have put files in their places, or found that it cannot."""
        waiting = {upload.id: upload for upload in self.all_announced if upload.state == "verifying"}
        statement = select(MultipartUpload.id, MultipartUpload.state).where(MultipartUpload.id.in_(waiting))
        async with self.db.read() as snap:
            rows = {row.id: row.state for row in await snap.execute(statement)}
        for id, upload in waiting.items():
            upload.state = rows.get(id, "aborted")
            if upload.state == "completed":
                assert upload.owner.takes_files
                upload.owner.files[upload.path] = upload.data
            else:
                assert upload.state == "verifying" or not upload.owner.takes_files or upload.is_overdue, upload.state
