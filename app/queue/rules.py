"""What each kind of background job may take: places, time and attempts.

Every kind has places of its own in a worker, so two hundred stuck jobs of one kind never hold up another.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from app.queue import jobs


@dataclass(frozen=True, slots=True)
class Rule:
    """The limits of one kind of job."""

    at_once: int = 2
    """Places in one worker process."""
    step_seconds: float = 10 * 60
    """The longest that may pass between two reports of progress (or the beginning and the end)."""
    attempts: int = 10
    """Failed attempts after which the job is dead."""
    in_turn: bool = False
    """Whether projects take turns, and in each of them the owners of files; see :mod:`app.queue.round_robin`."""


DEFAULT = Rule()
RULES = MappingProxyType(
    {
        jobs.PurgeModel.kind: Rule(at_once=2),
        jobs.PurgeVersion.kind: Rule(at_once=2),
        jobs.PurgeCandidate.kind: Rule(at_once=4),
        jobs.PurgeExperiment.kind: Rule(at_once=2),
        jobs.IngestUploads.kind: Rule(at_once=2, step_seconds=2 * 3600, in_turn=True),
        jobs.InspectArtifacts.kind: Rule(at_once=2, step_seconds=2 * 3600, in_turn=True),
        jobs.FollowCiJob.kind: Rule(at_once=10, step_seconds=60),
        jobs.PurgeProject.kind: Rule(at_once=1),
        jobs.DeliverWebhook.kind: Rule(at_once=20, step_seconds=60),
    }
)


def of(kind: str) -> Rule:
    """The rule of a kind; those that the table does not name have the default."""
    return RULES.get(kind, DEFAULT)
