"""Sets of gates, and gates, as the client sees them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.access.policy import Permission
from app.graphql.access.types import User, maker
from app.graphql.context import Info
from app.graphql.errors import or_none
from app.graphql.types import ids
from app.graphql.types.connections import Connection, connection
from app.graphql.types.fields import resolved
from app.graphql.types.node import Node
from app.lifecycle.gates import change, reads
from app.pagination import Window


@strawberry.type(description="A rule that a version must meet to enter a stage. Gates never change: sets are replaced.")
class Gate(Node):
    row: strawberry.Private[reads.Gate]
    name: str = strawberry.field(description="Unique in its set.")
    kind: str = strawberry.field(description="Its kind, such as `metric_threshold`; `gateKinds` has all of them.")
    title: str = strawberry.field(description="What it demands, in a few words.")
    is_required: bool = strawberry.field(description="Whether a version that does not pass is refused, or only warned.")
    has_secret: bool = strawberry.field(description="Whether its questions are signed. The secret is never shown.")

    @classmethod
    def of(cls, row: reads.Gate) -> Gate:
        return cls(
            id=ids.of("Gate", row.project_id, row.id),
            row=row,
            name=row.name,
            kind=row.kind,
            title=row.title,
            is_required=row.is_required,
            has_secret=row.sealed_secret is not None,
        )

    @resolved(
        "The data of its kind, as `gatesSet` takes it. Of the URL of a webhook, others than managers see the host."
    )
    async def config(self, info: Info) -> JSON:
        may_manage = await groups_and_projects.may(info, self.row.project_id, Permission.LIFECYCLE_MANAGE)
        return JSON(change.as_config(self.row, with_address=may_manage))

    @resolved("Who set it.")
    async def created_by(self, info: Info) -> User | None:
        made = await self.gate_set(info)
        return await made.created_by(info) if made else None

    @resolved("Whether you may set the gates of its stage.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.LIFECYCLE_MANAGE)

    @resolved("The set that it belongs to.")
    async def gate_set(self, info: Info) -> GateSet | None:
        return await gate_set_by_key(info, self.row.project_id, self.row.stage_id, self.row.set_version)


@strawberry.type(
    description="The gates of a stage as they were set at one time. The one with the highest number holds."
)
class GateSet(Node):
    row: strawberry.Private[reads.GateSet]
    number: int = strawberry.field(description="1, 2, 3 … within the stage.")
    note: str = strawberry.field(description="Why it was set, for people.")
    created_at: datetime = strawberry.field(description="When it was set.")

    @classmethod
    def of(cls, row: reads.GateSet) -> GateSet:
        id = ids.of("GateSet", row.project_id, row.stage_id, row.version)
        return cls(id=id, row=row, number=row.version, note=row.note, created_at=row.created_at)

    @resolved("Its gates, in the order in which they were set.")
    async def gates(self, info: Info) -> list[Gate]:
        key = (self.row.project_id, self.row.stage_id, self.row.version)
        return [Gate.of(gate) for gate in await info.context.loaders.gates.gates_of_sets.load(key)]

    @resolved("Who set it.")
    async def created_by(self, info: Info) -> User | None:
        return await maker(info, self.row.created_by, self.row.project_id)

    @resolved("Whether you may set the gates of its stage.")
    async def viewer_can_update(self, info: Info) -> bool:
        return await groups_and_projects.may(info, self.row.project_id, Permission.LIFECYCLE_MANAGE)


async def gate_set_of_stage(info: Info, project_id: int, stage_id: int) -> GateSet | None:
    """The gates of a stage that are in force, by the request's loader; None: it never had any."""
    row = await info.context.loaders.gates.standing.load((project_id, stage_id))
    return GateSet.of(row) if row else None


async def gate_sets_of_stage(info: Info, project_id: int, stage_id: int, page: Window) -> Connection[GateSet]:
    """All sets that a stage has had, the newest first, by the request's loader."""
    loaders, key = info.context.loaders.gates, (project_id, stage_id)
    rows = await loaders.sets_of_stages.load((key, page))
    return connection(rows, GateSet.of, lambda: loaders.counts_of_stages.load(key))


async def gate_set_by_key(info: Info, project_id: int, stage_id: int, number: int) -> GateSet | None:
    """The set of that stage and number; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.gates.sets.load((project_id, stage_id, number)))
    return GateSet.of(row) if row else None


async def gate_set_by_id(info: Info, id: str) -> GateSet | None:
    """The set of that id; None when there is none that may be seen."""
    parts = [ids.as_integer(part) for part in ids.parts(id, "GateSet", 3) or ()]
    if len(parts) != 3 or parts[0] is None or parts[1] is None or parts[2] is None or parts[2] >= 2**31:
        return None
    return await gate_set_by_key(info, parts[0], parts[1], parts[2])


async def gate_by_key(info: Info, project_id: int, gate_id: UUID) -> Gate | None:
    """The gate of that id, also of a former set; None when there is none that may be seen."""
    row = await or_none(info.context.loaders.gates.gates.load((project_id, gate_id)))
    return Gate.of(row) if row else None


# At the end, since the types of these modules refer to each other.
from app.graphql.access import groups_and_projects  # noqa: E402
