"""The background jobs of the registry."""

from __future__ import annotations

from app.queue.jobs import Job, job


@job("registry.purge_model")
class PurgeModel(Job):
    """Remove a deleted model with its versions, candidates and bytes."""

    project_id: int
    model_id: int


@job("registry.purge_version")
class PurgeVersion(Job):
    """Remove a deleted model version, and its own candidate when it has one."""

    project_id: int
    version_id: int
