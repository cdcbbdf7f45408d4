"""Every kind of background job: a name and a frozen payload of ids.

Names and fields are a contract between releases: a payload written by the last release is decoded by this one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Job:
    """Base of all payloads."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """Equal wishes that are still queued are one job."""
        return ":".join(str(value) for value in asdict(self).values())

    @property
    def lane(self) -> str:
        """Whose work it is, where kinds are done in turn; empty where nobody asks."""
        return ""

    def payload(self) -> dict[str, Any]:
        """The JSON form."""
        return {name: str(value) if isinstance(value, UUID) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class PurgeModel(Job):
    """Remove a deleted model with its versions, candidates and bytes."""

    kind: ClassVar[str] = "registry.purge_model"
    project_id: int
    model_id: int


@dataclass(frozen=True, slots=True)
class PurgeVersion(Job):
    """Remove a deleted model version, and its own candidate when it has one."""

    kind: ClassVar[str] = "registry.purge_version"
    project_id: int
    version_id: int


@dataclass(frozen=True, slots=True)
class PurgeCandidate(Job):
    """Remove a condemned candidate with everything that was logged to it."""

    kind: ClassVar[str] = "tracking.purge_candidate"
    project_id: int
    candidate_id: UUID


@dataclass(frozen=True, slots=True)
class PurgeExperiment(Job):
    """Remove a condemned experiment with its candidates."""

    kind: ClassVar[str] = "tracking.purge_experiment"
    project_id: int
    number: int


@dataclass(frozen=True, slots=True)
class PurgeProject(Job):
    """Remove a deleted project with everything in it."""

    kind: ClassVar[str] = "access.purge_project"
    project_id: int


@dataclass(frozen=True, slots=True)
class DeliverWebhook(Job):
    """Send one event to one webhook, once; an attempt that may be repeated promises the next one itself."""

    kind: ClassVar[str] = "webhooks.deliver"
    project_id: int
    delivery_id: UUID


@dataclass(frozen=True, slots=True)
class IngestUploads(Job):
    """Verify announced uploads that were completed together, and put their files in place."""

    kind: ClassVar[str] = "artifacts.ingest"
    project_id: int
    batch_id: UUID


@dataclass(frozen=True, slots=True)
class InspectArtifacts(Job):
    """Look at the new files of a candidate or logged model: what they say of themselves, whether they are dangerous."""

    kind: ClassVar[str] = "artifacts.inspect"
    project_id: int
    root_id: UUID

    @property
    def lane(self) -> str:
        return str(self.root_id)


@dataclass(frozen=True, slots=True)
class FollowCiJob(Job):
    """Ask the CI system how one of its jobs is, once; a job that goes on promises the next look itself."""

    kind: ClassVar[str] = "ci.follow"
    project_id: int
    ci_job_id: UUID


@dataclass(frozen=True, slots=True)
class PickUpCiJobs(Job):
    """Begin to follow what waited for the project's CI settings."""

    kind: ClassVar[str] = "ci.pick_up"
    project_id: int


KINDS: dict[str, type[Job]] = {
    job.kind: job
    for job in (
        PurgeModel,
        PurgeVersion,
        PurgeCandidate,
        PurgeExperiment,
        PurgeProject,
        DeliverWebhook,
        IngestUploads,
        InspectArtifacts,
        FollowCiJob,
        PickUpCiJobs,
    )
}


def decode(kind: str, payload: dict[str, Any]) -> Job:
    """The payload that was written as JSON; fields that this release does not know are left out.

    Raises:
        KeyError: a kind that this release does not know.
    """
    job_type = KINDS[kind]
    known = {field.name: field.type for field in fields(job_type)}
    values = {
        name: UUID(value) if known[name] in {UUID, "UUID"} else value
        for name, value in payload.items()
        if name in known
    }
    return job_type(**values)
