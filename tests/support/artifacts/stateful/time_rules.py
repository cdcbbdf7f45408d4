"""Steps of workers and of the clock; at their end nothing is kept but what can be reached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select, update

from app.artifacts.tables import Artifact, Blob, CondemnedObject, MultipartUpload
from app.artifacts.upkeep import garbage, reconcile
from app.artifacts.uploads import multipart
from app.queue import leases
from app.queue.jobs import decode
from app.queue.outbox import BackgroundJob
from tests.support.artifacts.stateful.state import (
    A_DAY,
    A_MINUTE,
    LifeOfFiles,
)
from workers.executor import execute
from workers.handlers import HANDLERS


class TimeRules(LifeOfFiles):
    """Workers, and time."""

    @rule()
    def die_in_a_job(self) -> None:
        """A worker takes a job and is killed at its first report; the lease runs out with the time."""

        async def work() -> None:
            for job_id in await self.jobs("queued"):
                lease = await leases.claim(self.db, job_id, "doomed")
                if lease is not None:
                    job = decode(lease.job.kind, lease.job.payload)
                    try:
                        await HANDLERS[lease.job.kind](self.runtime, job, _die)
                    except* _Killed:
                        pass
                await self.note_verified()

        self.run(work())

    @rule()
    def repeat_done_jobs(self) -> None:
        async def work() -> None:
            async with self.db.read() as snap:
                mine = (BackgroundJob.project_id == self.project.id, BackgroundJob.state == "succeeded")
                done = (await snap.scalars(select(BackgroundJob).where(*mine))).all()
            for job in done:
                await HANDLERS[job.kind](self.runtime, decode(job.kind, job.payload), _quiet)
                await self.note_verified()

        self.run(work())

    @rule(chore=st.sampled_from(["jobs", "sweep", "expire", "uploads", "reconcile"]))
    def tick(self, chore: str) -> None:
        if chore == "jobs":
            self.run(self.run_jobs())
        elif chore == "sweep":
            self.run(garbage.sweep(self.db, self.blobs))
        elif chore == "expire":
            self.run(garbage.expire_pending(self.db))
        elif chore == "uploads":
            self.run(multipart.expire(self.db, self.blobs))
        else:
            self.pass_time(A_DAY)
            self.run(self.reconcile_as_if_old())

    @rule(span=st.sampled_from([A_MINUTE, A_DAY]))
    def pass_time(self, span: timedelta) -> None:
        """Everything that is due at some moment comes nearer; what lasts longer than it may is overdue."""
        self.run(self.move_moments(span))
        if span is A_DAY:
            for upload in [*self.all_slow, *self.all_in_parts, *self.all_announced]:
                upload.is_overdue = True

    @rule()
    def settle(self) -> None:
        """Workers do all there is to do, and two days pass: nothing is left but what can be reached."""
        for _ in range(2):
            self.pass_time(A_DAY)
            self.run(self.run_jobs())
            self.run(garbage.expire_pending(self.db))
            self.run(multipart.expire(self.db, self.blobs))
            assert self.run(self.kept())["uploads"] == []
            self.run(self.reconcile_as_if_old())
        self.pass_time(A_MINUTE)
        self.run(garbage.sweep(self.db, self.blobs))
        self.deaths = 0
        self.verified.clear()
        for owner in self.all_owners:
            owner.condemned = owner.condemned
        reachable = {data for owner in self.all_owners if owner.is_seen for data in owner.files.values()}
        kept = self.run(self.kept())
        assert sorted(kept["objects"].values()) == sorted(map(len, reachable))
        assert kept["objects"].keys() == kept["blobs"]
        assert kept["condemned"] == []
        assert kept["jobs"] in ([], ["succeeded"])
        seen = {owner.root.id for owner in self.all_owners if owner.is_seen and owner.files}
        assert kept["roots"] == seen

    async def kept(self) -> dict[str, Any]:
        mine = self.project.id
        async with self.db.read() as snap:
            return {
                "objects": {one.key: one.size async for one in self.blobs.list_keys(f"v1/{mine}/")},
                "blobs": set(await snap.scalars(select(Blob.object_key).where(Blob.project_id == mine))),
                "condemned": list(await snap.scalars(self.of_condemned(select(CondemnedObject.object_key)))),
                "uploads": [one.key async for one in self.blobs.list_uploads(f"v1/{mine}/")],
                "jobs": list(
                    await snap.scalars(select(BackgroundJob.state).where(BackgroundJob.project_id == mine).distinct())
                ),
                "roots": set(await snap.scalars(select(Artifact.root_id).where(Artifact.project_id == mine))),
            }

    def of_condemned(self, statement: Any) -> Any:
        return statement.where(CondemnedObject.object_key.startswith(f"v1/{self.project.id}/"))

    async def run_jobs(self) -> None:
        """Until there is none: a job may promise others. None may fail."""
        while due := [id for id in await self.jobs("queued", "running") if await leases.kind_of(self.db, id)]:
            for job_id in due:
                await execute(self.runtime, job_id, "machine")
                await self.note_verified()
            async with self.db.read() as snap:
                mine = (BackgroundJob.project_id == self.project.id, BackgroundJob.last_error.is_not(None))
                assert (await snap.scalars(select(BackgroundJob.last_error).where(*mine))).all() == []

    async def reconcile_as_if_old(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reconcile, "ORPHAN_AGE", timedelta(seconds=-5))
            patch.setattr(reconcile, "SUSPICION", timedelta(seconds=-5))
            for _ in ("suspect", "condemn"):
                assert await reconcile.reconcile(self.db, self.blobs) is not None
        damaged = select(Blob.id).where(Blob.project_id == self.project.id, Blob.damaged_at.is_not(None))
        async with self.db.read() as snap:
            assert (await snap.scalars(damaged)).all() == []

    async def move_moments(self, span: timedelta) -> None:
        mine = self.project.id
        async with self.db.write() as tx:
            await tx.execute(
                self.of_condemned(update(CondemnedObject).values(not_before=CondemnedObject.not_before - span))
            )
            await tx.execute(update(Blob).where(Blob.project_id == mine).values(lease_until=Blob.lease_until - span))
            await tx.execute(
                update(MultipartUpload)
                .where(MultipartUpload.project_id == mine)
                .values(
                    expires_at=MultipartUpload.expires_at - span, claimed_until=MultipartUpload.claimed_until - span
                )
            )
            await tx.execute(
                update(BackgroundJob)
                .where(BackgroundJob.project_id == mine)
                .values(lease_until=BackgroundJob.lease_until - span, run_after=BackgroundJob.run_after - span)
            )


class _Killed(BaseException):
    """As kill -9: nothing is cleaned up."""


async def _die(_done: int, _total: int | None) -> None:
    raise _Killed


async def _quiet(_done: int, _total: int | None) -> None:
    pass
