"""The background jobs that follow CI jobs."""

from __future__ import annotations

from uuid import UUID

from app.queue.jobs import Job, job


@job("ci.follow", concurrency=10, step_seconds=60)
class FollowCiJob(Job):
    """Ask the CI system how one of its jobs is, once; a job that goes on promises the next look itself."""

    project_id: int
    ci_job_id: UUID


@job("ci.pick_up")
class PickUpCiJobs(Job):
    """Begin to follow what waited for the project's CI settings."""

    project_id: int
