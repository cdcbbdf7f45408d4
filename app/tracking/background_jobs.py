"""The background jobs of tracking."""

from __future__ import annotations

from uuid import UUID

from app.queue.jobs import Job, job


@job("tracking.purge_candidate", concurrency=4)
class PurgeCandidate(Job):
    """Remove a condemned candidate with everything that was logged to it."""

    project_id: int
    candidate_id: UUID


@job("tracking.purge_experiment")
class PurgeExperiment(Job):
    """Remove a condemned experiment with its candidates."""

    project_id: int
    number: int
