"""Random lives of files against the real database and the real bucket, compared with a model of dictionaries.

After every step: whatever the model says can be reached has its bytes, and what was deleted cannot be seen. After a
day in which workers did their work: the bucket holds exactly the bytes that can be reached, each once.

``HYPOTHESIS_PROFILE=night`` tries much more, and differently each time.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant
from hypothesis.stateful import run_state_machine_as_test as run_as_test

from app.artifacts import artifacts
from app.artifacts.reads import downloads
from app.artifacts.tables import Artifact
from app.registry.reads import details
from app.runtime import open_runtime
from tests.support.artifacts.stateful.owner_rules import OwnerRules
from tests.support.artifacts.stateful.state import (
    Installation,
)
from tests.support.artifacts.stateful.time_rules import TimeRules
from tests.support.artifacts.stateful.upload_rules import UploadRules

COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": True,
}
PROFILES = {
    # The same lives each time: a change is to be blamed for what it breaks, not the dice.
    "default": settings(max_examples=12, stateful_step_count=30, derandomize=True, phases=[Phase.generate], **COMMON),
    "night": settings(max_examples=2_000, stateful_step_count=60, **COMMON),
}
PROFILE = PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "default")]


class Files(OwnerRules, UploadRules, TimeRules):
    """Everything that brings files, shares them and lets go of them, in one project."""

    @invariant()
    def what_can_be_reached_is_whole(self) -> None:
        self.run(self.compare())

    @invariant()
    def only_what_is_under_way_is_pending(self) -> None:
        """What has ended, well or not, waits for no lease to run out; only a killed process leaves that behind."""
        in_parts = [one for one in self.all_in_parts if one.artifact is None and not one.is_aborted]
        announced = [one for one in self.all_announced if one.state in {"open", "verifying"}]
        under_way = self.deaths + len(self.all_slow) + len(in_parts) + len(announced)
        assert len(self.run(self.pending())) <= under_way

    @invariant()
    def aliases_stand_where_they_were_put(self) -> None:
        for model in self.all_models:
            if model.is_alive and model.aliases:
                (shown,) = self.run(details.models_by_ids(self.db, self.actor, self.project.id, [model.id]))
                assert dict(shown.aliases) == model.aliases

    def teardown(self) -> None:
        for upload in self.all_slow:
            upload.may_end.set()
            self.run(asyncio.wait({upload.task}))
            if upload.task.exception() is None:
                upload.owner.files[upload.path] = upload.data
        self.all_slow.clear()
        self.settle()
        self.run(self.compare())

    async def compare(self) -> None:
        """Rows against the model, objects against the rows, and the bytes themselves."""
        async with self.db.read() as snap:
            statement = artifacts.details().where(Artifact.project_id == self.project.id)
            rows = [artifacts.ArtifactDetails(*row) for row in await snap.execute(statement)]
        objects = {one.key: one.size async for one in self.blobs.list_keys(f"v1/{self.project.id}/")}
        details: dict[Any, dict[str, bytes]] = {}
        for row in rows:
            assert objects.get(row.object_key) == row.size, f"{row.path} has lost its object"
            details.setdefault(row.root_id, {})[row.path] = row.sha256
        for owner in self.all_owners:
            expected = {path: hashlib.sha256(data).digest() for path, data in owner.files.items()}
            seen = details.pop(owner.root.id, {})
            assert seen == (expected if owner.is_seen else {})
        assert details == {}
        for row in {row.object_key: row for row in rows if row.object_key not in self.verified}.values():
            assert hashlib.sha256(await self.read(row)).digest() == row.sha256
            self.verified.add(row.object_key)

    async def read(self, row: artifacts.ArtifactDetails) -> bytes:
        answer = await downloads.answer(self.blobs, row, {})
        async with answer.closing:
            return b"".join([chunk async for chunk in answer.chunks]) if answer.chunks else b""


@pytest.fixture
def installation(migrated, runtime, staff):
    """The servers of this run, reached from an event loop that stands still between steps."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        opening = open_runtime(migrated, name="lives of files")
        opened = runner.run(opening.__aenter__())
        try:
            yield Installation(runner, opened, staff)
        finally:
            runner.run(opening.__aexit__(None, None, None))


@pytest.mark.timeout(2_400)
def test_no_byte_is_lost_and_none_is_kept(installation):
    run_as_test(partial(Files, installation), settings=PROFILE)
