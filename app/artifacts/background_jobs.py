"""The background jobs of artifacts. Their kinds stand in an index of the queue, too: see ``queue/tables.py``."""

from __future__ import annotations

from uuid import UUID

from app.queue.jobs import Job, job


@job("artifacts.ingest", step_seconds=2 * 3600, is_round_robin=True)
class IngestUploads(Job):
    """Verify announced uploads that were completed together, and put their files under their paths."""

    project_id: int
    batch_id: UUID


@job("artifacts.inspect", step_seconds=2 * 3600, is_round_robin=True)
class InspectArtifacts(Job):
    """Look at the new files of a candidate or logged model: what they say of themselves, whether they are dangerous."""

    project_id: int
    root_id: UUID

    @property
    def lane(self) -> str:
        return str(self.root_id)
