"""What a background job is: a kind, a frozen payload of ids, and the rule by which workers take it.

Each feature declares its kinds beside its other modules (``background_jobs.py``), all of a kind together::

    @job("webhooks.deliver", concurrency=20, step_seconds=60)
    class DeliverWebhook(Job):
        # Send one event to one webhook, once.
        project_id: int
        delivery_id: UUID

        async def cancel(self, tx: Tx) -> None:
            ...  # only for kinds that may be cancelled: what becomes of the thing that the job is for

``outbox.enqueue(tx, DeliverWebhook(7, id))`` promises one, and ``workers/handlers.py`` says what is done. Names and
fields are a contract between releases: a payload that the last release wrote is decoded by this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform
from uuid import UUID

from app.db.database import Tx

J = TypeVar("J", bound="Job")


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of job may take.

    Every kind has slots of its own in a worker, so two hundred stuck jobs of one kind never delay another.
    """

    concurrency: int = 2
    """Jobs of this kind that one worker process runs at a time."""
    step_seconds: float = 10 * 60
    """The longest time between two reports of progress, or from the beginning to the first and from the last on."""
    attempts: int = 10
    """Failed attempts after which a job is dead."""
    is_round_robin: bool = False
    """Whether projects take turns, and in each of them the lanes; see :mod:`app.queue.round_robin`."""


class Job:
    """Base of all payloads."""

    __slots__ = ()
    kind: ClassVar[str]
    rule: ClassVar[Rule] = Rule()

    @property
    def key(self) -> str:
        """Of equal jobs only one is queued."""
        return ":".join(str(value) for value in asdict(self).values())  # type: ignore[call-overload] # all are

    @property
    def lane(self) -> str:
        """Whose work it is, where kinds are taken in round robin; else empty."""
        return ""

    def payload(self) -> dict[str, Any]:
        """The JSON form."""
        values: dict[str, Any] = asdict(self)  # type: ignore[call-overload] # all are
        return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}

    async def cancel(self, tx: Tx) -> None:
        """Step: note on the thing that the job is for that it is not going to be done. Kinds without it must be done.

        Raises:
            NotImplementedError: jobs of this kind cannot be cancelled.
        """
        raise NotImplementedError


KINDS: dict[str, type[Job]] = {}
"""Every kind that the modules loaded so far declare. API and workers load all features, and so all kinds."""


@dataclass_transform(frozen_default=True)
def job(
    kind: str, *, concurrency: int = 2, step_seconds: float = 10 * 60, attempts: int = 10, is_round_robin: bool = False
) -> Callable[[type[J]], type[J]]:
    """Declare a kind of job: its name (``feature.verb_noun``, never changed) and its :class:`Rule`."""

    def declare(payload: type[J]) -> type[J]:
        declared = dataclass(frozen=True, slots=True)(payload)
        declared.kind = kind
        declared.rule = Rule(concurrency, step_seconds, attempts, is_round_robin)
        KINDS[kind] = declared
        return declared

    return declare


def rule_of(kind: str) -> Rule:
    """The rule of a kind; one that this release does not have gets the default."""
    return KINDS.get(kind, Job).rule


def is_cancellable(kind: str) -> bool:
    """Whether jobs of the kind may be cancelled; those of kinds that this release does not have may not."""
    return KINDS.get(kind, Job).cancel is not Job.cancel


def decode(kind: str, payload: dict[str, Any]) -> Job:
    """The payload that was written as JSON; fields that this release does not have are left out.

    Raises:
        KeyError: this release does not have the kind.
    """
    job_type = KINDS[kind]
    types = {field.name: field.type for field in fields(job_type)}  # type: ignore[arg-type] # all are dataclasses
    values = {
        name: UUID(value) if types[name] in {UUID, "UUID"} else value
        for name, value in payload.items()
        if name in types
    }
    return job_type(**values)
