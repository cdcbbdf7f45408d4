"""Sets of gates: the whole set of a stage is set at once, and every former set stays readable."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from app.db.database import Snapshot
from app.db.statements import Statement, columns
from app.errors import Invalid, TooLarge
from app.lifecycle.gates.rules import kinds
from app.lifecycle.gates.rules.rule import Rule
from app.lifecycle.gates.tables import GateSet
from app.text import quoted

__all__ = ["GateSet"]

MAX_GATES = 50
MAX_OUTSIDE = 10
"""Gates of one set that ask outside: each costs time at every promotion."""
MAX_NOTE = 1_000
MAX_SECRET = 1_000
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


class StoredGate(NamedTuple):
    """A gate as it is stored; ``config`` is JSON."""

    id: UUID
    stage_id: int
    set_version: int
    position: int
    name: str
    kind: str
    config: str
    is_required: bool
    secret_id: UUID | None
    sealed_secret: bytes | None


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of a set with its rule; None where this release does not read its data any more."""

    id: UUID
    project_id: int
    stage_id: int
    set_version: int
    name: str
    kind: str
    config: Mapping[str, Any]
    rule: Rule | None
    is_required: bool
    secret_id: UUID | None = None
    sealed_secret: bytes | None = None

    @property
    def title(self) -> str:
        """What it demands, in a few words."""
        return self.rule.title() if self.rule else f"A gate of the kind '{self.kind}'"


@dataclass(frozen=True, slots=True)
class Standing:
    """The gates of a stage that are in force, with the moment of the database at which they were read.

    ``version`` is 0 for a stage that never had any.
    """

    version: int
    gates: Sequence[Gate]
    now: datetime


@dataclass(frozen=True, slots=True)
class GateRequest:
    """A gate that is to be set. ``secret``: None keeps that of the gate of the same name, empty takes it away."""

    kind: str
    config: Mapping[str, Any]
    name: str | None = None
    is_required: bool = True
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedGate:
    """A gate whose data is acceptable."""

    name: str
    rule: Rule
    is_required: bool
    secret: str | None = field(repr=False, default=None)


_READ_STANDING = Statement(
    "gates.read_standing",
    "The gates of a stage that are in force, the version of their set, and the time.",
    f"""
    WITH newest AS (
        SELECT s.version FROM gate_sets s WHERE s.project_id = :project AND s.stage_id = :stage
        ORDER BY s.version DESC LIMIT 1
    )
    SELECT coalesce((SELECT version FROM newest), 0) AS version, clock_timestamp() AS now,
        {columns(StoredGate, of="g", config="g.config::text")}
    FROM (SELECT 1) AS one LEFT JOIN gates g
        ON g.project_id = :project AND g.stage_id = :stage AND g.set_version = (SELECT version FROM newest)
    ORDER BY g.position
    """,  # noqa: S608 - columns of a type
)
_READ_VERSION = Statement(
    "gates.read_version",
    "The version of the set of gates of a stage that is in force.",
    """
    SELECT s.version FROM gate_sets s WHERE s.project_id = :project AND s.stage_id = :stage
    ORDER BY s.version DESC LIMIT 1
    """,
)


async def standing(snap: Snapshot, project_id: int, stage_id: int) -> Standing:
    """Read step: the gates of a stage that are in force, in one statement."""
    rows = await _READ_STANDING.fetch(snap, project=project_id, stage=stage_id)
    gates = [
        of_row(project_id, StoredGate(**{name: row[name] for name in StoredGate._fields}))
        for row in rows
        if row["id"] is not None
    ]
    return Standing(rows[0]["version"], gates, rows[0]["now"])


async def current_version(snap: Snapshot, project_id: int, stage_id: int) -> int:
    """Read step: the version of the set in force; 0 for a stage that never had any."""
    return await _READ_VERSION.fetch_value(snap, project=project_id, stage=stage_id) or 0


def of_row(project_id: int, row: StoredGate) -> Gate:
    """A gate as it was stored."""
    config = orjson.loads(row.config)
    return Gate(
        row.id, project_id, row.stage_id, row.set_version, row.name, row.kind, config, kinds.stored(row.kind, config),
        row.is_required, row.secret_id, row.sealed_secret,
    )  # fmt: skip


def check(requests: Sequence[GateRequest], *, field: str = "gates") -> list[CheckedGate]:
    """Gates whose data is acceptable, each with a name of its own in the set.

    Raises:
        Invalid: with the path of what is not.
    """
    if len(requests) > MAX_GATES:
        raise Invalid(f"A stage has at most {MAX_GATES} gates; these are {len(requests)}.", field=field)
    checked: dict[str, CheckedGate] = {}
    for index, request in enumerate(requests):
        path = f"{field}.{index}"
        rule = kinds.parse(request.kind, request.config, field=path)
        name = _name(request, checked, f"{path}.name")
        if request.secret and not kinds.has_secret(request.kind):
            raise Invalid(f"A gate of the kind '{request.kind}' has no secret.", field=f"{path}.secret")
        if len(request.secret or "") > MAX_SECRET:
            raise TooLarge(f"The secret has more than {MAX_SECRET:,} characters.", field=f"{path}.secret")
        checked[name] = CheckedGate(name, rule, request.is_required, request.secret)
    outside = [each for each in checked.values() if each.rule.asks_outside]
    if len(outside) > MAX_OUTSIDE:
        raise Invalid(
            f"A stage has at most {MAX_OUTSIDE} gates that ask a webhook or evaluate an expression; these are "
            f"{len(outside)}.",
            field=field,
        )
    return list(checked.values())


def _name(request: GateRequest, taken: Mapping[str, CheckedGate], field: str) -> str:
    if request.name is None:
        stem = request.kind.replace("_", "-")
        return next(name for n in range(1, MAX_GATES + 2) if (name := f"{stem}-{n}") not in taken)
    if not _NAME.fullmatch(request.name):
        raise Invalid(
            f"The name {quoted(request.name)} of a gate is not acceptable: it has 1 to 63 letters, digits, dots, "
            "underscores and hyphens, and a letter or digit at both ends.",
            field=field,
        )
    if request.name in taken:
        raise Invalid(f"There are two gates called {quoted(request.name)} in this set.", field=field)
    return request.name
