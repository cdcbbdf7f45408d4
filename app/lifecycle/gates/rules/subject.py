"""What is judged: a version with all that is told of it, the version that the stage holds now, and the moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.lifecycle.signatures import Signature


@dataclass(frozen=True, slots=True)
class Figure:
    """A value of a metric, and where it comes from."""

    name: str
    value: float
    source: str
    """``candidate``, ``logged_model``, ``evaluation`` or ``online``."""
    source_id: str
    dataset_name: str | None = None
    dataset_digest: str | None = None
    slice: str | None = None
    """Which part of the data set; None: all of it."""
    at: datetime | None = None

    def told(self) -> dict[str, Any]:
        """As a source of a verdict."""
        return _without_none(
            type=self.source, id=self.source_id, dataset=self.dataset_name, digest=self.dataset_digest,
            slice=self.slice, at=self.at.isoformat() if self.at else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the six facts, as far as it is told; ``value`` is JSON."""

    value: Any
    source: str
    learned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a version; the signature is that of the MLmodel file nearest to the root of its folder."""

    count: int = 0
    size: int = 0
    """Bytes."""
    refused: Sequence[str] = ()
    """Paths of some that are quarantined or failed, with the reason."""
    refused_count: int = 0
    released_count: int = 0
    """In quarantine until a maintainer released them."""
    suspicious: Sequence[str] = ()
    """Paths of some in which scanners saw something suspicious."""
    suspicious_count: int = 0
    uninspected_count: int = 0
    has_mlmodel: bool = False
    is_mlmodel_inspected: bool = False
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is told of one version."""

    id: int
    version: str
    number: int
    state: str
    created_at: datetime
    created_by: int | None
    description: str
    tags: Mapping[str, str]
    model_name: str
    model_tags: Mapping[str, str]
    candidate_id: UUID
    candidate: Mapping[str, Any]
    """Its name, status, user, times and tags; JSON."""
    candidate_created_by: int | None
    params: Mapping[str, str]
    figures: Sequence[Figure]
    files: Files
    facts: Mapping[str, Fact]
    stages: Mapping[str, datetime]
    """The key of the stage that it is in now, and since when without a break."""

    def figure(
        self,
        metric: str,
        dataset: str | None = None,
        digest: str | None = None,
        source: str = "any",
        slice: str | None = None,
    ) -> Figure | None:
        """The value of a metric that counts: evaluations before what training logged, of these the latest."""
        matching = [
            each for each in self.figures
            if each.name == metric
            and each.slice == slice
            and (dataset is None or each.dataset_name == dataset)
            and (digest is None or each.dataset_digest == digest)
            and (source == "any" or each.source in SOURCES[source])
        ]  # fmt: skip
        return max(matching, key=_weight, default=None)


def _weight(figure: Figure) -> tuple[int, int, float]:
    """Evaluations are numbered as they are recorded, which no client's clock changes; others have a moment only."""
    number = int(figure.source_id) if figure.source_id.isdecimal() else 0
    return _WEIGHT.get(figure.source, 0), number, figure.at.timestamp() if figure.at else 0.0


SOURCES = {"training": ("candidate", "logged_model"), "evaluation": ("evaluation",), "online": ("online",)}
"""Which sources of figures a gate may name beside ``any``."""
_WEIGHT = {"evaluation": 4, "online": 3, "logged_model": 2, "candidate": 1}


@dataclass(frozen=True, slots=True)
class Approval:
    """That a user approves of a promotion. ``is_person``: no bot."""

    user_id: int
    username: str
    at: datetime
    is_person: bool = True


@dataclass(frozen=True, slots=True)
class Approvals:
    """The approvals of an open promotion request that are in force, and who requested."""

    requested_by: int | None
    given: Sequence[Approval] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What something outside said about a version: a webhook, or the process that evaluates expressions.

    ``allows`` is None when there was no answer, then ``error`` says why.
    """

    allows: bool | None
    message: str = ""
    error: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """What is kept of it with the verdict; JSON."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a gate judges."""

    version: Evidence
    holder: Evidence | None
    """The version that the stage holds; None when it holds none."""
    stage: str
    now: datetime
    approvals: Approvals | None = None
    """None: there is no promotion request."""
    answer: Answer | None = None
    """The answer to this gate, where its kind asks outside; None: it was not asked."""

    @property
    def is_holder(self) -> bool:
        """Whether the version is in the stage already."""
        return self.holder is not None and self.holder.id == self.version.id


def _without_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
